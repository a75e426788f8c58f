import { chmod, mkdir, readdir, readFile, readlink, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Journal } from '../../../src/state/journal.js';
import { createJournal, openJournal, readState } from '../../../src/state/journal-open.js';
import type { StateRecord } from '../../../src/state/records.js';
import { FaultyFiles } from './faulty-files.js';
import { aFolder, aStatePath } from './folders.js';
import { AT, aWebhook, fileOf, HEADER, made } from './histories.js';

const START = { account: '34', createdAt: AT };

function writeAll(journal: Journal, records: readonly StateRecord[]): void {
  for (const record of records) journal.write(record);
}

/** The state as the next process finds it. */
async function stateOnDisk(path: string) {
  const reading = await readState(path);
  if (reading.kind !== 'state') throw new Error(reading.kind);
  return reading.state;
}

async function reopened(path: string): Promise<Journal> {
  const opened = await openJournal(path);
  if (opened === null) throw new Error('no state file');
  return opened.journal;
}

describe('a journal', () => {
  it('shows a record in its state at once, and has it on disk after a flush', async () => {
    const path = await aStatePath();
    const journal = await createJournal(path, START);
    writeAll(journal, made('a', 1894, 1));
    expect(journal.state.entries.get('a')?.id).toBe(1894);
    expect(journal.state.owners.get(1894)).toBe('a');
    await journal.flush();
    expect(await stateOnDisk(path)).toEqual(journal.state);
    await journal.close();
  });

  it('goes on where another process left it', async () => {
    const path = await aStatePath();
    for (const [index, name] of ['a', 'b', 'c'].entries()) {
      const journal = index === 0 ? await createJournal(path, START) : await reopened(path);
      writeAll(journal, made(name, 10 + index, journal.state.nextIntent));
      await journal.close();
    }
    expect(await readFile(path)).toEqual(
      fileOf([HEADER, ...made('a', 10, 1), ...made('b', 11, 2), ...made('c', 12, 3)]),
    );
  });

  it('that was found has its name flushed with the first records: who made or renamed it may have died before', async () => {
    const files = new FaultyFiles();
    const path = await aStatePath();
    await (await createJournal(path, START)).close();
    const journal = (await openJournal(path, files))?.journal;
    if (journal === undefined) throw new Error('no state file');
    expect(files.count('syncFolder')).toBe(0);
    for (const [index, name] of ['a', 'b'].entries()) {
      writeAll(journal, made(name, 10 + index, journal.state.nextIntent));
      await journal.flush();
      expect(files.count('syncFolder')).toBe(1);
    }
    await journal.close();
  });

  it('writes what comes while a flush is under way in one more write and one more flush', async () => {
    const files = new FaultyFiles();
    const path = await aStatePath();
    const journal = await createJournal(path, START, files);
    const before = { write: files.count('write'), datasync: files.count('datasync') };
    let whileFlushing: Promise<void>[] = [];
    files.before = (call) => {
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
    expect(files.count('write') - before.write).toBe(2);
    expect(files.count('datasync') - before.datasync).toBe(2);
    expect(journal.stats).toMatchObject({ flushes: 2, records: 103 });
    expect((await stateOnDisk(path)).entries.size).toBe(51);
    await journal.close();
  });

  it('writes what comes in one turn of the event loop in one write', async () => {
    const files = new FaultyFiles();
    const journal = await createJournal(await aStatePath(), START, files);
    const before = files.count('write');
    for (let index = 1; index <= 10; index += 1) {
      writeAll(journal, made(`a${index}`, index, index));
      await Promise.resolve();
    }
    await journal.flush();
    expect(files.count('write') - before).toBe(1);
    await journal.close();
  });

  it('writes as many bytes as the change has, whatever the size of the file', async () => {
    const path = await aStatePath();
    const journal = await createJournal(path, START);
    for (let index = 1; index <= 500; index += 1) writeAll(journal, made(`a${index}`, index, index));
    await journal.flush();
    const { bytes } = journal.stats;
    const change: StateRecord = { type: 'removed', id: 7, at: AT };
    journal.write(change);
    await journal.flush();
    expect(journal.stats.bytes - bytes).toBe(JSON.stringify({ crc: '00000000', ...change }).length + 1);
    await journal.close();
  });

  it('flushes what was written when it is closed, and takes nothing after that', async () => {
    const path = await aStatePath();
    const journal = await createJournal(path, START);
    writeAll(journal, made('a', 10, 1));
    await Promise.all([journal.close(), journal.close()]);
    expect((await stateOnDisk(path)).entries.size).toBe(1);
    expect(() => journal.write({ type: 'deleting', name: 'a', at: AT })).toThrow('closed');
  });

  it('takes no record that could not be read back, and goes on', async () => {
    const path = await aStatePath();
    const journal = await createJournal(path, START);
    expect(() => journal.write({ type: 'removed', id: 99, at: AT })).toThrow('there is no webhook 99');
    expect(() => journal.write({ type: 'removed', id: 0, at: AT })).toThrow('not a whole number above 0');
    expect(() => journal.write({ type: 'forgotten', name: 'a', at: 'today' })).toThrow('not a time');
    writeAll(journal, made('a', 10, 1));
    await journal.close();
    expect(await stateOnDisk(path)).toEqual(journal.state);
  });
});

describe('opening', () => {
  it('finds nothing where there is no file, no byte, or a header that was cut off', async () => {
    const path = await aStatePath();
    expect(await openJournal(path)).toBeNull();
    expect(await readState(path)).toEqual({ kind: 'missing' });
    for (const bytes of [Buffer.alloc(0), fileOf([HEADER]).subarray(0, 40)]) {
      await writeFile(path, bytes);
      expect(await openJournal(path)).toBeNull();
      expect(await readState(path)).toEqual({ kind: 'empty' });
      expect(await readFile(path)).toEqual(bytes);
    }
  });

  it('cuts off a torn last record and says so; reading leaves it', async () => {
    const path = await aStatePath();
    const good = fileOf([HEADER, ...made('a', 10, 1)]);
    const torn = Buffer.concat([good, Buffer.from('{"crc":"12')]);
    await writeFile(path, torn, { mode: 0o600 });
    expect((await stateOnDisk(path)).entries.size).toBe(1);
    expect(await readFile(path)).toEqual(torn);
    const opened = await openJournal(path);
    expect(opened?.mended).toMatchObject([{ code: 'state-torn', severity: 'warning', file: path }]);
    expect(await readFile(path)).toEqual(good);
    await opened?.journal.close();
  });

  it('ends a last record that lacks only its newline', async () => {
    const path = await aStatePath();
    const good = fileOf([HEADER, ...made('a', 10, 1)]);
    await writeFile(path, good.subarray(0, -1), { mode: 0o600 });
    const opened = await openJournal(path);
    expect(opened?.mended).toEqual([]);
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
    await expect(openJournal(path)).rejects.toMatchObject(refusal);
    await expect(readState(path)).rejects.toMatchObject(refusal);
    if (code === 'state-damaged') await expect(createJournal(path, START)).rejects.toMatchObject({ kind: 'refused' });
    expect(await readFile(path)).toEqual(bytes);
    expect((await stat(path)).mode & 0o777).toBe(0o644);
  });

  it('says what to do where the path is a folder', async () => {
    const folder = await aFolder();
    await expect(openJournal(folder)).rejects.toMatchObject({
      kind: 'failed',
      message: expect.stringContaining('folder'),
    });
  });

  it('takes away what a crash in a compaction left beside it', async () => {
    const path = await aStatePath();
    await (await createJournal(path, START)).close();
    await writeFile(`${path}.tmp`, 'half a file');
    await (await reopened(path)).close();
    expect(await readdir(dirname(path))).toEqual(['webhooks.state.jsonl']);
  });
});

describe('creating', () => {
  it('never replaces a state that is there', async () => {
    const path = await aStatePath();
    await writeFile(path, fileOf([HEADER, ...made('a', 10, 1)]));
    await expect(createJournal(path, START)).rejects.toMatchObject({
      kind: 'refused',
      problems: [{ code: 'state-exists' }],
    });
    expect((await stateOnDisk(path)).entries.size).toBe(1);
  });

  it('fills an empty file in place: it may have been put there to be mounted', async () => {
    const path = await aStatePath();
    await writeFile(path, '', { mode: 0o644 });
    const { ino } = await stat(path);
    await (await createJournal(path, START)).close();
    expect(await readFile(path)).toEqual(fileOf([HEADER]));
    expect(await stat(path)).toMatchObject({ ino, mode: 0o100600 });
  });

  it('makes no folder: a missing one is more often a volume that is not mounted', async () => {
    const path = join(await aFolder(), 'volume', 'webhooks.state.jsonl');
    await expect(createJournal(path, START)).rejects.toMatchObject({
      kind: 'failed',
      problems: [{ code: 'state-folder-missing', remedy: expect.stringContaining('mount') }],
    });
  });
});

describe('who can read it', () => {
  it.each([0, 0o777])('is its owner alone, whatever the mask of the process (%i)', async (mask) => {
    const path = await aStatePath();
    const before = process.umask(mask);
    try {
      const journal = await createJournal(path, START);
      await fillWithDead(journal);
      expect((await stat(path)).mode & 0o777).toBe(0o600);
      expect(await journal.compactIfMostlyDead()).toBe(true);
      expect((await stat(path)).mode & 0o777).toBe(0o600);
      await journal.close();
    } finally {
      process.umask(before);
    }
  });

  it('is made so again when it was opened up, and that is said', async () => {
    const path = await aStatePath();
    await (await createJournal(path, START)).close();
    await chmod(path, 0o644);
    const opened = await openJournal(path);
    expect(opened?.mended).toMatchObject([{ code: 'state-mode', message: expect.stringContaining('0644') }]);
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
    const journal = await createJournal(path, START);
    await fillWithDead(journal);
    expect(await journal.compactIfMostlyDead()).toBe(true);
    await journal.close();
    await (await reopened(path)).close();
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
    const journal = await createJournal(path, START);
    writeAll(journal, made('a', 10, 1));
    await journal.flush();
    await take(path);
    await expect(journal.close()).rejects.toMatchObject({ kind: 'failed', problems: [{ code: 'state-replaced' }] });
  });

  it('is noticed in a long run, before the end of it', async () => {
    const path = await aStatePath();
    const journal = await createJournal(path, START);
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
async function fillWithDead(journal: Journal): Promise<void> {
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
  it('writes a mostly dead file anew, with the same state, and goes on in it', async () => {
    const path = await aStatePath();
    const journal = await createJournal(path, START);
    await fillWithDead(journal);
    const before = journal.stats;
    expect(await journal.compactIfMostlyDead()).toBe(true);
    expect(journal.stats).toMatchObject({ records: 8, dead: 0 });
    expect((await stat(path)).size).toBe(journal.stats.bytes);
    expect(journal.stats.bytes).toBeLessThan(before.bytes / 50);
    expect(await stateOnDisk(path)).toEqual(journal.state);
    writeAll(journal, made('d', 99, 5));
    await journal.close();
    expect(await stateOnDisk(path)).toEqual(journal.state);
    expect(await readdir(dirname(path))).toEqual(['webhooks.state.jsonl']);
  });

  it('does not replace what somebody else put in place of the file', async () => {
    const path = await aStatePath();
    const journal = await createJournal(path, START);
    await fillWithDead(journal);
    const other = fileOf([HEADER, ...made('restored', 10, 1)]);
    await writeFile(`${path}.restored`, other);
    await rename(`${path}.restored`, path);
    const failure = { problems: [{ code: 'state-replaced' }] };
    await expect(journal.compactIfMostlyDead()).rejects.toMatchObject(failure);
    await expect(journal.close()).rejects.toMatchObject(failure);
    expect(await readFile(path)).toEqual(other);
  });

  it('leaves a file alone of which little is dead', async () => {
    const path = await aStatePath();
    const journal = await createJournal(path, START);
    for (let index = 1; index <= 3_000; index += 1) writeAll(journal, made(`a${index}`, index, index));
    expect(await journal.compactIfMostlyDead()).toBe(false);
    expect(journal.stats.dead).toBe(3_000);
    await journal.close();
  });

  it('takes along what is written at any moment of it', async () => {
    const files = new FaultyFiles();
    const path = await aStatePath();
    const journal = await createJournal(path, START, files);
    await fillWithDead(journal);
    let late = 0;
    files.before = () => {
      late += 1;
      writeAll(journal, made(`late${late}`, 50 + late, 5 + late));
    };
    const compacting = journal.compactIfMostlyDead();
    void compacting.finally(() => {
      files.before = () => undefined;
    });
    expect(await compacting).toBe(true);
    await journal.close();
    expect(late).toBeGreaterThan(4);
    expect(await stateOnDisk(path)).toEqual(journal.state);
    expect(journal.state.entries.size).toBe(2 + late);
  });

  it('shows a reader the old file or the new one, whole', async () => {
    const files = new FaultyFiles();
    const path = await aStatePath();
    const journal = await createJournal(path, START, files);
    await fillWithDead(journal);
    let readings = 0;
    files.before = async () => {
      expect((await stateOnDisk(path)).entries.get('a')?.spec).toEqual(aWebhook('a599'));
      readings += 1;
    };
    expect(await journal.compactIfMostlyDead()).toBe(true);
    files.before = () => undefined;
    expect(readings).toBeGreaterThan(4);
    await journal.close();
  });
});
