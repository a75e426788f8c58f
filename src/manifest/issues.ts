import type * as z from 'zod';
import type { ProblemCode } from '../error-codes.js';
import { quote } from '../text/printable.js';
import { nearest } from '../text/suggest.js';
import type { Finding } from './findings.js';
import { AS_WRITTEN, ENTRY_FIELDS, EXTENSION_PREFIX } from './schema.js';
import type { Value } from './value.js';

type Explained = Pick<Finding, 'code' | 'message'> & { readonly remedy: string };

const CODES: Readonly<Record<string, ProblemCode>> = {
  name: 'bad-name',
  handler: 'bad-handler',
  trigger: 'bad-trigger',
  callers: 'bad-callers',
  database: 'bad-id',
  collection: 'bad-id',
  webhooks: 'bad-manifest',
};

/** What people write who know webhooks from elsewhere. */
const OTHER_WORDS: Readonly<Record<string, string>> = {
  url: 'handler',
  endpoint: 'handler',
  event: 'trigger',
  events: 'trigger',
  database_id: 'database',
  databaseId: 'database',
  collection_id: 'collection',
  collectionId: 'collection',
};

/** A value that the schema refused, as far as messages need it. */
type Refused = Pick<Value, 'value'> & Partial<Value>;

/** What is wrong with a value that the schema refused. `value`: undefined where there is none. */
export function explainIssue(issue: z.core.$ZodIssue, value: Refused | undefined): Explained {
  const [message = '', remedy = ''] = issue.message.split('\n');
  const written = message.replace(AS_WRITTEN, () => quote(value?.written ?? ''));
  const isFilledIn = value?.isFilledIn === true;
  const near = issue.code === 'invalid_value' && !isFilledIn ? nearestOf(value?.value, issue.values) : undefined;
  return {
    code: codeOf(issue.path, value),
    message: isFilledIn ? `${written}, once its variables are filled in` : written,
    remedy: near === undefined ? remedy : `did you mean ${near}? ${remedy}`,
  };
}

function codeOf([field, ...inside]: readonly PropertyKey[], value: Refused | undefined): ProblemCode {
  if (field === undefined) return 'bad-entry';
  if (inside.length > 0) return 'bad-caller';
  if (value === undefined) return 'missing-field';
  return value.value === null ? 'empty-field' : (CODES[String(field)] ?? 'bad-entry');
}

function nearestOf(value: unknown, words: readonly unknown[]): string | undefined {
  return typeof value === 'string' ? nearest(value, words.map(String)) : undefined;
}

/** The field of an entry, or of the top level, that was probably meant. */
export function meantField(name: string, known: readonly string[]): string | undefined {
  return known === ENTRY_FIELDS && Object.hasOwn(OTHER_WORDS, name) ? OTHER_WORDS[name] : nearest(name, known);
}

export function unknownField(name: string, known: readonly string[]): Explained {
  const near = meantField(name, known);
  const hints = [
    ...(near === undefined ? [] : [`did you mean ${near}?`]),
    ...(known === ENTRY_FIELDS ? [`known are ${known.join(', ')}`] : []),
  ];
  const ifNone = `known is ${known.join(', ')}; fields that begin with ${EXTENSION_PREFIX} are yours, for anchors`;
  const message = `unknown field ${quote(name)}`;
  return { code: 'unknown-field', message, remedy: hints.join(' ') || ifNone };
}
