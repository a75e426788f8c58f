import { CALLERS, TRIGGERS } from '../webhook.js';
import { type Complaint, handlerComplaint } from './handler.js';
import { LIMITS } from './limits.js';
import { quote } from './printable.js';
import { type EntryField, ID_PATTERN } from './schema.js';
import { nearest } from './suggest.js';

/** A value that the schema refused. */
export interface RefusedValue {
  readonly field: EntryField;
  /** Undefined: the entry has no such field. Lists and mappings as they are. */
  readonly value: unknown;
  /** As the file has it, variables not filled in: the only form in which messages may quote it. */
  readonly raw: string;
  /** It came from the environment, at least in part: nothing may be said that gives it away. */
  readonly secret: boolean;
}

/** Says what is wrong with a value that the schema refused, and what to write instead. */
export function explain(refused: RefusedValue): Complaint {
  const { field, value, secret } = refused;
  if (value === undefined) return { code: 'missing-field', message: `${field} is missing`, remedy: EXPECTED[field] };
  if (value === null) {
    const optional = field === 'callers' || field === 'database' || field === 'collection';
    const remedy = optional ? 'give one, or leave the line out' : EXPECTED[field];
    return { code: 'empty-field', message: `${field} has no value`, remedy };
  }
  const complaint = EXPLAIN[field](refused);
  return secret ? { ...complaint, message: `${complaint.message}, once its variables are filled in` } : complaint;
}

const EXPECTED: Readonly<Record<EntryField, string>> = {
  name: `give it a name: letters, digits, . _ -, at most ${LIMITS.nameChars}`,
  handler: 'write handler: https://…',
  trigger: `write trigger: with one of ${TRIGGERS.join(', ')}`,
  callers: `write callers: [${CALLERS.join(', ')}], or leave it out for both`,
  database: 'write the id or the name of the database, or leave it out',
  collection: 'write the id or the name of the collection, or leave it out',
};

const EXPLAIN: Readonly<Record<EntryField, (refused: RefusedValue) => Complaint>> = {
  name: explainName,
  handler: explainHandler,
  trigger: (refused) => explainChoice(refused, 'trigger', TRIGGERS),
  callers: explainCallers,
  database: explainId,
  collection: explainId,
};

function explainName({ value, raw }: RefusedValue): Complaint {
  const bad = (message: string, remedy: string): Complaint => ({
    code: 'bad-name',
    message: `name ${message}`,
    remedy,
  });
  if (typeof value !== 'string') return bad(`is ${kindOf(value)}, not text`, 'put it in quotes');
  if (value === '') return bad('is empty', EXPECTED.name);
  if (value.length > LIMITS.nameChars) {
    return bad(`is longer than ${LIMITS.nameChars} characters`, 'shorten it');
  }
  return bad(`${quote(raw)} holds other characters than letters, digits, . _ -`, 'use only those');
}

function explainHandler({ value }: RefusedValue): Complaint {
  const message = `handler is ${kindOf(value)}, not a URL`;
  const fallback: Complaint = { code: 'bad-handler', message, remedy: EXPECTED.handler };
  return typeof value === 'string' ? (handlerComplaint(value) ?? fallback) : fallback;
}

function explainChoice(
  { value, raw, secret }: RefusedValue,
  what: 'trigger' | 'caller',
  choices: readonly string[],
): Complaint {
  const near = typeof value === 'string' && !secret ? nearest(value, choices) : undefined;
  const known = `known are ${choices.join(', ')}`;
  const shown = typeof value === 'string' || typeof value === 'number' ? quote(raw) : `(${kindOf(value)})`;
  return {
    code: `bad-${what}`,
    message: `${what} ${shown} is not known`,
    remedy: near === undefined ? known : `did you mean ${near}? ${known}`,
  };
}

/** The list as a whole, or one of its items. */
function explainCallers(refused: RefusedValue): Complaint {
  const { value, raw } = refused;
  const bad = (message: string, remedy: string): Complaint => ({ code: 'bad-callers', message, remedy });
  if (!Array.isArray(value)) {
    const words =
      typeof value === 'string' ? raw.split(/[\s,]+/).filter((word) => CALLERS.some((it) => it === word)) : [];
    const list = words.length === 0 ? CALLERS : words;
    return bad('callers must be a list', `write callers: [${list.join(', ')}]`);
  }
  if (value.length === 0) return bad('callers is an empty list', 'leave it out for both, or name one');
  return bad('callers names one twice', 'name each once');
}

/** One item of the list. */
export function explainCaller(refused: RefusedValue): Complaint {
  if (refused.value === null) return { code: 'bad-caller', message: 'an empty item in callers', remedy: 'remove it' };
  const complaint = explainChoice(refused, 'caller', CALLERS);
  return refused.secret
    ? { ...complaint, message: `${complaint.message}, once its variables are filled in` }
    : complaint;
}

function explainId({ field, value, raw, secret }: RefusedValue): Complaint {
  const bad = (message: string, remedy: string): Complaint => ({
    code: 'bad-id',
    message: `${field} ${message}`,
    remedy,
  });
  if (typeof value !== 'string' && typeof value !== 'number')
    return bad(`is ${kindOf(value)}, not an id or a name`, EXPECTED[field]);
  const text = String(value);
  if (!secret && /^0+[1-9][0-9]*$/.test(text)) {
    return bad(`${quote(raw)} has leading zeros`, `write ${Number(text)}, if that is the id`);
  }
  if (ID_PATTERN.test(text) || /^[1-9][0-9]{16,}$/.test(text))
    return bad(`${quote(raw)} is too large for an id`, EXPECTED[field]);
  if (/\p{L}/u.test(text) && Number.isNaN(Number(text))) {
    return bad(
      `${quote(raw)} can't be a name: it has white space around it, control characters, or is longer than ${LIMITS.limitNameChars}`,
      EXPECTED[field],
    );
  }
  return bad(`${quote(raw)} is neither an id (a whole number above 0, in digits) nor a name`, EXPECTED[field]);
}

function kindOf(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  return typeof value === 'boolean' ? 'true or false' : typeof value === 'number' ? 'a number' : 'text';
}
