import { crc32 } from 'node:zlib';
import { asRecord, STATE_VERSION, type StateRecord } from '../records.js';

/**
 * One record is one line of valid JSON. Its first member is a checksum of the rest:
 *
 *     {"crc":"9f3a01bc","type":"created","intent":12,"id":1894,"at":"2026-11-23T10:00:00.000Z"}
 *                      ^------------------------- checked -------------------------------------^
 *
 * Each checksum continues that of the line before, so a line that was lost, repeated or moved is noticed as well as one
 * that was changed.
 */
const BEGINNING = '{"crc":"';
const CHECK = /^\{"crc":"([0-9a-f]{8})",$/;
const CHECKED_FROM = '{"crc":"9f3a01bc",'.length;

/** The value that the first line's checksum continues. */
export const FIRST_CRC = 0;

export interface EncodedLines {
  /** UTF-8, each with its newline. */
  readonly bytes: Buffer;
  /** The value that the next line's checksum continues. */
  readonly crc: number;
}

/** Encodes several records as consecutive lines. Each of `jsons` is an object with at least one member. */
export function encodeLines(jsons: readonly string[], previousCrc: number): EncodedLines {
  let crc = previousCrc;
  const lines = jsons.map((json) => {
    const checked = json.slice(1);
    crc = crc32(checked, crc);
    return `${BEGINNING}${crc.toString(16).padStart(8, '0')}",${checked}\n`;
  });
  return { bytes: Buffer.from(lines.join('')), crc };
}

export type DecodedLine =
  | { readonly kind: 'record'; readonly record: StateRecord; readonly crc: number }
  /** `why` completes a sentence that begins with the line. */
  | { readonly kind: 'unreadable'; readonly why: string };

/** Reads a line, given without its newline. */
export function decodeLine(line: Buffer, previousCrc: number): DecodedLine {
  const check = CHECK.exec(line.toString('latin1', 0, CHECKED_FROM))?.[1];
  if (check === undefined) return { kind: 'unreadable', why: 'does not begin with a checksum' };
  const checked = line.subarray(CHECKED_FROM);
  const crc = crc32(checked, previousCrc);
  if (crc !== Number.parseInt(check, 16)) {
    return {
      kind: 'unreadable',
      why: 'does not fit its checksum: it, or a line before it, was changed, removed or moved',
    };
  }
  const record = asRecord(parseJson(`{${checked.toString()}`));
  return typeof record === 'string' ? { kind: 'unreadable', why: record } : { kind: 'record', record, crc };
}

/**
 * The version of a header that a later program wrote, or null. Checked before the checksum, which a later version may
 * compute differently: "use a newer program" helps, "does not fit its checksum" only frightens.
 */
export function newerVersion(firstLine: string): number | null {
  const value = parseJson(firstLine);
  if (typeof value !== 'object' || value === null || !('type' in value) || !('version' in value)) return null;
  const { type, version } = value;
  return type === 'header' && Number.isSafeInteger(version) && Number(version) > STATE_VERSION ? Number(version) : null;
}

/** The beginning of a header that was never completed, with nothing of another record in it. */
export function isTornHeader(bytes: Buffer): boolean {
  const begun = bytes.toString('latin1', 0, BEGINNING.length);
  return BEGINNING.startsWith(begun) && !bytes.includes('{', 1) && !bytes.includes('}');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
