import { isScalar, isSeq, type Scalar } from 'yaml';
import type { Findings, Report, Source } from './findings.js';
import type { Interpolate, Interpolated } from './interpolate.js';
import { LIMITS } from './limits.js';
import { type Aliases, type Field, rangeOf, resolve } from './tree.js';

/** What reading the entries of one manifest shares. */
export interface Reading {
  readonly source: Source;
  readonly aliases: Aliases;
  readonly findings: Findings;
  readonly interpolate: Interpolate;
  /** Names of the variables that were filled in. */
  readonly variables: Set<string>;
  /** What was filled in before: thousands of aliases may stand for one long value. */
  readonly filledIn: Map<Scalar, Interpolated>;
}

/** A value of an entry, its variables filled in, and where it stands in the text. */
export interface Value {
  readonly value: unknown;
  /** As the file writes it: the only form in which messages may quote it. */
  readonly written: string;
  /** It came from the environment, at least in part. */
  readonly isFilledIn: boolean;
  /** It could not be read, and that has been reported: nothing more is to be said about it. */
  readonly isBroken: boolean;
  /** Of a list. */
  readonly items: readonly Value[];
  readonly start: number;
  readonly end: number;
}

const NO_ITEMS: readonly Value[] = [];

/**
 * Reads a field's value, as deep as any field is. `isId`: numbers are handed on as they are written, so that 0x10, 1e3
 * or 017, which are numbers to YAML, are not taken for an id in silence.
 */
export function readValue({ key, value: node }: Field, isId: boolean, reading: Reading, report: Report): Value {
  const target = resolve(node, reading.aliases);
  if (isSeq(target)) {
    const items = target.items.map((item) => readItem(item, reading, report));
    const value = items.map((item) => item.value);
    return { value, written: '', isFilledIn: false, isBroken: false, items, ...rangeOf(target) };
  }
  const read = readItem(node, reading, report);
  if (isId && typeof read.value === 'number') return { ...read, value: read.written };
  // Where there is no value, its name is pointed at.
  return read.value === null && read.written === '' ? { ...read, ...rangeOf(key) } : read;
}

/** A scalar; what else there may be is told by its kind. */
function readItem(node: unknown, reading: Reading, report: Report): Value {
  const target = resolve(node, reading.aliases);
  const { start, end } = rangeOf(target ?? node);
  const read = (value: unknown, written: string, isBroken = false): Value => {
    return { value, written, isFilledIn: false, isBroken, items: NO_ITEMS, start, end };
  };
  if (target === undefined) return read(undefined, '', true);
  if (target === null) return read(null, '');
  if (!isScalar(target)) return { ...read(isSeq(target) ? [] : {}, ''), end: start + 1 };
  const { value, source: written = '' } = target;
  const plain = read(value, written);
  return typeof value === 'string' && value.includes('$') ? fillIn(target, value, plain, reading, report) : plain;
}

function fillIn(scalar: Scalar, text: string, read: Value, reading: Reading, report: Report): Value {
  const { start, end } = read;
  if (text.length > LIMITS.filledInChars) {
    const message = `a value with variables in it is longer than ${LIMITS.filledInChars} characters`;
    report({ code: 'too-long', message, remedy: 'shorten it', start, end });
    return { ...read, value: undefined, isBroken: true };
  }
  const filled = reading.filledIn.get(scalar) ?? reading.interpolate(text);
  reading.filledIn.set(scalar, filled);
  if (filled.ok) {
    for (const name of filled.variables) reading.variables.add(name);
    return { ...read, value: filled.text, isFilledIn: filled.variables.length > 0 };
  }
  const source = reading.source.text.slice(start, end);
  let from = 0;
  for (const { code, message, remedy, at, length } of filled.refusals) {
    // In quotes, escapes may move what follows them: look for the very text, and else point at the whole value.
    const found = source.indexOf(text.slice(at, at + length), from);
    if (found !== -1) from = found + length;
    const range = found === -1 ? { start, end } : { start: start + found, end: start + from };
    report({ code, message, remedy, ...range });
  }
  return { ...read, value: undefined, isBroken: true };
}
