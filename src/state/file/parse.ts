import { withRecord } from '../fold.js';
import { type FoldedState, ImpossibleRecord } from '../folded-state.js';
import { STATE_VERSION } from '../records.js';
import { decodeLine, FIRST_CRC, isTornHeader, newerVersion } from './line.js';

const NEWLINE = 0x0a;

/** A journal that can be trusted up to `goodBytes`. */
export interface ParsedJournal {
  readonly kind: 'journal';
  readonly state: FoldedState;
  readonly records: number;
  /** Where the last whole record ends, including its newline if it has one. */
  readonly goodBytes: number;
  /** The bytes after that, left by a crash. They must be cut off before anything is appended. */
  readonly tornBytes: number;
  /** Only the newline of the last record is missing. It must be written before anything is appended. */
  readonly lacksNewline: boolean;
  /** The value that the next record's checksum continues. */
  readonly lastCrc: number;
}

export type JournalReading =
  | ParsedJournal
  /** Nothing was ever recorded: no bytes, or a header that was cut off. */
  | { readonly kind: 'empty' }
  | { readonly kind: 'newer'; readonly version: number; readonly known: number }
  /** Damage that no crash causes. `offset` in bytes from 0, `line` from 1; `why` completes "line 3 …". */
  | { readonly kind: 'damaged'; readonly offset: number; readonly line: number; readonly why: string };

/**
 * Reads a whole state file.
 *
 *     after the last newline comes             then
 *     --------------------------------------   ---------------------------------------------------------------
 *     nothing                                  all is well
 *     a whole record                           it counts: only its newline was cut off
 *     a whole record and one byte, or NULs     it counts: the byte was its newline, so it had been written
 *     anything else                            torn: left out. It was never flushed, so nothing relied on it
 *
 * A line that ends in a newline but is no record with the right checksum is damage, wherever it is.
 */
export function parseJournal(bytes: Uint8Array): JournalReading {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const firstNewline = buffer.indexOf(NEWLINE);
  const version = newerVersion(buffer.toString('utf8', 0, firstNewline < 0 ? buffer.length : firstNewline));
  if (version !== null) return { kind: 'newer', version, known: STATE_VERSION };

  const reader = new Reader();
  let offset = 0;
  for (let newline = firstNewline; newline >= 0; newline = buffer.indexOf(NEWLINE, offset)) {
    const why = reader.read(buffer.subarray(offset, newline));
    if (why !== null) return { kind: 'damaged', offset, line: reader.records + 1, why };
    offset = newline + 1;
  }
  return readTail(buffer, offset, reader);
}

/** Implements the table of `parseJournal`. `offset`: after the last newline. */
function readTail(buffer: Buffer, offset: number, reader: Reader): JournalReading {
  let end = buffer.length;
  // Some file systems extend a file before they fill it: a power cut in between leaves NULs.
  while (end > offset && buffer[end - 1] === 0) end -= 1;
  for (const whole of [end, end - 1]) {
    const line = buffer.subarray(offset, Math.max(offset, whole));
    if (decodeLine(line, reader.crc).kind !== 'record') continue;
    const why = reader.read(line);
    if (why !== null) return { kind: 'damaged', offset, line: reader.records + 1, why };
    return reader.journal(whole, buffer.length - whole, true) ?? { kind: 'empty' };
  }
  const journal = reader.journal(offset, buffer.length - offset, false);
  if (journal !== null) return journal;
  if (isTornHeader(buffer.subarray(0, end))) return { kind: 'empty' };
  return { kind: 'damaged', offset: 0, line: 1, why: 'is not the header of a state file' };
}

/** Folds one line after another into a state. */
class Reader {
  crc = FIRST_CRC;
  records = 0;
  #state: FoldedState | null = null;

  /** Null, or what is wrong with the line. */
  read(line: Buffer): string | null {
    const decoded = decodeLine(line, this.crc);
    if (decoded.kind === 'unreadable') return decoded.why;
    const { record, crc } = decoded;
    try {
      this.#state = withRecord(this.#state, record);
    } catch (error) {
      if (error instanceof ImpossibleRecord) return `(${record.type}) can't be true: ${error.message}`;
      throw error;
    }
    this.crc = crc;
    this.records += 1;
    return null;
  }

  journal(goodBytes: number, tornBytes: number, lacksNewline: boolean): ParsedJournal | null {
    const { crc: lastCrc, records } = this;
    if (this.#state === null) return null;
    return { kind: 'journal', state: this.#state, records, goodBytes, tornBytes, lacksNewline, lastCrc };
  }
}
