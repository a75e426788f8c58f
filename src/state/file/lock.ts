import type { FileHandle } from 'node:fs/promises';
import { setTimeout as sleepFor } from 'node:timers/promises';
import { errorCode, type ProductError, productError } from '../../errors.js';
import { describeHolder, type Holder, type TakeOptions } from '../store.js';
import { type Disk, type FileIdentity, isSameFile, type OpenFile } from './disk.js';
import { detachedFailure, stateFailure } from './failures.js';
import { grant, loadTryLock, type TryLock } from './kernel-lock.js';
import { clearHolder, lockPathOf, openLockFile, openLockFileIfThere, readHolder, writeHolder } from './lock-file.js';
import { resolveTarget } from './path.js';

/** A locked state file, until `release`. */
export interface FileLock {
  /** Its path, with symbolic links followed. */
  readonly target: string;
  /** The file itself, open for writing and locked while it is open. Null: there was none. */
  readonly state: OpenFile | null;
  /** Locks every file it creates, before that takes the place of the state file. */
  readonly disk: Disk;
  /** To be called once, after the state file was closed. */
  release(): Promise<void>;
}

export interface LockOptions extends Pick<TakeOptions, 'holder' | 'timeoutMs' | 'onWaiting'> {
  /** A monotonic clock, in milliseconds, and a way to wait. */
  readonly now?: () => number;
  readonly sleep?: (ms: number) => Promise<unknown>;
  /** Left out: the kernel's lock. */
  readonly tryLock?: TryLock;
}

const POLL_MS = 50;
/** How long a holder may stay unnamed: after taking the lock until its name is written, and while giving it back. */
const NAMELESS_MS = 3 * POLL_MS;

/**
 * Takes the lock on a state file. There are two kernel locks: first one on `<state file>.lock`, which exists before the
 * state file does, outlives its replacement and names the holder; then one on the file itself, by whatever path it is
 * reached. The kernel releases both when their process ends, however it ends and whatever its number is: in a
 * container, the dead process and the new one may both be number 1. They work between containers and between journals
 * of one process, and children do not inherit them.
 *
 * Throws ProductError: `refused` if another holds it, with its name; `failed` if locking does not work here.
 */
export async function takeLock(path: string, disk: Disk, options: LockOptions): Promise<FileLock> {
  const { now = () => performance.now(), sleep = sleepFor, holder, timeoutMs, onWaiting } = options;
  const tryLock = options.tryLock ?? (await loadTryLock());
  const target = await targetOf(path);
  let begun: number | undefined;
  for (;;) {
    const attempt = await attemptToLock({ path, target, tryLock, disk }, await openLockFile(target, holder.uid));
    if (attempt.kind === 'moved') continue;
    if (attempt.kind === 'taken') {
      const { lockFile, state } = attempt;
      await writeHolder(lockFile, holder);
      const release = async () => {
        await clearHolder(lockFile);
        await lockFile.close();
      };
      return { target, state, disk: lockingDisk(disk, tryLock), release };
    }
    if (begun === undefined && timeoutMs > 0) onWaiting?.(attempt.by);
    begun ??= now();
    const patienceMs = attempt.by === 'somebody' ? Math.max(timeoutMs, NAMELESS_MS) : timeoutMs;
    const leftMs = begun + patienceMs - now();
    if (leftMs <= 0) throw held(path, attempt.by);
    await sleep(Math.min(POLL_MS, leftMs));
  }
}

/**
 * Who holds the lock on a state file now. Creates no file. If the lock is free, this takes it for a moment: meanwhile
 * the holder is unnamed, and others look again. Throws ProductError if it can't be told.
 */
export async function readLockHolder(
  path: string,
  disk: Disk,
  sleep: (ms: number) => Promise<unknown> = sleepFor,
): Promise<Holder | 'nobody' | 'somebody'> {
  const tryLock = await loadTryLock();
  const target = await targetOf(path);
  for (let waitedMs = 0; waitedMs <= NAMELESS_MS; waitedMs += POLL_MS) {
    const attempt = await attemptToLock({ path, target, tryLock, disk }, await openLockFileIfThere(target));
    if (attempt.kind === 'taken') {
      await attempt.state?.close();
      await attempt.lockFile?.close();
      return 'nobody';
    }
    if (attempt.kind === 'held' && attempt.by !== 'somebody') return attempt.by;
    await sleep(POLL_MS);
  }
  return 'somebody';
}

async function targetOf(statePath: string): Promise<string> {
  try {
    return await resolveTarget(statePath);
  } catch (error) {
    throw stateFailure(statePath, 'found', error);
  }
}

type Attempt<LockFile> =
  /** `state`: the state file, open. Null: there is none yet. */
  | { readonly kind: 'taken'; readonly lockFile: LockFile; readonly state: OpenFile | null }
  | { readonly kind: 'held'; readonly by: Holder | 'somebody' }
  /** Another file took its place between opening and locking: the next attempt finds that one. */
  | { readonly kind: 'moved' };

interface Locking {
  readonly path: string;
  readonly target: string;
  readonly tryLock: TryLock;
  readonly disk: Disk;
}

/** Takes both locks, or neither and closes both files. */
async function attemptToLock<LockFile extends FileHandle | null>(
  { path, target, tryLock, disk }: Locking,
  lockFile: LockFile,
): Promise<Attempt<LockFile>> {
  const lockPath = lockPathOf(target);
  let state: OpenFile | null = null;
  let isTaken = false;
  try {
    if (lockFile !== null) {
      if (!grant(tryLock, lockFile, lockPath)) return { kind: 'held', by: await readHolder(lockFile) };
      if (!(await isInPlace(await lockFile.stat({ bigint: true }), lockPath, disk))) return { kind: 'moved' };
    }
    state = await openState(path, target, disk);
    if (state !== null) {
      // Whoever came by another path wrote its name into the lock file there.
      if (!grant(tryLock, state, path)) return { kind: 'held', by: 'somebody' };
      const facts = await state.stat();
      if (!(await isInPlace(facts, target, disk))) return { kind: 'moved' };
      // A mounted file that was replaced at its source: the mount leads to the old one for ever.
      if (facts.nlink === 0n) throw detachedFailure(path);
    }
    isTaken = true;
    return { kind: 'taken', lockFile, state };
  } finally {
    if (!isTaken) {
      await state?.close();
      await lockFile?.close();
    }
  }
}

/** False: the path leads to another file by now, or to none, so the next process would lock a different one. */
async function isInPlace(open: FileIdentity, path: string, disk: Disk): Promise<boolean> {
  // If this fails, the next attempt to open the file reports why.
  return disk.stat(path).then(
    (there) => isSameFile(open, there),
    () => false,
  );
}

/** Null: there is no file. */
async function openState(path: string, target: string, disk: Disk): Promise<OpenFile | null> {
  try {
    return await disk.open(target, 'r+');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw stateFailure(path, 'opened for writing', error);
  }
}

/** A file that is to replace the state file is already locked when it takes its place. */
function lockingDisk(disk: Disk, tryLock: TryLock): Disk {
  const open: Disk['open'] = async (path, flags) => {
    const file = await disk.open(path, flags);
    try {
      if (flags === 'wx+' && !grant(tryLock, file, path)) throw held(path, 'somebody');
      return file;
    } catch (error) {
      await file.close();
      throw error;
    }
  };
  return { ...disk, open };
}

function held(statePath: string, holder: Holder | 'somebody'): ProductError {
  return productError('refused', {
    code: 'lock-held',
    message: `${statePath} is locked by ${describeHolder(holder)}`,
    file: statePath,
    remedy: 'try again when that is done, or wait for it with --lock-timeout (for example --lock-timeout 60s)',
  });
}
