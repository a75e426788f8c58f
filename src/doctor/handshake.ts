import { once } from 'node:events';
import { isIP, type LookupFunction, connect as tcpConnect } from 'node:net';
import { TLSSocket, connect as tlsConnect } from 'node:tls';
import { semaphore } from '../concurrent.js';
import { describeNetworkError } from '../copernica/network-error.js';
import { errorCode } from '../errors.js';
import { cut } from '../text/printable.js';

/** A host in handlers of the manifest. */
export interface HandlerHost {
  readonly protocol: 'http:' | 'https:';
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
  /** `hooks.example.com:443`, IPv6 in brackets. */
  readonly subject: string;
  /** How many webhooks call it. */
  readonly webhooks: number;
}

export type Handshake =
  | {
      readonly ok: true;
      readonly addresses: readonly string[];
      readonly ms: number;
      /** Null: TLS was not asked for. `validTo`: milliseconds since 1970. */
      readonly tls: { readonly protocol: string; readonly validTo: number } | null;
    }
  | { readonly ok: false; readonly message: string; readonly remedy: string };

/** How long each of several addresses gets before the next is tried. Node's own 250 ms is short for far hosts. */
const EACH_ADDRESS_MS = 1_000;
/** As many as Node looks up at a time. */
const AT_A_TIME = 4;
/** For all of them: a host that had no turn by then is reported as not checked. */
const ALL_WITHIN_MS = 60_000;
/** A server may put any number of names into its certificate, and Node puts them into its message. */
const LONGEST_REASON_CHARACTERS = 200;

/** Contacts a host once, however many accounts and webhooks name it. Null: it had no turn. */
export type HandlerContacts = (host: HandlerHost) => Promise<Handshake | null>;

export function handlerContacts(now: () => Date, timeoutMs: number): HandlerContacts {
  const limited = semaphore(AT_A_TIME);
  const until = now().getTime() + ALL_WITHIN_MS;
  const contacted = new Map<string, Promise<Handshake | null>>();
  return (host) => {
    const key = `${host.protocol}//${host.subject}`;
    const contact =
      contacted.get(key) ?? limited(async () => (now().getTime() < until ? shakeHands(host, { timeoutMs }) : null));
    contacted.set(key, contact);
    return contact;
  };
}

type Target = Pick<HandlerHost, 'protocol' | 'host' | 'port' | 'subject'>;

/**
 * Looks up a host, connects, for https shakes hands over TLS, and hangs up. An HTTP client would have to send a
 * request, and nobody could know what that does at a handler. `timeoutMs` is for everything. Never rejects.
 */
export async function shakeHands(
  target: Target,
  { timeoutMs, lookup }: { readonly timeoutMs: number; readonly lookup?: LookupFunction },
): Promise<Handshake> {
  const { protocol, host, port } = target;
  const startedAt = performance.now();
  const signal = AbortSignal.timeout(timeoutMs);
  const isName = isIP(host) === 0;
  const addresses: string[] = isName ? [] : [host];
  const options = { host, port, lookup, autoSelectFamilyAttemptTimeout: EACH_ADDRESS_MS };
  // Explicit, since NODE_TLS_REJECT_UNAUTHORIZED decides what is left out.
  const tls = { ...options, ...(isName ? { servername: host } : {}), rejectUnauthorized: true };
  const socket = protocol === 'https:' ? tlsConnect(tls) : tcpConnect(options);
  socket.on('lookup', (_error: unknown, address: string | undefined) => {
    if (address !== undefined) addresses.push(address);
  });
  // What happens to it later does not matter, and must not end the process.
  socket.on('error', () => {});
  try {
    await once(socket, protocol === 'https:' ? 'secureConnect' : 'connect', { signal });
    const facts = socket instanceof TLSSocket ? factsOf(socket) : null;
    // Properly: a server would log anything else as a failed handshake.
    socket.destroySoon();
    return { ok: true, addresses, ms: Math.round(performance.now() - startedAt), tls: facts };
  } catch (error) {
    socket.destroy();
    return { ok: false, ...whyNot(signal.aborted ? IN_TIME : error, target) };
  }
}

function factsOf(socket: TLSSocket) {
  const { validTo = '' } = socket.getPeerX509Certificate() ?? {};
  return { protocol: socket.getProtocol() ?? 'TLS', validTo: Date.parse(validTo) };
}

const IN_TIME = { code: 'ETIMEDOUT' };
const ABOUT_CERTIFICATES = /^CERT_|^UNABLE_TO_|SELF_SIGNED|^ERR_TLS_CERT/;

function whyNot(error: unknown, { protocol, subject }: Target) {
  const code = errorCode(error);
  if (error instanceof Error && ABOUT_CERTIFICATES.test(code)) {
    return {
      message: `its certificate is not valid: ${cut(error.message, LONGEST_REASON_CHARACTERS)} (${code})`,
      remedy:
        'serve a current certificate of a public authority for this name, with its whole chain (fullchain.pem); if it looks right elsewhere, check this machine’s clock',
    };
  }
  return {
    message: describeNetworkError(error, { target: subject, sent: false }),
    remedy: `check how the host is written, its DNS record, that ${protocol === 'https:' ? 'https (TLS 1.2 or later)' : 'http'} is served on this port, and the firewalls on the way`,
  };
}
