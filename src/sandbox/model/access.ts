import type { Account } from './account.js';
import { mediaType } from './data.js';
import { type ApiRequest, type ApiResponse, REFUSALS, refusal } from './http.js';

const JWT_LIFE_MS = 24 * 60 * 60 * 1000;

/** Who may do what: access tokens, and the JWTs they were exchanged for. */
export class Access {
  readonly #accounts: readonly Account[];
  readonly #issued = new Map<string, { readonly account: Account; readonly expiresAt: number }>();
  #lastJwt = 0;

  constructor(accounts: readonly Account[]) {
    this.#accounts = accounts;
  }

  /** The account of a request: by the access token in the query up to v3, by a JWT on v4. */
  accountOf({ query, headers }: ApiRequest, version: number, now: number): Account | null {
    if (version < 4) return this.#byTokenIn(query);
    const [, jwt = ''] = /^Bearer\s+(\S+)$/i.exec(headers.authorization ?? '') ?? [];
    const issued = this.#issued.get(jwt);
    return issued === undefined || issued.expiresAt <= now ? null : issued.account;
  }

  /** The authentication host's only call: a form with an access token, answered with the bare JWT. */
  trade(request: ApiRequest, now: number): ApiResponse {
    const isForm = mediaType(request) === 'application/x-www-form-urlencoded';
    const account = isForm ? this.#byTokenIn(request.body) : null;
    if (account === null) return refusal(REFUSALS.token, 401);
    return { status: 200, headers: { 'Content-Type': 'text/plain; charset=utf-8' }, body: this.#issue(account, now) };
  }

  /** From now on, every JWT issued so far is refused. */
  revokeJwts(): void {
    this.#issued.clear();
  }

  #byTokenIn(form: string): Account | null {
    const token = new URLSearchParams(form).get('access_token');
    return this.#accounts.find(({ options }) => options.token === token) ?? null;
  }

  #issue(account: Account, now: number): string {
    this.#lastJwt += 1;
    const iat = Math.floor(now / 1000);
    // `exp` counts in seconds.
    const exp = Math.ceil((now + JWT_LIFE_MS) / 1000);
    const claims = { sub: account.options.identity.id, jti: String(this.#lastJwt), iat, exp };
    // The signature is only for show: the sandbox remembers its JWTs, and a client can't check one anyway.
    const parts = [JSON.stringify({ alg: 'HS256', typ: 'JWT' }), JSON.stringify(claims), `signature-${this.#lastJwt}`];
    const jwt = parts.map((part) => Buffer.from(part).toString('base64url')).join('.');
    this.#issued.set(jwt, { account, expiresAt: exp * 1000 });
    return jwt;
  }
}
