import type { Account } from './account.js';
import type { Route } from './calls.js';
import { mediaType } from './data.js';
import { type ApiRequest, type ApiResponse, REFUSALS, refusal } from './http.js';

interface IssuedJwt {
  readonly account: Account;
  readonly expiresAt: number;
}

/** Who may do what: access tokens, and the JWTs that they were traded for. */
export class Access {
  readonly #byToken: ReadonlyMap<string, Account>;
  readonly #jwtLifeMs: number;
  readonly #issued = new Map<string, IssuedJwt>();
  #lastJwt = 0;

  constructor(accounts: readonly Account[], jwtLifeMs: number) {
    this.#byToken = new Map(accounts.map((account) => [account.options.token, account]));
    this.#jwtLifeMs = jwtLifeMs;
  }

  /** The account that a request speaks for: by the query's access token up to v3, by a JWT on v4. */
  accountOf(request: ApiRequest, route: Route, now: number): Account | null {
    if (route.version === 4) return this.#byJwt(request, now);
    const account = this.byToken(queryToken(request.query));
    return account?.options.onlyV4 === true ? null : account;
  }

  byToken(token: string | null): Account | null {
    return token === null ? null : (this.#byToken.get(token) ?? null);
  }

  /** The authentication host's one call: form body with an access token in, the bare JWT out. */
  trade(request: ApiRequest, now: number): ApiResponse {
    const account = this.byToken(formToken(request));
    if (account === null) return refusal(REFUSALS.token, 401);
    return { status: 200, headers: { 'Content-Type': 'text/plain; charset=utf-8' }, body: this.#issue(account, now) };
  }

  /** From now on every JWT handed out so far is refused. */
  revokeJwts(): void {
    this.#issued.clear();
  }

  #byJwt({ headers }: ApiRequest, now: number): Account | null {
    const [, jwt] = /^Bearer\s+(\S+)$/i.exec(headers.authorization ?? '') ?? [];
    const issued = jwt === undefined ? undefined : this.#issued.get(jwt);
    return issued === undefined || issued.expiresAt <= now ? null : issued.account;
  }

  #issue(account: Account, now: number): string {
    this.#lastJwt += 1;
    // `exp` counts in seconds; rounded up so that a short life is never over at once.
    const expires = Math.ceil((now + this.#jwtLifeMs) / 1000);
    const head = base64url(JSON.stringify({ alg: 'HS256', typ: 'JWT' }));
    const claims = {
      sub: account.options.identity.id,
      jti: String(this.#lastJwt),
      iat: Math.floor(now / 1000),
      exp: expires,
    };
    // The signature is for show: the sandbox knows its JWTs by heart, and a client cannot check one anyway.
    const jwt = `${head}.${base64url(JSON.stringify(claims))}.${base64url(`sandbox-signature-${this.#lastJwt}`)}`;
    this.#issued.set(jwt, { account, expiresAt: expires * 1000 });
    return jwt;
  }
}

function queryToken(query: string): string | null {
  return new URLSearchParams(query).get('access_token');
}

function formToken(request: ApiRequest): string | null {
  if (mediaType(request) !== 'application/x-www-form-urlencoded') return null;
  return new URLSearchParams(request.body).get('access_token');
}

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}
