import type { Call } from './calls.js';
import type { ApiRequest } from './http.js';

/** One request as it came in, without its secrets. */
export interface LoggedRequest {
  /** Rising, from 1. */
  readonly number: number;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly call: Call['kind'];
  readonly method: string;
  readonly path: string;
  /** The access token reads `***`. */
  readonly query: string;
  /** As it came in, except that an access token reads `***`. */
  readonly body: string;
  /** The fault that struck it, in the form that `parseFault` reads. */
  readonly fault: string | null;
}

/** Older requests are forgotten: a sandbox may serve for weeks. */
export const LOG_LIMIT_REQUESTS = 200_000;

export class RequestLog {
  #requests: LoggedRequest[] = [];
  #count = 0;
  readonly #secrets: readonly string[];
  readonly #limit: number;

  constructor(tokens: readonly string[], limit = LOG_LIMIT_REQUESTS) {
    this.#limit = limit;
    this.#secrets = [...new Set(tokens.flatMap((token) => [token, encodeURIComponent(token)]))];
  }

  get requests(): readonly LoggedRequest[] {
    return this.#requests.slice(-this.#limit);
  }

  add(request: ApiRequest, call: Call['kind'], fault: string | null, now: number): void {
    this.#count += 1;
    this.#requests.push({
      number: this.#count,
      at: new Date(now).toISOString(),
      call,
      method: request.method,
      path: this.#mask(maskParameter(request.path)),
      query: this.#mask(maskParameter(request.query)),
      // A webhook's body stays as it came: its handler may contain its own access_token.
      body: this.#mask(call === 'token' ? maskParameter(request.body) : request.body),
      fault,
    });
    // Dropped in large pieces, so that a request's cost does not grow with the log.
    if (this.#requests.length >= 2 * this.#limit) this.#requests = this.#requests.slice(-this.#limit);
  }

  #mask(text: string): string {
    return this.#secrets.reduce((masked, secret) => masked.replaceAll(secret, '***'), text);
  }
}

/** Wrong tokens are masked too: they may be right somewhere else. */
function maskParameter(text: string): string {
  return text.replace(/(access_token=)[^&]*/gi, '$1***').replace(/("access_token"\s*:\s*)"[^"]*"/gi, '$1"***"');
}
