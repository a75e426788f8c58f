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
 * A webhook as the manifest writes it: exactly the body of the POST that creates it. `Limit`: the type of database and
 * collection, which are ids except in a manifest whose names were not looked up yet (ManifestEntry).
 */
export interface WebhookSpec<Limit = number> {
  /** Absolute http(s) URL, as in the file. */
  readonly handler: string;
  readonly trigger: Trigger;
  /** Left out: both. A set, whose order has no meaning. */
  readonly callers?: readonly Caller[];
  /** Id of the database the webhook is limited to. */
  readonly database?: Limit;
  /** Id of the collection the webhook is limited to. */
  readonly collection?: Limit;
}

export const WEBHOOK_FIELDS = ['handler', 'trigger', 'callers', 'database', 'collection'] as const;
export type WebhookField = (typeof WEBHOOK_FIELDS)[number];

/**
 * Recovery and `discover` count up through ranges of ids. Counting stalls at 2^53, so ids must end so far below that no
 * possible range reaches it.
 */
const RANGE_MARGIN_IDS = 1_000_000;
export const HIGHEST_WEBHOOK_ID = Number.MAX_SAFE_INTEGER - RANGE_MARGIN_IDS;

/** The fields that limit a webhook to a part of the account. */
export type ScopeField = 'database' | 'collection';

/** A database or collection that the manifest gives by name: the account is asked for its id. */
export interface ScopeName {
  readonly name: string;
  /** As in the file, without values of variables: messages may only quote this form. */
  readonly shown: string;
  /** Its place, from 1, and the line with a caret under it. */
  readonly line: number;
  readonly column: number;
  readonly frame: string;
}

/**
 * A handler as the file writes it: `${WEBHOOKS_KEY}`, not its value. Left out if `maskHandler` gives the same text for
 * the value, or if no file is known to write it.
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

/** A name in the state, and where the manifest mentions it. */
export interface FormerName extends ManifestPlace {
  readonly name: string;
}

/** One validated entry of the manifest, with the place of its name. */
export interface DesiredWebhook<Limit = number> extends HandlerAsWritten, ManifestPlace {
  readonly name: string;
  readonly spec: WebhookSpec<Limit>;
  /** Takes over the webhook that has this name in the state. */
  readonly was?: FormerName;
  /** Its webhook is never replaced and never deleted. */
  readonly protect?: true;
}

/** One entry as in the file, before its names are looked up. */
export type ManifestEntry = DesiredWebhook<number | ScopeName>;

/**
 * The fields in a form that is equal whenever Copernica treats them as equal: `https://host` and `https://host/` are
 * one URL, callers are a sorted set, and no callers means both.
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

/** Sorted, without repetition; none means both. */
export function canonicalCallers(callers: readonly string[]): string {
  return callers.length === 0 ? BOTH_CALLERS : [...new Set(callers)].sort().join(',');
}

/** What can be compared: an id, or a name, which equals no id. */
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

/** Two specs with the same key ask for the same webhook. */
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

/** The key of what every live webhook shows: database and collection may be missing from the API's answer. */
export function visibleKey({ handler, trigger, callers = [] }: Visible): string {
  return JSON.stringify([canonicalHandler(handler), trigger, canonicalCallers(callers)]);
}

/** True if every field has the same text. Faster than comparing the meaning, and true for nearly all entries. */
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

/** One field that is not as it should be: its complete canonical text before and after. */
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

/** A handler as every output shows it: as in the file, or else masked. Not yet safe to print on a terminal. */
export function shownHandler({
  spec,
  handlerAsWritten,
}: HandlerAsWritten & { readonly spec: Pick<WebhookSpec, 'handler'> }): string {
  return handlerAsWritten ?? maskHandler(spec.handler);
}

/** A webhook as documents show it: handler as `shownHandler`, callers sorted and complete, no scope as null. */
export function shownFields(webhook: HandlerAsWritten & { readonly spec: WebhookSpec }) {
  const { trigger, callers = CALLERS, database = null, collection = null } = webhook.spec;
  return { handler: shownHandler(webhook), trigger, callers: [...new Set(callers)].sort(), database, collection };
}

/** `handlerAsWritten` alone, to spread into another object. */
export function asWritten({ handlerAsWritten }: HandlerAsWritten): HandlerAsWritten {
  return handlerAsWritten === undefined ? {} : { handlerAsWritten };
}

/** A handler that no file writes is masked: user info, query and fragment can contain secrets. */
export function maskHandler(handler: string): string {
  const url = parseUrl(handler);
  if (url === null) return '***';
  const userInfo = url.username === '' && url.password === '' ? '' : '***@';
  const query = url.search === '' ? '' : '?***';
  const fragment = url.hash === '' ? '' : '#***';
  if (userInfo + query + fragment === '') return handler;
  return `${url.protocol}//${userInfo}${url.host}${url.pathname}${query}${fragment}`;
}
