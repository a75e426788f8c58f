import { appendFileSync, readFileSync, truncateSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fileStore } from '../../../src/state/file/store.js';
import { type Call, FaultyDisk, systemError } from './faulty-disk.js';
import { aStatePath } from './folders.js';
import { AT, aWebhook, made } from './histories.js';
import { createAt, openAt, writeAll } from './journals.js';

/** A journal with one entry on disk, whose files are now in the test's hands. */
async function aJournal() {
  const disk = new FaultyDisk();
  const path = await aStatePath();
  const journal = await createAt(path, disk);
  writeAll(journal, made('a', 10, 1));
  await journal.flush();
  return { disk, path, journal, good: await readFile(path) };
}

function failAt(disk: FaultyDisk, failing: Call, code: string): void {
  disk.before = (call) => {
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
      const { disk, path, journal, good } = await aJournal();
      failAt(disk, call, code);
      writeAll(journal, made('b', 11, 2));
      const failure = {
        name: 'ProductError',
        kind: 'failed',
        message: expect.stringContaining(why),
        problems: [{ code: 'state-failed', file: path, remedy: expect.stringContaining('run again') }],
      };
      await expect(journal.flush()).rejects.toMatchObject(failure);
      expect(await readFile(path)).toEqual(good);
      disk.before = () => undefined;
      const calls = disk.calls.length;
      expect(() => journal.write({ type: 'deleting', name: 'a', at: AT })).toThrow(why);
      await expect(journal.flush()).rejects.toMatchObject(failure);
      await expect(journal.close()).rejects.toMatchObject(failure);
      // After a flush that failed, one that works proves nothing: it is not tried.
      expect(disk.calls).toHaveLength(calls);
      const again = await openAt(path);
      expect([...(again?.journal.state.entries.keys() ?? [])]).toEqual(['a']);
      await again?.journal.close();
    },
  );

  it('fails those that came while the failing flush was under way', async () => {
    const { disk, journal } = await aJournal();
    let later: Promise<void> | null = null;
    disk.before = (call) => {
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
    const { disk, journal } = await aJournal();
    failAt(disk, 'write', 'ENOSPC');
    writeAll(journal, made('b', 11, 2));
    await new Promise((done) => setImmediate(() => setImmediate(() => setImmediate(done))));
    await expect(journal.close()).rejects.toThrow('ENOSPC');
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });
});

describe('a file that something else changes in the moment of a write', () => {
  it.each<readonly [string, (path: string) => void]>([
    ['cuts it off', (path) => truncateSync(path, 100)],
    ['adds to it', (path) => appendFileSync(path, 'x'.repeat(20))],
  ])('where it %s, nothing counts as written, and what is there is not overwritten', async (_what, meddle) => {
    const { disk, path, journal } = await aJournal();
    let meddledWith = Buffer.alloc(0);
    disk.before = (call) => {
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
    const disk = new FaultyDisk();
    const path = await aStatePath();
    failAt(disk, call, 'EIO');
    await expect(createAt(path, disk)).rejects.toMatchObject({ kind: 'failed' });
    const there = await fileStore(path).read();
    // The header alone, whole: only its folder could not be flushed.
    if (call === 'syncFolder') expect(there?.account).toBe('34');
    else expect(there).toBeNull();
    expect((await readdir(dirname(path))).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    const journal = there === null ? await createAt(path) : (await openAt(path))?.journal;
    await journal?.close();
  });
});

it('lets go of the file when creating fails, so that the same process can try again', async () => {
  const disk = new FaultyDisk();
  const path = await aStatePath();
  const holder = { pid: process.pid, host: 'here', since: AT, command: 'run' };
  const first = await fileStore(path, disk).take({ holder, timeoutMs: 0 });
  failAt(disk, 'syncFolder', 'EIO');
  await expect(first.create('34')).rejects.toMatchObject({ kind: 'failed' });
  await first.release();
  disk.before = () => undefined;
  const second = await fileStore(path, disk).take({ holder, timeoutMs: 0 });
  expect((await second.open())?.state.account).toBe('34');
  await second.release();
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
  it.each(harmless)('at %s with %s: the file stays as it is', async (call, code) => {
    const { disk, path, journal } = await aDeadJournal();
    const before = await readFile(path);
    failAt(disk, call, code);
    await journal.close();
    expect((await readFile(path)).equals(before)).toBe(true);
    expect(await readdir(dirname(path))).toEqual(['webhooks.state.jsonl']);
  });

  it('after the rename: closing fails, since nobody knows which file a power cut would leave', async () => {
    const { disk, path, journal } = await aDeadJournal();
    failAt(disk, 'syncFolder', 'EIO');
    await expect(journal.close()).rejects.toMatchObject({ kind: 'failed', message: expect.stringContaining('EIO') });
    expect(await fileStore(path).read()).toEqual(journal.state);
  });
});
