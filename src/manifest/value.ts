import { isMap, isScalar, isSeq, type Scalar } from 'yaml';
import type { Report } from './findings.js';
import type { Interpolate } from './interpolate.js';
import { type Aliases, rangeOf, resolve } from './tree.js';

/** What reading the entries of one manifest shares. */
export interface Reading {
  readonly aliases: Aliases;
  readonly report: Report;
  /** There are as many errors as are told. */
  isFull(): boolean;
  readonly interpolate: Interpolate;
  readonly text: string;
  /** Names of the variables that were filled in. */
  readonly variables: Set<string>;
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

/**
 * Reads a field's value. `numbersAsText`: numbers are handed on as they are written, so that 0x10, 1e3 or 017, which
 * are numbers to YAML, are not taken for an id in silence. `key` is pointed at where there is no value.
 */
export function readValue(node: unknown, key: unknown, numbersAsText: boolean, reading: Reading): ReadValue {
  const target = resolve(node, reading.aliases);
  const plain = { raw: '', secret: false, broken: false, items: [], ...rangeOf(target ?? key) };
  if (target === undefined) return { ...plain, value: undefined, broken: true };
  if (isScalar(target)) return readScalar(target, key, numbersAsText, reading);
  if (isMap(target)) return { ...plain, value: {}, end: plain.start + 1 };
  if (!isSeq(target)) return { ...plain, value: null };
  const items = target.items.map((item) => readValue(item, target, numbersAsText, reading));
  return { ...plain, value: items.map(({ value }) => value), items };
}

function readScalar(scalar: Scalar, key: unknown, numbersAsText: boolean, reading: Reading): ReadValue {
  const { value, source: raw = '' } = scalar;
  const range = rangeOf(value === null && raw === '' ? key : scalar);
  const read = { value, raw, secret: false, broken: false, items: [], ...range };
  if (numbersAsText && typeof value === 'number') return { ...read, value: raw };
  if (typeof value !== 'string' || !value.includes('$')) return read;
  const filled = reading.interpolate(value);
  if (filled.ok) {
    for (const name of filled.variables) reading.variables.add(name);
    return { ...read, value: filled.text, secret: filled.variables.length > 0 };
  }
  let from = range.start;
  for (const { code, message, remedy, at, length } of filled.refusals) {
    // In quotes, escapes may move what follows them: look for the very text, and else point at the whole value.
    const reference = value.slice(at, at + length);
    const found = reading.text.indexOf(reference, from);
    const inside = found !== -1 && found + length <= range.end;
    const place = inside ? { start: found, end: found + length } : range;
    if (inside) from = place.end;
    reading.report({ code, message, remedy, ...place });
  }
  return { ...read, value: undefined, broken: true };
}
