import { crc32 } from './crc32.js';
import { asRecord, STATE_VERSION, type StateRecord } from './records.js';

/**
 * One record is one line, valid JSON whose first member is a check of the rest:
 *
 *     {"crc":"9f3a01bc","type":"created","intent":12,"id":1894,"at":"2026-11-23T10:00:00.000Z"}
 *                      ^------------------------- checked -------------------------------------^
 *
 * The check goes on from that of the line before, so that not only a changed line is noticed, but also one that was
 * lost, doubled or moved.
 */
const PREFIX = Buffer.from('{"crc":"');
const SEPARATOR = Buffer.from('",');
const NEWLINE = 0x0a;
const CRC_DIGITS = 8;
const HEX_DIGITS = [...Buffer.from('0123456789abcdef')];
const UNCHECKED = `${PREFIX}${'0'.repeat(CRC_DIGITS)}${SEPARATOR}`;
const CHECKED_FROM = UNCHECKED.length;

/** What the check of the first line goes on from. */
export const FIRST_CRC = 0;

export interface EncodedLines {
  /** UTF-8, each with its newline. */
  readonly bytes: Buffer;
  /** What the check of the line after them goes on from. */
  readonly crc: number;
}

/**
 * The lines of several records, one after the other. Each of `jsons` is an object with at least one member.
 * Made bytes all at once: one by one takes twice the time.
 */
export function encodeLines(jsons: readonly string[], previousCrc: number): EncodedLines {
  const bytes = Buffer.from(jsons.map((json) => `${UNCHECKED}${json.slice(1)}\n`).join(''));
  let crc = previousCrc;
  for (let from = 0; from < bytes.length; ) {
    const to = bytes.indexOf(NEWLINE, from);
    crc = crc32(bytes, from + CHECKED_FROM, to, crc);
    writeHex(bytes, from + PREFIX.length, crc);
    from = to + 1;
  }
  return { bytes, crc };
}

function writeHex(bytes: Buffer, at: number, value: number): void {
  for (let digit = 0; digit < CRC_DIGITS; digit += 1) {
    bytes[at + digit] = HEX_DIGITS[(value >>> (4 * (CRC_DIGITS - 1 - digit))) & 0xf] ?? 0;
  }
}

export type DecodedLine =
  | { readonly kind: 'record'; readonly record: StateRecord; readonly crc: number }
  /** `why` is the end of a sentence that begins with the line. */
  | { readonly kind: 'unreadable'; readonly why: string };

/** Reads the line that stands in the bytes `from` up to `to`, which is where its newline is or should be. */
export function decodeLine(bytes: Buffer, from: number, to: number, previousCrc: number): DecodedLine {
  const check = checkOf(bytes, from, to);
  if (check === null) return { kind: 'unreadable', why: 'does not begin with a checksum' };
  const crc = crc32(bytes, from + CHECKED_FROM, to, previousCrc);
  if (crc !== check) {
    return {
      kind: 'unreadable',
      why: 'does not fit its checksum: it, or a line before it, was changed, removed or moved',
    };
  }
  const record = asRecord(parseJson(`{${bytes.toString('utf8', from + CHECKED_FROM, to)}`));
  return typeof record === 'string' ? { kind: 'unreadable', why: record } : { kind: 'record', record, crc };
}

/** The checksum that a line says it has, or null where it has none. */
function checkOf(bytes: Buffer, from: number, to: number): number | null {
  if (to - from < CHECKED_FROM) return null;
  const digitsTo = from + PREFIX.length + CRC_DIGITS;
  if (!standsAt(bytes, from, PREFIX) || !standsAt(bytes, digitsTo, SEPARATOR)) return null;
  let check = 0;
  for (let index = from + PREFIX.length; index < digitsTo; index += 1) {
    const digit = HEX_DIGITS.indexOf(bytes[index] ?? 0);
    if (digit < 0) return null;
    check = check * 16 + digit;
  }
  return check;
}

/** By hand, as this is done for every line: Buffer.compare takes five times as long for so few bytes. */
function standsAt(bytes: Buffer, from: number, expected: Buffer): boolean {
  for (let index = 0; index < expected.length; index += 1) {
    if (bytes[from + index] !== expected[index]) return false;
  }
  return true;
}

/**
 * The version of a header that a later program wrote, or null. Looked at before the checksum, since a later version
 * may check in another way, and "use a newer program" helps where "does not fit its checksum" frightens.
 */
export function newerVersion(firstLine: string): number | null {
  const value = parseJson(firstLine);
  if (typeof value !== 'object' || value === null || !('type' in value) || !('version' in value)) return null;
  const { type, version } = value;
  return type === 'header' && Number.isSafeInteger(version) && Number(version) > STATE_VERSION ? Number(version) : null;
}

/** The beginning of a header whose end was never written: no other record can stand in it. */
export function isTornHeader(bytes: Buffer): boolean {
  const beginning = Math.min(bytes.length, PREFIX.length);
  if (bytes.compare(PREFIX, 0, beginning, 0, beginning) !== 0) return false;
  return !bytes.includes('{', 1) && !bytes.includes('}');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
