import type { Exchange } from './answer.js';
import type { CallFailure } from './api.js';
import type { Access, Credentials } from './credentials.js';
import { failure, isRefusedStatus } from './outcome.js';
import { redactor } from './redact.js';
import type { Transport } from './transport.js';

/** How long a JWT is used. */
const JWT_LIFE = {
  /** Renewed this long before it ends, so that no request sets out with one that ends on the way. */
  renewBeforeEndMs: 60_000,
  /** For one that does not say until when, or is over already by this machine's clock. Documented are 24 hours. */
  withoutEndMs: 5 * 60_000,
} as const;

export interface JwtOptions {
  /** The long-lived access token that is traded. */
  readonly token: string;
  /** Path of the authentication URL. */
  readonly path: string;
  /** `host` of the authentication URL, for messages. */
  readonly host: string;
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
export function jwtCredentials(options: JwtOptions): Credentials {
  return new JwtCredentials(options);
}

class JwtCredentials implements Credentials {
  readonly #options: JwtOptions;
  #current: { readonly access: Access; readonly renewAt: number } | null = null;
  #trade: Promise<Access | CallFailure> | null = null;
  #secrets: readonly string[];

  constructor(options: JwtOptions) {
    this.#options = options;
    this.#secrets = [options.token];
  }

  access(): Access | Promise<Access | CallFailure> {
    const current = this.#current;
    return current !== null && this.#options.now() < current.renewAt ? current.access : this.#tradeOnce();
  }

  renew(stale: Access): Promise<Access | CallFailure> {
    // Another request may have renewed it meanwhile.
    if (this.#current !== null && this.#current.access !== stale) return Promise.resolve(this.#current.access);
    return this.#tradeOnce();
  }

  secrets(): readonly string[] {
    return this.#secrets;
  }

  close(): Promise<void> {
    return this.#options.transport.close();
  }

  #tradeOnce(): Promise<Access | CallFailure> {
    this.#trade ??= this.#tradeNow().finally(() => {
      this.#trade = null;
    });
    return this.#trade;
  }

  async #tradeNow(): Promise<Access | CallFailure> {
    const { token, path, userAgent, transport, now } = this.#options;
    const exchange = await transport.send({
      method: 'POST',
      path,
      headers: { accept: '*/*', 'content-type': 'application/x-www-form-urlencoded', 'user-agent': userAgent },
      body: `access_token=${encodeURIComponent(token)}`,
    });
    const jwt = jwtIn(exchange);
    if (jwt === null) return this.#tradeFailure(exchange);
    // The one before may still be in answers that are under way.
    this.#secrets = [token, jwt, ...this.#secrets.slice(1, 2)];
    const access = { query: '', headers: { authorization: `Bearer ${jwt}` } };
    this.#current = { access, renewAt: renewalTime(jwt, now()) };
    return access;
  }

  #tradeFailure(exchange: Exchange): CallFailure {
    this.#current = null;
    const redact = redactor(this.#secrets);
    const from = `no JWT from ${this.#options.host}`;
    if (exchange.kind === 'answer' && exchange.status < 300) {
      return { kind: 'not-sent', message: `${from}: answered ${exchange.status}, but without a JWT` };
    }
    const failed = failure(exchange, redact);
    const message = `${from}: ${failed.message}`;
    // Whoever said so, in whatever form: the API was not called, so nothing was made.
    if (failed.status !== undefined && isRefusedStatus(failed.status)) {
      // In the host's own words: it was given nothing but the token.
      const tokenRejected = failed.kind === 'refused' ? ({ tokenRejected: true } as const) : {};
      return { kind: 'refused', message, status: failed.status, ...tokenRejected };
    }
    const { retryAfterMs } = failed;
    return { kind: 'not-sent', message, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  }
}

/** The answer's body is the bare JWT: three parts of base64, of bounded length so that it fits into a header. */
function jwtIn(exchange: Exchange): string | null {
  if (exchange.kind === 'no-answer' || exchange.status !== 200 || typeof exchange.body !== 'string') return null;
  const text = exchange.body.trim().replace(/^"(.*)"$/, '$1');
  return text.length <= 8 * 1024 && /^[\w+/=-]+\.[\w+/=-]+\.[\w+/=-]*$/.test(text) ? text : null;
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
