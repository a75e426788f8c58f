import type { FileHandle } from 'node:fs/promises';
import { setTimeout as sleepFor } from 'node:timers/promises';
import { errorCode, type ProductError, productError } from '../../errors.js';
import { describeHolder, type Holder, type TakeOptions } from '../store.js';
import { type Disk, type FileIdentity, isSameFile, type OpenFile } from './disk.js';
import { detachedFailure, stateFailure } from './failures.js';
import { grant, loadTryLock, type TryLock } from './kernel-lock.js';
import { clearHolder, lockPathOf, openLockFile, openLockFileIfThere, readHolder, writeHolder } from './lock-file.js';
import { resolveTarget } from './path.js';

/** A state file that is locked, until `release`. */
export interface FileLock {
  /** Its path, symbolic links followed. */
  readonly target: string;
  /** The file itself, open for writing and locked for as long as it is open. Null: there was none. */
  readonly state: OpenFile | null;
  /** What is made through it is locked before it is put in place of the state file. */
  readonly disk: Disk;
  /** Once, after the state file was closed. */
  release(): Promise<void>;
}

export interface LockOptions extends Pick<TakeOptions, 'holder' | 'timeoutMs' | 'onWaiting'> {
  /** A clock that only goes forward, in milliseconds, and a way to wait on it. */
  readonly now?: () => number;
  readonly sleep?: (ms: number) => Promise<unknown>;
  /** Left out: the kernel's. */
  readonly tryLock?: TryLock;
}

const POLL_MS = 50;
/**
 * Between taking a lock and writing down who took it, and while it is given back, nobody is named: so often is looked
 * again.
 */
const NAMELESS_LOOKS = 3;

/**
 * Takes the lock on a state file: a lock of the kernel on the file itself, however it is reached, and before that one
 * on `<state file>.lock`, which is there before the state file is, stays when that is replaced, and tells who holds it.
 * The kernel gives both back when the process that holds them ends, however it ends and whatever its number is: in a
 * container the dead process and the new one both have number 1. They hold between containers and between journals of
 * one process too, and children do not inherit them.
 *
 * Throws ProductError: `refused` when another holds it, with who that is; `failed` when there can be no lock here.
 */
export async function takeLock(statePath: string, disk: Disk, options: LockOptions): Promise<FileLock> {
  const { now = () => performance.now(), sleep = sleepFor, holder, timeoutMs } = options;
  const tryLock = options.tryLock ?? (await loadTryLock());
  const target = await targetOf(statePath);
  let end: number | undefined;
  let nameless = 0;
  for (;;) {
    const attempt = await attemptToLock({ path: statePath, target, tryLock, disk, uid: holder.uid });
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
    if (end === undefined && timeoutMs > 0) options.onWaiting?.(attempt.by);
    end ??= now() + timeoutMs;
    const left = end - now();
    if (left <= 0 && (attempt.by !== 'somebody' || nameless === NAMELESS_LOOKS)) throw held(statePath, attempt.by);
    if (left <= 0) nameless += 1;
    await sleep(left > 0 ? Math.min(POLL_MS, left) : POLL_MS);
  }
}

/**
 * Who holds the lock on a state file now. Makes no file. To find out, the lock is taken for a moment where it is free:
 * others look again while nobody is named. Throws ProductError when that can't be told.
 */
export async function readLockHolder(
  statePath: string,
  disk: Disk,
  sleep: (ms: number) => Promise<unknown> = sleepFor,
): Promise<Holder | 'nobody' | 'somebody'> {
  const tryLock = await loadTryLock();
  const target = await targetOf(statePath);
  for (let looks = 0; ; looks += 1) {
    const found = await lookForHolder({ path: statePath, target, tryLock, disk });
    if (found !== 'somebody' || looks === NAMELESS_LOOKS) return found;
    await sleep(POLL_MS);
  }
}

interface Locking {
  readonly path: string;
  readonly target: string;
  readonly tryLock: TryLock;
  readonly disk: Disk;
}

async function lookForHolder({ path, target, tryLock, disk }: Locking): Promise<Holder | 'nobody' | 'somebody'> {
  const lockFile = await openLockFileIfThere(target);
  try {
    if (lockFile !== null && !grant(tryLock, lockFile, lockPathOf(target))) return await readHolder(lockFile);
    const state = await openState(path, target, disk);
    if (state === null) return 'nobody';
    try {
      return grant(tryLock, state, path) ? 'nobody' : 'somebody';
    } finally {
      await state.close();
    }
  } finally {
    await lockFile?.close();
  }
}

async function targetOf(statePath: string): Promise<string> {
  try {
    return await resolveTarget(statePath);
  } catch (error) {
    throw stateFailure(statePath, 'found', error);
  }
}

type Attempt =
  /** `state`: the state file, open; null: there is none yet. */
  | { readonly kind: 'taken'; readonly lockFile: FileHandle; readonly state: OpenFile | null }
  | { readonly kind: 'held'; readonly by: Holder | 'somebody' }
  /** Another file came into its place between opening and locking: the next attempt finds that. */
  | { readonly kind: 'moved' };

async function attemptToLock(about: Locking & { readonly uid: number | undefined }): Promise<Attempt> {
  const { path, target, tryLock, disk } = about;
  const lockPath = lockPathOf(target);
  const lockFile = await openLockFile(target, about.uid);
  let state: OpenFile | null = null;
  let taken = false;
  try {
    if (!grant(tryLock, lockFile, lockPath)) return { kind: 'held', by: await readHolder(lockFile) };
    if (!(await isInPlace(await lockFile.stat({ bigint: true }), lockPath, disk))) return { kind: 'moved' };
    state = await openState(path, target, disk);
    if (state !== null) {
      // Whoever came here by another path wrote its name beside that.
      if (!grant(tryLock, state, path)) return { kind: 'held', by: 'somebody' };
      const facts = await state.stat();
      if (!(await isInPlace(facts, target, disk))) return { kind: 'moved' };
      // A mount of a file that was replaced where it comes from leads to the old one for ever.
      if (facts.nlink === 0n) throw detachedFailure(path);
    }
    taken = true;
    return { kind: 'taken', lockFile, state };
  } finally {
    if (!taken) {
      await state?.close();
      await lockFile.close();
    }
  }
}

/** False: the path leads to another file by now, or to none, so that the next process would lock another one. */
async function isInPlace(open: FileIdentity, path: string, disk: Disk): Promise<boolean> {
  // Where it can't be told, opening it again, which comes next, tells what is wrong.
  return disk.stat(path).then(
    (there) => isSameFile(open, there),
    () => false,
  );
}

/** Null: there is none. */
async function openState(path: string, target: string, disk: Disk): Promise<OpenFile | null> {
  try {
    return await disk.open(target, 'r+');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw stateFailure(path, 'opened for writing', error);
  }
}

/** So a file that is written before it takes the place of the state file is locked when it comes there. */
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
