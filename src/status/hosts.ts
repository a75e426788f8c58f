import { isIP } from 'node:net';

/** This machine, whoever resolves the name: https://www.rfc-editor.org/rfc/rfc6761#section-6.3. */
const LOOPBACK_NAME = /^(.*\.)?localhost$/;

/**
 * Whether a request's Host header names this server: a loopback name, an IP address, or a name of `--allowed-hosts`.
 *
 * Without that check, any page that somebody's browser opens could read the status page: it has its own name resolve to
 * this server's address (DNS rebinding). A browser always sends the name that the page came from, and nobody can have
 * an address resolve to another one.
 */
export function isWelcomeHost(header: string | undefined, allowedHosts: ReadonlySet<string>): boolean {
  const host = (header ?? '').replace(/:\d{0,5}$/, '').toLowerCase();
  if (host.startsWith('[')) return host.endsWith(']') && isIP(host.slice(1, -1)) === 6;
  const name = host.replace(/\.$/, '');
  return isIP(name) === 4 || LOOPBACK_NAME.test(name) || allowedHosts.has(name);
}
