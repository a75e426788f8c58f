import { isMap } from 'yaml';
import type { WebhookSpec } from '../webhook.js';
import { explain, explainCaller } from './explain.js';
import { type Field, fieldsOf } from './fields.js';
import type { Finding } from './findings.js';
import { type Complaint, handlerWarnings } from './handler.js';
import { quote } from './printable.js';
import { ENTRY_FIELDS, type EntryField, entrySchema, type Spec, specSchema } from './schema.js';
import { nearest } from './suggest.js';
import { rangeOf, resolve } from './tree.js';
import { type Reading, type ReadValue, readValue } from './value.js';

/** An entry as far as it could be read. */
export interface Candidate {
  /** Undefined: it has none that could be used. */
  readonly name: string | undefined;
  /** The name as the file has it, variables not filled in, for messages. */
  readonly shownName: string | undefined;
  /** Undefined: something about it is wrong, and has been reported. */
  readonly spec: WebhookSpec | undefined;
  /** Where its name stands, or else where it begins. */
  readonly start: number;
  readonly end: number;
}

type Values = ReadonlyMap<string, ReadValue>;
interface Range {
  readonly start: number;
  readonly end: number;
}
/** Reports something about this entry. */
type Tell = (complaint: Complaint, at: Range, severity?: Finding['severity']) => void;

/** Reads one item of `webhooks` and reports everything that is wrong with it. Null: it is no entry at all. */
export function readEntry(item: unknown, reading: Reading): Candidate | null {
  const map = resolve(item, reading.aliases);
  if (!isMap(map)) {
    if (map !== undefined) reading.report(notAnEntry(item));
    return null;
  }
  const fields = fieldsOf(map, reading.aliases, reading.report);
  const values = readValues(fields, reading);
  const nameValue = values.get('name');
  const shownName = typeof nameValue?.value === 'string' ? nameValue.raw : undefined;
  const place = placeOfEntry(item, nameValue);
  const tell: Tell = (complaint, at, severity) =>
    reading.report({ ...complaint, start: at.start, end: at.end, name: shownName, ...(severity && { severity }) });

  const { unknown, meant } = tellUnknownFields(fields, tell);
  const bad = tellRefused(values, meant, place, tell, reading);
  const handler = values.get('handler');
  if (typeof handler?.value === 'string' && !bad.has('handler')) {
    for (const warning of handlerWarnings(handler.value, handler.raw)) tell(warning, handler, 'warning');
  }
  return {
    name: typeof nameValue?.value === 'string' && !bad.has('name') ? nameValue.value : undefined,
    shownName,
    spec: unknown ? undefined : readSpec(values, bad),
    ...place,
  };
}

function notAnEntry(item: unknown): Finding {
  const range = rangeOf(item);
  const empty = range.start === range.end;
  return {
    code: 'bad-entry',
    message: empty ? 'an empty item in webhooks' : 'an entry must be a mapping with name, handler and trigger',
    remedy: empty
      ? 'remove the dash, or write the entry behind it'
      : 'write - name: …, and under it handler: … and trigger: …',
    ...range,
  };
}

function readValues(fields: ReadonlyMap<string, Field>, reading: Reading): Values {
  const values = new Map<EntryField, ReadValue>();
  for (const field of ENTRY_FIELDS) {
    const found = fields.get(field);
    if (found === undefined) continue;
    const isId = field === 'database' || field === 'collection';
    values.set(field, readValue(found.value, found.key, isId, reading));
  }
  return values;
}

/** The name, unless it stands elsewhere: behind an alias or in a merged mapping it stands for several entries. */
function placeOfEntry(item: unknown, name: ReadValue | undefined): Range {
  const { start, end } = rangeOf(item);
  return name !== undefined && name.start >= start && name.end <= end
    ? { start: name.start, end: name.end }
    : { start, end: start + 1 };
}

/** What people write who know webhooks from elsewhere. */
const OTHER_WORDS: Readonly<Record<string, EntryField>> = {
  url: 'handler',
  endpoint: 'handler',
  event: 'trigger',
  events: 'trigger',
  database_id: 'database',
  databaseId: 'database',
  collection_id: 'collection',
  collectionId: 'collection',
};

/** Returns whether there are any, and which fields were probably meant by them. */
function tellUnknownFields(fields: ReadonlyMap<string, Field>, tell: Tell) {
  const meantFields = new Set<string>();
  let unknown = false;
  for (const [name, { key }] of fields) {
    if (ENTRY_FIELDS.some((field) => field === name)) continue;
    unknown = true;
    const meant = Object.hasOwn(OTHER_WORDS, name) ? OTHER_WORDS[name] : nearest(name, ENTRY_FIELDS);
    if (meant !== undefined) meantFields.add(meant);
    const known = `known are ${ENTRY_FIELDS.join(', ')}`;
    const remedy = meant === undefined ? known : `did you mean ${meant}? ${known}`;
    tell({ code: 'unknown-field', message: `unknown field ${quote(name)}`, remedy }, rangeOf(key));
  }
  return { unknown, meant: meantFields };
}

/**
 * Reports each value that the schema refuses, but no field as missing that was `meant` by a misspelt one.
 * Returns the fields that can't be used, those reported before included.
 */
function tellRefused(
  values: Values,
  meant: ReadonlySet<string>,
  entry: Range,
  tell: Tell,
  { isFull }: Reading,
): ReadonlySet<string> {
  const bad = new Set([...values].flatMap(([field, value]) => (isBroken(value) ? [field] : [])));
  for (const { path } of entrySchema.safeParse(plain(values)).error?.issues ?? []) {
    const field = path[0] as EntryField;
    bad.add(field);
    if (isFull()) break;
    const whole = values.get(field);
    if (whole === undefined && meant.has(field)) continue;
    const item = typeof path[1] === 'number' ? whole?.items[path[1]] : undefined;
    const read = item ?? whole;
    if (read?.broken === true) continue;
    const { value, raw, secret } = read ?? { value: undefined, raw: '', secret: false };
    const refused = { field, value, raw, secret };
    tell(item === undefined ? explain(refused) : explainCaller(refused), read ?? entry);
  }
  return bad;
}

function isBroken({ broken, items }: ReadValue): boolean {
  return broken || items.some((item) => item.broken);
}

function plain(values: Values): Record<string, unknown> {
  return Object.fromEntries([...values].map(([field, { value }]) => [field, value]));
}

/** The fields but the name, if all of them are right. */
function readSpec(values: Values, bad: ReadonlySet<string>): WebhookSpec | undefined {
  if ([...bad].some((field) => field !== 'name')) return undefined;
  const { name: _name, ...fields } = plain(values);
  const parsed = specSchema.safeParse(fields);
  return parsed.success ? toSpec(parsed.data) : undefined;
}

/** In the order of the vendor's reference, which is the order of the request's body. */
function toSpec({ handler, trigger, callers, database, collection }: Spec): WebhookSpec {
  return {
    handler,
    trigger,
    ...(callers === undefined ? {} : { callers }),
    ...(database === undefined ? {} : { database: Number(database) }),
    ...(collection === undefined ? {} : { collection: Number(collection) }),
  };
}
