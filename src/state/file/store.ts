import { errorCode } from '../../errors.js';
import type { Journal } from '../journal.js';
import { type HeaderRecord, STATE_VERSION, type StateRecord } from '../records.js';
import { assertNotMoved, type StateLease, type StateStore, type TakeOptions } from '../store.js';
import { type Disk, realDisk } from './disk.js';
import { existsFailure, notLockedFailure, stateFailure } from './failures.js';
import { type FileLock, readLockHolder, takeLock } from './lock.js';
import { openJournal, readStateFile, writeJournal } from './open.js';
import { RememberedFile } from './remembered.js';
import type { StateFile } from './replace.js';

/** A state in one local file. The lease is a kernel lock. */
export function fileStore(path: string, disk: Disk = realDisk): StateStore {
  const remembered = new RememberedFile();
  return {
    place: path,
    read: async () => {
      const state = await readStateFile(path, disk);
      if (state !== null) assertNotMoved(path, state);
      return state;
    },
    holder: () => readLockHolder(path, disk),
    take: async (options) => leaseOn(path, await takeLock(path, disk, options), options, remembered),
  };
}

/** The lease on a locked state file. `remembered` comes from earlier leases in this process. */
export function leaseOn(
  path: string,
  lock: FileLock,
  { holder, onRepaired, mayHaveMoved }: TakeOptions,
  remembered: RememberedFile,
): StateLease {
  const { target, disk, state } = lock;
  const where = { path, target, disk };
  let journal: Journal | null = null;

  const open = async () => {
    if (journal === null && state === null) await assertNoneThere(where);
    if (journal === null && state !== null) journal = await openJournal(where, state, onRepaired, remembered);
    if (journal !== null && mayHaveMoved !== true) assertNotMoved(path, journal.state);
    return journal;
  };
  const replace = async (records: readonly StateRecord[]) => {
    const isEmpty = (await open()) === null;
    journal = await writeJournal(where, records, state, { isEmpty, remembered });
    return journal;
  };
  return {
    place: path,
    open,
    create: async (account) => {
      if ((await open()) !== null) throw existsFailure(path);
      const begun = { account, createdAt: holder.since, lineage: crypto.randomUUID() };
      const header: HeaderRecord = { type: 'header', version: STATE_VERSION, ...begun };
      return replace([header]);
    },
    replace,
    assertSound: () => journal?.assertSound(),
    release: async () => {
      try {
        await (journal ?? state)?.close();
      } finally {
        await lock.release();
      }
    },
  };
}

/** A file that appeared after the lock was taken is not locked and is somebody else's. */
async function assertNoneThere({ path, target, disk }: StateFile): Promise<void> {
  try {
    await disk.stat(target);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    throw stateFailure(path, 'opened for writing', error);
  }
  throw notLockedFailure(path);
}
