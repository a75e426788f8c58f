import { z } from 'zod';
import { CALLERS, TRIGGERS } from '../webhook.js';
import { fromVersion1 } from './version-1.js';

/** The version of the state that this program writes. It reads this one and all earlier ones. */
export const STATE_VERSION = 2;

// The messages below complete "has a field "id" that is not …".
const WHOLE = 'a whole number above 0';
const FILLED = 'a text that is not empty';
const VERSION = `a version up to ${STATE_VERSION}`;

const text = z.string('a text');
const filled = z.string(FILLED).min(1, FILLED);
const number = z.int(WHOLE).min(1, WHOLE);
const count = z.int('a whole number').min(0, 'a whole number');
const time = z.iso.datetime('a time like 2026-01-31T12:00:00.000Z');
const yes = z.literal(true, 'true');
const bool = z.boolean('true or false');
const numbers = z.array(number, 'a list');
const range = z
  .strictObject({ from: number, to: number }, 'a range of ids')
  .refine(({ from, to }) => from <= to, 'a range of ids that goes up');
const ranges = z.array(range, 'a list');
const webhook = z.strictObject(
  {
    handler: filled,
    trigger: z.enum(TRIGGERS, `one of ${TRIGGERS.join(', ')}`),
    callers: z.array(z.enum(CALLERS, `one of ${CALLERS.join(', ')}`), 'a list').optional(),
    database: number.optional(),
    collection: number.optional(),
  },
  'a webhook',
);
const answered = z.strictObject({ intent: number, at: time }, 'an intent with its time');
/** The handler as the manifest writes it, if known: see HandlerAsWritten. */
const handlerAsWritten = filled.optional();

function record<Type extends string, Fields extends z.ZodRawShape>(type: Type, fields: Fields) {
  return z.strictObject({ type: z.literal(type), ...fields });
}

/**
 * One fact. Times are ISO 8601 in UTC, ids are Copernica's, `intent` is the number of an intent, and `webhook` is a
 * complete specification. docs/state-format.md says when each is written; `applyRecord` says what it does.
 */
const recordSchema = z.discriminatedUnion('type', [
  /** The first record, and only that. Its optional fields, except `lineage`, keep what compacting would lose. */
  record('header', {
    version: z.int(VERSION).min(1, VERSION).max(STATE_VERSION, VERSION),
    account: filled,
    createdAt: time,
    /** Missing in version 1. */
    lineage: filled.optional(),
    highestId: number.optional(),
    nextIntent: number.optional(),
    idsRise: bool.optional(),
  }),
  /** Exactly this POST is about to be sent. Durable before it is. */
  record('intent', {
    /** Unique within the state, rising. */
    intent: number,
    name: filled,
    /** Its bound: the highest webhook id known then, so what it makes has an id above. Null: none was known. */
    above: number.nullable(),
    at: time,
    webhook,
    handlerAsWritten,
    /**
     * Only in a compacted file: one of its entry's intents was found since, and they differ in database or collection,
     * so the webhook of this one may have the scope of the other.
     */
    isScopeUnknown: yes.optional(),
    /** How long its answer was waited for, in milliseconds. Missing in version 1. */
    timeoutMs: number.optional(),
  }),
  /** `before`: intents from this number on were written later, whatever the clock says. Only when compacted. */
  record('unknown', { intent: number, at: time, reason: text, before: number.optional() }),
  record('cancelled', { intent: number, at: time, reason: text }),
  record('created', { intent: number, id: number, at: time }),
  record('late', { intent: number, name: filled, id: number, at: time, webhook }),
  /** Webhooks that were found by looking, all made by open intents of one entry. */
  record('matched', {
    name: filled,
    at: time,
    /** One for each webhook. */
    intents: numbers,
    /** The entry's webhook from now on. Its former one, and the others that were found, are to be deleted. */
    id: number,
    webhook,
    others: numbers,
    /** The intents differ in database or collection, and the account does not show which this webhook has. */
    isScopeUnknown: yes.optional(),
  }),
  record('suspected', { intent: number, ids: numbers, at: time }),
  /** A webhook that is not ours was read alive, with a higher id than was known. */
  record('seen', { id: number, at: time }),
  /** No open intent made any of these ids. `at`: when reading them began. */
  record('read', { from: number, to: number, at: time }),
  record('readsVoid', { at: time }),
  /** Its absence could not be proved. `at`: since when; `runs`: in how many runs so far. */
  record('unproved', { intent: number, runs: number, at: time }),
  /** `witness`: the id below which it was looked for. Null: version 1 closed it and did not record that. */
  record('closed', { intent: number, at: time, witness: number.nullable(), unread: ranges.optional() }),
  record('lookedAgain', { intent: number, at: time, found: ranges.optional() }),
  record('imported', {
    name: filled,
    id: number,
    at: time,
    webhook,
    handlerAsWritten,
    /** The open intent that made the webhook. */
    intent: number.optional(),
    /** The entry that has the webhook until now and loses it: an orphaned one, or the entry itself. */
    from: filled.optional(),
    /** A person says that its scope is the one in `webhook`, and no other. */
    isScopeKnown: yes.optional(),
  }),
  record('updating', { name: filled, at: time, webhook }),
  record('updated', { name: filled, at: time, webhook, handlerAsWritten }),
  record('protected', { name: filled, at: time, isProtected: bool }),
  record('renamed', { from: filled, to: filled, at: time }),
  record('forgotten', { name: filled, at: time }),
  record('deleting', { name: filled, at: time }),
  record('removed', { id: number, at: time }),
  record('possiblyDuplicated', { name: filled, ranges, at: time }),
  record('cleared', { name: filled, at: time }),
  /** From here on: only in a compacted file. An entry: a webhook that exists in the account and is, or was, wanted. */
  record('entry', {
    name: filled,
    id: number,
    createdAt: time,
    /** What we last set it to, or what it was when it was imported. */
    webhook,
    handlerAsWritten,
    /**
     * Set if the id was answered to a create, not found or imported: that create's intent, and when the intent was
     * written. Only such an id says anything about when it was given.
     */
    answered: answered.optional(),
    /** It was found by looking, so it may be somebody else's. */
    found: yes.optional(),
    /** What a PUT was to make of it. Set while a PUT may have been sent and is not known to have worked. */
    updating: webhook.optional(),
    /** The account does not show its database and collection, and several creates differed in them. */
    isScopeUnknown: yes.optional(),
    /** It was taken over as it was read, without database or collection, and nobody has said yet which it has. */
    isScopeNotShown: yes.optional(),
    /** Never replaced and never deleted. */
    isProtected: yes.optional(),
    /** Version 1 only. */
    possiblyDuplicated: range.optional(),
  }),
  /** A webhook of ours that must still be deleted: the old one of a replace, a pruned one, a duplicate. */
  record('pendingDelete', { id: number, name: filled, webhook, handlerAsWritten }),
  record('former', { ids: numbers }),
  /**
   * Lost answers to creates since an id was last answered or found: how many, when the last was given up on, and up to
   * which intent they are counted. Those that were on the wire or on disk together count as one.
   */
  record('losses', { count, lastAt: time.nullable(), upTo: count }),
  /** The state goes on at another place; only `arrived` may follow. `copy`: identifies the copying. */
  record('moved', { to: filled, copy: filled, at: time }),
  /** The state goes on here: the place it was copied from records that it has moved. */
  record('arrived', { at: time }),
]);

type Immutable<T> = T extends object ? { readonly [Key in keyof T]: Immutable<T[Key]> } : T;

export type StateRecord = Immutable<z.infer<typeof recordSchema>>;
export type RecordType = StateRecord['type'];
export type RecordOf<Type extends RecordType> = Extract<StateRecord, { readonly type: Type }>;
export type HeaderRecord = RecordOf<'header'>;

/** Both ends included. */
export type IdRange = Immutable<z.infer<typeof range>>;

export const RECORD_TYPES: readonly RecordType[] = recordSchema.options.map(({ shape }) => shape.type.value);

/** How much of a value from outside is quoted. */
const MOST_QUOTED_CHARACTERS = 60;

/** A parsed line as a record, or what is wrong with it, as the end of a sentence: `has no field "id"`. */
export function asRecord(value: unknown): StateRecord | string {
  if (!isObject(value)) return 'is not a JSON object';
  const today = fromVersion1(value);
  const { type } = today;
  if (!RECORD_TYPES.some((known) => known === type)) {
    return `is of an unknown type, ${JSON.stringify(type)?.slice(0, MOST_QUOTED_CHARACTERS)}`;
  }
  const result = recordSchema.safeParse(today);
  return result.success ? result.data : `(${type}) ${problemOf(result.error, today)}`;
}

/** The first field that is missing, unknown or invalid. */
function problemOf({ issues: [issue] }: z.ZodError, record: object): string {
  if (issue === undefined) return 'is not a record';
  const field = (key?: PropertyKey) =>
    JSON.stringify([...issue.path, ...(key === undefined ? [] : [key])].join('.').slice(0, MOST_QUOTED_CHARACTERS));
  if (issue.code === 'unrecognized_keys') return `has an unknown field ${field(issue.keys[0])}`;
  const found = issue.path.reduce(
    (inside: unknown, key) => (inside as Readonly<Record<PropertyKey, unknown>>)[key],
    record,
  );
  return found === undefined ? `has no field ${field()}` : `has a field ${field()} that is not ${issue.message}`;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
