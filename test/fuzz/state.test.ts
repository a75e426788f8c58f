import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJournal } from '../../src/state/file/parse.js';
import { fold } from '../../src/state/fold.js';
import type { StateRecord } from '../../src/state/records.js';
import { anyHistory, fileOf } from '../unit/state/histories.js';
import { mutated } from './mutate.js';
import { runs } from './runs.js';

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
