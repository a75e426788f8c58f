import { isMap } from 'yaml';
import type { LimitField, WebhookSpec } from '../webhook.js';
import { notAnEntry, type Range, refusedFields, type Tell, unknownFields, type Values } from './entry-problems.js';
import { type Field, fieldsOf } from './fields.js';
import type { Report } from './findings.js';
import { type Complaint, handlerWarnings } from './handler.js';
import { ENTRY_FIELDS, entrySchema, ID_PATTERN, type Spec, specSchema } from './schema.js';
import { rangeOf, resolve } from './tree.js';
import { type Reading, type ReadValue, readValue } from './value.js';

/** A database or collection by its name, and where it stands in the text. */
export interface NamedLimit extends Range {
  readonly name: string;
  readonly shown: string;
}

/** An entry as far as it could be read. */
export interface Candidate {
  /** Undefined: it has none that could be used. */
  readonly name: string | undefined;
  /** The name as the file has it, variables not filled in, for messages. */
  readonly shownName: string | undefined;
  /** Undefined: something about it is wrong, and has been reported. */
  readonly spec: WebhookSpec<number | NamedLimit> | undefined;
  /** Where its name stands, or else where it begins. */
  readonly start: number;
  readonly end: number;
}

/** Reads one item of `webhooks` and reports everything that is wrong with it. Null: it is no entry at all. */
export function readEntry(item: unknown, reading: Reading): Candidate | null {
  const map = resolve(item, reading.aliases);
  if (!isMap(map)) {
    // Where an alias leads nowhere, that has been reported.
    if (map !== undefined) reading.report(notAnEntry(item));
    return null;
  }
  const fields = fieldsOf(map, reading.aliases, reading.report);
  const values = readValues(fields, reading);
  const name = values.get('name');
  const shownName = shownNameOf(values);
  const { start, end } = placeOfEntry(item, name);
  const tell: Tell = (complaint, at, severity) => {
    if (reading.isFull()) return;
    const about = { ...complaint, start: at.start, end: at.end, name: shownName };
    reading.report(severity === undefined ? about : { ...about, severity });
  };

  const input = inputOf(values);
  const parsed = entrySchema.safeParse(input);
  const unknown = unknownFields(fields, tell);
  const bad = refusedFields(values, parsed.error?.issues ?? [], { meant: unknown.meant, entry: { start, end }, tell });
  const handler = values.get('handler');
  if (typeof handler?.value === 'string' && !bad.has('handler')) {
    for (const warning of handlerWarnings(handler.value, handler.raw)) tell(warning, handler, 'warning');
  }
  const usable = parsed.success && bad.size === 0 ? toSpec(parsed.data, values) : specDespiteName(input, bad, values);
  const lost = usable !== undefined && isCollectionWithoutDatabase(usable);
  if (lost) tell(COLLECTION_WITHOUT_DATABASE, values.get('collection') ?? { start, end });
  return {
    name: typeof name?.value === 'string' && !bad.has('name') ? name.value : undefined,
    shownName,
    spec: unknown.found || lost ? undefined : usable,
    start,
    end,
  };
}

function readValues(fields: ReadonlyMap<string, Field>, reading: Reading): Values {
  const values = new Map<string, ReadValue>();
  // The name is read before all else, so that what is wrong with the rest can be told with it.
  const report: Report = (finding) => reading.report({ ...finding, name: shownNameOf(values) });
  const withName: Reading = { ...reading, report };
  for (const field of ENTRY_FIELDS) {
    const found = fields.get(field);
    if (found === undefined) continue;
    const isId = field === 'database' || field === 'collection';
    values.set(field, readValue(found.value, found.key, isId, withName));
  }
  return values;
}

function shownNameOf(values: Values): string | undefined {
  const name = values.get('name');
  return typeof name?.value === 'string' ? name.raw : undefined;
}

/** The name, unless it stands elsewhere: behind an alias or in a merged mapping it stands for several entries. */
function placeOfEntry(item: unknown, name: ReadValue | undefined): Range {
  const { start, end } = rangeOf(item);
  return name !== undefined && name.start >= start && name.end <= end ? name : { start, end: start + 1 };
}

function inputOf(values: Values): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  for (const [field, { value }] of values) input[field] = value;
  return input;
}

/** An entry whose name alone is wrong still takes part in the search for equal ones. */
function specDespiteName(
  input: Readonly<Record<string, unknown>>,
  bad: ReadonlySet<string>,
  values: Values,
): Candidate['spec'] {
  if ([...bad].some((field) => field !== 'name')) return undefined;
  const { name: _name, ...fields } = input;
  const parsed = specSchema.safeParse(fields);
  return parsed.success ? toSpec(parsed.data, values) : undefined;
}

/** In the order of the vendor's reference, which is the order of the request's body. */
function toSpec({ handler, trigger, callers, database, collection }: Spec, values: Values) {
  return {
    handler,
    trigger,
    ...(callers === undefined ? undefined : { callers }),
    ...(database === undefined ? undefined : { database: limitOf('database', database, values) }),
    ...(collection === undefined ? undefined : { collection: limitOf('collection', collection, values) }),
  };
}

function limitOf(field: LimitField, limit: number | string, values: Values): number | NamedLimit {
  if (typeof limit === 'number' || ID_PATTERN.test(limit)) return Number(limit);
  const { raw = limit, start = 0, end = 0 } = values.get(field) ?? {};
  return { name: limit, shown: raw, start, end };
}

/** Names of collections are unique within a database only. */
const COLLECTION_WITHOUT_DATABASE: Complaint = {
  code: 'collection-without-database',
  message: 'a collection can be called by its name only where the database is given too',
  remedy: 'add database: with its id or name, or write the id of the collection',
};

function isCollectionWithoutDatabase({ database, collection }: NonNullable<Candidate['spec']>): boolean {
  return database === undefined && typeof collection === 'object';
}
