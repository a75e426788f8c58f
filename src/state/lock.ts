import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { setTimeout as sleepFor } from 'node:timers/promises';
import { errorCode, type ProductError, productError } from '../errors.js';
import { detachedFailure, stateFailure } from './failures.js';
import {
  clearHolder,
  type LockHolder,
  lockPathOf,
  openLockFile,
  openLockFileIfThere,
  readHolder,
  whoHolds,
  writeHolder,
} from './lock-file.js';
import { type FileIdentity, grant, isInPlace, loadTryLock, type TryLock } from './lock-kernel.js';
import { resolveTarget } from './target.js';

export interface StateLock {
  /** Whether it is this very file that is locked. */
  covers(file: FileIdentity): boolean;
  /** Locks a file that was just made and is still to be put in place, until the lock is given back. Throws ProductError. */
  extendTo(path: string): void;
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
  /** Told once, when the lock is held and waited for. Null: nobody is named. */
  readonly onWaiting?: (holder: LockHolder | null) => void;
  /** Left out: the kernel's. */
  readonly tryLock?: TryLock;
}

const POLL_MS = 50;
/** Between taking a lock and writing down who took it, and while it is given back, nobody is named: so often is looked again. */
const NAMELESS_LOOKS = 3;
/** A named pipe opens at once; to a regular file it makes no difference. */
const STATE_FLAGS = constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Takes the lock on a state file: a lock of the kernel on the file itself, however it is reached, and before that one on
 * `<state file>.lock`, which is there before the state file is, stays when that is replaced, and tells who holds it. The
 * kernel gives both back when the process that holds them ends, however it ends and whatever its number is: in a
 * container the dead process and the new one both have number 1. They hold between containers and between journals of
 * one process too, and children do not inherit them.
 *
 * Throws ProductError: `refused` when another holds it, with who that is; `failed` when there can be no lock here.
 */
export async function acquireLock(statePath: string, options: LockOptions): Promise<StateLock> {
  const { now = () => performance.now(), sleep = sleepFor, holder, timeoutMs } = options;
  const tryLock = options.tryLock ?? (await loadTryLock());
  const target = targetOf(statePath);
  let end: number | undefined;
  let nameless = 0;
  for (;;) {
    const attempt = attemptToLock({ path: statePath, target, tryLock, uid: holder.uid });
    if (attempt.kind === 'moved') continue;
    if (attempt.kind === 'taken') {
      writeHolder(attempt.lockFile, holder);
      return new KernelLock(attempt, tryLock);
    }
    if (end === undefined && timeoutMs > 0) options.onWaiting?.(attempt.by);
    end ??= now() + timeoutMs;
    const left = end - now();
    if (left <= 0 && (attempt.by !== null || nameless === NAMELESS_LOOKS)) throw heldFailure(statePath, attempt.by);
    if (left <= 0) nameless += 1;
    await sleep(left > 0 ? Math.min(POLL_MS, left) : POLL_MS);
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
  const target = targetOf(statePath);
  for (let looks = 0; ; looks += 1) {
    const found = lookForHolder(statePath, target, tryLock);
    if (found !== null || looks === NAMELESS_LOOKS) return found;
    await sleep(POLL_MS);
  }
}

function lookForHolder(path: string, target: string, tryLock: TryLock): LockHolder | 'free' | null {
  const lockFile = openLockFileIfThere(target);
  try {
    if (lockFile !== null && !grant(tryLock, lockFile, lockPathOf(target))) return readHolder(lockFile);
    const state = openState(path, target);
    if (state === null) return 'free';
    try {
      return grant(tryLock, state, target) ? 'free' : null;
    } finally {
      closeSync(state);
    }
  } finally {
    if (lockFile !== null) closeSync(lockFile);
  }
}

function targetOf(statePath: string): string {
  try {
    return resolveTarget(statePath);
  } catch (error) {
    throw stateFailure(statePath, 'found', error);
  }
}

type Attempt =
  /** `state`: the state file, open; null: there is none yet. */
  | { readonly kind: 'taken'; readonly lockFile: number; readonly state: number | null }
  | { readonly kind: 'held'; readonly by: LockHolder | null }
  /** Another file came into its place between opening and locking: the next attempt finds that. */
  | { readonly kind: 'moved' };

function attemptToLock(about: {
  readonly path: string;
  readonly target: string;
  readonly tryLock: TryLock;
  readonly uid: number | undefined;
}): Attempt {
  const { path, target, tryLock } = about;
  const lockPath = lockPathOf(target);
  const lockFile = openLockFile(target, about.uid);
  let state: number | null = null;
  let taken = false;
  try {
    if (!grant(tryLock, lockFile, lockPath)) return { kind: 'held', by: readHolder(lockFile) };
    if (!isInPlace(lockFile, lockPath)) return { kind: 'moved' };
    state = openState(path, target);
    if (state !== null) {
      // Whoever came here by another path wrote its name beside that.
      if (!grant(tryLock, state, path)) return { kind: 'held', by: null };
      if (!isInPlace(state, target)) return { kind: 'moved' };
      // A mount of a file that was replaced where it comes from leads to the old one for ever.
      if (fstatSync(state).nlink === 0) throw detachedFailure(path);
    }
    taken = true;
    return { kind: 'taken', lockFile, state };
  } finally {
    if (!taken) for (const fd of [state, lockFile]) if (fd !== null) closeSync(fd);
  }
}

/** Null: there is none. What is no regular file is left to whoever reads it to complain about. */
function openState(path: string, target: string): number | null {
  try {
    return openSync(target, STATE_FLAGS);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw stateFailure(path, 'opened for writing', error);
  }
}

class KernelLock implements StateLock {
  readonly #lockFile: number;
  readonly #tryLock: TryLock;
  /** Open as long as it is locked, so that no other file can come to have its number. */
  readonly #locked: { readonly fd: number; readonly identity: FileIdentity }[] = [];

  constructor({ lockFile, state }: Extract<Attempt, { kind: 'taken' }>, tryLock: TryLock) {
    this.#lockFile = lockFile;
    this.#tryLock = tryLock;
    if (state !== null) this.#add(state);
  }

  covers({ dev, ino }: FileIdentity): boolean {
    return this.#locked.some(({ identity }) => identity.dev === dev && identity.ino === ino);
  }

  extendTo(path: string): void {
    const fd = openState(path, path);
    if (fd === null) return;
    this.#add(fd);
    if (!grant(this.#tryLock, fd, path)) throw heldFailure(path, null);
  }

  release(): void {
    for (const { fd } of this.#locked) closeSync(fd);
    clearHolder(this.#lockFile);
    closeSync(this.#lockFile);
  }

  #add(fd: number): void {
    const { dev, ino } = fstatSync(fd, { bigint: true });
    this.#locked.push({ fd, identity: { dev, ino } });
  }
}

function heldFailure(statePath: string, holder: LockHolder | null): ProductError {
  return productError('refused', {
    code: 'lock-held',
    message: `${statePath} is locked by ${whoHolds(holder)}`,
    file: statePath,
    remedy: 'try again when that is done, or wait for it with --lock-timeout (for example --lock-timeout 60s)',
  });
}
