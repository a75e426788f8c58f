import { CALLERS, TRIGGERS, WEBHOOK_FIELDS, type WebhookSpec } from '../webhook.js';
import type { IdRange } from './state.js';

/** The version of the state file that this program writes, and the only one that it reads. */
export const STATE_VERSION = 1;

/** First line of the file, and only there. The last three fields carry over what a compaction would lose. */
export interface HeaderRecord {
  readonly type: 'header';
  readonly version: typeof STATE_VERSION;
  readonly account: string;
  readonly createdAt: string;
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
}

/**
 * One fact. Times are ISO 8601 in UTC, ids are Copernica's, `intent` is the number of an IntentRecord, and `webhook` is
 * a whole specification. docs/state-format.md says when each is written; `applyRecord` says what it does.
 */
export type StateRecord =
  | HeaderRecord
  | IntentRecord
  | { readonly type: 'unknown'; readonly intent: number; readonly at: string; readonly reason: string }
  | { readonly type: 'absent'; readonly intent: number; readonly at: string }
  | { readonly type: 'suspected'; readonly intent: number; readonly ids: readonly number[]; readonly at: string }
  | { readonly type: 'cancelled'; readonly intent: number; readonly at: string; readonly reason: string }
  | { readonly type: 'created'; readonly intent: number; readonly id: number; readonly at: string }
  | {
      readonly type: 'imported';
      readonly name: string;
      readonly id: number;
      readonly at: string;
      readonly webhook: WebhookSpec;
    }
  | { readonly type: 'updating'; readonly name: string; readonly at: string; readonly webhook: WebhookSpec }
  | { readonly type: 'updated'; readonly name: string; readonly at: string; readonly webhook: WebhookSpec }
  | { readonly type: 'renamed'; readonly from: string; readonly to: string; readonly at: string }
  | { readonly type: 'forgotten'; readonly name: string; readonly at: string }
  | { readonly type: 'doomed'; readonly name: string; readonly at: string }
  | { readonly type: 'removed'; readonly id: number; readonly at: string }
  | {
      readonly type: 'possiblyDuplicated';
      readonly name: string;
      readonly from: number;
      readonly to: number;
      readonly at: string;
    }
  | { readonly type: 'undoubted'; readonly name: string; readonly at: string }
  | {
      readonly type: 'entry';
      readonly name: string;
      readonly id: number;
      readonly createdAt: string;
      readonly webhook: WebhookSpec;
      readonly updating?: WebhookSpec;
      readonly possiblyDuplicated?: IdRange;
    }
  | { readonly type: 'doomedWebhook'; readonly id: number; readonly name: string; readonly webhook: WebhookSpec };

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
const range: Check = {
  expected: 'a range of ids ({"from":1,"to":2})',
  accepts: (value) =>
    isObject(value) &&
    problemIn(value, { from: positive, to: positive }) === null &&
    Number(value.from) <= Number(value.to),
};

const RECORD_CHECKS: { readonly [Type in RecordType]: Checks<RecordOf<Type>> } = {
  header: {
    version: { expected: String(STATE_VERSION), accepts: (value) => value === STATE_VERSION },
    account: filledText,
    createdAt: time,
    highestId: optional(positive),
    nextIntent: optional(positive),
    idsRise: optional({ expected: 'true or false', accepts: (value) => typeof value === 'boolean' }),
  },
  intent: { intent: positive, name: filledText, above: orNull(positive), at: time, webhook },
  unknown: { intent: positive, at: time, reason: text },
  absent: { intent: positive, at: time },
  suspected: { intent: positive, ids: listOf(positive), at: time },
  cancelled: { intent: positive, at: time, reason: text },
  created: { intent: positive, id: positive, at: time },
  imported: { name: filledText, id: positive, at: time, webhook },
  updating: { name: filledText, at: time, webhook },
  updated: { name: filledText, at: time, webhook },
  renamed: { from: filledText, to: filledText, at: time },
  forgotten: { name: filledText, at: time },
  doomed: { name: filledText, at: time },
  removed: { id: positive, at: time },
  possiblyDuplicated: { name: filledText, from: positive, to: positive, at: time },
  undoubted: { name: filledText, at: time },
  entry: {
    name: filledText,
    id: positive,
    createdAt: time,
    webhook,
    updating: optional(webhook),
    possiblyDuplicated: optional(range),
  },
  doomedWebhook: { id: positive, name: filledText, webhook },
};

/** A parsed line as a record, or what is wrong with it, as the end of a sentence: `has no field "id"`. */
export function asRecord(value: unknown): StateRecord | string {
  if (!isObject(value)) return 'is not a JSON object';
  const { type } = value;
  if (typeof type !== 'string' || !isRecordType(type)) return `is of an unknown type, ${JSON.stringify(type)}`;
  const problem = problemIn(value, RECORD_CHECKS[type], 'type');
  return problem === null ? (value as unknown as StateRecord) : `(${type}) ${problem}`;
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
