import { isScalar, isSeq, type Scalar } from 'yaml';
import type { Report } from './findings.js';
import type { Interpolate, Interpolated } from './interpolate.js';
import { LIMITS } from './limits.js';
import { type Aliases, rangeOf, resolve } from './tree.js';

/** What reading the entries of one manifest shares. */
export interface Reading {
  readonly aliases: Aliases;
  readonly report: Report;
  /** There are more errors than are told. */
  isFull(): boolean;
  readonly interpolate: Interpolate;
  readonly text: string;
  /** Names of the variables that were filled in. */
  readonly variables: Set<string>;
  /** What was filled in before: thousands of aliases may stand for one long value. */
  readonly filledIn: Map<Scalar, Interpolated>;
}

/** A value of the manifest, its variables filled in. */
export interface ReadValue {
  readonly value: unknown;
  /** As the file has it: the only form in which messages may quote it. */
  readonly raw: string;
  /** Came from the environment, at least in part. */
  readonly secret: boolean;
  /** It could not be read, and that has been reported: nothing more is to be said about it. */
  readonly broken: boolean;
  /** Of a list. */
  readonly items: readonly ReadValue[];
  readonly start: number;
  readonly end: number;
}

const NO_ITEMS: readonly ReadValue[] = [];

/**
 * Reads a field's value. `numbersAsText`: numbers are handed on as they are written, so that 0x10, 1e3 or 017, which
 * are numbers to YAML, are not taken for an id in silence. `key` is pointed at where there is no value.
 */
export function readValue(node: unknown, key: unknown, numbersAsText: boolean, reading: Reading): ReadValue {
  const target = resolve(node, reading.aliases);
  if (isScalar(target)) return readScalar(target, key, numbersAsText, reading);
  if (target === undefined) return { ...plainValue(undefined, rangeOf(node)), broken: true };
  if (target === null) return plainValue(null, rangeOf(key));
  const { start, end } = rangeOf(target);
  if (!isSeq(target)) return plainValue({}, { start, end: start + 1 });
  const items = target.items.map((item) => readValue(item, item, numbersAsText, reading));
  return {
    ...plainValue(
      items.map(({ value }) => value),
      { start, end },
    ),
    items,
  };
}

function plainValue(value: unknown, { start, end }: { readonly start: number; readonly end: number }): ReadValue {
  return { value, raw: '', secret: false, broken: false, items: NO_ITEMS, start, end };
}

function readScalar(scalar: Scalar, key: unknown, numbersAsText: boolean, reading: Reading): ReadValue {
  const { value, source: raw = '' } = scalar;
  const { start, end } = rangeOf(value === null && raw === '' ? key : scalar);
  if (typeof value === 'string' && value.includes('$')) return fillIn(scalar, { value, raw, start, end }, reading);
  const read = numbersAsText && typeof value === 'number' ? raw : value;
  return { value: read, raw, secret: false, broken: false, items: NO_ITEMS, start, end };
}

interface Written {
  readonly value: string;
  readonly raw: string;
  readonly start: number;
  readonly end: number;
}

function fillIn(scalar: Scalar, { value, raw, start, end }: Written, reading: Reading): ReadValue {
  const range = { start, end };
  if (value.length > LIMITS.filledInChars) {
    const message = `a value with variables in it is longer than ${LIMITS.filledInChars} characters`;
    reading.report({ code: 'too-long', message, remedy: 'shorten it', ...range });
    return { ...plainValue(undefined, range), raw, broken: true };
  }
  const filled = reading.filledIn.get(scalar) ?? reading.interpolate(value);
  reading.filledIn.set(scalar, filled);
  if (filled.ok) {
    for (const name of filled.variables) reading.variables.add(name);
    return { ...plainValue(filled.text, range), raw, secret: filled.variables.length > 0 };
  }
  const source = reading.text.slice(range.start, range.end);
  let from = 0;
  for (const { code, message, remedy, at, length } of filled.refusals) {
    // In quotes, escapes may move what follows them: look for the very text, and else point at the whole value.
    const found = source.indexOf(value.slice(at, at + length), from);
    if (found === -1) reading.report({ code, message, remedy, ...range });
    else {
      from = found + length;
      reading.report({ code, message, remedy, start: range.start + found, end: range.start + from });
    }
  }
  return { ...plainValue(undefined, range), raw, broken: true };
}
