import { isMap } from 'yaml';
import type * as z from 'zod';
import type { ScopeField, ScopeName, WebhookSpec } from '../webhook.js';
import { type Finding, frameOf, placeOf, type Report } from './findings.js';
import { handlerWarnings } from './handler.js';
import { explainIssue, meantField, unknownField } from './issues.js';
import { ENTRY_FIELDS, entrySchema, ID_PATTERN, specSchema } from './schema.js';
import { type Field, fieldsOf, rangeOf, resolve } from './tree.js';
import { type Reading, readValue, type Value } from './value.js';

/** An entry as far as it could be read. */
export interface Candidate {
  /** Undefined: it has none that could be used. */
  readonly name: string | undefined;
  /** The name as the file writes it, variables not filled in, for messages. */
  readonly writtenName: string | undefined;
  /** The same of the handler. */
  readonly writtenHandler: string;
  /** Undefined: something about it is wrong, and has been reported. */
  readonly spec: WebhookSpec<number | ScopeName> | undefined;
  /** Where its name stands, or else where it begins. */
  readonly start: number;
  readonly end: number;
}

type Values = ReadonlyMap<string, Value>;
type Fields = ReadonlyMap<string, Field>;

/** Reads one item of `webhooks` and reports everything that is wrong with it. Null: it is no entry at all. */
export function readEntry(item: unknown, reading: Reading): Candidate | null {
  const { aliases, findings } = reading;
  const map = resolve(item, aliases);
  const range = rangeOf(item);
  if (!isMap(map)) {
    // Where an alias leads nowhere, that has been reported.
    if (map === undefined) return null;
    const [issue] = entrySchema.safeParse(range.start === range.end ? null : []).error?.issues ?? [];
    if (issue !== undefined) findings.report({ ...explainIssue(issue, undefined), ...range });
    return null;
  }
  const fields = fieldsOf(map, aliases, findings.report);
  const values = readValues(fields, reading);
  const name = values.get('name');
  const writtenName = writtenNameOf(values);
  const isNameInItem = name !== undefined && name.start >= range.start && name.end <= range.end;
  // Behind an alias or in a merged mapping, the name stands for several entries.
  const { start, end } = isNameInItem ? name : { start: range.start, end: range.start + 1 };
  const report: Report = (finding) => findings.report({ ...finding, name: writtenName });

  // Fields that no entry has are not read, but for being there.
  const input: Record<string, unknown> = Object.create(null);
  for (const field of fields.keys()) input[field] = values.get(field)?.value;
  const checked = entrySchema.safeParse(input);
  const bad = reportIssues(checked.error?.issues ?? [], { fields, values, entry: { start, end }, report });
  const handler = values.get('handler');
  if (typeof handler?.value === 'string' && !bad.has('handler')) {
    for (const warning of handlerWarnings(handler.value, handler.written)) {
      report({ ...warning, severity: 'warning', start: handler.start, end: handler.end });
    }
  }
  const spec = toSpec(input, bad, values, reading);
  const isLost = spec !== undefined && spec.database === undefined && typeof spec.collection === 'object';
  if (isLost) report({ ...COLLECTION_WITHOUT_DATABASE, ...placeIn(values, 'collection') });
  return {
    name: typeof name?.value === 'string' && !bad.has('name') ? name.value : undefined,
    writtenName,
    writtenHandler: handler?.written ?? '',
    spec: isLost ? undefined : spec,
    start,
    end,
  };
}

/** Names of collections are unique within a database only. */
const COLLECTION_WITHOUT_DATABASE: Pick<Finding, 'code' | 'message' | 'remedy'> = {
  code: 'collection-without-database',
  message: 'a collection can be called by its name only where the database is given too',
  remedy: 'add database: with its id or name, or write the id of the collection',
};

function readValues(fields: Fields, reading: Reading): Values {
  const values = new Map<string, Value>();
  // The name is read before all else, so that what is wrong with the rest can be told with it.
  const report: Report = (finding) => reading.findings.report({ ...finding, name: writtenNameOf(values) });
  for (const name of ENTRY_FIELDS) {
    const field = fields.get(name);
    const isId = name === 'database' || name === 'collection';
    if (field !== undefined) values.set(name, readValue(field, isId, reading, report));
  }
  return values;
}

function writtenNameOf(values: Values): string | undefined {
  const name = values.get('name');
  return typeof name?.value === 'string' || name?.isBroken === true ? name.written : undefined;
}

interface About {
  readonly fields: Fields;
  readonly values: Values;
  readonly entry: Range;
  readonly report: Report;
}

/**
 * Reports what the schema refused: not what was told when it was read, and no field as missing that was meant by a
 * misspelt one. Returns the fields that can't be used.
 */
function reportIssues(issues: readonly z.core.$ZodIssue[], about: About): ReadonlySet<PropertyKey> {
  const { fields, values, entry, report } = about;
  const bad = new Set<PropertyKey>();
  for (const [field, value] of values) if ([value, ...value.items].some(({ isBroken }) => isBroken)) bad.add(field);
  const unknown = issues.flatMap((issue) => (issue.code === 'unrecognized_keys' ? issue.keys : []));
  for (const name of unknown) {
    bad.add(name);
    report({ ...unknownField(name, ENTRY_FIELDS), ...rangeOf(fields.get(name)?.key) });
  }
  const meant = new Set(unknown.map((name) => meantField(name, ENTRY_FIELDS)));
  for (const issue of issues) {
    const [field, index] = issue.path;
    if (field === undefined) continue;
    bad.add(field);
    const whole = values.get(String(field));
    const value = typeof index === 'number' ? whole?.items[index] : whole;
    if (value?.isBroken === true || (value === undefined && meant.has(String(field)))) continue;
    const { start, end } = value ?? entry;
    report({ ...explainIssue(issue, value), start, end });
  }
  return bad;
}

/**
 * In the order of the vendor's reference, which is the order of the request's body. An entry whose name alone is wrong
 * still takes part in the search for equal ones.
 */
function toSpec(input: Record<string, unknown>, bad: ReadonlySet<PropertyKey>, values: Values, reading: Reading) {
  const { name: _name, ...fields } = input;
  if ([...bad].some((field) => field !== 'name')) return undefined;
  const { success, data } = specSchema.safeParse(fields);
  if (!success) return undefined;
  const { handler, trigger, callers, database, collection } = data;
  return {
    handler,
    trigger,
    ...(callers === undefined ? undefined : { callers }),
    ...(database === undefined ? undefined : { database: limitOf('database', database, values, reading) }),
    ...(collection === undefined ? undefined : { collection: limitOf('collection', collection, values, reading) }),
  };
}

function limitOf(field: ScopeField, limit: number | string, values: Values, { source }: Reading): number | ScopeName {
  if (typeof limit === 'number' || ID_PATTERN.test(limit)) return Number(limit);
  const { start, end } = placeIn(values, field);
  const shown = values.get(field)?.written ?? limit;
  return { name: limit, shown, ...placeOf(start, source), frame: frameOf(start, end, source) };
}

interface Range {
  readonly start: number;
  readonly end: number;
}

function placeIn(values: Values, field: string): Range {
  const { start = 0, end = 0 } = values.get(field) ?? {};
  return { start, end };
}
