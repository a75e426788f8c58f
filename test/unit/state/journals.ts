import type { Problem } from '../../../src/errors.js';
import { type Disk, realDisk } from '../../../src/state/file/disk.js';
import { openJournal, writeJournal } from '../../../src/state/file/open.js';
import { resolveTarget } from '../../../src/state/file/path.js';
import { RememberedFile } from '../../../src/state/file/remembered.js';
import type { StateFile } from '../../../src/state/file/replace.js';
import { fileStore } from '../../../src/state/file/store.js';
import type { Journal } from '../../../src/state/journal.js';
import { STATE_VERSION, type StateRecord } from '../../../src/state/records.js';
import type { OpenJournal } from '../../../src/state/store.js';
import { AT } from './histories.js';

async function whereOf(path: string, disk: Disk): Promise<StateFile> {
  return { path, target: await resolveTarget(path), disk };
}

/** A new journal of account 34, without a lock. */
export async function createAt(path: string, disk: Disk = realDisk): Promise<Journal> {
  const header = { type: 'header', version: STATE_VERSION, account: '34', createdAt: AT } as const;
  const remembered = new RememberedFile();
  return writeJournal(await whereOf(path, disk), [header], null, { isEmpty: true, remembered });
}

/** The journal that is there, without a lock, and what was repaired to open it. */
export async function openAt(path: string, disk: Disk = realDisk) {
  const where = await whereOf(path, disk);
  const file = await disk.open(where.target, 'r+');
  const repaired: Problem[] = [];
  const onRepaired = (warning: Problem) => repaired.push(warning);
  const journal = await openJournal(where, file, onRepaired, new RememberedFile()).catch(async (error: unknown) => {
    await file.close();
    throw error;
  });
  if (journal === null) await file.close();
  return journal === null ? null : { journal, repaired };
}

/** The journal that is there, of which nothing is expected but that it is whole. */
export async function reopened(path: string): Promise<Journal> {
  const opened = await openAt(path);
  if (opened === null) throw new Error('no state');
  return opened.journal;
}

/** The state as the next process finds it. */
export async function stateOnDisk(path: string) {
  const state = await fileStore(path).read();
  if (state === null) throw new Error('no state');
  return state;
}

export function writeAll(journal: OpenJournal, records: readonly StateRecord[]): void {
  for (const record of records) journal.write(record);
}
