/** How far a host could be reached: its name looked up, a connection made, TLS agreed on. Nothing more is sent. */
export type Reach = {
  /** Host and port of the proxy that it went through; null: none. */
  readonly via: string | null;
} & (
  | { readonly at: 'name' | 'proxy'; readonly code: string }
  | { readonly at: 'connection' | 'tls'; readonly addresses: readonly string[]; readonly code: string }
  | {
      readonly at: 'end';
      readonly addresses: readonly string[];
      /** Null: none was asked for. */
      readonly tls: TlsFacts | null;
      readonly ms: number;
    }
);

export interface TlsFacts {
  /** `TLSv1.3` */
  readonly protocol: string;
  /** OpenSSL's or Node's name of what is wrong with the certificate; null: it can be trusted, and is of this host. */
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

const DAY_MS = 24 * 60 * 60_000;
/** A certificate that ends sooner is not being renewed by itself. */
export const EXPIRES_SOON_DAYS = 14;

export interface Trouble {
  readonly message: string;
  readonly remedy: string;
}

/** Why a host could not be reached; null: it could. `port` is what its remedies speak of. */
export function unreachedBy(
  reach: Reach,
  { host, port }: { readonly host: string; readonly port: number },
): Trouble | null {
  switch (reach.at) {
    case 'name':
      return {
        message: `the name ${host} ${codeWords(reach.code)}`,
        remedy: 'check how it is written, its DNS record, and this machine’s resolver',
      };
    case 'proxy':
      return {
        message: `the proxy ${reach.via ?? ''} opens no way to it: ${codeWords(reach.code)}`,
        remedy: 'check HTTPS_PROXY, whether the proxy allows this host, or name the host in NO_PROXY',
      };
    case 'connection':
      return {
        message: `no connection to port ${port} of ${reach.addresses.join(', ')}: ${codeWords(reach.code)}`,
        remedy: 'check that it is running there, and the firewalls on the way',
      };
    case 'tls':
      return {
        message: `no TLS on port ${port}: ${codeWords(reach.code)}`,
        remedy: 'check that https is served on this port, with TLS 1.2 or later',
      };
    case 'end':
      return null;
  }
}

const CODES: Readonly<Record<string, string>> = {
  ENOTFOUND: 'is not known',
  EAI_AGAIN: 'can’t be looked up at the moment',
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

function codeWords(code: string): string {
  const words = CODES[code];
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

/** The days until its certificate ends, when these are few. */
export function expiresSoon(tls: TlsFacts, now: Date): Trouble | null {
  const days = Math.floor((tls.validTo - now.getTime()) / DAY_MS);
  if (days >= EXPIRES_SOON_DAYS) return null;
  const left = days === 1 ? '1 day' : `${days} days`;
  return {
    message: `its certificate ends in ${left}, on ${day(tls.validTo)}`,
    remedy: 'renew it, and see why that did not happen by itself',
  };
}

/** `203.0.113.7, TLSv1.3, certificate until 2027-01-01, 42 ms` */
export function reachedAs(reach: Extract<Reach, { at: 'end' }>): string {
  const { via, addresses, tls, ms } = reach;
  const where = via === null ? addresses.join(', ') : `through the proxy ${via}`;
  const how = tls === null ? [] : [tls.protocol, `certificate until ${day(tls.validTo)}`];
  return [where, ...how, `${ms} ms`].join(', ');
}

function day(time: number): string {
  return Number.isFinite(time) ? new Date(time).toISOString().slice(0, 10) : 'an unknown day';
}
