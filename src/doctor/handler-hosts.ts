import { semaphore } from '../concurrent.js';
import { type Handshake, shakeHands } from './handshake.js';

/** As many as Node looks up at a time. */
const AT_A_TIME = 4;
/** For all of them: what did not get its turn by then is told as not checked. */
const ALL_WITHIN_MS = 60_000;
const PORTS = { 'http:': 80, 'https:': 443 } as const;

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

/** Contacts a host once, however many accounts and webhooks name it. Null: its turn did not come. */
export type HandlerContacts = (host: HandlerHost) => Promise<Handshake | null>;

export function handlerContacts(now: () => Date, timeoutMs: number): HandlerContacts {
  const limited = semaphore(AT_A_TIME);
  const until = now().getTime() + ALL_WITHIN_MS;
  const contacted = new Map<string, Promise<Handshake | null>>();
  return ({ protocol, host, port, subject }) => {
    const key = `${protocol}//${subject}`;
    const contact =
      contacted.get(key) ??
      limited(async () => {
        if (now().getTime() >= until) return null;
        return shakeHands({ host, port, tls: protocol === 'https:' }, { timeoutMs });
      });
    contacted.set(key, contact);
    return contact;
  };
}
