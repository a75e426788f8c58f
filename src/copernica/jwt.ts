import { type Exchange, parseJson } from './answer.js';
import type { CallFailure, Outcome } from './api.js';
import { failure, isRefusedStatus } from './outcome.js';
import { type Redact, redactor } from './redact.js';
import { createTransport, type Transport, type TransportOptions } from './transport.js';

/** How long a JWT is used. */
const JWT_LIFE = {
  /** Renewed this long before it expires, so that it does not expire while a request is on its way. */
  renewBeforeEndMs: 60_000,
  /** For a JWT without an expiry, or one that has expired by this machine's clock. 24 hours are documented. */
  withoutEndMs: 5 * 60_000,
} as const;

/** A longer one would not fit into a header. */
const LONGEST_JWT_CHARACTERS = 8 * 1024;

export interface JwtOptions extends Omit<TransportOptions, 'origin' | 'connections'> {
  /** The long-lived access token that is exchanged. */
  readonly token: string;
  /** Where it is exchanged. */
  readonly authUrl: string;
  /** Product and version. */
  readonly userAgent: string;
}

/**
 * Version 4 exchanges the access token for a JWT. It is kept in memory until shortly before it expires; requests that
 * need one at the same time share one exchange. If the exchange fails, that is `refused` or `not-sent`: the API was not
 * called.
 */
export class JwtSource {
  readonly #options: JwtOptions;
  readonly #transport: Transport;
  readonly #authUrl: URL;
  readonly #now: () => number;
  #current: { readonly jwt: string; readonly renewAt: number } | null = null;
  #trade: Promise<Outcome<string>> | null = null;
  #redact: Redact;

  constructor(options: JwtOptions) {
    this.#options = options;
    this.#authUrl = new URL(options.authUrl);
    this.#transport = createTransport({ ...options, origin: this.#authUrl.origin, connections: 1 });
    this.#now = options.now ?? Date.now;
    this.#redact = redactor([options.token]);
  }

  /** Removes the access token and the JWTs from a text; an answer under way may still contain the former JWT. */
  readonly redact: Redact = (text) => this.#redact(text);

  async get(): Promise<Outcome<string>> {
    const current = this.#current;
    if (current !== null && this.#now() < current.renewAt) return { ok: true, value: current.jwt };
    this.#trade ??= this.#tradeNow(current?.jwt).finally(() => {
      this.#trade = null;
    });
    return this.#trade;
  }

  /** The API refused this one. Another request may already have renewed it. */
  drop(jwt: string): void {
    if (this.#current?.jwt === jwt) this.#current = { jwt, renewAt: 0 };
  }

  close(): Promise<void> {
    return this.#transport.close();
  }

  async #tradeNow(before: string | undefined): Promise<Outcome<string>> {
    const { token, userAgent } = this.#options;
    const exchange = await this.#transport.send({
      method: 'POST',
      path: this.#authUrl.pathname,
      headers: { accept: '*/*', 'content-type': 'application/x-www-form-urlencoded', 'user-agent': userAgent },
      body: `access_token=${encodeURIComponent(token)}`,
    });
    const jwt = jwtIn(exchange);
    if (jwt === null) return this.#tradeFailure(exchange);
    this.#redact = redactor([token, jwt, before ?? '']);
    this.#current = { jwt, renewAt: renewalTime(jwt, this.#now()) };
    return { ok: true, value: jwt };
  }

  #tradeFailure(exchange: Exchange): CallFailure {
    const { kind, message: why, status, retryAfterMs } = failure(exchange);
    const message = `no JWT from ${this.#authUrl.host}: ${why}`;
    const common = { ok: false, message } as const;
    // Whoever refused it, and however: the API was not called, so nothing was made.
    if (status === undefined || !isRefusedStatus(status)) return { ...common, kind: 'not-sent', retryAfterMs };
    // The host's own words may be shown: it was given nothing but the token.
    return { ...common, kind: 'refused', status, tokenRejected: kind === 'refused' ? true : undefined };
  }
}

/** The answer's body is the bare JWT: three base64 parts. */
function jwtIn(exchange: Exchange): string | null {
  if (exchange.kind === 'no-answer' || exchange.status !== 200 || typeof exchange.body !== 'string') return null;
  const jwt = exchange.body.trim().replace(/^"(.*)"$/, '$1');
  return jwt.length <= LONGEST_JWT_CHARACTERS && /^[\w+/=-]+\.[\w+/=-]+\.[\w+/=-]*$/.test(jwt) ? jwt : null;
}

function renewalTime(jwt: string, now: number): number {
  const claims = parseJson(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString('utf8'));
  const exp = typeof claims === 'object' && claims !== null && 'exp' in claims ? Number(claims.exp) : Number.NaN;
  const leftMs = exp * 1000 - now;
  // The clock is wrong, or there is no expiry: used for a while, and renewed when the API refuses it.
  if (!Number.isFinite(leftMs) || leftMs <= 0) return now + JWT_LIFE.withoutEndMs;
  return now + Math.max(leftMs - JWT_LIFE.renewBeforeEndMs, leftMs / 2);
}
