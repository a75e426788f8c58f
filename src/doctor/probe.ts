import { lookup } from 'node:dns/promises';
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls, rootCertificates, type TLSSocket } from 'node:tls';
import { errorCode } from '../errors.js';
import { type Reach, TIMED_OUT, type TlsFacts } from './reach.js';

export interface ProbeTarget {
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}

export interface ProbeOptions {
  /** For each of looking up, connecting and TLS, in milliseconds. */
  readonly timeoutMs: number;
  /** PEM text of certificate authorities that are trusted beside the usual ones. */
  readonly ca?: string;
  /** Asked to open a tunnel, instead of connecting to the host itself. It may hold user and password. */
  readonly proxy?: URL | null;
}

/** Of several addresses, how long each is given before the next is tried. Node's own 250 ms is short for far hosts. */
const EACH_ADDRESS_MS = 1_000;
/** More than this is no answer of a proxy. */
const PROXY_ANSWER_BYTES = 16 * 1024;

/**
 * Looks up a host, connects, and shakes hands over TLS where asked for; then hangs up. Nothing is sent to it that the
 * handshake does not need: no request, whose effect nobody could know. Never rejects.
 */
export async function probeHost(target: ProbeTarget, options: ProbeOptions): Promise<Reach> {
  const startedAt = performance.now();
  const { proxy = null } = options;
  const trip = proxy === null ? await direct(target, options) : await throughProxy(target, proxy, options);
  if ('at' in trip) return trip;
  const { via, addresses } = trip;
  let socket = trip.socket;
  try {
    let tls: TlsFacts | null = null;
    if (target.tls) {
      const secure = await secured(socket, target.host, options, false);
      tls = factsOf(secure);
      socket = secure;
    }
    return { via, at: 'end', addresses, tls, ms: Math.round(performance.now() - startedAt) };
  } catch (error) {
    return { via, at: 'tls', addresses, code: codeOf(error) };
  } finally {
    // In order: a server would take anything else for a handshake that failed, and write that into its log.
    socket.destroySoon();
  }
}

interface Trip {
  readonly via: string | null;
  readonly addresses: readonly string[];
  readonly socket: Socket;
}

async function direct({ host, port }: ProbeTarget, { timeoutMs }: ProbeOptions): Promise<Trip | Reach> {
  const found = await resolve(host, timeoutMs);
  if ('code' in found) return { via: null, at: 'name', code: found.code };
  const { addresses } = found;
  try {
    return { via: null, addresses, socket: await open({ host, port, addresses }, timeoutMs) };
  } catch (error) {
    return { via: null, at: 'connection', addresses, code: codeOf(error) };
  }
}

async function throughProxy(target: ProbeTarget, proxy: URL, options: ProbeOptions): Promise<Trip | Reach> {
  const { timeoutMs } = options;
  const via = proxy.host;
  const host = proxy.hostname.replace(/^\[|\]$/g, '');
  const port = Number(proxy.port || (proxy.protocol === 'https:' ? 443 : 80));
  const found = await resolve(host, timeoutMs);
  if ('code' in found) return { via, at: 'proxy', code: found.code };
  let socket: Socket | null = null;
  try {
    const plain = await open({ host, port, addresses: found.addresses }, timeoutMs);
    socket = plain;
    if (proxy.protocol === 'https:') socket = await secured(plain, host, options, true);
    await askForTunnel(socket, target, proxy, timeoutMs);
    return { via, addresses: [], socket };
  } catch (error) {
    socket?.destroy();
    return { via, at: 'proxy', code: codeOf(error) };
  }
}

async function resolve(
  host: string,
  timeoutMs: number,
): Promise<{ readonly addresses: readonly string[] } | { readonly code: string }> {
  if (isIP(host) !== 0) return { addresses: [host] };
  try {
    const found = await within(timeoutMs, lookup(host, { all: true }));
    return found.length === 0 ? { code: 'ENOTFOUND' } : { addresses: found.map(({ address }) => address) };
  } catch (error) {
    return { code: codeOf(error) };
  }
}

function open(
  to: { readonly host: string; readonly port: number; readonly addresses: readonly string[] },
  timeoutMs: number,
): Promise<Socket> {
  const found = to.addresses.map((address) => ({ address, family: isIP(address) }));
  // The addresses that were found before: they are what is told.
  const known: LookupFunction = (_host, { all }, done) => {
    if (all === true) done(null, found);
    else done(null, found[0]?.address ?? '', found[0]?.family);
  };
  const { host, port } = to;
  const socket = connectTcp({ host, port, lookup: known, autoSelectFamilyAttemptTimeout: EACH_ADDRESS_MS });
  return settled(socket, 'connect', timeoutMs);
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

/** Whatever NODE_TLS_REJECT_UNAUTHORIZED says. `strict`: a certificate that can't be trusted is a failure; else it is told with what was found. */
function secured(plain: Socket, host: string, { timeoutMs, ca }: ProbeOptions, strict: boolean): Promise<TLSSocket> {
  const socket = connectTls({
    socket: plain,
    host,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    rejectUnauthorized: strict,
    ...(ca === undefined ? {} : { ca: [...rootCertificates, ca] }),
  });
  return settled(socket, 'secureConnect', timeoutMs);
}

function askForTunnel(socket: Socket, { host, port }: ProbeTarget, proxy: URL, timeoutMs: number): Promise<void> {
  const where = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const user = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  const authorization =
    user === ':' ? '' : `proxy-authorization: Basic ${Buffer.from(user, 'utf8').toString('base64')}\r\n`;
  socket.write(`CONNECT ${where} HTTP/1.1\r\nhost: ${where}\r\n${authorization}\r\n`);
  const answered = new Promise<void>((done, fail) => {
    let head = '';
    const onData = (chunk: Buffer) => {
      head += chunk.toString('latin1');
      if (!head.includes('\r\n\r\n') && head.length < PROXY_ANSWER_BYTES) return;
      socket.off('data', onData);
      socket.pause();
      const status = /^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1];
      if (status?.startsWith('2')) done();
      else fail(coded(status === undefined ? 'it does not speak HTTP' : `it answered ${status}`));
    };
    socket.on('data', onData);
    socket.once('error', fail);
    socket.once('close', () => fail(coded('ECONNRESET')));
  });
  return within(timeoutMs, answered);
}

/** Resolves with the socket once it is so far. */
function settled<T extends Socket>(socket: T, event: 'connect' | 'secureConnect', timeoutMs: number): Promise<T> {
  const reached = new Promise<T>((done, fail) => {
    socket.once(event, () => done(socket));
    // Stays: whatever happens to it later is of no interest, and must not end the process.
    socket.on('error', fail);
    socket.once('close', () => fail(coded('ECONNRESET')));
  });
  return within(timeoutMs, reached).catch((error: unknown) => {
    socket.destroy();
    throw error;
  });
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_done, fail) => {
    timer = setTimeout(() => fail(coded(TIMED_OUT)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function coded(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/** Messages of errors can hold more than is wanted. Of several addresses, the first one's. */
function codeOf(error: unknown): string {
  const own = errorCode(error);
  const first: unknown = error instanceof AggregateError ? error.errors[0] : undefined;
  return own || errorCode(first) || 'unknown error';
}
