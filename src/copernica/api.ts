import type { WebhookSpec } from '../webhook.js';

/** Why a call did not give what was asked for. `message` is safe to print: no token, no URL with a query. */
export interface CallFailure {
  readonly ok: false;
  /**
   * `not-sent`: no byte of the request left; `turned-away`: the load balancer or a rate limit sent it back (429, 503);
   * `refused`: Copernica itself said no (400, 401, 403, 404, 422 with its own error in JSON);
   * `unknown`: it may have been acted on (502, 504, other 5xx, a 4xx that may be a proxy's, connection lost after
   * sending, time-out, unreadable answer).
   */
  readonly kind: 'not-sent' | 'turned-away' | 'refused' | 'unknown';
  readonly message: string;
  /** HTTP status, where there was an answer. */
  readonly status?: number;
  /** From Retry-After, in milliseconds, where the answer had one. */
  readonly retryAfterMs?: number;
  /** Copernica itself says that it is for the token: it is unknown, over, or may not do this. */
  readonly tokenRejected?: true;
  /** Of a list: what seems not to be there at all, the call itself or the database that it is of. */
  readonly missing?: 'call' | 'database';
}

/** What a call gave, or why it gave nothing. */
export type Outcome<T> = { readonly ok: true; readonly value: T } | CallFailure;

/** POST /webhooks: the new webhook's id. Only after a failure of kind `unknown` may a webhook exist. */
export type CreateOutcome = Outcome<number>;

/** A webhook as the account shows it. Database and collection are undefined where the answer does not say. */
export interface LiveWebhook {
  readonly id: number;
  readonly handler: string;
  readonly trigger: string;
  readonly callers: readonly string[];
  /** `undefined`: the answer has no such field; `null`: it says there is none. */
  readonly database: number | null | undefined;
  readonly collection: number | null | undefined;
}

/** GET /webhook/$id. `gone`: Copernica says that the id is unknown (400 or 404 with its own error), or `removed`. */
export type ReadOutcome = Outcome<LiveWebhook | 'gone'>;

/** PUT and DELETE. `gone`: there is no such webhook (any more); for a DELETE that is as good as `done`. */
export type WriteOutcome = Outcome<'done' | 'gone'>;

/** The account that a token belongs to. `name` and `company` are for people, and empty where they are not told. */
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

/** The API as the rest of the program sees it. No call throws for anything that the network or Copernica does. */
export interface CopernicaApi {
  identity(): Promise<Outcome<Identity>>;
  /** Sent again only where nothing can have been made; whatever goes beyond is the caller's, who has the record. */
  createWebhook(spec: WebhookSpec): Promise<CreateOutcome>;
  readWebhook(id: number): Promise<ReadOutcome>;
  /**
   * Sets handler, trigger and callers. Database and collection cannot be changed by PUT. No callers are both, which is
   * said in so many words, but where they are to be left out: `verify` wants to see what that does.
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
