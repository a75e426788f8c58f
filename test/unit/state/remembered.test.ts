import { appendFile, copyFile, readFile, rename, stat, utimes, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { COMPACTION } from '../../../src/state/compact.js';
import { fileStore } from '../../../src/state/file/store.js';
import type { OpenJournal, StateStore } from '../../../src/state/store.js';
import { FaultyDisk, systemError } from './faulty-disk.js';
import { aStatePath } from './folders.js';
import { AT, aWebhook, made } from './histories.js';
import { stateOnDisk, writeAll } from './journals.js';

const HOLDER = { pid: 12, host: 'box', since: AT, command: 'run' };

/** One run: what it opens, and what it writes. */
async function run(store: StateStore, work: (journal: OpenJournal) => void = () => {}): Promise<OpenJournal> {
  const lease = await store.take({ holder: HOLDER, timeoutMs: 0 });
  try {
    const journal = (await lease.open()) ?? (await lease.create('34'));
    work(journal);
    return journal;
  } finally {
    await lease.release();
  }
}

/** A store that has had a run, which made webhook 10 for the entry a. */
async function afterOneRun(disk = new FaultyDisk()) {
  const path = await aStatePath();
  const store = fileStore(path, disk);
  const { state } = await run(store, (journal) => writeAll(journal, made('a', 10, 1)));
  return { path, store, disk, state };
}

describe('a state file that one process opens again', () => {
  it('is folded once, as long as nothing else writes it', async () => {
    const { path, store, state } = await afterOneRun();
    const second = await run(store, (journal) => writeAll(journal, made('b', 11, 2)));
    const third = await run(store);
    expect([second.state === state, third.state === state]).toEqual([true, true]);
    expect(third.state).toEqual(await stateOnDisk(path));
    expect([...third.state.entries.keys()]).toEqual(['a', 'b']);
  });

  it('is folded once also where it was compacted', async () => {
    const { path, store, state } = await afterOneRun();
    const size = async () => (await stat(path)).size;
    await run(store, (journal) => {
      for (let id = 11; id < 12 + COMPACTION.deadRecords; id += 1) journal.write({ type: 'seen', id, at: AT });
    });
    expect(await size()).toBeLessThan(1_000);
    const next = await run(store, (journal) => writeAll(journal, made('b', 5_000, 2)));
    expect(next.state === state).toBe(true);
    expect(next.state).toEqual(await stateOnDisk(path));
  });

  it('is folded anew by another process', async () => {
    const { path, state } = await afterOneRun();
    const other = await run(fileStore(path));
    expect(other.state === state).toBe(false);
    expect(other.state).toEqual(state);
  });

  it('has what another process wrote meanwhile', async () => {
    const { path, store } = await afterOneRun();
    await run(fileStore(path), (journal) => writeAll(journal, made('b', 11, 2)));
    const { state } = await run(store);
    expect([...state.entries.keys()]).toEqual(['a', 'b']);
  });

  it('has what a backup has that was put in its place', async () => {
    const { path, store } = await afterOneRun();
    await copyFile(path, `${path}.backup`);
    await run(store, (journal) => writeAll(journal, made('b', 11, 2)));
    await rename(`${path}.backup`, path);
    const { state } = await run(store);
    expect([...state.entries.keys()]).toEqual(['a']);
  });

  it('is refused where one byte was changed in place, at the same size and with the times put back', async () => {
    const { path, store } = await afterOneRun();
    const { atime, mtime } = await stat(path);
    const bytes = await readFile(path);
    bytes[bytes.length - 10] = (bytes.at(-10) ?? 0) ^ 1;
    await writeFile(path, bytes);
    await utimes(path, atime, mtime);
    await expect(run(store)).rejects.toMatchObject({ kind: 'refused', problems: [{ code: 'state-damaged' }] });
  });

  it('is repaired where its end was cut off, and gone on with from there', async () => {
    const { path, store } = await afterOneRun();
    await appendFile(path, '{"crc":"');
    await run(store, (journal) => writeAll(journal, made('b', 11, 2)));
    const { state } = await run(store);
    expect(state).toEqual(await stateOnDisk(path));
    expect([...state.entries.keys()]).toEqual(['a', 'b']);
  });

  it('is as it is on disk after a run whose records could not be stored', async () => {
    const { store, disk, state } = await afterOneRun();
    disk.before = (call) => {
      if (call === 'datasync') throw systemError('ENOSPC');
    };
    await expect(run(store, (journal) => writeAll(journal, made('b', 11, 2)))).rejects.toThrow('no space');
    disk.before = () => undefined;
    const next = await run(store);
    expect(next.state === state).toBe(false);
    expect([...next.state.entries.keys()]).toEqual(['a']);
  });

  it('is as it is on disk after a record that was refused', async () => {
    const { path, store } = await afterOneRun();
    await expect(
      run(store, (journal) => journal.write({ type: 'updating', name: 'none', at: AT, webhook: aWebhook() })),
    ).rejects.toThrow();
    expect((await run(store)).state).toEqual(await stateOnDisk(path));
  });
});
