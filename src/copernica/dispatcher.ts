import { rootCertificates } from 'node:tls';
import type { Dispatcher, Pool } from 'undici';

export interface DispatcherOptions {
  /** Scheme, host and port, without a path. */
  readonly origin: string;
  /** Most connections, which are kept alive. Null: as many as there are requests at a time. */
  readonly connections: number | null;
  /** For opening a connection. */
  readonly timeoutMs: number;
  /** As decided by `proxyFor`. Null: none. */
  readonly proxy: URL | null;
  /** PEM text of further certificate authorities, trusted in addition to Node's. */
  readonly ca?: string;
}

const ANSWER_HEADER_BYTES = 16 * 1024;

/** The connections for requests, opened at the first one. Loads undici. */
export async function openDispatcher(options: DispatcherOptions): Promise<Dispatcher> {
  const { Pool, ProxyAgent } = await import('undici');
  // Explicit, since NODE_TLS_REJECT_UNAUTHORIZED decides what is left out.
  const tls = {
    rejectUnauthorized: true,
    ca: options.ca === undefined ? undefined : [...rootCertificates, options.ca],
  };
  const settings: Pool.Options = {
    connections: options.connections,
    // One request at a time on a connection: undici requeues pipelined ones when a connection breaks.
    pipelining: 1,
    allowH2: false,
    maxHeaderSize: ANSWER_HEADER_BYTES,
    // The exchange has its own deadline. undici measures gaps in the body, and rounds to half seconds.
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
 * Connections shared by clients with the same destination and settings: otherwise a thousand accounts of one process
 * would open ten each, where a few are enough. The clients themselves limit the number of requests at a time.
 */
export class SharedDispatchers {
  readonly #opened = new Map<string, Promise<Dispatcher>>();

  readonly open = ({ origin, timeoutMs, proxy, ca }: DispatcherOptions): Promise<Dispatcher> => {
    const key = JSON.stringify([origin, timeoutMs, proxy?.href, ca]);
    const opened = this.#opened.get(key) ?? openDispatcher({ origin, timeoutMs, proxy, ca, connections: null });
    this.#opened.set(key, opened);
    return opened;
  };

  /** Nothing may be under way any more. */
  async close(): Promise<void> {
    for (const opened of this.#opened.values()) await (await opened).destroy(CLOSED);
  }
}

/**
 * The error that ends idle connections. It has a stack from the start: to make one, Node would read the source maps of
 * everything loaded, which takes longer than a run.
 */
export const CLOSED = Object.assign(new Error('the client was closed'), { stack: '' });

/**
 * undici answers a socket error of the proxy with another connection at once, for ever. With a code of its own, the
 * error fails the requests that wait for the tunnel, as an unreachable host does.
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
