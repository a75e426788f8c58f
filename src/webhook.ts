import { parseUrl } from './text/parse-url.js';

/** The one thing this product talks about. Source of the fields: the vendor's page on POST webhooks. */

export const TRIGGERS = [
  'create',
  'update',
  'delete',
  'click',
  'delivery',
  'open',
  'bounce',
  'failure',
  'unsubscribe',
] as const;
export type Trigger = (typeof TRIGGERS)[number];

export const CALLERS = ['ms', 'publisher'] as const;
export type Caller = (typeof CALLERS)[number];

/**
 * What a webhook is, as the manifest writes it: exactly the body of the POST that makes it.
 * `Limit` is what database and collection are: ids, but in a manifest that has not met its account yet (ManifestEntry).
 */
export interface WebhookSpec<Limit = number> {
  /** Absolute http(s) URL, as the file has it. */
  readonly handler: string;
  readonly trigger: Trigger;
  /** Left out: both. A set: order carries no meaning. */
  readonly callers?: readonly Caller[];
  /** Id of the database the webhook is limited to. */
  readonly database?: Limit;
  /** Id of the collection the webhook is limited to. */
  readonly collection?: Limit;
}

export const WEBHOOK_FIELDS = ['handler', 'trigger', 'callers', 'database', 'collection'] as const;
export type WebhookField = (typeof WEBHOOK_FIELDS)[number];

/**
 * Ids are counted up from: recovery and `discover` look at ranges of them. Counting stalls at 2^53, so ids end so far
 * below it that no range which may be asked for reaches it.
 */
const RANGE_MARGIN_IDS = 1_000_000;
export const HIGHEST_WEBHOOK_ID = Number.MAX_SAFE_INTEGER - RANGE_MARGIN_IDS;

/** The fields that limit a webhook to a part of the account. */
export type ScopeField = 'database' | 'collection';

/** A database or collection that the manifest calls by its name: looked up in the account, it is an id. */
export interface ScopeName {
  readonly name: string;
  /** As the file has it, variables not filled in: the only form in which messages may quote it. */
  readonly shown: string;
  /** Where it stands, from 1, and the line with a caret under it. */
  readonly line: number;
  readonly column: number;
  readonly frame: string;
}

/**
 * A handler as the file writes it: `${WEBHOOKS_KEY}`, and not its value. Left out where that is what `maskHandler`
 * makes of the value, or where no file is known to write it.
 */
export interface HandlerAsWritten {
  readonly handlerAsWritten?: string;
}

/** A place in a manifest. `file`: its path as the user gave it. `line` and `column` count from 1. */
export interface ManifestPlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A name of the state that the manifest speaks of, where it does. */
export interface FormerName extends ManifestPlace {
  readonly name: string;
}

/** One entry of the manifest, validated, with the place of its name. */
export interface DesiredWebhook<Limit = number> extends HandlerAsWritten, ManifestPlace {
  readonly name: string;
  readonly spec: WebhookSpec<Limit>;
  /** Takes over the webhook that has this name in the state. */
  readonly was?: FormerName;
  /** Its webhook is never replaced and never deleted. */
  readonly protect?: true;
}

/** One entry as the file has it, before its names are looked up. */
export type ManifestEntry = DesiredWebhook<number | ScopeName>;

/**
 * The fields in the form in which equal means the same to Copernica: `https://host` and `https://host/` are one URL,
 * callers are a sorted set, and no callers means both.
 */
export interface CanonicalWebhook {
  readonly handler: string;
  readonly trigger: string;
  readonly callers: string;
  readonly database: string;
  readonly collection: string;
}

export function canonicalHandler(handler: string): string {
  return parseUrl(handler)?.href ?? handler;
}

const BOTH_CALLERS = [...CALLERS].sort().join(',');

/** Sorted, each once; none means both. */
export function canonicalCallers(callers: readonly string[]): string {
  return callers.length === 0 ? BOTH_CALLERS : [...new Set(callers)].sort().join(',');
}

/** What can be compared: an id, or a name, which no id is equal to. */
type Comparable = number | { readonly name: string };

function limitText(limit: Comparable | undefined): string {
  if (limit === undefined) return '';
  return typeof limit === 'number' ? String(limit) : limit.name;
}

export function canonical(spec: WebhookSpec<Comparable>): CanonicalWebhook {
  return {
    handler: canonicalHandler(spec.handler),
    trigger: spec.trigger,
    callers: canonicalCallers(spec.callers ?? []),
    database: limitText(spec.database),
    collection: limitText(spec.collection),
  };
}

/** Two specs with one key ask for the very same webhook. */
export function webhookKey(spec: WebhookSpec<Comparable>): string {
  const { handler, trigger, callers, database, collection } = canonical(spec);
  return JSON.stringify([handler, trigger, callers, database, collection]);
}

/** What every live webhook shows when it is read. */
export interface Visible {
  readonly handler: string;
  readonly trigger: string;
  readonly callers?: readonly string[];
}

/** The key of what every live webhook shows when read: database and collection may be missing from the API's answer. */
export function visibleKey({ handler, trigger, callers = [] }: Visible): string {
  return JSON.stringify([canonicalHandler(handler), trigger, canonicalCallers(callers)]);
}

/** True: the very same text in every field. Quicker than comparing what they mean, and true of nearly all entries. */
export function isWrittenAlike(a: WebhookSpec, b: WebhookSpec): boolean {
  return (
    a.handler === b.handler &&
    a.trigger === b.trigger &&
    a.database === b.database &&
    a.collection === b.collection &&
    isSameList(a.callers ?? [], b.callers ?? [])
  );
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}

/** One field that is not as it should be: canonical text before and after, whole. */
export interface Difference {
  readonly field: WebhookField;
  readonly from: string;
  readonly to: string;
}

/** The fields in which `to` differs from `from`, in the order of the manifest's reference. */
export function differences(from: CanonicalWebhook, to: CanonicalWebhook): Difference[] {
  return WEBHOOK_FIELDS.filter((field) => from[field] !== to[field]).map((field) => ({
    field,
    from: from[field],
    to: to[field],
  }));
}

/** A handler as every output shows it: as the file writes it, or else masked. Not yet safe to print on a terminal. */
export function shownHandler({
  spec,
  handlerAsWritten,
}: HandlerAsWritten & { readonly spec: Pick<WebhookSpec, 'handler'> }): string {
  return handlerAsWritten ?? maskHandler(spec.handler);
}

/** A webhook as documents show it: the handler as `shownHandler`, callers sorted and never left out, no scope as null. */
export function shownFields(webhook: HandlerAsWritten & { readonly spec: WebhookSpec }) {
  const { trigger, callers = CALLERS, database = null, collection = null } = webhook.spec;
  return { handler: shownHandler(webhook), trigger, callers: [...new Set(callers)].sort(), database, collection };
}

/** The field as it is carried over. */
export function asWritten({ handlerAsWritten }: HandlerAsWritten): HandlerAsWritten {
  return handlerAsWritten === undefined ? {} : { handlerAsWritten };
}

/** A handler that no file writes: user info, query and fragment can hold secrets, so they are masked. */
export function maskHandler(handler: string): string {
  const url = parseUrl(handler);
  if (url === null) return '***';
  const userInfo = url.username === '' && url.password === '' ? '' : '***@';
  const query = url.search === '' ? '' : '?***';
  const fragment = url.hash === '' ? '' : '#***';
  if (userInfo + query + fragment === '') return handler;
  return `${url.protocol}//${userInfo}${url.host}${url.pathname}${query}${fragment}`;
}
