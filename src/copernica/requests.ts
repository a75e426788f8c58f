import { productError } from '../errors.js';
import { type Exchange, saysBadToken } from './answer.js';
import type { CallFailure, Outcome } from './api.js';
import { type Access, type Credentials, JwtCredentials, queryCredentials } from './credentials.js';
import { isRefusal } from './outcome.js';
import type { ProxySettings } from './proxy.js';
import { type Redact, SHORTEST_SECRET_CHARACTERS } from './redact.js';
import { createTransport, type Transport, type TransportRequest } from './transport.js';

export interface RequestsOptions {
  /** Where the API is. A path in it is put before the API's own. */
  readonly apiUrl: string;
  /** Where an access token is traded for a JWT; used by version 4 alone. */
  readonly authUrl: string;
  readonly version: 1 | 2 | 3 | 4;
  /** The long-lived access token. */
  readonly token: string;
  /** Requests at a time, each on a kept-alive connection of its own. */
  readonly concurrency: number;
  /** For one request with its answer, in milliseconds. */
  readonly timeoutMs: number;
  /** Product and version. */
  readonly userAgent: string;
  readonly proxy?: ProxySettings | undefined;
  /** PEM text of certificate authorities that are trusted beside the usual ones. */
  readonly ca?: string | undefined;
  /** Milliseconds since 1970. */
  readonly now?: (() => number) | undefined;
}

export interface ApiRequest {
  readonly method: TransportRequest['method'];
  /** After the version: `webhook/1894`. */
  readonly resource: string;
  readonly query?: string | undefined;
  readonly body?: string | undefined;
}

/**
 * Requests to the API that carry what lets them in. Each is sent once; only one that was refused for its JWT is sent
 * again with a new one. Nothing connects before the first one.
 */
export class Requests {
  readonly #credentials: Credentials;
  readonly #transport: Transport;
  readonly #basePath: string;
  readonly #userAgent: string;

  /** Throws ProductError of kind `input` for a token, an address or a proxy that can't be. */
  constructor(options: RequestsOptions, transport?: Transport) {
    checkToken(options.token);
    const url = parseUrl(options.apiUrl);
    this.#transport =
      transport ?? createTransport({ ...options, origin: url.origin, connections: options.concurrency });
    this.#credentials = credentialsFor(options);
    this.#basePath = `${url.pathname.replace(/\/+$/, '')}/v${options.version}/`;
    this.#userAgent = options.userAgent;
  }

  get redact(): Redact {
    return this.#credentials.redact;
  }

  /** What the next request will carry. */
  access(): Promise<Outcome<Access>> {
    return this.#credentials.access();
  }

  /** A failure instead of an exchange: there was no access, and the API was not called. */
  async send(request: ApiRequest): Promise<Exchange | CallFailure> {
    const access = await this.#credentials.access();
    if (!access.ok) return access;
    const exchange = await this.#sendWith(request, access.value);
    const renewed = saysBadToken(exchange) ? await this.#credentials.renew(access.value) : null;
    if (renewed === null) return exchange;
    // Once, and a POST only where the API itself refused it for its JWT: then it made nothing.
    if (request.method === 'POST' && !(exchange.kind === 'answer' && isRefusal(exchange))) return exchange;
    return renewed.ok ? this.#sendWith(request, renewed.value) : renewed;
  }

  async close(): Promise<void> {
    await Promise.all([this.#transport.close(), this.#credentials.close()]);
  }

  #sendWith({ method, resource, query = '', body }: ApiRequest, access: Access): Promise<Exchange> {
    const queries = [access.query, query].filter((part) => part !== '').join('&');
    const path = `${this.#basePath}${resource}${queries === '' ? '' : `?${queries}`}`;
    const type = body === undefined ? {} : { 'content-type': 'application/json' };
    const headers = { accept: 'application/json', 'user-agent': this.#userAgent, ...access.headers, ...type };
    return this.#transport.send({ method, path, headers, body });
  }
}

function credentialsFor(options: RequestsOptions): Credentials {
  const { token, userAgent, now = Date.now } = options;
  if (options.version !== 4) return queryCredentials(token);
  const authUrl = parseUrl(options.authUrl);
  // One trade at a time is all there is.
  const transport = createTransport({ ...options, origin: authUrl.origin, connections: 1 });
  return new JwtCredentials({ token, userAgent, transport, now, authUrl });
}

export function parseUrl(text: string): URL {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return new URL(text);
  throw productError('input', {
    code: 'api-url',
    message: 'the address of the API is not an http or https URL',
    remedy: 'set it to something like https://api.copernica.com',
  });
}

/** A token that can't be redacted, or can't stand in a URL, is not used at all. */
function checkToken(token: string): void {
  if (token.length >= SHORTEST_SECRET_CHARACTERS && /^[\x21-\x7e]+$/.test(token)) return;
  throw productError('input', {
    code: 'token-unusable',
    message: `an access token has at least ${SHORTEST_SECRET_CHARACTERS} characters, and no white space`,
    remedy: 'copy the access token from the Copernica dashboard once more',
  });
}
