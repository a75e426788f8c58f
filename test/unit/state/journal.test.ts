import { chmod, mkdir, readdir, readFile, readlink, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { realDisk } from '../../../src/state/file/disk.js';
import { writeJournal } from '../../../src/state/file/open.js';
import { RememberedFile } from '../../../src/state/file/remembered.js';
import { fileStore } from '../../../src/state/file/store.js';
import type { StateRecord } from '../../../src/state/records.js';
import type { OpenJournal } from '../../../src/state/store.js';
import { FaultyDisk } from './faulty-disk.js';
import { aFolder, aStatePath } from './folders.js';
import { AT, aWebhook, fileOf, HEADER, made } from './histories.js';
import { createAt, openAt, reopened, stateOnDisk, writeAll } from './journals.js';

describe('a journal', () => {
  it('goes on where another process left it', async () => {
    const path = await aStatePath();
    for (const [index, name] of ['a', 'b', 'c'].entries()) {
      const journal = index === 0 ? await createAt(path) : await reopened(path);
      writeAll(journal, made(name, 10 + index, journal.state.nextIntent));
      await journal.close();
    }
    expect(await readFile(path)).toEqual(
      fileOf([HEADER, ...made('a', 10, 1), ...made('b', 11, 2), ...made('c', 12, 3)]),
    );
  });

  it('that was found has its name flushed with the first records: who made or renamed it may have died before', async () => {
    const disk = new FaultyDisk();
    const path = await aStatePath();
    await (await createAt(path)).close();
    const journal = (await openAt(path, disk))?.journal;
    if (journal === undefined) throw new Error('no state file');
    expect(disk.count('syncFolder')).toBe(0);
    for (const [index, name] of ['a', 'b'].entries()) {
      writeAll(journal, made(name, 10 + index, journal.state.nextIntent));
      await journal.flush();
      expect(disk.count('syncFolder')).toBe(1);
    }
    await journal.close();
  });

  it('writes what comes while a flush is under way in one more write and one more flush', async () => {
    const disk = new FaultyDisk();
    const path = await aStatePath();
    const journal = await createAt(path, disk);
    const before = { write: disk.count('write'), datasync: disk.count('datasync') };
    let whileFlushing: Promise<void>[] = [];
    disk.before = (call) => {
      if (call !== 'datasync' || whileFlushing.length > 0) return;
      whileFlushing = Array.from({ length: 50 }, (_, index) => {
        writeAll(journal, made(`b${index}`, 100 + index, 2 + index));
        return journal.flush();
      });
    };
    writeAll(journal, made('a', 10, 1));
    await journal.flush();
    await Promise.all(whileFlushing);
    expect(whileFlushing).toHaveLength(50);
    expect(disk.count('write') - before.write).toBe(2);
    expect(disk.count('datasync') - before.datasync).toBe(2);
    expect((await stateOnDisk(path)).entries.size).toBe(51);
    await journal.close();
  });

  it('writes what comes in one turn of the event loop in one write', async () => {
    const disk = new FaultyDisk();
    const journal = await createAt(await aStatePath(), disk);
    const before = disk.count('write');
    for (let index = 1; index <= 10; index += 1) {
      writeAll(journal, made(`a${index}`, index, index));
      await Promise.resolve();
    }
    await journal.flush();
    expect(disk.count('write') - before).toBe(1);
    await journal.close();
  });

  it('writes as many bytes as the change has, whatever the size of the file', async () => {
    const path = await aStatePath();
    const journal = await createAt(path);
    for (let index = 1; index <= 500; index += 1) writeAll(journal, made(`a${index}`, index, index));
    await journal.flush();
    const { size } = await stat(path);
    const change: StateRecord = { type: 'removed', id: 7, at: AT };
    journal.write(change);
    await journal.flush();
    expect((await stat(path)).size - size).toBe(JSON.stringify({ crc: '00000000', ...change }).length + 1);
    await journal.close();
  });
});

describe('opening', () => {
  it('finds nothing where there is no byte, or a header that was cut off', async () => {
    const path = await aStatePath();
    for (const bytes of [Buffer.alloc(0), fileOf([HEADER]).subarray(0, 40)]) {
      await writeFile(path, bytes);
      expect(await openAt(path)).toBeNull();
      expect(await fileStore(path).read()).toBeNull();
      expect(await readFile(path)).toEqual(bytes);
    }
  });

  it('says what to do where the path is a folder', async () => {
    const folder = await aFolder();
    const failure = { kind: 'failed', message: expect.stringContaining('folder') };
    await expect(fileStore(folder).read()).rejects.toMatchObject(failure);
    const holder = { pid: 1, host: 'box', since: AT, command: 'apply' };
    await expect(fileStore(folder).take({ holder, timeoutMs: 0 })).rejects.toMatchObject(failure);
  });

  it('cuts off a torn last record and says so; reading leaves it', async () => {
    const path = await aStatePath();
    const good = fileOf([HEADER, ...made('a', 10, 1)]);
    const torn = Buffer.concat([good, Buffer.from('{"crc":"12')]);
    await writeFile(path, torn, { mode: 0o600 });
    expect((await stateOnDisk(path)).entries.size).toBe(1);
    expect(await readFile(path)).toEqual(torn);
    const opened = await openAt(path);
    expect(opened?.repaired).toMatchObject([{ code: 'state-torn', severity: 'warning', file: path }]);
    expect(await readFile(path)).toEqual(good);
    await opened?.journal.close();
  });

  it('ends a last record that lacks only its newline', async () => {
    const path = await aStatePath();
    const good = fileOf([HEADER, ...made('a', 10, 1)]);
    await writeFile(path, good.subarray(0, -1), { mode: 0o600 });
    const opened = await openAt(path);
    expect(opened?.repaired).toEqual([]);
    expect(opened?.journal.state.entries.size).toBe(1);
    opened?.journal.write({ type: 'deleting', name: 'a', at: AT });
    await opened?.journal.close();
    expect(await readFile(path)).toEqual(
      fileOf([HEADER, ...made('a', 10, 1), { type: 'deleting', name: 'a', at: AT }]),
    );
  });

  it.each([
    [
      'damaged',
      Buffer.concat([fileOf([HEADER]), Buffer.from('x\n')]),
      'state-damaged',
      `at byte ${fileOf([HEADER]).length}: line 2 does not`,
    ],
    ['of a later version', Buffer.from('{"type":"header","version":3}\n'), 'state-newer', 'version 3'],
    ['something else', Buffer.from('# readme'), 'state-damaged', 'at byte 0: line 1 is not the header'],
  ])('refuses a file that is %s, and leaves it as it is', async (_, bytes, code, message) => {
    const path = await aStatePath();
    await writeFile(path, bytes, { mode: 0o644 });
    const refusal = { kind: 'refused', message: expect.stringContaining(message), problems: [{ code, file: path }] };
    await expect(openAt(path)).rejects.toMatchObject(refusal);
    await expect(fileStore(path).read()).rejects.toMatchObject(refusal);
    expect(await readFile(path)).toEqual(bytes);
    expect((await stat(path)).mode & 0o777).toBe(0o644);
  });

  it('takes away what a crash in a compaction left beside it', async () => {
    const path = await aStatePath();
    await (await createAt(path)).close();
    await writeFile(`${path}.tmp`, 'half a file');
    await (await reopened(path)).close();
    expect(await readdir(dirname(path))).toEqual(['webhooks.state.jsonl']);
  });
});

describe('creating', () => {
  it('fills an empty file in place: it may have been put there to be mounted', async () => {
    const path = await aStatePath();
    await writeFile(path, '', { mode: 0o644 });
    const { ino } = await stat(path);
    const file = await realDisk.open(path, 'r+');
    const where = { path, target: path, disk: realDisk };
    await (await writeJournal(where, [HEADER], file, { isEmpty: true, remembered: new RememberedFile() })).close();
    expect(await readFile(path)).toEqual(fileOf([HEADER]));
    expect(await stat(path)).toMatchObject({ ino, mode: 0o100600 });
  });

  it('makes no folder: a missing one is more often a volume that is not mounted', async () => {
    const path = join(await aFolder(), 'volume', 'webhooks.state.jsonl');
    const failure = {
      kind: 'failed',
      problems: [{ code: 'state-folder-missing', remedy: expect.stringContaining('mount') }],
    };
    await expect(fileStore(path).read()).rejects.toMatchObject(failure);
  });
});

describe('who can read it', () => {
  it.each([0, 0o777])('is its owner alone, whatever the mask of the process (%i)', async (mask) => {
    const path = await aStatePath();
    const before = process.umask(mask);
    try {
      const journal = await createAt(path);
      await fillWithDead(journal);
      const { ino, mode } = await stat(path);
      expect(mode & 0o777).toBe(0o600);
      await journal.close();
      const anew = await stat(path);
      expect([anew.ino === ino, anew.mode & 0o777]).toEqual([false, 0o600]);
    } finally {
      process.umask(before);
    }
  });

  it('is made so again when it was opened up, and that is said', async () => {
    const path = await aStatePath();
    await (await createAt(path)).close();
    await chmod(path, 0o644);
    const opened = await openAt(path);
    expect(opened?.repaired).toMatchObject([{ code: 'state-mode', message: expect.stringContaining('0644') }]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await opened?.journal.close();
  });
});

describe('a state file behind symbolic links', () => {
  it('is made, written and compacted where they lead, and they stay', async () => {
    const folder = await aFolder();
    await mkdir(join(folder, 'volume'));
    await symlink('volume', join(folder, 'current'));
    await symlink('current/real.jsonl', join(folder, 'link.jsonl'));
    const path = join(folder, 'link.jsonl');
    const journal = await createAt(path);
    await fillWithDead(journal);
    await journal.close();
    await (await reopened(path)).close();
    expect((await stat(path)).size).toBeLessThan(10_000);
    expect(await readlink(path)).toBe('current/real.jsonl');
    expect(await readdir(join(folder, 'volume'))).toEqual(['real.jsonl']);
  });
});

describe('a file that is taken away while it is in use', () => {
  it.each([
    ['removed', (path: string) => rm(path)],
    ['replaced', (path: string) => writeFile(`${path}.new`, '').then(() => rename(`${path}.new`, path))],
    ['removed with its folder', (path: string) => rm(dirname(path), { recursive: true })],
  ])('%s: closing fails, since what was recorded is not in it', async (_, take) => {
    const path = await aStatePath();
    const journal = await createAt(path);
    writeAll(journal, made('a', 10, 1));
    await journal.flush();
    await take(path);
    await expect(journal.close()).rejects.toMatchObject({ kind: 'failed', problems: [{ code: 'state-replaced' }] });
  });

  it('is noticed in a long run, before the end of it', async () => {
    const path = await aStatePath();
    const journal = await createAt(path);
    await rm(path);
    let flushed = 0;
    const run = async () => {
      for (; flushed < 1_000; flushed += 1) {
        writeAll(journal, made(`a${flushed}`, flushed + 1, flushed + 1));
        await journal.flush();
      }
    };
    await expect(run()).rejects.toMatchObject({ problems: [{ code: 'state-replaced' }] });
    expect(flushed).toBeLessThan(100);
    await expect(journal.close()).rejects.toMatchObject({ problems: [{ code: 'state-replaced' }] });
  });
});

/** Two entries, an open intent, a pending delete, and more than a thousand records about what is over. */
async function fillWithDead(journal: OpenJournal): Promise<void> {
  writeAll(journal, [...made('a', 10, 1), ...made('b', 11, 2), ...made('b', 12, 3)]);
  writeAll(journal, [
    { type: 'intent', intent: 4, name: 'c', above: 12, at: AT, webhook: aWebhook('c') },
    { type: 'unknown', intent: 4, at: AT, reason: 'no answer' },
    { type: 'closed', intent: 4, at: AT, witness: 12 },
  ]);
  for (let round = 0; round < 600; round += 1) {
    writeAll(journal, [
      { type: 'updating', name: 'a', at: AT, webhook: aWebhook(`a${round}`) },
      { type: 'updated', name: 'a', at: AT, webhook: aWebhook(`a${round}`) },
    ]);
  }
  await journal.flush();
}

describe('compaction', () => {
  it('writes a mostly dead file anew when it is closed, with the same state, which the next process goes on with', async () => {
    const path = await aStatePath();
    const journal = await createAt(path);
    await fillWithDead(journal);
    await journal.close();
    expect((await readFile(path, 'utf8')).trimEnd().split('\n')).toHaveLength(8);
    expect(await stateOnDisk(path)).toEqual(journal.state);
    const next = await reopened(path);
    writeAll(next, made('d', 99, 5));
    await next.close();
    expect(await stateOnDisk(path)).toEqual(next.state);
    expect(await readdir(dirname(path))).toEqual(['webhooks.state.jsonl']);
  });

  it('does not replace what somebody else put in place of the file', async () => {
    const path = await aStatePath();
    const journal = await createAt(path);
    await fillWithDead(journal);
    const other = fileOf([HEADER, ...made('restored', 10, 1)]);
    await writeFile(`${path}.restored`, other);
    await rename(`${path}.restored`, path);
    await expect(journal.close()).rejects.toMatchObject({ problems: [{ code: 'state-replaced' }] });
    expect(await readFile(path)).toEqual(other);
  });

  it('leaves a file alone of which little is dead', async () => {
    const path = await aStatePath();
    const journal = await createAt(path);
    for (let index = 1; index <= 3_000; index += 1) writeAll(journal, made(`a${index}`, index, index));
    await journal.flush();
    const { ino } = await stat(path);
    await journal.close();
    expect((await stat(path)).ino).toBe(ino);
  });

  it('shows a reader the old file or the new one, whole', async () => {
    const disk = new FaultyDisk();
    const path = await aStatePath();
    const journal = await createAt(path, disk);
    await fillWithDead(journal);
    let readings = 0;
    disk.before = async () => {
      expect((await stateOnDisk(path)).entries.get('a')?.spec).toEqual(aWebhook('a599'));
      readings += 1;
    };
    await journal.close();
    expect(readings).toBeGreaterThan(4);
  });
});
