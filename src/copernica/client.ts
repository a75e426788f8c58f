import { productError } from '../errors.js';
import { CALLERS, type WebhookSpec } from '../webhook.js';
import { type Exchange, saysBadToken } from './answer.js';
import type { CallFailure, CollectionsOutcome, CopernicaApi, DatabasesOutcome, ListOutcome } from './api.js';
import { type Access, type Credentials, queryCredentials } from './credentials.js';
import type { ProxySettings } from './dispatcher.js';
import { createOutcome, isRefusal, writeOutcome } from './outcome.js';
import { readAllPages } from './paging.js';
import { type Redact, redactor, SHORTEST_SECRET_CHARACTERS } from './redact.js';
import { jwtCredentials } from './token.js';
import { createTransport, type Transport, type TransportOptions, type TransportRequest } from './transport.js';

export type ApiCall = Exclude<keyof CopernicaApi, 'close'>;

/** One call that was made, for logs and metrics. Lists give one for each page. */
export interface RequestEvent {
  readonly call: ApiCall;
  /** `kind` of the outcome; `page` for a page of a list. */
  readonly outcome: string;
  /** HTTP status of a failure that came as an answer. */
  readonly status?: number;
  readonly durationMs: number;
}

export interface CopernicaClientOptions {
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
  readonly proxy?: ProxySettings;
  /** PEM text of certificate authorities that are trusted beside the usual ones. */
  readonly ca?: string;
  readonly onRequest?: (event: RequestEvent) => void;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** Items of a page: as many as the API gives at most, but of databases, which come with all their fields, fewer. */
const PAGE_ITEMS = { webhooks: 1000, databases: 100, collections: 1000 } as const;

/**
 * The API over HTTP. Every call is sent once; only a call that was refused for its JWT is sent again with a new one.
 * Nothing connects before the first call. Throws ProductError of kind `input` for a token or an address that can't be.
 */
export function createCopernicaClient(options: CopernicaClientOptions): CopernicaApi {
  return new CopernicaClient(options);
}

interface Call<T> {
  readonly call: ApiCall;
  readonly method: TransportRequest['method'];
  /** After the version: `webhook/1894`. */
  readonly resource: string;
  readonly query?: string;
  readonly body?: string;
  readonly decide: (exchange: Exchange, redact: Redact) => T;
}

class CopernicaClient implements CopernicaApi {
  readonly #transport: Transport;
  readonly #credentials: Credentials;
  readonly #basePath: string;
  readonly #userAgent: string;
  readonly #onRequest: (event: RequestEvent) => void;
  readonly #now: () => number;
  readonly #redact: Redact;

  constructor(options: CopernicaClientOptions) {
    checkToken(options.token);
    const url = parseUrl(options.apiUrl);
    this.#now = options.now ?? Date.now;
    this.#transport = createTransport(transportOptions(options, url, options.concurrency));
    this.#credentials = credentialsFor(options, this.#now);
    this.#basePath = `${url.pathname.replace(/\/+$/, '')}/v${options.version}/`;
    this.#userAgent = options.userAgent;
    this.#onRequest = options.onRequest ?? (() => {});
    this.#redact = redactWith(this.#credentials);
  }

  async identity() {
    const { identityOutcome } = await import('./answers.js');
    return this.#run({ call: 'identity', method: 'GET', resource: 'identity', decide: identityOutcome });
  }

  createWebhook({ handler, trigger, callers, database, collection }: WebhookSpec) {
    // What is undefined is left out.
    const body = JSON.stringify({ handler, trigger, callers, database, collection });
    return this.#run({ call: 'createWebhook', method: 'POST', resource: 'webhooks', body, decide: createOutcome });
  }

  async readWebhook(id: number) {
    const { readOutcome } = await import('./answers.js');
    const decide = (exchange: Exchange, redact: Redact) => readOutcome(id, exchange, redact);
    return this.#run({ call: 'readWebhook', method: 'GET', resource: `webhook/${id}`, decide });
  }

  updateWebhook(id: number, { handler, trigger, callers = [] }: WebhookSpec) {
    // Callers left out would stay as they are, but in the manifest no callers means both.
    const body = JSON.stringify({ handler, trigger, callers: callers.length === 0 ? CALLERS : callers });
    const decide = (exchange: Exchange, redact: Redact) => writeOutcome('update', exchange, redact);
    return this.#run({ call: 'updateWebhook', method: 'PUT', resource: `webhook/${id}`, body, decide });
  }

  deleteWebhook(id: number) {
    const decide = (exchange: Exchange, redact: Redact) => writeOutcome('delete', exchange, redact);
    return this.#run({ call: 'deleteWebhook', method: 'DELETE', resource: `webhook/${id}`, decide });
  }

  /** The call is not documented, so anything but a list that adds up, and what passes, means that there is none. */
  async listWebhooks(): Promise<ListOutcome> {
    const { webhookPage } = await import('./answers.js');
    const resource = 'webhooks';
    const list = await readAllPages((start) =>
      this.#run({
        call: 'listWebhooks',
        method: 'GET',
        resource,
        query: pageQuery(start, PAGE_ITEMS.webhooks),
        decide: webhookPage,
      }),
    );
    switch (list.kind) {
      case 'all':
        return { kind: 'listed', webhooks: list.items.flatMap(({ live }) => (live === null ? [] : [live])) };
      case 'incomplete':
      case 'no-envelope':
      case 'no-call':
      case 'gone':
        return { kind: 'unavailable' };
      case 'not-sent':
      case 'turned-away':
      case 'refused':
      case 'unknown':
        return list;
    }
  }

  async databases(): Promise<DatabasesOutcome> {
    const list = await this.#named('databases', 'databases', PAGE_ITEMS.databases);
    if (list.kind === 'gone') return { kind: 'refused', message: 'Copernica has no list of databases for this token' };
    return list.kind === 'all' ? { kind: 'databases', databases: list.items } : list;
  }

  async collections(databaseId: number): Promise<CollectionsOutcome> {
    const list = await this.#named('collections', `database/${databaseId}/collections`, PAGE_ITEMS.collections);
    return list.kind === 'all' ? { kind: 'collections', collections: list.items } : list;
  }

  async close(): Promise<void> {
    await Promise.all([this.#transport.close(), this.#credentials.close()]);
  }

  /** A documented list, in full. */
  async #named(call: 'databases' | 'collections', resource: string, limit: number) {
    const { namedPage } = await import('./answers.js');
    const list = await readAllPages((start) =>
      this.#run({ call, method: 'GET', resource, query: pageQuery(start, limit), decide: namedPage }),
    );
    switch (list.kind) {
      case 'incomplete':
      case 'no-envelope':
        return { kind: 'unknown', message: list.message } as const;
      case 'no-call':
        return list.failure;
      default:
        return list;
    }
  }

  async #run<T extends { readonly kind: string }>(call: Call<T>): Promise<T | CallFailure> {
    const startedAt = this.#now();
    const exchange = await this.#send(call);
    const called = exchange.kind === 'answer' || exchange.kind === 'no-answer';
    const outcome = called ? call.decide(exchange, this.#redact) : exchange;
    const status = 'status' in outcome && typeof outcome.status === 'number' ? { status: outcome.status } : {};
    this.#onRequest({ call: call.call, outcome: outcome.kind, ...status, durationMs: this.#now() - startedAt });
    return outcome;
  }

  /** A failure instead of an exchange: there was no access, and the API was not called. */
  async #send(call: Call<unknown>): Promise<Exchange | CallFailure> {
    const given = this.#credentials.access();
    const access = given instanceof Promise ? await given : given;
    if ('kind' in access) return access;
    const exchange = await this.#transport.send(this.#request(call, access));
    const renewal = saysBadToken(exchange) ? this.#credentials.renew(access) : null;
    if (renewal === null) return exchange;
    const renewed = await renewal;
    // Once, and a POST only where the API itself refused it for its JWT: then it made nothing.
    if (call.method === 'POST' && !(exchange.kind === 'answer' && isRefusal(exchange))) return exchange;
    return 'kind' in renewed ? renewed : this.#transport.send(this.#request(call, renewed));
  }

  #request({ method, resource, query = '', body }: Call<unknown>, access: Access): TransportRequest {
    const queries = access.query === '' || query === '' ? access.query + query : `${access.query}&${query}`;
    const path = `${this.#basePath}${resource}${queries === '' ? '' : `?${queries}`}`;
    const headers = { accept: 'application/json', 'user-agent': this.#userAgent, ...access.headers };
    if (body === undefined) return { method, path, headers };
    return { method, path, headers: { ...headers, 'content-type': 'application/json' }, body };
  }
}

function pageQuery(start: number, limit: number): string {
  return `start=${start}&limit=${limit}`;
}

/** How a client with these options is let in. */
export function credentialsFor(options: CopernicaClientOptions, now: () => number): Credentials {
  const { token, userAgent } = options;
  if (options.version !== 4) return queryCredentials(token);
  const url = parseUrl(options.authUrl);
  // One trade at a time is all there is.
  const transport = createTransport(transportOptions(options, url, 1));
  return jwtCredentials({ token, userAgent, transport, now, host: url.host, path: url.pathname });
}

export function transportOptions(options: CopernicaClientOptions, url: URL, connections: number): TransportOptions {
  const { timeoutMs, proxy, ca, now } = options;
  return {
    origin: url.origin,
    connections,
    timeoutMs,
    ...(proxy === undefined ? {} : { proxy }),
    ...(ca === undefined ? {} : { ca }),
    ...(now === undefined ? {} : { now }),
  };
}

/** Redacts what is secret at the moment: a JWT comes and goes. */
function redactWith(credentials: Credentials): Redact {
  let secrets = credentials.secrets();
  let redact = redactor(secrets);
  return (text) => {
    if (secrets !== credentials.secrets()) {
      secrets = credentials.secrets();
      redact = redactor(secrets);
    }
    return redact(text);
  };
}

/** Throws ProductError of kind `input` for what is no http or https URL. */
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
