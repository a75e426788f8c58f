import { constants, type FileHandle, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { errorCode, type ProductError, productError } from '../../errors.js';
import type { Holder } from '../store.js';
import { OWNER_ONLY } from './disk.js';
import { stateFailure } from './failures.js';

/** More than this in a lock file was not written by this program. */
const LARGEST_HOLDER_BYTES = 4096;
const holderSchema = z.object({ pid: z.number(), host: z.string(), since: z.string(), command: z.string() });
/** A symbolic link in place of the lock file could make this program empty any other file of the user's. */
const OPEN_FLAGS = constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** `target`: the state file, symbolic links followed. The lock file beside it is never removed by this program. */
export function lockPathOf(target: string): string {
  return `${target}.lock`;
}

/** Opens the lock file of a state file, made where it is missing. Throws ProductError, `refused` where it is none. */
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

/** The same, to look at it only. Null: there is none. Throws ProductError. */
export function openLockFileIfThere(target: string): Promise<FileHandle | null> {
  return open(lockPathOf(target), OPEN_FLAGS).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return null;
    throw stateFailure(lockPathOf(target), 'opened', error);
  });
}

/**
 * What is written into it would overwrite what another name leads to, and whoever may write to it can take the lock.
 * The owner of the state file or of the folder is no stranger: root works with the state of a service.
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

/** Only for the message to others: a disk too full for it must not stop what the lock is for. */
export async function writeHolder(file: FileHandle, holder: Holder): Promise<void> {
  try {
    await file.truncate();
    await file.write(`${JSON.stringify(holder)}\n`, 0);
  } catch {
    // Then nobody is named.
  }
}

export async function clearHolder(file: FileHandle): Promise<void> {
  await file.truncate().catch(() => undefined);
}

/** `somebody`: nobody is named, since it is not written yet, or emptied already. */
export async function readHolder(file: FileHandle): Promise<Holder | 'somebody'> {
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(LARGEST_HOLDER_BYTES), 0, LARGEST_HOLDER_BYTES, 0);
    return holderSchema.parse(JSON.parse(buffer.toString('utf8', 0, bytesRead)));
  } catch {
    return 'somebody';
  }
}
