import { isScalar, type YAMLMap } from 'yaml';
import type * as z from 'zod';
import type { ProblemCode } from '../error-codes.js';
import { quote } from '../text/printable.js';
import { nearest } from '../text/suggest.js';
import type { Finding, Report } from './findings.js';
import { AS_WRITTEN, ENTRY_FIELDS, EXTENSION_PREFIX } from './schema.js';
import type { Range } from './source.js';
import { isBroken, rangeOf } from './tree.js';

type Explained = Pick<Finding, 'code' | 'message' | 'remedy'>;

const CODES: Readonly<Record<string, ProblemCode>> = {
  name: 'bad-name',
  handler: 'bad-handler',
  trigger: 'bad-trigger',
  callers: 'bad-callers',
  database: 'bad-id',
  collection: 'bad-id',
  was: 'bad-name',
  protect: 'bad-protect',
  webhooks: 'bad-manifest',
  removed: 'bad-manifest',
};

/** Words that people use who know webhooks from elsewhere. */
const OTHER_WORDS: Readonly<Record<string, string>> = {
  url: 'handler',
  endpoint: 'handler',
  event: 'trigger',
  events: 'trigger',
  database_id: 'database',
  databaseId: 'database',
  collection_id: 'collection',
  collectionId: 'collection',
  previous_name: 'was',
  prevent_destroy: 'protect',
};

interface About {
  /** The fields that exist. */
  readonly known: readonly string[];
  /** Where to report a missing field. */
  readonly place: Range;
  readonly report: Report;
}

/**
 * Reports what the schema refused of a mapping, except what was reported when it was read, and missing fields that were
 * only misspelt. Returns the fields that can't be used.
 */
export function reportIssues(
  map: YAMLMap,
  issues: readonly z.core.$ZodIssue[],
  { known, place, report }: About,
): ReadonlySet<PropertyKey> {
  const bad = new Set<PropertyKey>();
  const meant = new Set<string | undefined>();
  const unknown = new Set(issues.flatMap((issue) => (issue.code === 'unrecognized_keys' ? issue.keys : [])));
  for (const { key, value } of map.items) {
    const name = String(isScalar(key) ? key.value : '');
    if (isBroken(value)) bad.add(name);
    if (!unknown.has(name)) continue;
    const near = meantField(name, known);
    bad.add(name);
    meant.add(near);
    report({ ...unknownField(name, near, known), ...rangeOf(key) });
  }
  for (const issue of issues) {
    const [field, ...inside] = issue.path;
    if (field === undefined) continue;
    bad.add(field);
    const node = map.getIn(issue.path, true);
    if (isBroken(node) || (node === undefined && meant.has(String(field)))) continue;
    const pointedAt = isEmpty(node) && inside.length === 0 ? keyOf(map, field) : node;
    report({ ...explained(issue, node), ...(node === undefined ? place : rangeOf(pointedAt)) });
  }
  return bad;
}

/** A value that is left out has no place of its own to point at. */
function isEmpty(node: unknown): boolean {
  return isScalar(node) && node.value === null && node.source === '';
}

function keyOf(map: YAMLMap, field: PropertyKey): unknown {
  return map.items.find(({ key }) => isScalar(key) && key.value === field)?.key;
}

/** Explains a value that the schema refused. `node`: undefined if there is none. */
export function explained(issue: z.core.$ZodIssue, node: unknown): Explained {
  const [message = '', remedy = ''] = issue.message.split('\n');
  const { value, source = '' } = isScalar(node) ? node : {};
  const written = message.replace(AS_WRITTEN, () => quote(source));
  const isFilledIn = typeof value === 'string' && value !== source;
  const near =
    issue.code === 'invalid_value' && typeof value === 'string' && !isFilledIn
      ? nearest(value, issue.values.map(String))
      : undefined;
  return {
    code: codeOf(issue, node, value),
    message: isFilledIn ? `${written}, once its variables are filled in` : written,
    remedy: near === undefined ? remedy : `did you mean ${near}? ${remedy}`,
  };
}

function codeOf(issue: z.core.$ZodIssue, node: unknown, value: unknown): ProblemCode {
  const [field, ...inside] = issue.path;
  if (field === undefined) return 'bad-entry';
  if (inside.length > 0) return field === 'removed' ? 'bad-name' : 'bad-caller';
  if (node === undefined) return 'missing-field';
  if (value === null) return 'empty-field';
  return issue.code === 'custom' && issue.params?.code === 'collection-without-database'
    ? 'collection-without-database'
    : (CODES[String(field)] ?? 'bad-entry');
}

/** The field of an entry, or of the top level, that was probably meant. */
function meantField(name: string, known: readonly string[]): string | undefined {
  return known === ENTRY_FIELDS && Object.hasOwn(OTHER_WORDS, name) ? OTHER_WORDS[name] : nearest(name, known);
}

function unknownField(name: string, near: string | undefined, known: readonly string[]): Explained {
  const isOfEntry = known === ENTRY_FIELDS;
  const hints = [
    ...(near === undefined ? [] : [`did you mean ${near}?`]),
    ...(isOfEntry || near === undefined ? [`use one of ${known.join(', ')}`] : []),
    ...(isOfEntry || near !== undefined ? [] : [`, or a name that begins with ${EXTENSION_PREFIX}, for anchors`]),
  ];
  return { code: 'unknown-field', message: `unknown field ${quote(name)}`, remedy: hints.join(' ') };
}
