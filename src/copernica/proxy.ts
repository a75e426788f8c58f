import { productError } from '../errors.js';
import { isLoopback } from '../loopback.js';
import { parseUrl } from '../text/parse-url.js';

/** As in HTTP_PROXY, HTTPS_PROXY and NO_PROXY. An address without a scheme means http. */
export interface ProxySettings {
  readonly httpProxy?: string;
  readonly httpsProxy?: string;
  /** Hosts to reach without a proxy: `example.com,.internal,10.0.0.1:8080`, or `*` for all. */
  readonly noProxy?: string;
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/**
 * The proxy for requests to an origin. Null: none. It may contain a password: show only its host. Throws ProductError
 * of kind `input`, without repeating the address, if it is impossible.
 */
export function proxyFor(origin: string, settings: ProxySettings = {}): URL | null {
  const httpProxy = proxyAddress('HTTP_PROXY', settings.httpProxy);
  const httpsProxy = proxyAddress('HTTPS_PROXY', settings.httpsProxy) ?? httpProxy;
  const { protocol, host, port, hostname: full } = new URL(origin);
  // Plain http is allowed to this machine, since nobody is on the way: a proxy could read the token.
  if (isLoopback(full)) return null;
  // Not `hostname`: in some places it leaves out the brackets of an IPv6 address.
  const hostname = host.replace(/:\d*$/, '').toLowerCase();
  const isExcepted = (settings.noProxy ?? '').split(/[,\s]+/).some((text) => {
    if (text === '*') return true;
    const [, name = text, onlyPort] = /^(.+):(\d+)$/.exec(text) ?? [];
    const domain = name.replace(/^\*?\./, '').toLowerCase();
    const isOnPort = onlyPort === undefined || onlyPort === (port || DEFAULT_PORTS[protocol]);
    return domain !== '' && isOnPort && (hostname === domain || hostname.endsWith(`.${domain}`));
  });
  if (isExcepted) return null;
  return protocol === 'https:' ? httpsProxy : httpProxy;
}

function proxyAddress(name: string, value = ''): URL | null {
  const text = value.trim();
  if (text === '') return null;
  const address = parseUrl(text.includes('://') ? text : `http://${text}`);
  if (address !== null && /^https?:$/.test(address.protocol)) return address;
  throw productError('input', {
    code: 'proxy-address',
    message: `${name} is not the address of an http or https proxy`,
    remedy: `set ${name} to something like http://proxy.example.com:3128`,
  });
}
