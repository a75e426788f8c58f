import { rmSync } from 'node:fs';
import { access, constants, mkdtemp, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isMountedFile, mountOf } from '../daemon/mounts.js';
import { errorCode, ProductError } from '../errors.js';
import { realDisk } from '../state/file/disk.js';
import { stateFailure } from '../state/file/failures.js';
import { resolveTarget } from '../state/file/path.js';
import { fileStore } from '../state/file/store.js';
import { describeHolder, type Holder } from '../state/store.js';
import type { StateFileFacts, StateFolderFacts, StateHolderFacts } from './state.js';

/** Beside the state file, since locks and flushes are properties of the disk that it is on. */
const TRIAL_FOLDER = '.copernica-webhooks-doctor-';

export interface TrialOptions {
  readonly holder: Holder;
  /** Calls `remove` when the process is told to end, until the returned function is called. */
  readonly onEnd: (remove: () => void) => () => void;
}

/** Tries the folder of a state file, with a folder of its own there that is removed again. The state is not touched. */
export async function gatherStateFolder(path: string, options: TrialOptions): Promise<StateFolderFacts> {
  let trial: string;
  let folder: string;
  try {
    folder = dirname(await resolveTarget(path));
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

async function tryLocks(path: string, holder: Holder): Promise<Extract<StateFolderFacts, { kind: 'usable' }>['locks']> {
  const take = () => fileStore(path).take({ timeoutMs: 0, holder });
  try {
    const first = await take();
    const second = await take().catch((error: unknown) => {
      if (error instanceof ProductError && error.kind === 'refused') return null;
      throw error;
    });
    await second?.release();
    await first.release();
    if (second !== null) return 'does-not-exclude';
    await (await take()).release();
    return 'works';
  } catch (error) {
    if (error instanceof ProductError) return { failure: error.kind, problems: error.problems };
    throw error;
  }
}

async function tryFlush(path: string): Promise<{ readonly ms: number } | { readonly code: string }> {
  try {
    const startedAt = performance.now();
    const file = await realDisk.open(path, 'wx+');
    try {
      await file.write(Buffer.from('flush\n'), 0);
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
    const state = await fileStore(path).read();
    const isMount = await isMountedFile(path);
    if (state === null) return { kind: 'missing', init, isMount };
    const { mode } = await stat(path);
    const isWritable = await access(path, constants.W_OK).then(
      () => true,
      () => false,
    );
    return { kind: 'state', state, mode: mode & 0o777, isWritable, isMount };
  } catch (error) {
    if (error instanceof ProductError) return { kind: 'failed', failure: error.kind, problems: error.problems };
    throw error;
  }
}

export async function gatherStateHolder(path: string): Promise<StateHolderFacts> {
  try {
    const holder = await fileStore(path).holder();
    if (holder === 'nobody') return { kind: 'free' };
    return { kind: 'held', by: holder === 'somebody' ? null : describeHolder(holder) };
  } catch (error) {
    if (error instanceof ProductError) return { kind: 'failed', failure: error.kind, problems: error.problems };
    throw error;
  }
}
