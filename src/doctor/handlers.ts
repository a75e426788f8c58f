import { whyUnreachable } from '../manifest/handler.js';
import { counted } from '../text/words.js';
import { type Finding, type Found, ok, problem, skipped, warning } from './check.js';
import type { Context } from './context.js';
import type { HandlerHost, Handshake } from './handshake.js';
import { hasProxy } from './settings.js';

const PORTS = { 'http:': 80, 'https:': 443 } as const;
const DAY_MS = 24 * 60 * 60_000;
/** If a certificate expires sooner, it is not being renewed automatically. */
const EXPIRES_SOON_DAYS = 14;

/** Each host once, sorted. The handlers must come from a valid manifest. */
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

/** Directly, not through a proxy: how this machine reaches the internet does not matter to Copernica. */
export async function checkHandlers(context: Context): Promise<Found> {
  const { contactHandlers, host, manifest } = context;
  if (contactHandlers === null) return skipped(': --no-handlers leaves them out');
  const parsed = await manifest();
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
 *   no address, no connection, no TLS, or a
 *   certificate that others won't trust either         problem; behind a proxy only a warning: others may reach it
 *   http; addresses that Copernica can't reach; a
 *   certificate that expires soon                      warning
 *   everything else                                    ok
 *
 * `behindProxy`: this machine should reach the internet through a proxy, but the check does not use it: if it can't
 * reach a host directly, or something on the way opens its TLS, that says little.
 */
export function handlerFinding(
  { protocol, webhooks }: HandlerHost,
  handshake: Handshake | null,
  { behindProxy, now }: { readonly behindProxy: boolean; readonly now: Date },
): Finding {
  if (handshake === null) return skipped(': others took too long to answer');
  if (!handshake.ok) {
    const { message, remedy } = handshake;
    if (!behindProxy) return problem(message, remedy);
    return warning(
      `could not be checked from here, behind a proxy: ${message}`,
      'look from a machine without a proxy, or see whether events arrive',
    );
  }
  const { addresses, tls, ms } = handshake;
  const troubles: { message: string; remedy: string }[] = [];
  if (protocol === 'http:') {
    troubles.push({ message: 'http: events with personal data in them are sent unencrypted', remedy: 'use https' });
  }
  const inside = addresses.filter((address) => !isPublic(address));
  if (inside.length > 0) {
    troubles.push({
      message: `Copernica can’t reach ${inside.join(', ')}, which is not routed on the internet`,
      remedy: 'use a host that is public on the internet, or check what this machine’s resolver makes of the name',
    });
  }
  const days = tls === null ? EXPIRES_SOON_DAYS : Math.floor((tls.validTo - now.getTime()) / DAY_MS);
  if (tls !== null && days < EXPIRES_SOON_DAYS) {
    troubles.push({
      message: `its certificate ends in ${counted(days, 'day')}, on ${dayOf(tls.validTo)}`,
      remedy: 'renew it, and see why that did not happen by itself',
    });
  }
  const how = tls === null ? [] : [tls.protocol, `certificate until ${dayOf(tls.validTo)}`];
  const about = `${counted(webhooks, 'webhook')}; ${[addresses.join(', '), ...how, `${ms} ms`].join(', ')}`;
  if (troubles.length === 0) return ok(about);
  return warning(
    `${troubles.map(({ message }) => message).join('; ')} (${about})`,
    troubles.map(({ remedy }) => remedy).join('; '),
  );
}

/** Whether an address is routed on the internet. IPv4 in IPv6 form is treated as IPv4. */
export function isPublic(address: string): boolean {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  const url = `http://${plain.includes(':') ? `[${plain}]` : plain}/`;
  return URL.canParse(url) && whyUnreachable(new URL(url).hostname) === null;
}

function dayOf(time: number): string {
  return Number.isFinite(time) ? new Date(time).toISOString().slice(0, 10) : 'an unknown day';
}
