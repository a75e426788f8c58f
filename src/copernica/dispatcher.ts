import { rootCertificates } from 'node:tls';
import type { Dispatcher, Pool } from 'undici';
import { productError } from '../errors.js';
import { isLoopback } from '../loopback.js';

/** As HTTP_PROXY, HTTPS_PROXY and NO_PROXY have them. An address without a scheme is an http one. */
export interface ProxySettings {
  readonly httpProxy?: string;
  readonly httpsProxy?: string;
  /** Hosts that are reached without a proxy: `example.com,.internal,10.0.0.1:8080`, or `*` for all. */
  readonly noProxy?: string;
}

export interface DispatcherOptions {
  /** Scheme, host and port, without a path. */
  readonly origin: string;
  /** Connections at a time. */
  readonly connections: number;
  readonly timeoutMs: number;
  readonly proxy?: ProxySettings;
  /** PEM text of further certificate authorities, trusted beside those that Node brings along. */
  readonly ca?: string;
}

const ANSWER_HEADER_BYTES = 16 * 1024;

/**
 * Opens the pool of connections that requests go through. undici is loaded here, when the first request is sent: loading
 * it takes about as long as starting Node does.
 */
export async function openDispatcher(options: DispatcherOptions): Promise<Dispatcher> {
  const undici = await import('undici');
  // Said outright: what is left out is as NODE_TLS_REJECT_UNAUTHORIZED has it.
  const tls = {
    rejectUnauthorized: true,
    ...(options.ca === undefined ? {} : { ca: [...rootCertificates, options.ca] }),
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
  const proxy = options.proxy;
  // To this machine plain http is allowed, since nobody is on the way: a proxy would read the token.
  if (proxy === undefined || isLoopback(new URL(options.origin).hostname)) {
    return new undici.Pool(options.origin, settings);
  }
  return new undici.EnvHttpProxyAgent({
    ...settings,
    connections: options.connections,
    requestTls: tls,
    proxyTls: tls,
    clientFactory: (address, factoryOptions) =>
      tunnels(new undici.Pool(address, { ...factoryOptions, headersTimeout: options.timeoutMs })),
    // Empty text, not undefined: undici would look into the environment.
    httpProxy: proxy.httpProxy ?? '',
    httpsProxy: proxy.httpsProxy ?? '',
    noProxy: proxy.noProxy ?? '',
  });
}

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

/**
 * The proxy settings as they are used, or undefined where there is no proxy.
 * Throws ProductError of kind `input` for an address that can't be one; it is not repeated, as it may hold a password.
 */
export function usableProxy(proxy: ProxySettings | undefined): ProxySettings | undefined {
  const httpProxy = proxyAddress('HTTP_PROXY', proxy?.httpProxy);
  const httpsProxy = proxyAddress('HTTPS_PROXY', proxy?.httpsProxy);
  if (httpProxy === '' && httpsProxy === '') return undefined;
  return { httpProxy, httpsProxy, noProxy: proxy?.noProxy ?? '' };
}

function proxyAddress(name: string, value = ''): string {
  const text = value.trim();
  if (text === '') return '';
  const address = text.includes('://') ? text : `http://${text}`;
  if (URL.canParse(address) && /^https?:$/.test(new URL(address).protocol)) return address;
  throw productError('input', {
    code: 'proxy-address',
    message: `${name} is not the address of an http or https proxy`,
    remedy: `set ${name} to something like http://proxy.example.com:3128`,
  });
}
