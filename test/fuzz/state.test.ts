import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJournal } from '../../src/state/file/parse.js';
import { fold } from '../../src/state/fold.js';
import type { StateRecord } from '../../src/state/records.js';
import { AT, anyHistory, aWebhook, fileOf, HEADER, made } from '../unit/state/histories.js';
import { mutated } from './mutate.js';
import { runs } from './runs.js';

const RECORDS: readonly StateRecord[] = [
  HEADER,
  ...made('a', 10, 1),
  { type: 'intent', intent: 2, name: 'b', above: 10, at: AT, webhook: aWebhook('b') },
  { type: 'unknown', intent: 2, at: AT, reason: 'no answer' },
  ...made('c', 12, 3),
  { type: 'deleting', name: 'a', at: AT },
];
const FILE = fileOf(RECORDS);

function prefixesOf(records: readonly StateRecord[]): readonly unknown[] {
  return records.map((_, index) => fold(records.slice(0, index + 1)));
}

/** What a changed file may be taken for: a beginning of what was written, or nothing at all; never something else. */
function check(bytes: Buffer, prefixes: readonly unknown[]): void {
  const reading = parseJournal(bytes);
  switch (reading.kind) {
    case 'journal':
      expect(prefixes).toContainEqual(reading.state);
      expect(reading.goodBytes).toBeLessThanOrEqual(bytes.length);
      return;
    case 'damaged':
      expect(reading.offset).toBeLessThanOrEqual(bytes.length);
      expect([reading.line > 0, reading.why === '']).toEqual([true, false]);
      return;
    case 'newer':
      expect(reading.version).toBeGreaterThan(reading.known);
      return;
    case 'empty':
      return;
  }
}

describe('a state file', () => {
  const prefixes = prefixesOf(RECORDS);

  it('with any one bit changed is damaged, or a beginning of what it was', () => {
    for (let index = 0; index < FILE.length; index += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        const changed = Buffer.from(FILE);
        changed.writeUInt8(changed.readUInt8(index) ^ (1 << bit), index);
        check(changed, prefixes);
      }
    }
  });

  it('cut off at any byte is a beginning of what it was', () => {
    for (let length = 0; length <= FILE.length; length += 1) {
      const reading = parseJournal(FILE.subarray(0, length));
      expect(['journal', 'empty']).toContain(reading.kind);
      check(FILE.subarray(0, length), prefixes);
    }
  });

  it('with any line doubled, left out or moved is damaged, unless the last is left out', () => {
    const lines = FILE.toString().trimEnd().split('\n');
    const write = (some: readonly string[]) => Buffer.from(some.map((line) => `${line}\n`).join(''));
    for (let from = 0; from < lines.length; from += 1) {
      const line = lines[from] ?? '';
      const without = lines.toSpliced(from, 1);
      if (from < lines.length - 1) expect(parseJournal(write(without)).kind).toBe('damaged');
      for (let to = 0; to <= lines.length; to += 1) {
        expect(parseJournal(write(lines.toSpliced(to, 0, line))).kind).toBe('damaged');
        if (to < lines.length && to !== from) {
          expect(parseJournal(write(without.toSpliced(to, 0, line))).kind).toBe('damaged');
        }
      }
    }
  });

  it('of a future version is told as such, whatever else is in it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 3 }), fc.uint8Array(), (version, rest) => {
        const header = `{"crc":"00000000","type":"header","version":${version}}\n`;
        expect(parseJournal(Buffer.concat([Buffer.from(header), rest]))).toMatchObject({ kind: 'newer', version });
      }),
      runs(200),
    );
  });

  it('of any history, changed in several places, is never taken for another one', () => {
    const changedHistory = anyHistory().chain((history) =>
      mutated([fileOf(history)]).map((bytes) => ({ history, bytes })),
    );
    fc.assert(
      fc.property(changedHistory, ({ history, bytes }) => check(bytes, prefixesOf(history))),
      runs(300),
    );
  });

  it('of any bytes is damaged or empty', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => {
        expect(['damaged', 'empty']).toContain(parseJournal(bytes).kind);
      }),
      runs(1_000),
    );
  });
});
