import { appendFileSync, readFileSync, truncateSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Journal } from '../../../src/state/journal.js';
import { createJournal, openJournal, readState } from '../../../src/state/journal-open.js';
import type { StateRecord } from '../../../src/state/records.js';
import { type Call, FaultyFiles, systemError } from './faulty-files.js';
import { aStatePath } from './folders.js';
import { AT, aWebhook, fileOf, HEADER, made } from './histories.js';

const START = { account: '34', createdAt: AT };

function writeAll(journal: Journal, records: readonly StateRecord[]): void {
  for (const record of records) journal.write(record);
}

/** A journal with one entry on disk, whose files are now in the test's hands. */
async function aJournal() {
  const files = new FaultyFiles();
  const path = await aStatePath();
  const journal = await createJournal(path, START, files);
  writeAll(journal, made('a', 10, 1));
  await journal.flush();
  return { files, path, journal, good: await readFile(path) };
}

function failAt(files: FaultyFiles, failing: Call, code: string): void {
  files.before = (call) => {
    if (call === failing) throw systemError(code);
  };
}

describe('a disk that fails', () => {
  const faults: [Call, string, string][] = [
    ['write', 'ENOSPC', 'no space'],
    ['write', 'EDQUOT', 'quota'],
    ['write', 'EFBIG', 'file sizes'],
    ['write', 'EROFS', 'read-only'],
    ['write', 'EIO', 'device'],
    ['datasync', 'EIO', 'device'],
    ['datasync', 'ENOSPC', 'no space'],
    ['write', 'EWEIRD', 'EWEIRD'],
  ];
  it.each(faults)(
    '%s with %s: everything that waits and everything later fails, and says why',
    async (call, code, why) => {
      const { files, path, journal, good } = await aJournal();
      failAt(files, call, code);
      writeAll(journal, made('b', 11, 2));
      const failure = {
        name: 'ProductError',
        kind: 'failed',
        message: expect.stringContaining(why),
        problems: [{ code: 'state-failed', file: path, remedy: expect.stringContaining('run again') }],
      };
      await expect(journal.flush()).rejects.toMatchObject(failure);
      expect(await readFile(path)).toEqual(good);
      files.before = () => undefined;
      const calls = files.calls.length;
      expect(() => journal.write({ type: 'deleting', name: 'a', at: AT })).toThrow(why);
      await expect(journal.flush()).rejects.toMatchObject(failure);
      await expect(journal.compactIfMostlyDead()).rejects.toMatchObject(failure);
      await expect(journal.close()).rejects.toMatchObject(failure);
      // After a flush that failed, one that works proves nothing: it is not tried.
      expect(files.calls).toHaveLength(calls);
      const again = await openJournal(path);
      expect([...(again?.journal.state.entries.keys() ?? [])]).toEqual(['a']);
      await again?.journal.close();
    },
  );

  it('fails those that came while the failing flush was under way', async () => {
    const { files, journal } = await aJournal();
    let later: Promise<void> | null = null;
    files.before = (call) => {
      if (call !== 'datasync') return;
      writeAll(journal, made('c', 12, 3));
      later = journal.flush();
      throw systemError('EIO');
    };
    writeAll(journal, made('b', 11, 2));
    await expect(journal.flush()).rejects.toThrow('EIO');
    await expect(later).rejects.toThrow('EIO');
    await expect(journal.close()).rejects.toThrow('EIO');
  });

  it('that nobody waits for is no error of the process until the journal is closed', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', note);
    const { files, journal } = await aJournal();
    failAt(files, 'write', 'ENOSPC');
    writeAll(journal, made('b', 11, 2));
    await new Promise((done) => setImmediate(() => setImmediate(() => setImmediate(done))));
    await expect(journal.close()).rejects.toThrow('ENOSPC');
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });

  it('that cannot even be cut back leaves a torn record for the next start', async () => {
    const { files, path, journal, good } = await aJournal();
    files.mostBytes = 20;
    let writes = 0;
    files.before = (call) => {
      if (call === 'truncate') throw systemError('EIO');
      if (call !== 'write') return;
      writes += 1;
      if (writes === 4) throw systemError('ENOSPC');
    };
    writeAll(journal, made('b', 11, 2));
    await expect(journal.close()).rejects.toThrow('ENOSPC');
    expect((await stat(path)).size).toBe(good.length + 60);
    const opened = await openJournal(path);
    expect(opened?.mended).toMatchObject([{ code: 'state-torn' }]);
    await opened?.journal.close();
    expect(await readFile(path)).toEqual(good);
  });

  it('a write that takes less than it was given is gone on with', async () => {
    const { files, path, journal } = await aJournal();
    files.mostBytes = 7;
    writeAll(journal, made('b', 11, 2));
    await journal.close();
    expect(await readFile(path)).toEqual(fileOf([HEADER, ...made('a', 10, 1), ...made('b', 11, 2)]));
  });

  it('a write that takes nothing is a failure, not a loop', async () => {
    const { files, journal } = await aJournal();
    files.mostBytes = 0;
    writeAll(journal, made('b', 11, 2));
    await expect(journal.flush()).rejects.toMatchObject({
      kind: 'failed',
      message: expect.stringContaining('took nothing'),
    });
    await expect(journal.close()).rejects.toThrow('took nothing');
  });
});

describe('a file that something else changes in the moment of a write', () => {
  it.each<readonly [string, (path: string) => void]>([
    ['cuts it off', (path) => truncateSync(path, 100)],
    ['adds to it', (path) => appendFileSync(path, 'x'.repeat(20))],
  ])('where it %s, nothing counts as written, and what is there is not overwritten', async (_what, meddle) => {
    const { files, path, journal } = await aJournal();
    let meddledWith = Buffer.alloc(0);
    files.before = (call) => {
      if (call !== 'write') return;
      meddle(path);
      meddledWith = readFileSync(path);
    };
    writeAll(journal, made('b', 11, 2));
    await expect(journal.flush()).rejects.toMatchObject({ kind: 'failed', problems: [{ code: 'state-replaced' }] });
    await expect(journal.close()).rejects.toThrow('changed by something else');
    expect((await readFile(path)).subarray(0, meddledWith.length)).toEqual(meddledWith);
  });
});

describe('creating on a disk that fails', () => {
  const calls: Call[] = ['open', 'remove', 'write', 'datasync', 'rename', 'syncFolder'];
  it.each(calls)('at %s: there is no half-made state file, and the next try works', async (call) => {
    const files = new FaultyFiles();
    const path = await aStatePath();
    failAt(files, call, 'EIO');
    await expect(createJournal(path, START, files)).rejects.toMatchObject({ kind: 'failed' });
    const there = await readState(path);
    // The header alone, whole: only its folder could not be flushed.
    if (call === 'syncFolder') expect(there).toMatchObject({ kind: 'state' });
    else expect(there).toEqual({ kind: 'missing' });
    expect((await readdir(dirname(path))).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    const journal = (await openJournal(path))?.journal ?? (await createJournal(path, START));
    await journal.close();
  });
});

describe('compacting on a disk that fails', () => {
  async function aDeadJournal() {
    const made = await aJournal();
    for (let round = 0; round < 600; round += 1) {
      const webhook = aWebhook(`a${round}`);
      made.journal.write({ type: 'updating', name: 'a', at: AT, webhook });
      made.journal.write({ type: 'updated', name: 'a', at: AT, webhook });
    }
    await made.journal.flush();
    return made;
  }

  const harmless: [Call, string][] = [
    ['open', 'EACCES'],
    ['write', 'ENOSPC'],
    ['datasync', 'EIO'],
    ['rename', 'EBUSY'],
    ['chmod', 'EPERM'],
  ];
  it.each(harmless)('at %s with %s: the file stays as it is and is gone on with', async (call, code) => {
    const { files, path, journal } = await aDeadJournal();
    const before = await readFile(path);
    failAt(files, call, code);
    expect(await journal.compactIfMostlyDead()).toBe(false);
    files.before = () => undefined;
    expect((await readFile(path)).equals(before)).toBe(true);
    expect(await readdir(dirname(path))).toEqual(['webhooks.state.jsonl']);
    writeAll(journal, made('b', 11, 2));
    await journal.close();
    expect(await readState(path)).toEqual({ kind: 'state', state: journal.state });
  });

  it('after the rename: the journal is broken, since nobody knows which file a power cut would leave', async () => {
    const { files, path, journal } = await aDeadJournal();
    failAt(files, 'syncFolder', 'EIO');
    await expect(journal.compactIfMostlyDead()).rejects.toMatchObject({ kind: 'failed' });
    expect(() => journal.write({ type: 'deleting', name: 'a', at: AT })).toThrow('EIO');
    await expect(journal.close()).rejects.toThrow('EIO');
    expect(await readState(path)).toEqual({ kind: 'state', state: journal.state });
  });
});
