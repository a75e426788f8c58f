import { stateFailure } from '../../src/state/failures.js';
import { startState } from '../../src/state/fold.js';
import { Journal } from '../../src/state/journal.js';
import { syncFolderOf, temporaryPath, writeAnew } from '../../src/state/journal-compaction.js';
import { type JournalFiles, writeAll } from '../../src/state/journal-files.js';
import { parseJournal } from '../../src/state/parse.js';
import type { HeaderRecord } from '../../src/state/records.js';
import { STATE_PATH } from './terms.js';

/** The real journal on a simulated disk. */
export interface MemoryJournal {
  readonly journal: Journal;
}

/**
 * As `openJournal` does, but for what it asks of the real file system (symbolic links), which takes real time.
 * Null: there is no state yet.
 */
export async function openMemoryJournal(files: JournalFiles): Promise<MemoryJournal | null> {
  const file = await files.open(STATE_PATH, 'r+').catch(absent);
  if (file === null) return null;
  const reading = parseJournal(await file.read());
  if (reading.kind === 'empty') return null;
  if (reading.kind !== 'journal') throw new Error(`the state file is ${reading.kind} after a crash`);
  const { goodBytes, tornBytes, lacksNewline, state, records, lastCrc } = reading;
  if (tornBytes > 0) await file.truncate(goodBytes);
  if (lacksNewline) await writeAll(file, Buffer.from('\n'), goodBytes);
  if (tornBytes > 0 || lacksNewline) await file.datasync();
  await files.remove(temporaryPath(STATE_PATH));
  const bytes = goodBytes + Number(lacksNewline);
  const place = { path: STATE_PATH, target: STATE_PATH, files };
  return { journal: new Journal({ ...place, file, state, bytes, records, lastCrc, isNameFlushed: false }) };
}

export async function createMemoryJournal(files: JournalFiles, header: HeaderRecord): Promise<MemoryJournal> {
  const made = await writeAnew(files, STATE_PATH, [header])
    .then(async (anew) => {
      await syncFolderOf(files, STATE_PATH);
      return anew;
    })
    .catch((error: unknown) => {
      throw stateFailure(STATE_PATH, 'made', error);
    });
  const place = { path: STATE_PATH, target: STATE_PATH, files };
  return { journal: new Journal({ ...place, state: startState(header), ...made, records: 1, isNameFlushed: true }) };
}

/** As the state file's lock does at the end of a run. */
export async function closeJournal({ journal }: MemoryJournal): Promise<void> {
  try {
    await journal.compactIfMostlyDead();
  } finally {
    await journal.close();
  }
}

function absent(error: unknown): null {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
  throw error;
}
