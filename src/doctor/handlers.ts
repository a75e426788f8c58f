import { whyUnreachable } from '../manifest/handler.js';
import { ok, problem, skipped, type Verdict, warning } from './check.js';
import { counted } from './manifest.js';
import { distrustedFor, expiresSoon, type Reach, reachedAs, type Trouble, unreachedBy } from './reach.js';

/** A host that handlers of the manifest name. */
export interface HandlerHost {
  readonly protocol: 'http:' | 'https:';
  /** Without the brackets of IPv6. */
  readonly host: string;
  readonly port: number;
  /** `hooks.example.com:443`, IPv6 in brackets. */
  readonly subject: string;
  /** How many webhooks call it. */
  readonly webhooks: number;
}

const PORTS = { 'http:': 80, 'https:': 443 } as const;

/** Each host once, sorted. Of handlers that the manifest took. */
export function handlerHosts(handlers: readonly string[]): HandlerHost[] {
  const hosts = new Map<string, HandlerHost>();
  for (const handler of handlers) {
    const url = new URL(handler);
    const protocol = url.protocol === 'http:' ? 'http:' : 'https:';
    const port = url.port === '' ? PORTS[protocol] : Number(url.port);
    const subject = `${url.hostname}:${port}`;
    const key = `${protocol}//${subject}`;
    const webhooks = (hosts.get(key)?.webhooks ?? 0) + 1;
    hosts.set(key, { protocol, host: url.hostname.replace(/^\[|\]$/g, ''), port, subject, webhooks });
  }
  return [...hosts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, host]) => host);
}

/**
 *   not checked in time                                skipped
 *   no address, no connection, no TLS                  problem; behind a proxy only a warning: it may answer others
 *   a certificate that others won't trust either       problem
 *   http; addresses that Copernica can't reach; a
 *   certificate that ends soon                         warning
 *   everything else                                    ok
 *
 * Null: its turn did not come. `behindProxy`: this machine is meant to reach the internet through a proxy, which
 * handlers are not asked through: what it can't reach by itself says little.
 */
export function judgeHandler(
  handler: HandlerHost,
  reach: Reach | null,
  { behindProxy, now }: { readonly behindProxy: boolean; readonly now: Date },
): Verdict {
  if (reach === null) return skipped('not checked: others took too long to answer');
  const unreached = unreachedBy(reach, handler);
  if (unreached !== null) {
    if (!behindProxy) return problem(unreached.message, unreached.remedy);
    const remedy = 'look from a machine without a proxy, or see whether events arrive';
    return warning(`could not be checked from here, behind a proxy: ${unreached.message}`, remedy);
  }
  if (reach.at !== 'end') throw new Error('reached, and not at the end');
  const distrusted = reach.tls === null ? null : distrustedFor(reach.tls);
  if (distrusted !== null) {
    if (!behindProxy) return problem(distrusted.message, distrusted.remedy);
    const remedy = 'look from a machine without a proxy: something on the way may open TLS';
    return warning(`could not be checked from here, behind a proxy: ${distrusted.message}`, remedy);
  }
  const troubles = [inTheClear(handler), notPublic(reach.addresses), soon(reach, now)].filter((it) => it !== null);
  const about = `${counted(handler.webhooks, 'webhook')}; ${reachedAs(reach)}`;
  if (troubles.length === 0) return ok(about);
  return warning(
    `${troubles.map(({ message }) => message).join('; ')} (${about})`,
    troubles.map(({ remedy }) => remedy).join('; '),
  );
}

function inTheClear({ protocol }: HandlerHost): Trouble | null {
  if (protocol === 'https:') return null;
  return { message: 'http: events, with personal data in them, are sent in the clear', remedy: 'use https' };
}

function notPublic(addresses: readonly string[]): Trouble | null {
  const inside = addresses.filter((address) => !isPublic(address));
  if (inside.length === 0) return null;
  return {
    message: `Copernica can’t reach ${inside.join(', ')}, which is not routed on the internet`,
    remedy: 'give a host that is public on the internet, or check what this machine’s resolver makes of the name',
  };
}

/** Whether an address is routed on the internet; IPv4 in the form of IPv6 is looked at as IPv4. */
export function isPublic(address: string): boolean {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  const url = `http://${plain.includes(':') ? `[${plain}]` : plain}/`;
  return URL.canParse(url) && whyUnreachable(new URL(url).hostname) === null;
}

function soon(reach: Extract<Reach, { at: 'end' }>, now: Date): Trouble | null {
  return reach.tls === null ? null : expiresSoon(reach.tls, now);
}
