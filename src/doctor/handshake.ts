import { lookup as systemLookup } from 'node:dns/promises';
import { once } from 'node:events';
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { errorCode } from '../errors.js';

export interface HandshakeTarget {
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}

export interface HandshakeOptions {
  /** For the whole of it. */
  readonly timeoutMs: number;
  readonly lookup?: Lookup;
}

type Lookup = (host: string, options: { readonly all: true }) => Promise<readonly { readonly address: string }[]>;

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

/**
 * Looks up a host, connects, and shakes hands over TLS where asked for; then hangs up. An HTTP client would have to send
 * a request, and nobody could know what that does at a handler. Never rejects.
 */
export async function shakeHands(target: HandshakeTarget, options: HandshakeOptions): Promise<Handshake> {
  const { host, port } = target;
  const startedAt = performance.now();
  const signal = AbortSignal.timeout(options.timeoutMs);
  let at: 'name' | 'connection' | 'tls' = 'name';
  let addresses: readonly string[] = [];
  let socket: Socket | null = null;
  try {
    addresses = await resolve(host, options.lookup ?? systemLookup, signal);
    at = 'connection';
    socket = withoutErrors(connectTo(addresses, host, port));
    await once(socket, 'connect', { signal });
    let tls: TlsFacts | null = null;
    if (target.tls) {
      at = 'tls';
      // Certificates that can't be trusted are a finding, whatever NODE_TLS_REJECT_UNAUTHORIZED says.
      const servername = isIP(host) === 0 ? { servername: host } : {};
      const secure = withoutErrors(connectTls({ socket, host, ...servername, rejectUnauthorized: false }));
      socket = secure;
      await once(secure, 'secureConnect', { signal });
      tls = factsOf(secure);
    }
    // In order: a server would take anything else for a handshake that failed, and write that into its log.
    socket.destroySoon();
    return { at: 'end', addresses, tls, ms: Math.round(performance.now() - startedAt) };
  } catch (error) {
    socket?.destroy();
    return { at, addresses, code: signal.aborted ? TIMED_OUT : codeOf(error) };
  }
}

async function resolve(host: string, lookup: Lookup, signal: AbortSignal): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host];
  const aborted = once(signal, 'abort').then(() => []);
  const found = await Promise.race([lookup(host, { all: true }), aborted]);
  signal.throwIfAborted();
  if (found.length === 0) throw Object.assign(new Error('no addresses'), { code: 'ENOTFOUND' });
  return found.map(({ address }) => address);
}

/** To the addresses that were found before: they are what is told. */
function connectTo(addresses: readonly string[], host: string, port: number): Socket {
  const found = addresses.map((address) => ({ address, family: isIP(address) }));
  const known: LookupFunction = (_host, { all }, done) => {
    if (all === true) done(null, found);
    else done(null, found[0]?.address ?? '', found[0]?.family);
  };
  return connectTcp({ host, port, lookup: known, autoSelectFamilyAttemptTimeout: EACH_ADDRESS_MS });
}

/** Whatever happens to it later is of no interest, and must not end the process. */
function withoutErrors<T extends Socket>(socket: T): T {
  return socket.on('error', () => {});
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
