import { whyUnreachable } from '../manifest/handler.js';
import { counted, type Finding, ok, problem, skipped, warning } from './check.js';
import type { Context } from './context.js';
import type { HandlerHost, Handshake } from './handshake.js';
import { distrustedFor, expiresSoon, reachedAs, type Trouble, unreachedBy } from './handshake-text.js';
import { hasProxy } from './settings.js';

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

/** Directly, and not through a proxy: how this machine reaches the internet is nothing to Copernica. */
export async function checkHandlers(context: Context): Promise<Finding | readonly Finding[]> {
  const { contactHandlers, host, manifest } = context;
  if (contactHandlers === null) return skipped('not checked: --no-handlers leaves them out');
  const parsed = manifest();
  const handlers = handlerHosts(parsed.ok ? parsed.entries.map(({ spec }) => spec.handler) : []);
  const behindProxy = hasProxy(context);
  return Promise.all(
    handlers.map(async (handler) => {
      const handshake = await contactHandlers(handler);
      return { ...handlerFinding(handler, handshake, { behindProxy, now: host.now() }), subject: handler.subject };
    }),
  );
}

/**
 *   not checked in time                                skipped
 *   no address, no connection, no TLS                  problem; behind a proxy only a warning: it may answer others
 *   a certificate that others won't trust either       problem; behind a proxy only a warning, likewise
 *   http; addresses that Copernica can't reach; a
 *   certificate that ends soon                         warning
 *   everything else                                    ok
 *
 * `behindProxy`: this machine is meant to reach the internet through a proxy, which handlers are not asked through:
 * what it can't reach by itself says little.
 */
export function handlerFinding(
  handler: HandlerHost,
  handshake: Handshake | null,
  { behindProxy, now }: { readonly behindProxy: boolean; readonly now: Date },
): Finding {
  if (handshake === null) return skipped('not checked: others took too long to answer');
  const unreached = unreachedBy(handshake, handler);
  if (unreached !== null) {
    return failedContact(unreached, behindProxy && 'look from a machine without a proxy, or see whether events arrive');
  }
  if (handshake.at !== 'end') throw new Error('reached, and not at the end');
  const { tls, addresses } = handshake;
  const distrusted = tls === null ? null : distrustedFor(tls);
  if (distrusted !== null) {
    const remedy = 'look from a machine without a proxy: something on the way may open TLS';
    return failedContact(distrusted, behindProxy && remedy);
  }
  const soon = tls === null ? null : expiresSoon(tls.validTo, now);
  const troubles = [
    handler.protocol === 'http:' ? IN_THE_CLEAR : null,
    notPublic(addresses),
    soon && { ...soon, message: `its certificate ${soon.message}` },
  ].filter((it) => it !== null);
  const about = `${counted(handler.webhooks, 'webhook')}; ${reachedAs(handshake)}`;
  if (troubles.length === 0) return ok(about);
  return warning(
    `${troubles.map(({ message }) => message).join('; ')} (${about})`,
    troubles.map(({ remedy }) => remedy).join('; '),
  );
}

/** `behindProxy`: what to do where a proxy is in between; false: there is none. */
function failedContact({ message, remedy }: Trouble, behindProxy: string | false): Finding {
  if (behindProxy === false) return problem(message, remedy);
  return warning(`could not be checked from here, behind a proxy: ${message}`, behindProxy);
}

const IN_THE_CLEAR: Trouble = {
  message: 'http: events, with personal data in them, are sent in the clear',
  remedy: 'use https',
};

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
