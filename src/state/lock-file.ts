import {
  type BigIntStats,
  closeSync,
  constants,
  existsSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { productError } from '../errors.js';
import { stateFailure } from './failures.js';
import { OWNER_ONLY } from './target.js';

/** Who holds a lock, for the message to others. `since` is ISO 8601, UTC. */
export interface LockHolder {
  readonly pid: number;
  readonly host: string;
  readonly since: string;
  readonly command: string;
  /** The number of its user, where the system has such numbers. */
  readonly uid?: number;
}

/** More than this in a lock file was not written by this program. */
const LARGEST_HOLDER_BYTES = 4096;
/** A symbolic link in place of the lock file could make this program empty any other file of the user's. */
const OPEN_FLAGS = constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** `target`: the state file, symbolic links followed. The lock file beside it is never removed by this program. */
export function lockPathOf(target: string): string {
  return `${target}.lock`;
}

/** Opens the lock file of a state file, made where it is missing. Throws ProductError, `refused` where it is none. */
export function openLockFile(target: string, uid: number | undefined): number {
  const fd = open(lockPathOf(target), OPEN_FLAGS | constants.O_CREAT);
  try {
    refuseForeign(target, fstatSync(fd, { bigint: true }), uid);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** The same, to look at it only. Null: there is none. Throws ProductError. */
export function openLockFileIfThere(target: string): number | null {
  return existsSync(lockPathOf(target)) ? open(lockPathOf(target), OPEN_FLAGS) : null;
}

function open(lockPath: string, flags: number): number {
  try {
    return openSync(lockPath, flags, OWNER_ONLY);
  } catch (error) {
    throw stateFailure(lockPath, 'opened', error);
  }
}

/**
 * What is written into it would overwrite what another name leads to, and whoever may write to it can take the lock.
 * The owner of the state file or of the folder is no stranger: root works with the state of a service.
 */
function refuseForeign(target: string, lock: BigIntStats, uid: number | undefined): void {
  if (!lock.isFile()) throw foreign(target, 'is not a regular file');
  if (lock.nlink > 1n) throw foreign(target, 'has other names (hard links), under which it may be something else');
  const known = [uid, ownerOf(target), ownerOf(dirname(target))];
  if (!known.includes(Number(lock.uid))) throw foreign(target, `belongs to user ${lock.uid}`);
}

function ownerOf(path: string): number | undefined {
  try {
    return statSync(path).uid;
  } catch {
    return undefined;
  }
}

function foreign(target: string, what: string) {
  const lockPath = lockPathOf(target);
  return productError('refused', {
    code: 'lock-foreign',
    message: `the lock file ${lockPath} ${what}: nothing was written into it`,
    file: lockPath,
    remedy: 'remove it while nothing runs with this state file; it holds nothing, and is made again',
  });
}

/** Only for the message to others: a disk too full for it must not stop what the lock is for. */
export function writeHolder(fd: number, holder: LockHolder): void {
  tryTo(() => {
    ftruncateSync(fd);
    writeSync(fd, `${JSON.stringify(holder)}\n`, 0);
  });
}

export function clearHolder(fd: number): void {
  tryTo(() => ftruncateSync(fd));
}

function tryTo(action: () => void): void {
  try {
    action();
  } catch {
    // Said where it is called: nothing depends on it.
  }
}

/** Null: nobody is named, since it is not written yet, or emptied already. */
export function readHolder(fd: number): LockHolder | null {
  try {
    const bytes = Buffer.alloc(LARGEST_HOLDER_BYTES);
    return asHolder(JSON.parse(bytes.toString('utf8', 0, readSync(fd, bytes, 0, bytes.length, 0))));
  } catch {
    return null;
  }
}

function asHolder(value: unknown): LockHolder | null {
  if (typeof value !== 'object' || value === null) return null;
  if (!('pid' in value && 'host' in value && 'since' in value && 'command' in value)) return null;
  const { pid, host, since, command } = value;
  return { pid: Number(pid), host: String(host), since: String(since), command: String(command) };
}

/** For people. */
export function describeHolder({ pid, host, command, since }: LockHolder): string {
  return `pid ${pid} on host ${host} (${command}) since ${since}`;
}

/** For people. Null: nobody is named. */
export function whoHolds(holder: LockHolder | null): string {
  return holder === null ? 'another process' : describeHolder(holder);
}
