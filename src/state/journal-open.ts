import { dirname } from 'node:path';
import { errorCode, type Problem } from '../errors.js';
import { existsFailure, stateFailure, unreadable } from './failures.js';
import { startState } from './fold.js';
import { Journal } from './journal.js';
import { syncFolderOf, temporaryPath, writeAnew } from './journal-compaction.js';
import { type JournalFile, type JournalFiles, realFiles, writeAll } from './journal-files.js';
import { encodeLines, FIRST_CRC } from './line.js';
import { type JournalReading, type ParsedJournal, parseJournal } from './parse.js';
import { type HeaderRecord, STATE_VERSION } from './records.js';
import type { State } from './state.js';
import { OWNER_ONLY, resolveTarget } from './target.js';

export type StateReading =
  /** There is no file, or one in which nothing was ever recorded: no byte, or a header that was cut off. */
  { readonly kind: 'missing' } | { readonly kind: 'empty' } | { readonly kind: 'state'; readonly state: State };

/**
 * Reads the state as it is on disk, without lock or repair: a process may be writing meanwhile, whose last record is
 * left out while it is half there. Throws ProductError: `refused` when it is damaged or of a later version.
 */
export async function readState(path: string, files: JournalFiles = realFiles): Promise<StateReading> {
  const found = await openFile(path, files, 'r').catch(async (error: unknown) => {
    // A folder that is missing is more often a volume that is not mounted than a first time.
    if (isAbsent(error) && (await hasFolder(path, files))) return null;
    throw stateFailure(path, 'read', error);
  });
  if (found === null) return { kind: 'missing' };
  try {
    const reading = usable(path, await parse(path, found.file));
    return reading.kind === 'empty' ? reading : { kind: 'state', state: reading.state };
  } finally {
    await found.file.close();
  }
}

export interface OpenedJournal {
  readonly journal: Journal;
  /** What was mended on the way, as warnings for the log. */
  readonly mended: readonly Problem[];
}

/**
 * Opens the state file for writing: mends its end and its mode. Null: there is none, or nothing was ever recorded in it.
 * Throws ProductError: `refused` when it is damaged or of a later version, and then it was not touched.
 * The caller holds the lock.
 */
export async function openJournal(path: string, files: JournalFiles = realFiles): Promise<OpenedJournal | null> {
  const found = await openFile(path, files, 'r+').catch((error: unknown) => {
    if (isAbsent(error)) return null;
    throw stateFailure(path, 'opened for writing', error);
  });
  if (found === null) return null;
  const { target, file } = found;
  try {
    const reading = usable(path, await parse(path, file));
    if (reading.kind === 'empty') {
      await file.close();
      return null;
    }
    const mended = [...(await mendEnd(path, file, reading)), ...(await mendMode(path, file))];
    await files.remove(temporaryPath(target)).catch(() => undefined);
    const { state, records, lastCrc } = reading;
    const bytes = reading.goodBytes + Number(reading.lacksNewline);
    const start = { path, target, files, file, state, bytes, records, lastCrc, isNameFlushed: false };
    return { journal: new Journal(start), mended };
  } catch (error) {
    await file.close().catch(() => undefined);
    throw error;
  }
}

/**
 * Makes the state file, with its header on disk. Throws ProductError: `refused` when there is one with records in it.
 * The caller holds the lock.
 */
export async function createJournal(
  path: string,
  begun: Pick<HeaderRecord, 'account' | 'createdAt' | 'lineage'>,
  files: JournalFiles = realFiles,
): Promise<Journal> {
  const header: HeaderRecord = { type: 'header', version: STATE_VERSION, ...begun };
  try {
    const found = await openFile(path, files, 'r+').catch((error: unknown) => {
      if (isAbsent(error)) return null;
      throw error;
    });
    const target = found?.target ?? resolveTarget(path);
    const made = found === null ? await writeAnew(files, target, [header]) : await fillEmpty(path, found.file, header);
    await syncFolderOf(files, target);
    return new Journal({ path, target, files, state: startState(header), ...made, records: 1, isNameFlushed: true });
  } catch (error) {
    if (errorCode(error) === 'EEXIST') throw existsFailure(path);
    throw stateFailure(path, 'created', error);
  }
}

interface FoundFile {
  readonly target: string;
  readonly file: JournalFile;
}

async function openFile(path: string, files: JournalFiles, flags: 'r' | 'r+'): Promise<FoundFile> {
  const target = resolveTarget(path);
  return { target, file: await files.open(target, flags) };
}

async function hasFolder(path: string, files: JournalFiles): Promise<boolean> {
  try {
    await files.stat(dirname(resolveTarget(path)));
    return true;
  } catch {
    return false;
  }
}

function isAbsent(error: unknown): boolean {
  return errorCode(error) === 'ENOENT';
}

async function parse(path: string, file: JournalFile): Promise<JournalReading> {
  const bytes = await file.read().catch((error: unknown) => {
    throw stateFailure(path, 'read', error);
  });
  return parseJournal(bytes);
}

function usable(path: string, reading: JournalReading): ParsedJournal | { readonly kind: 'empty' } {
  switch (reading.kind) {
    case 'journal':
    case 'empty':
      return reading;
    case 'newer':
    case 'damaged':
      throw unreadable(path, reading);
  }
}

/** In place, since an empty file may have been put there to be mounted, and a mounted file cannot be replaced. */
async function fillEmpty(path: string, file: JournalFile, header: HeaderRecord) {
  try {
    const reading = await parse(path, file);
    if (reading.kind !== 'empty') throw existsFailure(path);
    const { bytes, crc: lastCrc } = encodeLines([JSON.stringify(header)], FIRST_CRC);
    await file.truncate(0);
    await mendMode(path, file);
    await writeAll(file, bytes, 0);
    await file.datasync();
    return { file, bytes: bytes.length, lastCrc };
  } catch (error) {
    await file.close().catch(() => undefined);
    throw error;
  }
}

/** Cuts off a torn last record, and ends one that lacks only its newline. */
async function mendEnd(path: string, file: JournalFile, reading: ParsedJournal): Promise<Problem[]> {
  const { goodBytes, tornBytes, lacksNewline } = reading;
  if (tornBytes === 0 && !lacksNewline) return [];
  try {
    if (tornBytes > 0) await file.truncate(goodBytes);
    if (lacksNewline) await writeAll(file, Buffer.from('\n'), goodBytes);
    await file.datasync();
  } catch (error) {
    throw stateFailure(path, 'repaired', error);
  }
  if (tornBytes === 0 || lacksNewline) return [];
  const message = `${path} ended in a record that was cut off: its ${tornBytes} bytes from byte ${goodBytes} on were removed`;
  return [{ code: 'state-torn', severity: 'warning', file: path, message }];
}

/** Some mounted file systems know no modes: that is said, and no reason to stop. */
async function mendMode(path: string, file: JournalFile): Promise<Problem[]> {
  const others = 0o077;
  const { mode } = await file.stat();
  if ((mode & others) === 0) return [];
  await file.chmod(OWNER_ONLY).catch(() => undefined);
  const isMended = ((await file.stat()).mode & others) === 0;
  const was = `${path} could be read or written by others (mode ${mode.toString(8).padStart(4, '0')})`;
  return [
    {
      code: 'state-mode',
      severity: 'warning',
      file: path,
      message: isMended ? `${was}: its mode is 0600 now` : `${was}, and its mode cannot be changed`,
      remedy: 'handlers in it can hold secrets: keep its folder to the user that runs this',
    },
  ];
}
