import { CALLERS, TRIGGERS, WEBHOOK_FIELDS, type WebhookSpec } from '../webhook.js';
import type { IdRange, Losses, StateEntry } from './state.js';
import { fromVersion1 } from './version-1.js';

/** The version of the state file that this program writes. It reads those from 1 on. */
export const STATE_VERSION = 2;

/** First line of the file, and only there. The optional fields carry over what a compaction would lose. */
export interface HeaderRecord {
  readonly type: 'header';
  readonly version: number;
  readonly account: string;
  readonly createdAt: string;
  /** Missing in version 1. */
  readonly lineage?: string;
  readonly highestId?: number;
  readonly nextIntent?: number;
  readonly idsRise?: boolean;
}

/** A POST is about to be sent, with exactly this. On disk before the POST. */
export interface IntentRecord {
  readonly type: 'intent';
  readonly intent: number;
  readonly name: string;
  readonly above: number | null;
  readonly at: string;
  readonly webhook: WebhookSpec;
  readonly handlerAsWritten?: string;
  /** Missing in version 1. */
  readonly timeoutMs?: number;
}

interface Dated<Type extends string> {
  readonly type: Type;
  readonly at: string;
}
interface OfName<Type extends string> extends Dated<Type> {
  readonly name: string;
}
interface OfIntent<Type extends string> extends Dated<Type> {
  readonly intent: number;
}

/** Webhooks that were found by looking, all made by open intents of one entry. */
export interface MatchedRecord extends OfName<'matched'> {
  /** As many as there are webhooks. */
  readonly intents: readonly number[];
  /** The entry's from now on. What it had before, and the others that were found, are to be deleted. */
  readonly id: number;
  readonly webhook: WebhookSpec;
  readonly others: readonly number[];
  /** The intents differ in database or collection, and the account does not show which it has. */
  readonly isScopeUnknown?: true;
}

/**
 * One fact. Times are ISO 8601 in UTC, ids are Copernica's, `intent` is the number of an IntentRecord, and `webhook` is
 * a whole specification. docs/state-format.md says when each is written; `applyRecord` says what it does.
 */
export type StateRecord =
  | HeaderRecord
  | IntentRecord
  | MatchedRecord
  /** `before`: only in a compacted file. */
  | (OfIntent<'unknown'> & { readonly reason: string; readonly before?: number })
  | (OfIntent<'cancelled'> & { readonly reason: string })
  | (OfIntent<'created'> & { readonly id: number })
  | (OfIntent<'late'> & { readonly name: string; readonly id: number; readonly webhook: WebhookSpec })
  | (OfIntent<'suspected'> & { readonly ids: readonly number[] })
  | (Dated<'seen'> & { readonly id: number })
  | (Dated<'read'> & IdRange)
  | Dated<'readsVoid'>
  /** `at`: since when; `runs`: in how many by now. */
  | (OfIntent<'unproved'> & { readonly runs: number })
  | (OfIntent<'closed'> & { readonly witness: number | null; readonly unread?: readonly IdRange[] })
  | (OfIntent<'lookedAgain'> & { readonly found?: readonly IdRange[] })
  | (OfName<'imported'> & {
      readonly id: number;
      readonly webhook: WebhookSpec;
      readonly handlerAsWritten?: string;
      /** The open intent that made it. */
      readonly intent?: number;
    })
  | (OfName<'updating'> & { readonly webhook: WebhookSpec })
  | (OfName<'updated'> & { readonly webhook: WebhookSpec; readonly handlerAsWritten?: string })
  | (OfName<'protected'> & { readonly isProtected: boolean })
  | (Dated<'renamed'> & { readonly from: string; readonly to: string })
  | OfName<'forgotten'>
  | OfName<'deleting'>
  | (Dated<'removed'> & { readonly id: number })
  | (OfName<'possiblyDuplicated'> & { readonly ranges: readonly IdRange[] })
  | OfName<'cleared'>
  | {
      readonly type: 'entry';
      readonly name: string;
      readonly id: number;
      readonly createdAt: string;
      readonly webhook: WebhookSpec;
      readonly handlerAsWritten?: string;
      readonly answered?: NonNullable<StateEntry['answered']>;
      readonly found?: true;
      readonly updating?: WebhookSpec;
      readonly isScopeUnknown?: true;
      readonly isProtected?: true;
      /** Version 1 only. */
      readonly possiblyDuplicated?: IdRange;
    }
  | { readonly type: 'pendingDelete'; readonly id: number; readonly name: string; readonly webhook: WebhookSpec }
  | { readonly type: 'former'; readonly ids: readonly number[] }
  | ({ readonly type: 'losses' } & Losses);

export type RecordType = StateRecord['type'];
export type RecordOf<Type extends RecordType> = Type extends RecordType ? Extract<StateRecord, { type: Type }> : never;

/**
 * What a field must be. Written by hand rather than with zod, which takes five times as long over 20,000 records as all
 * the rest of reading them, and is slow to load for commands that read the state and nothing else.
 */
interface Check {
  readonly expected: string;
  readonly accepts: (value: unknown) => boolean;
  readonly optional?: true;
}
type Checks<Fields> = { readonly [Field in Exclude<keyof Fields, 'type'>]-?: Check };

const ISO_UTC = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?Z$/;

const text: Check = { expected: 'a text', accepts: (value) => typeof value === 'string' };
const filledText: Check = {
  expected: 'a text that is not empty',
  accepts: (value) => typeof value === 'string' && value !== '',
};
const positive: Check = {
  expected: 'a whole number above 0',
  accepts: (value) => typeof value === 'number' && Number.isSafeInteger(value) && value > 0,
};
const time: Check = {
  expected: 'a time like 2026-01-31T12:00:00.000Z',
  accepts: (value) => typeof value === 'string' && ISO_UTC.test(value),
};

const webhookChecks: Checks<WebhookSpec> = {
  handler: filledText,
  trigger: oneOf(TRIGGERS),
  callers: optional(listOf(oneOf(CALLERS))),
  database: optional(positive),
  collection: optional(positive),
};
const webhook: Check = {
  expected: `a webhook (${WEBHOOK_FIELDS.join(', ')})`,
  accepts: (value) => isObject(value) && problemIn(value, webhookChecks) === null,
};
const yes: Check = { expected: 'true', accepts: (value) => value === true };
const boolean: Check = { expected: 'true or false', accepts: (value) => typeof value === 'boolean' };
const notNegative: Check = { expected: 'a whole number', accepts: (value) => value === 0 || positive.accepts(value) };
const range: Check = {
  expected: 'a range of ids ({"from":1,"to":2})',
  accepts: (value) =>
    isObject(value) &&
    problemIn(value, { from: positive, to: positive }) === null &&
    Number(value.from) <= Number(value.to),
};
const answered = shaped<NonNullable<StateEntry['answered']>>('an intent with its time', { intent: positive, at: time });

const RECORD_CHECKS: { readonly [Type in RecordType]: Checks<RecordOf<Type>> } = {
  header: {
    version: {
      expected: `a version up to ${STATE_VERSION}`,
      accepts: (value) => positive.accepts(value) && Number(value) <= STATE_VERSION,
    },
    account: filledText,
    createdAt: time,
    lineage: optional(filledText),
    highestId: optional(positive),
    nextIntent: optional(positive),
    idsRise: optional(boolean),
  },
  intent: {
    intent: positive,
    name: filledText,
    above: orNull(positive),
    at: time,
    webhook,
    handlerAsWritten: optional(filledText),
    timeoutMs: optional(positive),
  },
  unknown: { intent: positive, at: time, reason: text, before: optional(positive) },
  cancelled: { intent: positive, at: time, reason: text },
  created: { intent: positive, id: positive, at: time },
  late: { intent: positive, name: filledText, id: positive, at: time, webhook },
  matched: {
    name: filledText,
    at: time,
    intents: listOf(positive),
    id: positive,
    webhook,
    others: listOf(positive),
    isScopeUnknown: optional(yes),
  },
  suspected: { intent: positive, ids: listOf(positive), at: time },
  seen: { id: positive, at: time },
  read: { from: positive, to: positive, at: time },
  readsVoid: { at: time },
  unproved: { intent: positive, runs: positive, at: time },
  closed: { intent: positive, at: time, witness: orNull(positive), unread: optional(listOf(range)) },
  lookedAgain: { intent: positive, at: time, found: optional(listOf(range)) },
  imported: {
    name: filledText,
    id: positive,
    at: time,
    webhook,
    handlerAsWritten: optional(filledText),
    intent: optional(positive),
  },
  updating: { name: filledText, at: time, webhook },
  updated: { name: filledText, at: time, webhook, handlerAsWritten: optional(filledText) },
  protected: { name: filledText, at: time, isProtected: boolean },
  renamed: { from: filledText, to: filledText, at: time },
  forgotten: { name: filledText, at: time },
  deleting: { name: filledText, at: time },
  removed: { id: positive, at: time },
  possiblyDuplicated: { name: filledText, ranges: listOf(range), at: time },
  cleared: { name: filledText, at: time },
  entry: {
    name: filledText,
    id: positive,
    createdAt: time,
    webhook,
    handlerAsWritten: optional(filledText),
    answered: optional(answered),
    found: optional(yes),
    updating: optional(webhook),
    isScopeUnknown: optional(yes),
    isProtected: optional(yes),
    possiblyDuplicated: optional(range),
  },
  pendingDelete: { id: positive, name: filledText, webhook },
  former: { ids: listOf(positive) },
  losses: { count: notNegative, lastAt: orNull(time), upTo: notNegative },
};

/** A parsed line as a record, or what is wrong with it, as the end of a sentence: `has no field "id"`. */
export function asRecord(value: unknown): StateRecord | string {
  if (!isObject(value)) return 'is not a JSON object';
  const record = fromVersion1(value);
  const { type } = record;
  if (typeof type !== 'string' || !isRecordType(type)) return `is of an unknown type, ${JSON.stringify(type)}`;
  const problem = problemIn(record, RECORD_CHECKS[type], 'type');
  return problem === null ? (record as unknown as StateRecord) : `(${type}) ${problem}`;
}

function isRecordType(type: string): type is RecordType {
  return Object.hasOwn(RECORD_CHECKS, type);
}

/** The first field that is missing, unknown or not as it must be. */
function problemIn(value: JsonObject, checks: Readonly<Record<string, Check>>, tag?: string): string | null {
  let known = tag === undefined ? 0 : 1;
  for (const field in checks) {
    const check = checks[field];
    if (check === undefined) continue;
    const found = value[field];
    if (found === undefined) {
      if (check.optional !== true) return `has no field "${field}"`;
      continue;
    }
    if (!check.accepts(found)) return `has a field "${field}" that is not ${check.expected}`;
    known += 1;
  }
  const fields = Object.keys(value);
  if (fields.length === known) return null;
  const unknown = fields.find((field) => field !== tag && !Object.hasOwn(checks, field));
  return unknown === undefined ? null : `has an unknown field "${unknown}"`;
}

type JsonObject = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shaped<Shape>(expected: string, checks: Checks<Shape>): Check {
  return { expected, accepts: (value) => isObject(value) && problemIn(value, checks) === null };
}

function optional(check: Check): Check {
  return { ...check, optional: true };
}

function orNull(check: Check): Check {
  return { expected: `${check.expected}, or null`, accepts: (value) => value === null || check.accepts(value) };
}

function oneOf(values: readonly string[]): Check {
  return {
    expected: `one of ${values.join(', ')}`,
    accepts: (value) => typeof value === 'string' && values.includes(value),
  };
}

function listOf(check: Check): Check {
  return {
    expected: `a list, each ${check.expected}`,
    accepts: (value) => Array.isArray(value) && value.every(check.accepts),
  };
}
