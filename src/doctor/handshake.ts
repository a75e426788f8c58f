import { once } from 'node:events';
import { connect as connectTcp, isIP, type LookupFunction } from 'node:net';
import { connect as connectTls, TLSSocket } from 'node:tls';
import { semaphore } from '../concurrent.js';
import { errorCode } from '../errors.js';

export interface HandshakeTarget {
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}

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

/** How far it came: the name looked up, a connection made, TLS agreed on. */
export type Handshake =
  | { readonly at: 'name' | 'connection' | 'tls'; readonly addresses: readonly string[]; readonly code: string }
  | {
      readonly at: 'end';
      readonly addresses: readonly string[];
      /** Null: TLS was not asked for. */
      readonly tls: TlsFacts | null;
      readonly ms: number;
    };

export interface TlsFacts {
  /** `TLSv1.3` */
  readonly protocol: string;
  /** OpenSSL's or Node's name of what is wrong with the certificate; null: it is valid for this host. */
  readonly distrust: string | null;
  /** Milliseconds since 1970. */
  readonly validFrom: number;
  readonly validTo: number;
  /** Whom it is for: `DNS:example.com, DNS:www.example.com`. */
  readonly names: string;
  readonly issuer: string;
}

/** The code of whatever took too long. */
export const TIMED_OUT = 'TIMED_OUT';

/** Of several addresses, how long each is given before the next is tried. Node's own 250 ms is short for far hosts. */
const EACH_ADDRESS_MS = 1_000;

/** As many as Node looks up at a time. */
const AT_A_TIME = 4;
/** For all of them: what did not get its turn by then is told as not checked. */
const ALL_WITHIN_MS = 60_000;

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

/**
 * Looks up a host, connects, and shakes hands over TLS where asked for; then hangs up. An HTTP client would have to
 * send a request, and nobody could know what that does at a handler. `timeoutMs` is for the whole of it. Never rejects.
 */
export async function shakeHands(
  { host, port, tls }: HandshakeTarget,
  { timeoutMs, lookup }: { readonly timeoutMs: number; readonly lookup?: LookupFunction },
): Promise<Handshake> {
  const startedAt = performance.now();
  const signal = AbortSignal.timeout(timeoutMs);
  const isName = isIP(host) === 0;
  const addresses: string[] = isName ? [] : [host];
  let at: 'name' | 'connection' | 'tls' = isName ? 'name' : 'connection';
  const target = { host, port, lookup, autoSelectFamilyAttemptTimeout: EACH_ADDRESS_MS };
  // Certificates that can't be trusted are a finding, whatever NODE_TLS_REJECT_UNAUTHORIZED says.
  const tlsOptions = { ...(isName ? { servername: host } : {}), rejectUnauthorized: false };
  const socket = tls ? connectTls({ ...target, ...tlsOptions }) : connectTcp(target);
  socket.on('lookup', (_error: unknown, address: string | undefined) => {
    if (address === undefined) return;
    addresses.push(address);
    at = 'connection';
  });
  socket.on('connect', () => {
    at = 'tls';
  });
  // Whatever happens to it later is of no interest, and must not end the process.
  socket.on('error', () => {});
  try {
    await once(socket, tls ? 'secureConnect' : 'connect', { signal });
    const facts = socket instanceof TLSSocket ? factsOf(socket) : null;
    // In order: a server would take anything else for a handshake that failed, and write that into its log.
    socket.destroySoon();
    return { at: 'end', addresses, tls: facts, ms: Math.round(performance.now() - startedAt) };
  } catch (error) {
    socket.destroy();
    return { at, addresses, code: signal.aborted ? TIMED_OUT : codeOf(error) };
  }
}

function factsOf(socket: TLSSocket): TlsFacts {
  const certificate = socket.getPeerX509Certificate();
  // Typed as an Error, and for most certificates the name of one.
  const distrust: unknown = socket.authorized ? null : socket.authorizationError;
  return {
    protocol: socket.getProtocol() ?? 'TLS',
    distrust: distrust === null ? null : typeof distrust === 'string' ? distrust : codeOf(distrust),
    validFrom: Date.parse(certificate?.validFrom ?? ''),
    validTo: Date.parse(certificate?.validTo ?? ''),
    names: certificate?.subjectAltName ?? certificate?.subject.replaceAll('\n', ', ') ?? '',
    issuer: certificate?.issuer.replaceAll('\n', ', ') ?? '',
  };
}

/** Messages of errors can hold more than is wanted. Of several addresses, the first one's. */
function codeOf(error: unknown): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : undefined;
  return errorCode(error) || errorCode(first) || 'unknown error';
}
