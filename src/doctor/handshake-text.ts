import { type Handshake, TIMED_OUT, type TlsFacts } from './handshake.js';

export interface Trouble {
  readonly message: string;
  readonly remedy: string;
}

const DAY_MS = 24 * 60 * 60_000;
/** A certificate that ends sooner is not being renewed by itself. */
const EXPIRES_SOON_DAYS = 14;

/** Why a host could not be reached; null: it could. `port` is what its remedies speak of. */
export function unreachedBy(
  handshake: Handshake,
  { host, port }: { readonly host: string; readonly port: number },
): Trouble | null {
  switch (handshake.at) {
    case 'name':
      return {
        message: `the name ${host} ${inWords(LOOKUP_CODES, handshake.code)}`,
        remedy: 'check how it is written, its DNS record, and this machine’s resolver',
      };
    case 'connection':
      return {
        message: `no connection to port ${port} of ${handshake.addresses.join(', ')}: ${inWords(CODES, handshake.code)}`,
        remedy: 'check that it is running there, and the firewalls on the way',
      };
    case 'tls':
      return {
        message: `no TLS on port ${port}: ${inWords(CODES, handshake.code)}`,
        remedy: 'check that https is served on this port, with TLS 1.2 or later',
      };
    case 'end':
      return null;
  }
}

type Words = Readonly<Record<string, string>>;

const LOOKUP_CODES: Words = {
  ENOTFOUND: 'is not known',
  EAI_AGAIN: 'can’t be looked up at the moment',
  [TIMED_OUT]: 'could not be looked up: no answer in time',
};

const CODES: Words = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was closed',
  EPIPE: 'the connection was closed',
  EHOSTUNREACH: 'no route',
  ENETUNREACH: 'no route',
  ETIMEDOUT: 'no answer in time',
  [TIMED_OUT]: 'no answer in time',
  ERR_SSL_WRONG_VERSION_NUMBER: 'something else is spoken there, such as plain http',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'something else is spoken there, such as plain http',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'only versions that are too old',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'only versions that are too old',
};

function inWords(table: Words, code: string): string {
  const words = table[code];
  return words === undefined ? code : `${words} (${code})`;
}

const DISTRUST: Readonly<Record<string, (tls: TlsFacts) => Trouble>> = {
  CERT_HAS_EXPIRED: (tls) => ({
    message: `its certificate expired on ${day(tls.validTo)}`,
    remedy: 'renew it; if it looks current elsewhere, check this machine’s clock',
  }),
  CERT_NOT_YET_VALID: (tls) => ({
    message: `its certificate is valid only from ${day(tls.validFrom)} on`,
    remedy: 'check this machine’s clock',
  }),
  ERR_TLS_CERT_ALTNAME_INVALID: (tls) => ({
    message: `its certificate is for other hosts: ${tls.names}`,
    remedy: 'give it a certificate with this name, or correct the host',
  }),
  DEPTH_ZERO_SELF_SIGNED_CERT: () => ({
    message: 'its certificate is signed by itself',
    remedy: 'take one of a public authority, such as Let’s Encrypt',
  }),
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: () => ({
    message: 'it does not send the intermediate certificate that leads to an authority',
    remedy: 'serve the whole chain (fullchain.pem), not the certificate alone',
  }),
};

/** What is wrong with its certificate; null: nothing. */
export function distrustedFor(tls: TlsFacts): Trouble | null {
  if (tls.distrust === null) return null;
  const known = DISTRUST[tls.distrust]?.(tls);
  if (known !== undefined) return { ...known, message: `${known.message} (${tls.distrust})` };
  const by = tls.issuer === '' ? '' : ` of ${tls.issuer}`;
  return {
    message: `its certificate${by} leads to no authority that is known here (${tls.distrust})`,
    remedy: 'take one of a public authority and serve its whole chain',
  };
}

/** When a certificate ends in a few days: `ends in 3 days, on 2027-01-01`. Null: it does not. */
export function expiresSoon(validTo: number, now: Date): Trouble | null {
  const days = Math.floor((validTo - now.getTime()) / DAY_MS);
  if (days >= EXPIRES_SOON_DAYS) return null;
  return {
    message: `ends in ${days === 1 ? '1 day' : `${days} days`}, on ${day(validTo)}`,
    remedy: 'renew it, and see why that did not happen by itself',
  };
}

/** `203.0.113.7, TLSv1.3, certificate until 2027-01-01, 42 ms` */
export function reachedAs({ addresses, tls, ms }: Extract<Handshake, { at: 'end' }>): string {
  const how = tls === null ? [] : [tls.protocol, `certificate until ${day(tls.validTo)}`];
  return [addresses.join(', '), ...how, `${ms} ms`].join(', ');
}

function day(time: number): string {
  return Number.isFinite(time) ? new Date(time).toISOString().slice(0, 10) : 'an unknown day';
}
