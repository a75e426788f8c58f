import { isMap, isScalar, isSeq, type Node, type Scalar, visit, type YAMLMap } from 'yaml';
import type * as z from 'zod';
import { type FormerName, type ManifestEntry, maskHandler, type ScopeName, webhookKey } from '../webhook.js';
import type { Findings, Report } from './findings.js';
import { handlerWarnings } from './handler.js';
import type { Interpolate } from './interpolate.js';
import { explained, reportIssues } from './issues.js';
import { LIMITS } from './limits.js';
import { ENTRY_FIELDS, entrySchema, ID_PATTERN } from './schema.js';
import { frameOf, placeOf, type Range, type Source } from './source.js';
import { isBroken, rangeOf } from './tree.js';

/** What the entries of one file share while they are read. */
export interface Reading {
  readonly source: Source;
  readonly findings: Findings;
  readonly interpolate: Interpolate;
  /** Values already filled in: thousands of aliases may stand for one value, which must be filled in only once. */
  readonly filledIn: Set<Scalar>;
}

/** A name in the state that the manifest mentions under `was` or `removed`. */
export interface Mention extends Range {
  readonly name: string;
  /** As in the file, without values of variables, for messages. */
  readonly writtenName: string;
  readonly source: Source;
}

/** An entry as far as it could be read, for checks between entries. */
export interface Candidate extends Range {
  /** Undefined: it has no usable name. */
  readonly name: string | undefined;
  /** The name as in the file, without values of variables, for messages. */
  readonly writtenName: string | undefined;
  /** Undefined: something about it is wrong, and has been reported. */
  readonly entry: ManifestEntry | undefined;
  /** The key of the webhook that it asks for: see `webhookKey`. */
  readonly key: string | undefined;
  /** Undefined: it has no usable one. */
  readonly was: Mention | undefined;
  /** `start` and `end` are the place of its name in it, or else of its beginning. */
  readonly source: Source;
}

/** Reads one item of `webhooks` and reports everything wrong with it. Null: it is not an entry at all. */
export function readEntry(item: unknown, reading: Reading): Candidate | null {
  const { source, findings } = reading;
  if (isBroken(item)) return null;
  if (!isMap(item)) {
    const [issue] = entrySchema.safeParse(plain(item, 1)).error?.issues ?? [];
    if (issue !== undefined) findings.report({ ...explained(issue, item), ...rangeOf(item) });
    return null;
  }
  const nameNode = item.get('name', true);
  const writtenName = isBroken(nameNode) || typeof nameNode?.value === 'string' ? nameNode?.source : undefined;
  const report: Report = (finding) => findings.report({ ...finding, name: writtenName });
  const place = placeOfEntry(item, nameNode);
  takeIdsAsWritten(item);
  fillIn(item, reading, report);

  const { data, error } = entrySchema.safeParse(plain(item, 3));
  const bad = reportIssues(item, error?.issues ?? [], { known: ENTRY_FIELDS, place, report });
  const handler = item.get('handler', true);
  if (typeof handler?.value === 'string' && !bad.has('handler')) {
    for (const warning of handlerWarnings(handler.value, handler.source ?? '')) {
      report({ ...warning, severity: 'warning', ...rangeOf(handler) });
    }
  }
  const name = typeof nameNode?.value === 'string' && !bad.has('name') ? nameNode.value : undefined;
  const entry = data === undefined || bad.size > 0 ? undefined : toEntry(data, item, place, source);
  const key = entry === undefined ? undefined : webhookKey(entry.spec);
  const was = bad.has('was') ? undefined : mentionOf(item.get('was', true), source);
  return { name, writtenName, entry, key, was, source, ...place };
}

/** Undefined: the node is not a name. */
export function mentionOf(node: unknown, source: Source): Mention | undefined {
  if (!isScalar(node) || typeof node.value !== 'string') return undefined;
  return { name: node.value, writtenName: node.source ?? node.value, source, ...rangeOf(node) };
}

export function formerName({ name, start, source }: Mention): FormerName {
  return { name, file: source.file, ...placeOf(start, source) };
}

/** Behind an alias or in a merged mapping, one name belongs to several entries: then the entry's own place is used. */
function placeOfEntry(item: YAMLMap, nameNode: unknown): Range {
  const entry = rangeOf(item);
  const name = rangeOf(nameNode);
  const isInside = nameNode !== undefined && name.start >= entry.start && name.end <= entry.end;
  return isInside ? name : { start: entry.start, end: entry.start + 1 };
}

/** As plain data, down to this many levels: no entry is deeper. */
export function plain(node: unknown, levels: number): unknown {
  if (isScalar(node)) return node.value;
  const isDeep = levels > 0;
  if (isSeq(node)) return isDeep ? node.items.map((item) => plain(item, levels - 1)) : [];
  if (!isMap(node)) return null;
  const pairs = isDeep ? node.items : [];
  return Object.fromEntries(pairs.map(({ key, value }) => [isScalar(key) ? key.value : '', plain(value, levels - 1)]));
}

/** Ids are taken as they are written: otherwise 0x10, 1e3 or 017, which are numbers in YAML, would mean other ids. */
function takeIdsAsWritten(entry: YAMLMap): void {
  for (const field of ['database', 'collection']) {
    const id = entry.get(field, true);
    if (isScalar(id) && typeof id.value === 'number') id.value = id.source;
  }
}

/** Replaces variables by their values. */
export function fillIn(node: Node, { source, interpolate, filledIn }: Reading, report: Report): void {
  visit(node, {
    Scalar(key, scalar) {
      const { value: text } = scalar;
      if (key === 'key' || typeof text !== 'string' || !text.includes('$') || filledIn.has(scalar)) return;
      filledIn.add(scalar);
      const range = rangeOf(scalar);
      if (text.length > LIMITS.filledInChars) {
        const message = `a value with variables in it is longer than ${LIMITS.filledInChars} characters`;
        report({ code: 'too-long', message, remedy: 'shorten it', ...range });
        scalar.value = undefined;
        return;
      }
      const filled = interpolate(text);
      scalar.value = filled.refusals.length > 0 ? undefined : filled.text;
      const written = source.text.slice(range.start, range.end);
      let from = 0;
      for (const { at, length, ...why } of filled.refusals) {
        // In quotes, escapes may shift what follows: look for the exact text, or else point at the whole value.
        const found = written.indexOf(text.slice(at, at + length), from);
        if (found !== -1) from = found + length;
        report({ ...why, ...(found === -1 ? range : { start: range.start + found, end: range.start + from }) });
      }
    },
  });
}

function toEntry(data: z.output<typeof entrySchema>, item: YAMLMap, { start }: Range, source: Source): ManifestEntry {
  const { name, handler, trigger, callers, database, collection, protect = false } = data;
  const was = mentionOf(item.get('was', true), source);
  const scopeOf = (field: string, scope: number | string): number | ScopeName => {
    if (typeof scope === 'number' || ID_PATTERN.test(scope)) return Number(scope);
    const node = item.get(field, true);
    const range = rangeOf(node);
    const shown = node?.source ?? scope;
    return { name: scope, shown, ...placeOf(range.start, source), frame: frameOf(range, source) };
  };
  const written = item.get('handler', true)?.source ?? '';
  return {
    name,
    // In the order of the vendor's reference, which the request's body follows.
    spec: {
      handler,
      trigger,
      ...(callers === undefined ? {} : { callers }),
      ...(database === undefined ? {} : { database: scopeOf('database', database) }),
      ...(collection === undefined ? {} : { collection: scopeOf('collection', collection) }),
    },
    ...(written === maskHandler(handler) ? {} : { handlerAsWritten: written }),
    ...(was === undefined ? {} : { was: formerName(was) }),
    ...(protect ? { protect } : {}),
    file: source.file,
    ...placeOf(start, source),
  };
}
