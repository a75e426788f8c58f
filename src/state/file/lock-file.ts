import { constants, type FileHandle, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { errorCode, type ProductError, productError } from '../../errors.js';
import type { Holder } from '../store.js';
import { OWNER_ONLY } from './disk.js';
import { stateFailure } from './failures.js';

/** This program never writes more than this into a lock file. */
const LARGEST_HOLDER_BYTES = 4096;
const holderSchema = z.object({ pid: z.number(), host: z.string(), since: z.string(), command: z.string() });
/** A symbolic link in place of the lock file could make this program empty any other file of the user. */
const OPEN_FLAGS = constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** `target`: the state file, with symbolic links followed. This program never removes the lock file beside it. */
export function lockPathOf(target: string): string {
  return `${target}.lock`;
}

/** Opens or creates the lock file of a state file. Throws ProductError: `refused` if what is there is no lock file. */
export async function openLockFile(target: string, uid: number | undefined): Promise<FileHandle> {
  const lockPath = lockPathOf(target);
  const file = await open(lockPath, OPEN_FLAGS | constants.O_CREAT, OWNER_ONLY).catch((error: unknown) => {
    throw stateFailure(lockPath, 'opened', error);
  });
  try {
    await refuseForeign(target, file, uid);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** The same, only to look at it. Null: there is none. Throws ProductError. */
export function openLockFileIfThere(target: string): Promise<FileHandle | null> {
  return open(lockPathOf(target), OPEN_FLAGS).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return null;
    throw stateFailure(lockPathOf(target), 'opened', error);
  });
}

/**
 * Writing into a file with a second name would overwrite something else, and whoever can write to it can take the lock.
 * The owners of the state file and of its folder are trusted: root may work with the state of a service.
 */
async function refuseForeign(target: string, file: FileHandle, uid: number | undefined): Promise<void> {
  const facts = await file.stat();
  if (!facts.isFile()) throw foreign(target, 'is not a regular file');
  if (facts.nlink > 1) throw foreign(target, 'has other names (hard links), under which it may be something else');
  const owners = await Promise.allSettled([stat(target), stat(dirname(target))]);
  const known = [uid, ...owners.map((owner) => (owner.status === 'fulfilled' ? owner.value.uid : undefined))];
  if (!known.includes(facts.uid)) throw foreign(target, `belongs to user ${facts.uid}`);
}

function foreign(target: string, what: string): ProductError {
  const lockPath = lockPathOf(target);
  return productError('refused', {
    code: 'lock-foreign',
    message: `the lock file ${lockPath} ${what}: nothing was written into it`,
    file: lockPath,
    remedy: 'remove it while nothing uses this state file; it is created again',
  });
}

/** Only for messages to others, so a disk that is too full for it must not prevent the lock itself. */
export async function writeHolder(file: FileHandle, holder: Holder): Promise<void> {
  try {
    await file.truncate();
    await file.write(`${JSON.stringify(holder)}\n`, 0);
  } catch {
    // Then the holder stays unnamed.
  }
}

export async function clearHolder(file: FileHandle): Promise<void> {
  await file.truncate().catch(() => undefined);
}

/** `somebody`: the holder's name is not written yet, or cleared already. */
export async function readHolder(file: FileHandle): Promise<Holder | 'somebody'> {
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(LARGEST_HOLDER_BYTES), 0, LARGEST_HOLDER_BYTES, 0);
    return holderSchema.parse(JSON.parse(buffer.toString('utf8', 0, bytesRead)));
  } catch {
    return 'somebody';
  }
}
