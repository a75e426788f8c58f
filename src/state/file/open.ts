import { errorCode, type Problem } from '../../errors.js';
import { fold } from '../fold.js';
import { Journal } from '../journal.js';
import type { StateRecord } from '../records.js';
import type { State } from '../state.js';
import type { TakeOptions } from '../store.js';
import { type Disk, type OpenFile, OWNER_ONLY } from './disk.js';
import { existsFailure, stateFailure, unreadable } from './failures.js';
import { encodeLines, FIRST_CRC } from './line.js';
import { FileLog } from './log.js';
import { type JournalReading, type ParsedJournal, parseJournal } from './parse.js';
import { resolveTarget } from './path.js';
import type { RememberedFile } from './remembered.js';
import { hashOf, type StateFile, syncFolderOf, temporaryPath, type WholeFile, writeAnew } from './replace.js';

const NEWLINE = Buffer.from('\n');

/**
 * Reads the state from disk without lock or repair. Another process may be writing: a record that is only half there is
 * left out. Null: there is no file, or nothing was ever recorded in it. Throws ProductError: `refused` if it is damaged
 * or of a later version.
 */
export async function readStateFile(path: string, disk: Disk): Promise<State | null> {
  const file = await openIfThere(path, disk).catch((error: unknown) => {
    throw stateFailure(path, 'read', error);
  });
  if (file === null) return null;
  try {
    return journalIn(path, parseJournal(await read(path, file)))?.state ?? null;
  } finally {
    await file.close();
  }
}

async function openIfThere(path: string, disk: Disk): Promise<OpenFile | null> {
  // Rejects if the folder is missing: a volume is more likely not mounted than this being the first run.
  const target = await resolveTarget(path);
  return disk.open(target, 'r').catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  });
}

/**
 * The journal in this locked file, which belongs to the journal from now on; repairs its end and its mode. Null:
 * nothing was ever recorded in it. Throws ProductError: `refused` if it is damaged or of a later version, without
 * having touched it.
 */
export async function openJournal(
  where: StateFile,
  file: OpenFile,
  onRepaired: TakeOptions['onRepaired'],
  remembered: RememberedFile,
): Promise<Journal | null> {
  const { path, target, disk } = where;
  const all = await read(path, file);
  const hashOfAll = hashOf(all);
  const parsed = remembered.recall(hashOfAll) ?? journalIn(path, parseJournal(all));
  if (parsed === null) return null;
  const repaired = [await repairEnd(path, file, parsed), await repairMode(path, file)];
  for (const warning of repaired) if (warning !== null) onRepaired?.(warning);
  await disk.remove(temporaryPath(target)).catch(() => undefined);
  const { state, records, lastCrc, goodBytes, lacksNewline } = parsed;
  const hash = goodBytes === all.length ? hashOfAll : hashOf(all.subarray(0, goodBytes));
  if (lacksNewline) hash.update(NEWLINE);
  const begin = { file, bytes: goodBytes + Number(lacksNewline), hash, records, lastCrc };
  return new Journal(state, new FileLog({ where, begin, isNameFlushed: false, remembered }));
}

/**
 * Writes these records as the state file, durably. `there`: the file that they replace; `isEmpty`: nothing was ever
 * recorded in it. Throws ProductError: `refused` if another file appeared. The path must be locked.
 */
export async function writeJournal(
  where: StateFile,
  records: readonly StateRecord[],
  there: OpenFile | null,
  { isEmpty, remembered }: { readonly isEmpty: boolean; readonly remembered: RememberedFile },
): Promise<Journal> {
  const { path } = where;
  const state = fold(records);
  let made: OpenFile | null = null;
  try {
    const begin =
      there !== null && isEmpty ? await fillEmpty(path, there, records) : await writeAnew(where, records, there);
    made = begin.file;
    await syncFolderOf(where);
    if (made !== there) await there?.close();
    return new Journal(state, new FileLog({ where, begin, isNameFlushed: true, remembered }));
  } catch (error) {
    // Left open, it would stay locked by this very process. `there` belongs to the caller.
    if (made !== there) await made?.close().catch(() => undefined);
    if (errorCode(error) === 'EEXIST') throw existsFailure(path);
    throw stateFailure(path, 'created', error);
  }
}

function read(path: string, file: OpenFile): Promise<Buffer> {
  return file.read().catch((error: unknown) => {
    throw stateFailure(path, 'read', error);
  });
}

/** Null: nothing was ever recorded. Throws ProductError of kind `refused` for a file that can't be read. */
function journalIn(path: string, reading: JournalReading): ParsedJournal | null {
  switch (reading.kind) {
    case 'journal':
      return reading;
    case 'empty':
      return null;
    case 'newer':
    case 'damaged':
      throw unreadable(path, reading);
  }
}

/** In place, since the empty file may be a mount, which can't be replaced. */
async function fillEmpty(path: string, file: OpenFile, records: readonly StateRecord[]): Promise<WholeFile> {
  const jsons = records.map((record) => JSON.stringify(record));
  const { bytes, crc: lastCrc } = encodeLines(jsons, FIRST_CRC);
  await file.truncate(0);
  await repairMode(path, file);
  await file.write(bytes, 0);
  await file.datasync();
  return { file, bytes: bytes.length, hash: hashOf(bytes), records: records.length, lastCrc };
}

/** Cuts off a torn last record, and completes one that lacks only its newline. */
async function repairEnd(path: string, file: OpenFile, reading: ParsedJournal): Promise<Problem | null> {
  const { goodBytes, tornBytes, lacksNewline } = reading;
  if (tornBytes === 0 && !lacksNewline) return null;
  try {
    if (tornBytes > 0) await file.truncate(goodBytes);
    if (lacksNewline) await file.write(NEWLINE, goodBytes);
    await file.datasync();
  } catch (error) {
    throw stateFailure(path, 'repaired', error);
  }
  if (lacksNewline) return null;
  const message = `${path} ended in a record that was cut off: its ${tornBytes} bytes from byte ${goodBytes} on were removed`;
  return { code: 'state-torn', severity: 'warning', file: path, message };
}

/** Some mounted file systems have no modes: that is a warning, but no reason to stop. */
async function repairMode(path: string, file: OpenFile): Promise<Problem | null> {
  const others = 0o077n;
  const { mode } = await file.stat();
  if ((mode & others) === 0n) return null;
  await file.chmod(OWNER_ONLY).catch(() => undefined);
  const isRepaired = ((await file.stat()).mode & others) === 0n;
  const was = `${path} could be read or written by others (mode ${(mode & 0o777n).toString(8).padStart(4, '0')})`;
  return {
    code: 'state-mode',
    severity: 'warning',
    file: path,
    message: isRepaired ? `${was}: its mode is 0600 now` : `${was}, and its mode cannot be changed`,
    remedy: 'handlers in it can contain secrets: give only the user that runs this program access to its folder',
  };
}
