import { type Exchange, saysBadToken } from './answer.js';
import type { CallFailure } from './api.js';
import { type JwtOptions, JwtSource } from './jwt.js';
import { isRefusal } from './outcome.js';
import { type Redact, redactor } from './redact.js';
import { createTransport, type Transport, type TransportRequest } from './transport.js';

/** How to reach the API. Only version 4 uses `authUrl`. */
export interface RequestsOptions extends JwtOptions {
  /** The API's URL. A path in it comes before the API's own. */
  readonly apiUrl: string;
  readonly version: 1 | 2 | 3 | 4;
  /** Requests at a time, each on its own kept-alive connection. */
  readonly concurrency: number;
}

export interface ApiRequest {
  readonly method: TransportRequest['method'];
  /** The path after the version: `webhook/1894`. */
  readonly resource: string;
  readonly query?: string;
  readonly body?: string;
}

/**
 * Sends requests to the API with its credentials: up to version 3 the access token in the query, which is why no URL is
 * ever printed; from version 4 on a JWT. Each is sent once; one that was refused for its JWT is sent again with a new
 * one.
 */
export class Requests {
  readonly redact: Redact;
  readonly #options: RequestsOptions;
  readonly #transport: Transport;
  readonly #jwts: JwtSource | null;
  readonly #basePath: string;

  /** Throws ProductError of kind `input` for an impossible proxy. */
  constructor(options: RequestsOptions, transport?: Transport) {
    const { origin, pathname } = new URL(options.apiUrl);
    this.#options = options;
    this.#basePath = `${pathname.replace(/\/+$/, '')}/v${options.version}/`;
    this.#transport = transport ?? createTransport({ ...options, origin, connections: options.concurrency });
    this.#jwts = options.version === 4 ? new JwtSource(options) : null;
    this.redact = this.#jwts?.redact ?? redactor([options.token]);
  }

  /** Returns a failure instead of an exchange if there was no JWT, and so the API was not called. */
  async send(request: ApiRequest): Promise<Exchange | CallFailure> {
    if (this.#jwts === null) {
      const access = `access_token=${encodeURIComponent(this.#options.token)}`;
      return this.#send({ ...request, query: request.query === undefined ? access : `${access}&${request.query}` });
    }
    const jwt = await this.#jwts.get();
    if (!jwt.ok) return jwt;
    const exchange = await this.#send(request, { authorization: `Bearer ${jwt.value}` });
    if (!saysBadToken(exchange)) return exchange;
    this.#jwts.drop(jwt.value);
    // A POST only if the API itself refused it for its JWT: then it made nothing.
    if (request.method === 'POST' && !(exchange.kind === 'answer' && isRefusal(exchange))) return exchange;
    const next = await this.#jwts.get();
    return next.ok ? this.#send(request, { authorization: `Bearer ${next.value}` }) : next;
  }

  async close(): Promise<void> {
    await Promise.all([this.#transport.close(), this.#jwts?.close()]);
  }

  #send({ method, resource, query, body }: ApiRequest, access: Record<string, string> = {}): Promise<Exchange> {
    const path = `${this.#basePath}${resource}${query === undefined ? '' : `?${query}`}`;
    const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
    const headers = { accept: 'application/json', 'user-agent': this.#options.userAgent, ...access, ...type };
    return this.#transport.send({ method, path, headers, body });
  }
}
