import { explain, explainCaller } from './explain.js';
import type { Field } from './fields.js';
import type { Finding } from './findings.js';
import type { Complaint } from './handler.js';
import { quote } from './printable.js';
import { ENTRY_FIELDS, type EntryField } from './schema.js';
import { nearest } from './suggest.js';
import { rangeOf } from './tree.js';
import type { ReadValue } from './value.js';

export interface Range {
  readonly start: number;
  readonly end: number;
}

/** The known fields of an entry, by name. */
export type Values = ReadonlyMap<string, ReadValue>;

/** Reports something about one entry. */
export type Tell = (complaint: Complaint, at: Range, severity?: Finding['severity']) => void;

export function notAnEntry(item: unknown): Finding {
  const { start, end } = rangeOf(item);
  if (start === end) {
    const remedy = 'remove the dash, or write the entry behind it';
    return { code: 'bad-entry', message: 'an empty item in webhooks', remedy, start, end };
  }
  return {
    code: 'bad-entry',
    message: 'an entry must be a mapping with name, handler and trigger',
    remedy: 'write - name: …, and under it handler: … and trigger: …',
    start,
    end,
  };
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

/** Reports fields that no entry has; returns whether there are any, and which fields were probably meant by them. */
export function unknownFields(fields: ReadonlyMap<string, Field>, tell: Tell) {
  const meant = new Set<string>();
  let found = false;
  for (const [name, { key }] of fields) {
    if (ENTRY_FIELDS.some((field) => field === name)) continue;
    found = true;
    const near = Object.hasOwn(OTHER_WORDS, name) ? OTHER_WORDS[name] : nearest(name, ENTRY_FIELDS);
    if (near !== undefined) meant.add(near);
    const known = `known are ${ENTRY_FIELDS.join(', ')}`;
    const remedy = near === undefined ? known : `did you mean ${near}? ${known}`;
    tell({ code: 'unknown-field', message: `unknown field ${quote(name)}`, remedy }, rangeOf(key));
  }
  return { found, meant };
}

/**
 * Reports what the schema refused: not what was told when it was read, and no field as missing that was meant by a
 * misspelt one. Returns all fields that can't be used.
 */
export function refusedFields(
  values: Values,
  issues: readonly { readonly path: readonly PropertyKey[] }[],
  about: { readonly meant: ReadonlySet<string>; readonly entry: Range; readonly tell: Tell },
): ReadonlySet<string> {
  const bad = new Set<string>();
  for (const [field, value] of values) if (isBroken(value)) bad.add(field);
  for (const { path } of issues) {
    const field = path[0] as EntryField;
    bad.add(field);
    const whole = values.get(field);
    if (whole === undefined && about.meant.has(field)) continue;
    const item = typeof path[1] === 'number' ? whole?.items[path[1]] : undefined;
    const read = item ?? whole;
    if (read?.broken === true) continue;
    const { value, raw, secret } = read ?? { value: undefined, raw: '', secret: false };
    const refused = { field, value, raw, secret };
    about.tell(item === undefined ? explain(refused) : explainCaller(refused), read ?? about.entry);
  }
  return bad;
}

function isBroken({ broken, items }: ReadValue): boolean {
  return broken || items.some((item) => item.broken);
}
