import type { WebhookSpec } from '../webhook.js';

/** Why a call did not give a result. `message` is safe to print: it has no token, and no URL with a query. */
export interface CallFailure {
  readonly ok: false;
  /**
   * `not-sent`: no byte of the request left;
   * `turned-away`: the load balancer or a rate limit sent it back (429, 503);
   * `refused`: Copernica itself refused it (400, 401, 403, 404, 422 with its own error in JSON);
   * `unknown`: it may have been acted on (502, 504, other 5xx, a 4xx that may be a proxy's, connection lost after
   * sending, time-out, unreadable answer).
   */
  readonly kind: 'not-sent' | 'turned-away' | 'refused' | 'unknown';
  readonly message: string;
  /** HTTP status, if there was an answer. */
  readonly status?: number;
  /** From Retry-After, in milliseconds, if the answer had one. */
  readonly retryAfterMs?: number;
  /** Copernica itself blames the token: it is unknown, has expired, or may not do this. */
  readonly tokenRejected?: true;
  /** For a list: what seems not to exist, either the call itself or the database that the list belongs to. */
  readonly missing?: 'call' | 'database';
}

/** What a call returned, or why it returned nothing. */
export type Outcome<T> = { readonly ok: true; readonly value: T } | CallFailure;

/** POST /webhooks: the new webhook's id. Only after a failure of kind `unknown` may a webhook exist. */
export type CreateOutcome = Outcome<number>;

/** A webhook as the account shows it. Database and collection are undefined if the answer does not say. */
export interface LiveWebhook {
  readonly id: number;
  readonly handler: string;
  readonly trigger: string;
  readonly callers: readonly string[];
  /** `undefined`: the answer has no such field; `null`: it says that there is none. */
  readonly database: number | null | undefined;
  readonly collection: number | null | undefined;
}

/** GET /webhook/$id. `gone`: Copernica says that the id is unknown (400 or 404 with its own error), or `removed`. */
export type ReadOutcome = Outcome<LiveWebhook | 'gone'>;

/** PUT and DELETE. `gone`: there is no such webhook (any more); for a DELETE that means the same as `done`. */
export type WriteOutcome = Outcome<'done' | 'gone'>;

/** The account that a token belongs to. `name` and `company` are for people, and empty if unknown. */
export interface Identity {
  readonly id: string;
  readonly name: string;
  readonly company: string;
}

/** GET /webhooks, all pages. `unavailable`: the account has no such call. */
export type ListOutcome = Outcome<readonly LiveWebhook[] | 'unavailable'>;

export interface NamedEntity {
  readonly id: number;
  readonly name: string;
}

/** The API as the rest of the program sees it. No call throws because of the network or of Copernica. */
export interface CopernicaApi {
  identity(): Promise<Outcome<Identity>>;
  /** Repeated only if nothing can have been made; anything beyond is up to the caller, who has the record. */
  createWebhook(spec: WebhookSpec): Promise<CreateOutcome>;
  readWebhook(id: number): Promise<ReadOutcome>;
  /**
   * Sets handler, trigger and callers. PUT can't change database and collection. No callers means both, and is sent as
   * both, unless they are to be left out: `verify` wants to see what that does.
   */
  updateWebhook(id: number, spec: WebhookSpec, options?: { readonly leavesCallersOut: boolean }): Promise<WriteOutcome>;
  deleteWebhook(id: number): Promise<WriteOutcome>;
  listWebhooks(): Promise<ListOutcome>;
  /** GET /databases, all pages. */
  databases(): Promise<Outcome<readonly NamedEntity[]>>;
  /** GET /database/$id/collections, all pages. `gone`: there is no such database. */
  collections(databaseId: number): Promise<Outcome<readonly NamedEntity[] | 'gone'>>;
  close(): Promise<void>;
}
