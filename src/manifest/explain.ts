import type { Problem } from '../errors.js';
import { CALLERS, TRIGGERS, WEBHOOK_FIELDS } from '../webhook.js';
import { type Places, quote } from './places.js';
import { LONGEST_HANDLER_CHARACTERS, NAME_PATTERN } from './schema.js';
import { nearest } from './suggest.js';
import { type MapTree, type ScalarTree, type Tree, UNREADABLE } from './tree.js';

const FIELDS = ['name', ...WEBHOOK_FIELDS] as const;
type FieldName = (typeof FIELDS)[number];

/** What is wrong with one value: what stands there, and what to do. */
interface Fault {
  readonly code: string;
  readonly message: string;
  readonly remedy?: string | undefined;
  readonly offset?: number;
}

/** Everything that is wrong with an entry that the schema does not take, in the order of the fields. */
export function explainEntry(entry: MapTree, places: Places): Problem[] {
  const nameTree = entry.fields.get('name')?.value;
  const name = nameTree?.kind === 'scalar' && typeof nameTree.value === 'string' ? nameTree.value : undefined;
  const unknown = [...entry.fields]
    .filter(([key]) => !isField(key))
    .map(([key, { offset }]) => {
      const near = nearest(key, FIELDS);
      const remedy = near === undefined ? `an entry has ${FIELDS.join(', ')}` : `did you mean ${near}?`;
      return places.problem(offset, { code: 'unknown-field', message: `unknown field ${quote(key)}`, remedy, name });
    });
  const missing = (['name', 'handler', 'trigger'] as const)
    .filter((key) => !entry.fields.has(key))
    .map((key) => {
      const remedy = `add ${key}: ${EXAMPLES[key]}`;
      return places.problem(entry.offset, { code: 'missing-field', message: `the entry has no ${key}`, remedy, name });
    });
  const wrong = FIELDS.flatMap((key) => {
    const value = entry.fields.get(key)?.value;
    if (value === undefined || value === UNREADABLE) return [];
    return EXPLANATIONS[key](value).map((fault) => places.problem(fault.offset ?? value.offset, { ...fault, name }));
  });
  return [...missing, ...unknown, ...wrong];
}

function isField(key: string): key is FieldName {
  return FIELDS.some((field) => field === key);
}

const EXAMPLES = { name: 'crm-profile-created', handler: 'https://…', trigger: 'create' } as const;

const EXPLANATIONS: { readonly [F in FieldName]: (value: Tree) => Fault[] } = {
  name: (value) => {
    const text = textOf(value, 'name');
    if (typeof text !== 'string') return [text];
    if (NAME_PATTERN.test(text)) return [];
    const shown = show(value as ScalarTree);
    return [
      {
        code: 'bad-name',
        message: `name ${shown} can't be used`,
        remedy: 'use 1 to 100 letters, digits, ".", "_" or "-"',
      },
    ];
  },
  handler: (value) => {
    const text = textOf(value, 'handler');
    if (typeof text !== 'string') return [text];
    const why = handlerFault(text);
    const shown = show(value as ScalarTree);
    return why === null
      ? []
      : [{ code: 'bad-handler', message: `handler ${shown} ${why.message}`, remedy: why.remedy }];
  },
  trigger: (value) => {
    const text = textOf(value, 'trigger');
    return typeof text === 'string' ? choiceFault('trigger', text, value as ScalarTree, TRIGGERS) : [text];
  },
  callers: callersFaults,
  database: (value) => idFaults('database', value),
  collection: (value) => idFaults('collection', value),
};

/** Why a text is no handler, or null when it is one. */
export function handlerFault(text: string): { message: string; remedy: string } | null {
  const remedy = 'give an absolute URL such as https://my-webhook-url.com';
  if (text.length > LONGEST_HANDLER_CHARACTERS) {
    return { message: `is longer than ${LONGEST_HANDLER_CHARACTERS} characters`, remedy: 'shorten it' };
  }
  if (!/^https?:\/\//i.test(text)) return { message: 'is not an http or https URL', remedy };
  // A URL parser takes these out in silence, so that another URL would be sent than is meant.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
  if (/[\s\u0000-\u001f\u007f\\]/.test(text))
    return { message: 'holds white space, a backslash or control characters', remedy };
  return URL.canParse(text) ? null : { message: 'is not a URL', remedy };
}

function callersFaults(value: Tree): Fault[] {
  const remedy = 'write a list: [ms], [publisher] or [ms, publisher]; left out, both call it';
  if (value.kind !== 'list') return [{ code: 'bad-callers', message: 'callers must be a list', remedy }];
  if (value.items.length === 0) return [{ code: 'bad-callers', message: 'callers is empty', remedy }];
  const seen = new Set<string>();
  return value.items.flatMap((item): Fault[] => {
    const text = textOf(item, 'a caller');
    if (typeof text !== 'string') return [{ ...text, offset: item.offset }];
    const faults = choiceFault('caller', text, item as ScalarTree, CALLERS);
    if (seen.has(text))
      faults.push({ code: 'bad-callers', message: `caller ${quote(text)} is there already`, remedy: 'name each once' });
    seen.add(text);
    return faults.map((fault) => ({ ...fault, offset: item.offset }));
  });
}

function idFaults(field: string, value: Tree): Fault[] {
  const remedy = `give the id of the ${field}, a whole number above 0`;
  if (value.kind !== 'scalar') return [{ code: 'bad-id', message: `${field} must be an id`, remedy }];
  if (value.value === null)
    return [{ code: 'bad-id', message: `${field} has no value`, remedy: `${remedy}, or leave the field out` }];
  const isId =
    typeof value.value === 'number'
      ? Number.isSafeInteger(value.value) && value.value > 0
      : /^[1-9]\d{0,14}$/.test(String(value.value));
  return isId && typeof value.value !== 'boolean'
    ? []
    : [{ code: 'bad-id', message: `${field} ${show(value)} is no id`, remedy }];
}

function choiceFault(what: string, text: string, value: ScalarTree, choices: readonly string[]): Fault[] {
  if (choices.includes(text)) return [];
  const near = nearest(text, choices);
  const remedy =
    near === undefined ? `there are ${choices.join(', ')}` : `did you mean ${near}? (there are ${choices.join(', ')})`;
  return [{ code: `bad-${what}`, message: `unknown ${what} ${show(value)}`, remedy }];
}

function textOf(value: Tree, what: string): string | Fault {
  if (value.kind === 'scalar' && typeof value.value === 'string' && value.value !== '') return value.value;
  const isEmpty = value.kind === 'scalar' && (value.value === null || value.value === '');
  const message = isEmpty ? `${what} has no value` : `${what} must be a text`;
  const remedy = value.kind === 'scalar' && !isEmpty ? `put it in quotes: "${String(value.value)}"` : undefined;
  return { code: 'bad-text', message, remedy };
}

/** A value for a message; one that came from the environment is not shown. */
function show({ value, used }: ScalarTree): string {
  return used.length === 0 ? quote(String(value)) : `(from ${used.join(', ')})`;
}
