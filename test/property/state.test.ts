import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compact } from '../../src/state/compact.js';
import { parseJournal } from '../../src/state/file/parse.js';
import { applyRecord, fold } from '../../src/state/fold.js';
import { union } from '../../src/state/ranges.js';
import { tried } from '../helpers/night.js';
import { aStatePath } from '../unit/state/folders.js';
import { AT, anyHistory, fileOf } from '../unit/state/histories.js';
import { createAt, stateOnDisk } from '../unit/state/journals.js';

describe('any history', () => {
  it('says the same after it is compacted', () => {
    fc.assert(
      fc.property(anyHistory(), (history) => {
        const state = fold(history);
        const compacted = [...compact(state)];
        expect(fold(compacted)).toEqual(state);
        expect([...fold(compacted).entries.keys()]).toEqual([...state.entries.keys()]);
      }),
      tried(500),
    );
  });

  it('leads to a state in which every id is that of one entry or one pending delete', () => {
    fc.assert(
      fc.property(anyHistory(), (history) => {
        const { entries, pendingDeletes, owners, highestId, intents, closed, nextIntent } = fold(history);
        const ours = [...entries.values(), ...pendingDeletes.values()].map(({ id, name }) => [id, name] as const);
        expect(new Map(ours)).toEqual(owners);
        expect(ours).toHaveLength(owners.size);
        for (const id of owners.keys()) expect(id).toBeLessThanOrEqual(highestId ?? 0);
        for (const number of [...intents.keys(), ...closed.keys()]) expect(number).toBeLessThan(nextIntent);
        for (const number of closed.keys()) expect(intents.has(number)).toBe(false);
        for (const [name, entry] of entries) expect(entry.name).toBe(name);
      }),
      tried(500),
    );
  });

  it('keeps marks and what was read as ranges that are sorted and apart from each other', () => {
    fc.assert(
      fc.property(anyHistory(), (history) => {
        const { possiblyDuplicated, reads } = fold(history);
        for (const ranges of possiblyDuplicated.values()) expect(ranges).toEqual(union(ranges, []));
        for (const [index, { from, to }] of reads.entries()) {
          expect(from).toBeLessThanOrEqual(to);
          expect(from).toBeGreaterThan(reads[index - 1]?.to ?? 0);
        }
      }),
      tried(500),
    );
  });

  it('keeps nothing for the sake of what is looked for once there is none', () => {
    fc.assert(
      fc.property(anyHistory(), (history) => {
        const end = fold(history);
        for (const intent of [...end.intents.keys(), ...end.closed.keys()]) {
          applyRecord(end, { type: 'cancelled', intent, at: AT, reason: '' });
        }
        expect([end.intents.size, end.closed.size]).toEqual([0, 0]);
        if (history.some(({ type }) => type === 'intent')) expect(end.formerIds.size).toBe(0);
      }),
      tried(500),
    );
  });

  it('is read back from its file as it was', () => {
    fc.assert(
      fc.property(anyHistory(), (history) => {
        const file = fileOf(history);
        expect(parseJournal(file)).toMatchObject({ kind: 'journal', state: fold(history), goodBytes: file.length });
      }),
      tried(300),
    );
  });

  it('cut off anywhere is read as a beginning of it', () => {
    fc.assert(
      fc.property(anyHistory(), fc.nat(), fc.nat(100), (history, where, nuls) => {
        const file = fileOf(history);
        const cut = Buffer.concat([file.subarray(0, where % (file.length + 1)), Buffer.alloc(nuls)]);
        const reading = parseJournal(cut);
        if (reading.kind === 'empty') return;
        expect(reading).toMatchObject({ kind: 'journal' });
        if (reading.kind === 'journal') expect(reading.state).toEqual(fold(history.slice(0, reading.records)));
      }),
      tried(300),
    );
  });

  it('with one byte changed is refused or read as it was', () => {
    fc.assert(
      fc.property(anyHistory(), fc.nat(), fc.integer({ min: 1, max: 255 }), (history, where, change) => {
        const file = fileOf(history);
        const byte = where % file.length;
        file[byte] = (file[byte] ?? 0) ^ change;
        const reading = parseJournal(file);
        if (reading.kind === 'journal') expect(reading.state).toEqual(fold(history));
        else expect(['damaged', 'newer']).toContain(reading.kind);
      }),
      tried(500),
    );
  });

  it('written through a journal, flushed here and there, is on disk as it is in mind', async () => {
    await fc.assert(
      fc.asyncProperty(anyHistory(), fc.nat(7), async (history, flushEach) => {
        const path = await aStatePath();
        const journal = await createAt(path);
        for (const [index, record] of history.slice(1).entries()) {
          journal.write(record);
          if (index % (flushEach + 1) === flushEach) await journal.flush();
        }
        await journal.close();
        expect(await readFile(path)).toEqual(fileOf(history));
        expect(await stateOnDisk(path)).toEqual(fold(history));
        expect(journal.state).toEqual(fold(history));
      }),
      tried(40),
    );
  });
});
