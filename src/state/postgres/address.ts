import { isLoopback } from '../../loopback.js';

/** Where a state in PostgreSQL is, without the password. */
export interface PostgresAddress {
  /** A host name, an IP address, or the folder of a socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  /** The name of the state: several accounts can share a database. */
  readonly name: string;
  readonly sslMode: 'verify-full' | 'disable';
  /** Path of a PEM file with the authorities to trust. Left out: Node's. */
  readonly sslRootCert?: string;
}

export type ParsedAddress =
  | { readonly ok: true; readonly address: PostgresAddress; readonly password: string | undefined }
  /** `why` completes "it …" and contains nothing of the password. */
  | { readonly ok: false; readonly why: string };

const PROTOCOLS = ['postgres:', 'postgresql:'];
const PARAMETERS = ['host', 'sslmode', 'sslrootcert'];
const DEFAULT_PORT = 5432;
const DEFAULT_NAME = 'default';
const MOST_NAME_CHARACTERS = 100;

/** True if `--state` names a database, not a file. */
export function isPostgresUrl(place: string): boolean {
  return PROTOCOLS.some((protocol) => place.slice(0, protocol.length + 2).toLowerCase() === `${protocol}//`);
}

/**
 * Reads `postgres://user:password@host:port/database?sslmode=…&sslrootcert=…#NAME`. `host=/folder` names a socket. TLS
 * is the default for every host except loopback and sockets, and always checks the certificate and the host name:
 * libpq's other modes also encrypt for an attacker in between.
 */
export function parsePostgresUrl(text: string, defaultName = DEFAULT_NAME): ParsedAddress {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !PROTOCOLS.includes(url.protocol))
    return bad('is not a URL like postgres://user@host:5432/database');
  const unknown = [...url.searchParams.keys()].find((key) => !PARAMETERS.includes(key));
  if (unknown !== undefined) return bad(`has a parameter that is none of ${PARAMETERS.join(', ')}`);
  const parts = decoded([url.username, url.password, url.pathname.slice(1), url.hash.slice(1)]);
  if (parts === null) return bad('has a % that is followed by no two hexadecimal digits');
  const [user = '', password = '', database = '', name = ''] = parts;
  if (user === '') return bad('has no user: postgres://user@host:5432/database');
  if (database === '' || database.includes('/')) return bad('has no database: postgres://user@host:5432/database');
  if (name.length > MOST_NAME_CHARACTERS)
    return bad(`has a name after # of more than ${MOST_NAME_CHARACTERS} characters`);
  const host = url.searchParams.get('host') ?? url.hostname.replace(/^\[|\]$/g, '');
  if (host === '') return bad('has no host: postgres://user@host:5432/database');
  const sslMode = url.searchParams.get('sslmode') ?? (isLocal(host) ? 'disable' : 'verify-full');
  if (sslMode !== 'verify-full' && sslMode !== 'disable') {
    return bad('has an sslmode other than verify-full (the default but for loopback) and disable');
  }
  const sslRootCert = url.searchParams.get('sslrootcert') ?? undefined;
  const port = url.port === '' ? DEFAULT_PORT : Number(url.port);
  const address = { host, port, user, database, name: name || defaultName, sslMode, sslRootCert } as const;
  return { ok: true, address, password: password === '' ? undefined : password };
}

/** The address for messages and as an argument: without a password. */
export function shownAddress({ host, port, user, database, name }: PostgresAddress): string {
  const at = host.startsWith('/')
    ? `localhost:${port}/${database}?host=${host}`
    : `${host.includes(':') ? `[${host}]` : host}:${port}/${database}`;
  return `postgres://${encodeURIComponent(user)}@${at}#${encodeURIComponent(name)}`;
}

/** Data leaves this machine unencrypted. */
export function isInClear({ host, sslMode }: PostgresAddress): boolean {
  return sslMode === 'disable' && !isLocal(host);
}

function isLocal(host: string): boolean {
  return host.startsWith('/') || host === '::1' || isLoopback(host);
}

function decoded(parts: readonly string[]): string[] | null {
  try {
    return parts.map(decodeURIComponent);
  } catch {
    return null;
  }
}

function bad(why: string): ParsedAddress {
  return { ok: false, why };
}
