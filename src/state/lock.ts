import { closeSync, constants, fstatSync, ftruncateSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import { setTimeout as sleepFor } from 'node:timers/promises';
import { errorCode, type ProductError, productError } from '../errors.js';
import { stateFailure } from './failures.js';
import { OWNER_ONLY, resolveTarget } from './target.js';

/** Who holds a lock, for the message to others. `since` is ISO 8601, UTC. */
export interface LockHolder {
  readonly pid: number;
  readonly host: string;
  readonly since: string;
  readonly command: string;
}

export interface StateLock {
  /** Once. */
  release(): void;
}

export interface LockOptions {
  /** How long to wait for another process to give the lock back, in milliseconds. 0: not at all. */
  readonly timeoutMs: number;
  readonly holder: LockHolder;
  /** A clock that only goes forward, in milliseconds, and a way to wait on it. */
  readonly now?: () => number;
  readonly sleep?: (ms: number) => Promise<unknown>;
  /** Left out: the kernel's. */
  readonly tryLock?: TryLock;
}

const POLL_MS = 50;
/** Between taking a lock and writing down who took it, and while it is given back, nobody is named: so often is looked again. */
const NAMELESS_LOOKS = 3;
/** More than this in a lock file was not written by this program. */
const LARGEST_HOLDER_BYTES = 4096;
/** A symbolic link in place of the lock file could make this program empty any other file of the user's. */
const OPEN_FLAGS = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;

/**
 * Takes the lock on a state file: a lock of the kernel on `<state file>.lock`, which is never removed, since two
 * processes could then lock two files. The kernel gives it back when the process that holds it ends, however it ends
 * and whatever its number is: in a container the dead process and the new one both have number 1. It holds between
 * containers and between journals of one process too, and children do not inherit it.
 *
 * Throws ProductError: `refused` when another holds it, with who that is; `failed` when there can be no lock here.
 */
export async function acquireLock(statePath: string, options: LockOptions): Promise<StateLock> {
  const { now = () => performance.now(), sleep = sleepFor } = options;
  const tryLock = options.tryLock ?? (await loadTryLock());
  const lockPath = lockPathOf(statePath);
  let end: number | undefined;
  let nameless = 0;
  for (;;) {
    const fd = openLock(lockPath, OPEN_FLAGS);
    try {
      if (grant(tryLock, fd, lockPath)) {
        if (isInPlace(fd, lockPath)) return taken(fd, options.holder);
      } else {
        end ??= now() + options.timeoutMs;
        const left = end - now();
        const holder = left > 0 ? null : readHolder(fd);
        if (left <= 0 && (holder !== null || nameless === NAMELESS_LOOKS)) throw heldFailure(statePath, holder);
        if (left <= 0) nameless += 1;
        await sleep(left > 0 ? Math.min(POLL_MS, left) : POLL_MS);
      }
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    closeSync(fd);
  }
}

/**
 * Who holds the lock on a state file now; `free`: nobody does; null: somebody who is not named. Makes no file. To find
 * out, the lock is taken for a moment where it is free: others look again while nobody is named.
 * Throws ProductError when that can't be told.
 */
export async function readLockHolder(
  statePath: string,
  sleep: (ms: number) => Promise<unknown> = sleepFor,
): Promise<LockHolder | 'free' | null> {
  const tryLock = await loadTryLock();
  const lockPath = lockPathOf(statePath);
  for (let looks = 0; ; looks += 1) {
    const fd = openIfThere(lockPath);
    if (fd === null) return 'free';
    try {
      if (grant(tryLock, fd, lockPath)) return 'free';
      const holder = readHolder(fd);
      if (holder !== null || looks === NAMELESS_LOOKS) return holder;
    } finally {
      closeSync(fd);
    }
    await sleep(POLL_MS);
  }
}

/** For people. */
export function describeHolder({ pid, host, command, since }: LockHolder): string {
  return `pid ${pid} on host ${host} (${command}) since ${since}`;
}

function lockPathOf(statePath: string): string {
  try {
    return `${resolveTarget(statePath)}.lock`;
  } catch (error) {
    throw stateFailure(statePath, 'found', error);
  }
}

function openLock(lockPath: string, flags: number): number {
  try {
    return openSync(lockPath, flags, OWNER_ONLY);
  } catch (error) {
    throw stateFailure(lockPath, 'opened', error);
  }
}

function openIfThere(lockPath: string): number | null {
  try {
    return openSync(lockPath, constants.O_RDWR | constants.O_NOFOLLOW);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw stateFailure(lockPath, 'opened', error);
  }
}

type TryLock = (fd: number) => boolean;

/** Loaded here and not at the top: it is native code and slow to load, and most commands take no lock. */
async function loadTryLock(): Promise<TryLock> {
  try {
    const { tryLock } = await import('fs-native-extensions');
    return tryLock;
  } catch (error) {
    throw productError(
      'failed',
      {
        code: 'lock-unavailable',
        message: 'the lock on the state file cannot be taken: the package fs-native-extensions cannot be loaded here',
        remedy:
          'install again on this system (npm ci); there are binaries for Linux with glibc, macOS and Windows, on x64 and arm64',
      },
      { cause: error },
    );
  }
}

/** False: another holds it. Anything but a clear answer is a failure: going on without a lock could double everything. */
function grant(tryLock: TryLock, fd: number, lockPath: string): boolean {
  try {
    return tryLock(fd);
  } catch (error) {
    // POSIX lets a system say "held" in two ways; the package knows the other one.
    if (errorCode(error) === 'EACCES') return false;
    throw productError(
      'failed',
      {
        code: 'lock-unsupported',
        message: `${lockPath} could not be locked: the file system has no locks (${errorCode(error) || String(error)})`,
        file: lockPath,
        remedy: 'keep the state file on a local disk, or on a network file system with locks (NFS 4)',
      },
      { cause: error },
    );
  }
}

/** False: somebody removed the lock file in between, so that the next process would lock another one. */
function isInPlace(fd: number, lockPath: string): boolean {
  try {
    const locked = fstatSync(fd, { bigint: true });
    const there = statSync(lockPath, { bigint: true });
    return there.ino === locked.ino && there.dev === locked.dev;
  } catch {
    // Opening it again, which comes next, tells what is wrong.
    return false;
  }
}

function taken(fd: number, holder: LockHolder): StateLock {
  // Only for the message to others: a disk too full for it must not stop what the lock is for.
  tryTo(() => {
    ftruncateSync(fd);
    writeSync(fd, `${JSON.stringify(holder)}\n`, 0);
  });
  const release = () => {
    tryTo(() => ftruncateSync(fd));
    closeSync(fd);
  };
  return { release };
}

function tryTo(action: () => void): void {
  try {
    action();
  } catch {
    // Said where it is called: nothing depends on it.
  }
}

function readHolder(fd: number): LockHolder | null {
  try {
    const bytes = Buffer.alloc(LARGEST_HOLDER_BYTES);
    return asHolder(JSON.parse(bytes.toString('utf8', 0, readSync(fd, bytes, 0, bytes.length, 0))));
  } catch {
    // Not written yet, or emptied already.
    return null;
  }
}

function asHolder(value: unknown): LockHolder | null {
  if (typeof value !== 'object' || value === null) return null;
  if (!('pid' in value && 'host' in value && 'since' in value && 'command' in value)) return null;
  const { pid, host, since, command } = value;
  return { pid: Number(pid), host: String(host), since: String(since), command: String(command) };
}

function heldFailure(statePath: string, holder: LockHolder | null): ProductError {
  const who = holder === null ? 'another process' : describeHolder(holder);
  return productError('refused', {
    code: 'lock-held',
    message: `${statePath} is locked by ${who}`,
    file: statePath,
    remedy: 'try again when that is done, or wait for it with --lock-timeout (for example --lock-timeout 60s)',
  });
}
