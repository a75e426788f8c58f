import type { Exchange } from './answer.js';
import type { CallFailure, Outcome } from './api.js';
import { failure, isRefusedStatus } from './outcome.js';
import { type Redact, redactor } from './redact.js';
import type { Transport } from './transport.js';

/** What a request carries to be let in. */
export interface Access {
  /** For the query, without `?` and `&`; empty where the header does it. */
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** How a client is let in. A failure means that the API was not called. */
export interface Credentials {
  access(): Promise<Outcome<Access>>;
  /** After the API refused `stale`: another access, or null where there is no other. */
  renew(stale: Access): Promise<Outcome<Access>> | null;
  /** Takes out of a text what is secret at the moment: a JWT comes and goes. */
  redact: Redact;
  close(): Promise<void>;
}

/** Up to v3: the access token in the query of every call, which is why no URL is ever printed. */
export function queryCredentials(token: string): Credentials {
  const value: Access = { query: `access_token=${encodeURIComponent(token)}`, headers: {} };
  return {
    access: async () => ({ ok: true, value }),
    renew: () => null,
    redact: redactor([token]),
    close: async () => {},
  };
}

/** How long a JWT is used. */
const JWT_LIFE = {
  /** Renewed this long before it ends, so that no request sets out with one that ends on the way. */
  renewBeforeEndMs: 60_000,
  /** For one that does not say until when, or is over already by this machine's clock. Documented are 24 hours. */
  withoutEndMs: 5 * 60_000,
} as const;
const LONGEST_JWT_CHARACTERS = 8 * 1024;

export interface JwtOptions {
  /** The long-lived access token that is traded. */
  readonly token: string;
  /** Where it is traded. */
  readonly authUrl: URL;
  readonly userAgent: string;
  /** To the authentication host. */
  readonly transport: Transport;
  /** Milliseconds since 1970. */
  now(): number;
}

/**
 * v4: the access token is traded for a JWT, which is kept in memory until shortly before it ends. Requests that need
 * one at the same time wait for one trade. A trade that fails is `refused` or `not-sent`: the API was not called.
 */
export class JwtCredentials implements Credentials {
  readonly #options: JwtOptions;
  #current: { readonly access: Access; readonly renewAt: number } | null = null;
  #trade: Promise<Outcome<Access>> | null = null;
  #jwts: readonly string[] = [];
  #redact: Redact;

  constructor(options: JwtOptions) {
    this.#options = options;
    this.#redact = redactor([options.token]);
  }

  readonly redact: Redact = (text) => this.#redact(text);

  async access(): Promise<Outcome<Access>> {
    const current = this.#current;
    if (current === null || this.#options.now() >= current.renewAt) return this.#tradeOnce();
    return { ok: true, value: current.access };
  }

  async renew(stale: Access): Promise<Outcome<Access>> {
    // Another request may have renewed it meanwhile.
    if (this.#current === null || this.#current.access === stale) return this.#tradeOnce();
    return { ok: true, value: this.#current.access };
  }

  close(): Promise<void> {
    return this.#options.transport.close();
  }

  #tradeOnce(): Promise<Outcome<Access>> {
    this.#trade ??= this.#tradeNow().finally(() => {
      this.#trade = null;
    });
    return this.#trade;
  }

  async #tradeNow(): Promise<Outcome<Access>> {
    const { token, authUrl, userAgent, transport, now } = this.#options;
    const exchange = await transport.send({
      method: 'POST',
      path: authUrl.pathname,
      headers: { accept: '*/*', 'content-type': 'application/x-www-form-urlencoded', 'user-agent': userAgent },
      body: `access_token=${encodeURIComponent(token)}`,
    });
    const jwt = jwtIn(exchange);
    if (jwt === null) return this.#tradeFailure(exchange);
    // The one before may still be in answers that are under way.
    this.#jwts = [jwt, ...this.#jwts.slice(0, 1)];
    this.#redact = redactor([token, ...this.#jwts]);
    const access = { query: '', headers: { authorization: `Bearer ${jwt}` } };
    this.#current = { access, renewAt: renewalTime(jwt, now()) };
    return { ok: true, value: access };
  }

  #tradeFailure(exchange: Exchange): CallFailure {
    this.#current = null;
    const from = `no JWT from ${this.#options.authUrl.host}`;
    if (exchange.kind === 'answer' && exchange.status < 300) {
      const message = `${from}: answered ${exchange.status}, but without a JWT`;
      return { ok: false, kind: 'not-sent', message };
    }
    const { kind, message: why, status, retryAfterMs } = failure(exchange, this.#redact);
    const message = `${from}: ${why}`;
    // Whoever said so, in whatever form: the API was not called, so nothing was made.
    if (status === undefined || !isRefusedStatus(status)) return { ok: false, kind: 'not-sent', message, retryAfterMs };
    // In the host's own words: it was given nothing but the token.
    return { ok: false, kind: 'refused', message, status, tokenRejected: kind === 'refused' ? true : undefined };
  }
}

/** The answer's body is the bare JWT: three parts of base64, of bounded length so that it fits into a header. */
function jwtIn(exchange: Exchange): string | null {
  if (exchange.kind === 'no-answer' || exchange.status !== 200 || typeof exchange.body !== 'string') return null;
  const text = exchange.body.trim();
  if (text.length > LONGEST_JWT_CHARACTERS) return null;
  const jwt = text.replace(/^"(.*)"$/, '$1');
  return /^[\w+/=-]+\.[\w+/=-]+\.[\w+/=-]*$/.test(jwt) ? jwt : null;
}

function renewalTime(jwt: string, now: number): number {
  const leftMs = (expiryOf(jwt) ?? 0) * 1000 - now;
  // A clock that is wrong, or no end: used for a while, and renewed when the API refuses it.
  if (leftMs <= 0) return now + JWT_LIFE.withoutEndMs;
  return now + Math.max(leftMs - JWT_LIFE.renewBeforeEndMs, leftMs / 2);
}

/** `exp` of the JWT in seconds since 1970, or null where it has none that makes sense. */
function expiryOf(jwt: string): number | null {
  try {
    const claims: unknown = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString('utf8'));
    const exp = typeof claims === 'object' && claims !== null && 'exp' in claims ? Number(claims.exp) : Number.NaN;
    return Number.isFinite(exp) ? exp : null;
  } catch {
    return null;
  }
}
