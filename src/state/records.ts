import { z } from 'zod';
import { CALLERS, TRIGGERS } from '../webhook.js';
import { fromVersion1 } from './version-1.js';

/** The version of the state that this program writes. It reads those from 1 on. */
export const STATE_VERSION = 2;

// What is said of a value that does not fit continues "has a field "id" that is not …".
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
/** The handler as the manifest writes it, where that is known: see HandlerAsWritten. */
const handlerAsWritten = filled.optional();

function record<Type extends string, Fields extends z.ZodRawShape>(type: Type, fields: Fields) {
  return z.strictObject({ type: z.literal(type), ...fields });
}

/**
 * One fact. Times are ISO 8601 in UTC, ids are Copernica's, `intent` is the number of an intent, and `webhook` is a
 * whole specification. docs/state-format.md says when each is written; `applyRecord` says what it does.
 */
const recordSchema = z.discriminatedUnion('type', [
  /** First of all, and only there. The optional fields but `lineage` carry over what a compaction would lose. */
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
  /** A POST is about to be sent, with exactly this. Durable before the POST. */
  record('intent', {
    /** Unique within the state, rising. */
    intent: number,
    name: filled,
    /** Its bound: the highest webhook id known when it was written, so what it makes has an id above. Null: none was. */
    above: number.nullable(),
    at: time,
    webhook,
    handlerAsWritten,
    /**
     * Only in a compacted file: what it made may have database and collection of another intent of its entry, of which
     * one was found since.
     */
    isScopeUnknown: yes.optional(),
    /** How long its answer was waited for, in milliseconds. Version 1 did not say. */
    timeoutMs: number.optional(),
  }),
  /** `before`: intents from this number on were written after it, whatever the clock says. Only in a compacted file. */
  record('unknown', { intent: number, at: time, reason: text, before: number.optional() }),
  record('cancelled', { intent: number, at: time, reason: text }),
  record('created', { intent: number, id: number, at: time }),
  record('late', { intent: number, name: filled, id: number, at: time, webhook }),
  /** Webhooks that were found by looking, all made by open intents of one entry. */
  record('matched', {
    name: filled,
    at: time,
    /** As many as there are webhooks. */
    intents: numbers,
    /** The entry's from now on. What it had before, and the others that were found, are to be deleted. */
    id: number,
    webhook,
    others: numbers,
    /** The intents differ in database or collection, and the account does not show which it has. */
    isScopeUnknown: yes.optional(),
  }),
  record('suspected', { intent: number, ids: numbers, at: time }),
  /** Another webhook than ours was read alive, with a higher id than was known. */
  record('seen', { id: number, at: time }),
  /** None of these ids can be what an open intent made. `at`: when reading them began. */
  record('read', { from: number, to: number, at: time }),
  record('readsVoid', { at: time }),
  /** `at`: since when; `runs`: in how many by now. */
  record('unproved', { intent: number, runs: number, at: time }),
  /** `witness`: the id up to which it was looked for. Null: version 1 closed it, and did not say. */
  record('closed', { intent: number, at: time, witness: number.nullable(), unread: ranges.optional() }),
  record('lookedAgain', { intent: number, at: time, found: ranges.optional() }),
  record('imported', {
    name: filled,
    id: number,
    at: time,
    webhook,
    handlerAsWritten,
    /** The open intent that made it. */
    intent: number.optional(),
    /** The entry that has it so far, and loses it: an orphaned one, or the entry itself. */
    from: filled.optional(),
    /** Somebody says that it is limited as `webhook` has it, and to nothing else. */
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
  /** The rest is only in a compacted file. An entry: a webhook that exists in the account and is wanted, or was. */
  record('entry', {
    name: filled,
    id: number,
    createdAt: time,
    /** What it was last set to by us, or read as when it was imported. */
    webhook,
    handlerAsWritten,
    /**
     * Where the id came in the answer to a create, and not by looking or by hand: that create's intent, and when it was
     * written. Only such an id says something about the time at which it was given.
     */
    answered: answered.optional(),
    /** It was found by looking, so that it may have been somebody else's. */
    found: yes.optional(),
    /** While a PUT may have been sent and is not known to have worked: what it was to become. */
    updating: webhook.optional(),
    /** The account does not show its database and collection, and several creates differed in them. */
    isScopeUnknown: yes.optional(),
    /** It was taken over as it was read, which showed no database or collection. Nobody said so far which it has. */
    isScopeNotShown: yes.optional(),
    /** Never replaced and never deleted. */
    isProtected: yes.optional(),
    /** Version 1 only. */
    possiblyDuplicated: range.optional(),
  }),
  /** A webhook of ours that must be deleted and is not known to be: the old one of a replace, a pruned one, a double. */
  record('pendingDelete', { id: number, name: filled, webhook, handlerAsWritten }),
  record('former', { ids: numbers }),
  /**
   * Answers to creates that were lost one after the other since the last id was answered or found: how many, when the
   * last was given up on, and up to which intent they are counted. What was on the wire or on disk together is one.
   */
  record('losses', { count, lastAt: time.nullable(), upTo: count }),
  /** The state goes on at another place, and nothing but `arrived` follows. `copy`: which copying it was. */
  record('moved', { to: filled, copy: filled, at: time }),
  /** It goes on here: the place that it was copied from says that it has moved. */
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

/** What of a value that came from outside is quoted. */
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

/** The first field that is missing, unknown or not as it must be. */
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
