import { isLoopback } from '../loopback.js';
import { type ProxySettings, usableProxy } from './dispatcher.js';

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/**
 * The proxy that requests to an origin go through, as `openDispatcher` and undici's EnvHttpProxyAgent decide it; null: none. It may hold a
 * password: show its host only. Throws ProductError of kind `input` for an address that can't be one.
 */
export function proxyFor(origin: string, settings: ProxySettings | undefined): URL | null {
  const proxy = usableProxy(settings);
  if (proxy === undefined) return null;
  const { protocol, host, port, hostname: full } = new URL(origin);
  if (isLoopback(full)) return null;
  const hostname = host.replace(/:\d*$/, '').toLowerCase();
  const entries = noProxyEntries(proxy.noProxy ?? '');
  const isExcepted = entries.some(
    (entry) =>
      (entry.port === '' || entry.port === (port || DEFAULT_PORTS[protocol])) &&
      (hostname === entry.hostname || hostname.endsWith(`.${entry.hostname}`)),
  );
  if (isExcepted || proxy.noProxy === '*') return null;
  const address = (protocol === 'https:' ? proxy.httpsProxy || proxy.httpProxy : proxy.httpProxy) ?? '';
  return address === '' ? null : new URL(address);
}

function noProxyEntries(noProxy: string): { readonly hostname: string; readonly port: string }[] {
  return noProxy
    .split(/[,\s]/)
    .filter((entry) => entry !== '')
    .map((entry) => {
      const [, name = entry, port = ''] = /^(.+):(\d+)$/.exec(entry) ?? [];
      return { hostname: name.replace(/^\*?\./, '').toLowerCase(), port };
    });
}
