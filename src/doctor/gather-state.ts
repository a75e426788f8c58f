import { rmSync } from 'node:fs';
import { access, constants, mkdtemp, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isMountedFile, mountOf } from '../daemon/mounts.js';
import { errorCode, ProductError } from '../errors.js';
import { stateFailure } from '../state/failures.js';
import { realFiles, writeAll } from '../state/journal-files.js';
import { readState } from '../state/journal-open.js';
import { acquireLock, readLockHolder } from '../state/lock.js';
import { describeHolder, type LockHolder } from '../state/lock-file.js';
import { resolveTarget } from '../state/target.js';
import type { StateFileFacts, StateFolderFacts, StateHolderFacts } from './state.js';

/** Beside the state file, since locks and flushes are properties of the disk that it is on. */
const TRIAL_FOLDER = '.copernica-webhooks-doctor-';

export interface TrialOptions {
  readonly holder: LockHolder;
  /** Calls `remove` when the process is told to end, until the returned function is called. */
  readonly onEnd: (remove: () => void) => () => void;
}

/** Tries the folder of a state file, with a folder of its own there that is removed again. The state is not touched. */
export async function gatherStateFolder(path: string, options: TrialOptions): Promise<StateFolderFacts> {
  let trial: string;
  let folder: string;
  try {
    folder = dirname(resolveTarget(path));
    trial = await mkdtemp(join(folder, TRIAL_FOLDER));
  } catch (error) {
    const { kind: failure, problems } = stateFailure(path, 'written', error);
    return { kind: 'failed', failure, problems };
  }
  // At once, so that it is done when the process ends with a signal too.
  const remove = () => rmSync(trial, { recursive: true, force: true });
  const release = options.onEnd(remove);
  try {
    const mount = await mountOf(folder);
    const locks = await tryLocks(join(trial, 'state'), options.holder);
    const flush = await tryFlush(join(trial, 'flush'));
    return {
      kind: 'usable',
      folder,
      fileSystem: mount?.fileSystem ?? null,
      freeBytes: await freeBytesOf(folder),
      locks,
      flush,
    };
  } finally {
    remove();
    release();
  }
}

async function tryLocks(
  path: string,
  holder: LockHolder,
): Promise<Extract<StateFolderFacts, { kind: 'usable' }>['locks']> {
  const take = () => acquireLock(path, { timeoutMs: 0, holder });
  try {
    const first = await take();
    const second = await take().catch((error: unknown) => {
      if (error instanceof ProductError && error.kind === 'refused') return null;
      throw error;
    });
    second?.release();
    first.release();
    if (second !== null) return 'does-not-exclude';
    (await take()).release();
    return 'works';
  } catch (error) {
    if (error instanceof ProductError) return { failure: error.kind, problems: error.problems };
    throw error;
  }
}

async function tryFlush(path: string): Promise<{ readonly ms: number } | { readonly code: string }> {
  try {
    const startedAt = performance.now();
    const file = await realFiles.open(path, 'wx+');
    try {
      await writeAll(file, Buffer.from('flush\n'), 0);
      await file.datasync();
    } finally {
      await file.close();
    }
    return { ms: Math.round(performance.now() - startedAt) };
  } catch (error) {
    return { code: errorCode(error) || String(error) };
  }
}

/** For this user, who may not use what is kept back for root. */
async function freeBytesOf(folder: string): Promise<number | null> {
  const facts = await statfs(folder).catch(() => null);
  return facts === null || facts.blocks === 0 ? null : facts.bavail * facts.bsize;
}

/** Reads the state as `list` does: without lock or repair. */
export async function gatherStateFile(path: string, init: boolean): Promise<StateFileFacts> {
  try {
    const reading = await readState(path);
    const isMount = await isMountedFile(path);
    if (reading.kind !== 'state') return { kind: 'missing', init, isMount };
    const { mode } = await stat(path);
    const isWritable = await access(path, constants.W_OK).then(
      () => true,
      () => false,
    );
    return { kind: 'state', state: reading.state, mode: mode & 0o777, isWritable, isMount };
  } catch (error) {
    if (error instanceof ProductError) return { kind: 'failed', failure: error.kind, problems: error.problems };
    throw error;
  }
}

export async function gatherStateHolder(path: string): Promise<StateHolderFacts> {
  try {
    const holder = await readLockHolder(path);
    if (holder === 'free') return { kind: 'free' };
    return { kind: 'held', by: holder === null ? null : describeHolder(holder) };
  } catch (error) {
    if (error instanceof ProductError) return { kind: 'failed', failure: error.kind, problems: error.problems };
    throw error;
  }
}
