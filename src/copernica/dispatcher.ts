import { rootCertificates } from 'node:tls';
import type { Dispatcher, Pool } from 'undici';

export interface DispatcherOptions {
  /** Scheme, host and port, without a path. */
  readonly origin: string;
  /** Connections at a time, which are kept alive. Null: as many as there are requests at a time. */
  readonly connections: number | null;
  /** For opening a connection. */
  readonly timeoutMs: number;
  /** As `proxyFor` decides it; null: none. */
  readonly proxy: URL | null;
  /** PEM text of further certificate authorities, trusted beside those that Node brings along. */
  readonly ca?: string;
}

const ANSWER_HEADER_BYTES = 16 * 1024;

/** The connections that requests go through. It connects when the first one is sent. undici is loaded for it. */
export async function openDispatcher(options: DispatcherOptions): Promise<Dispatcher> {
  const { Pool, ProxyAgent } = await import('undici');
  // Said outright: what is left out is as NODE_TLS_REJECT_UNAUTHORIZED has it.
  const tls = {
    rejectUnauthorized: true,
    ca: options.ca === undefined ? undefined : [...rootCertificates, options.ca],
  };
  const settings: Pool.Options = {
    connections: options.connections,
    // One request at a time on a connection: undici requeues pipelined ones when a connection dies.
    pipelining: 1,
    allowH2: false,
    maxHeaderSize: ANSWER_HEADER_BYTES,
    // The exchange has one deadline of its own. undici counts the body's time per gap and rounds to half seconds.
    headersTimeout: 0,
    bodyTimeout: 0,
    connectTimeout: options.timeoutMs,
    connect: tls,
  };
  if (options.proxy === null) return new Pool(options.origin, settings);
  return new ProxyAgent({
    ...settings,
    uri: options.proxy.href,
    requestTls: tls,
    proxyTls: tls,
    clientFactory: (address, factoryOptions) =>
      tunnels(new Pool(address, { ...factoryOptions, headersTimeout: options.timeoutMs })),
  });
}

/**
 * Connections that several clients share, by where they lead and how: a thousand accounts of one process would else open
 * ten each for what a few can do. How many requests there are at a time is for the clients to bound.
 */
export class SharedDispatchers {
  readonly #opened = new Map<string, Promise<Dispatcher>>();

  readonly open = ({ origin, timeoutMs, proxy, ca }: DispatcherOptions): Promise<Dispatcher> => {
    const key = JSON.stringify([origin, timeoutMs, proxy?.href, ca]);
    const opened = this.#opened.get(key) ?? openDispatcher({ origin, timeoutMs, proxy, ca, connections: null });
    this.#opened.set(key, opened);
    return opened;
  };

  /** Nothing is under way any more. */
  async close(): Promise<void> {
    for (const opened of this.#opened.values()) await (await opened).destroy(CLOSED);
  }
}

/**
 * What idle connections are ended with. It has its stack from the start: Node would make one, and for that read the
 * source maps of all that is loaded, which takes longer than a run.
 */
export const CLOSED = Object.assign(new Error('the client was closed'), { stack: '' });

/**
 * undici takes a socket error of the proxy for one that is worth another connection at once, for ever. With a code of
 * its own it fails the requests that wait for the tunnel, as an unreachable host does.
 */
function tunnels(pool: Pool): Pool {
  const connect = pool.connect.bind(pool);
  return Object.assign(pool, {
    connect: (options: Parameters<Pool['connect']>[0]) =>
      connect(options).catch((cause: unknown) => {
        const code: unknown = cause instanceof Error && 'code' in cause ? cause.code : undefined;
        if (code !== 'UND_ERR_SOCKET' && code !== 'UND_ERR_INFO') throw cause;
        throw Object.assign(new Error('the proxy closed the connection', { cause }), { code: 'PROXY_CLOSED' });
      }),
  });
}

/** `host:port`, for messages. */
export function targetOf(origin: string): string {
  const { hostname, port, protocol } = new URL(origin);
  return `${hostname}:${port === '' ? (protocol === 'https:' ? 443 : 80) : port}`;
}
