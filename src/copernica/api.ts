import type { WebhookSpec } from '../webhook.js';

/** Why a call did not give what was asked for. `message` is safe to print: no token, no URL with a query. */
export interface CallFailure {
  /**
   * `not-sent`: no byte of the request left; `turned-away`: the load balancer or a rate limit sent it back (429, 503);
   * `refused`: Copernica itself said no (400, 401, 403, 404, 422 with its own error in JSON);
   * `unknown`: it may have been acted on (502, 504, other 5xx, a 4xx that may be a proxy's, connection lost after sending,
   * time-out, unreadable answer).
   */
  readonly kind: 'not-sent' | 'turned-away' | 'refused' | 'unknown';
  readonly message: string;
  /** HTTP status, where there was an answer. */
  readonly status?: number;
  /** From Retry-After, in milliseconds, where the answer had one. */
  readonly retryAfterMs?: number;
  /** Copernica itself says that it is for the token: it is unknown, over, or may not do this. */
  readonly tokenRejected?: true;
}

/** POST /webhooks. `made` is the only outcome with an id; `unknown` is the only one after which a webhook may exist. */
export type CreateOutcome = { readonly kind: 'made'; readonly id: number } | CallFailure;

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
export type ReadOutcome =
  | { readonly kind: 'found'; readonly webhook: LiveWebhook }
  | { readonly kind: 'gone' }
  | CallFailure;

/** PUT and DELETE. `gone`: there is no such webhook (any more); for a DELETE that is as good as `done`. */
export type WriteOutcome = { readonly kind: 'done' } | { readonly kind: 'gone' } | CallFailure;

export interface Identity {
  readonly id: string;
  readonly name: string;
}
export type IdentityOutcome = { readonly kind: 'identity'; readonly identity: Identity } | CallFailure;

/** GET /webhooks, all pages. `unavailable`: the account has no such call. */
export type ListOutcome =
  | { readonly kind: 'listed'; readonly webhooks: readonly LiveWebhook[] }
  | { readonly kind: 'unavailable' }
  | CallFailure;

export interface NamedEntity {
  readonly id: number;
  readonly name: string;
}

/** GET /databases, all pages. */
export type DatabasesOutcome = { readonly kind: 'databases'; readonly databases: readonly NamedEntity[] } | CallFailure;

/** GET /database/$id/collections, all pages. `gone`: there is no such database. */
export type CollectionsOutcome =
  | { readonly kind: 'collections'; readonly collections: readonly NamedEntity[] }
  | { readonly kind: 'gone' }
  | CallFailure;

/** The API as the rest of the program sees it. No call throws for anything that the network or Copernica does. */
export interface CopernicaApi {
  identity(): Promise<IdentityOutcome>;
  /** Sends one POST, once. Whether to send again is the caller's decision, since only the caller has the record. */
  createWebhook(spec: WebhookSpec): Promise<CreateOutcome>;
  readWebhook(id: number): Promise<ReadOutcome>;
  /** Sets handler, trigger and callers. Database and collection cannot be changed by PUT. */
  updateWebhook(id: number, spec: WebhookSpec): Promise<WriteOutcome>;
  deleteWebhook(id: number): Promise<WriteOutcome>;
  listWebhooks(): Promise<ListOutcome>;
  databases(): Promise<DatabasesOutcome>;
  collections(databaseId: number): Promise<CollectionsOutcome>;
  close(): Promise<void>;
}
