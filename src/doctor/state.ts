import { access, constants, mkdtemp, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isMountedFile, mountOf } from '../daemon/mounts.js';
import { errorCode, ProductError } from '../errors.js';
import { holderOf } from '../host.js';
import { duplicateRemedy, possiblyDuplicated } from '../recovery/duplicates.js';
import { stateFailure } from '../state/file/failures.js';
import { resolveTarget } from '../state/file/path.js';
import { fileStore } from '../state/file/store.js';
import { rangesText } from '../state/ranges.js';
import type { State } from '../state/state.js';
import { describeHolder } from '../state/store.js';
import { counted, type Finding, ok, problem, skipped, warning } from './check.js';
import type { Context } from './context.js';
import { fileSystemFinding } from './file-systems.js';

/** Beside the state file, since locks and flushes are properties of the disk that it is on. */
const TRIAL_FOLDER = '.copernica-webhooks-doctor-';
/** Below `little` a warning, below `least` a problem: a compaction writes the state anew beside the old one. */
const FREE_BYTES = { little: 64 * 1024 * 1024, least: 1024 * 1024 } as const;
/** A disk that takes longer makes each create slow. */
const SLOW_FLUSH_MS = 1_000;
const OTHERS = 0o077;
/** Of several webhooks, so many are named. */
const MOST_NAMED = 5;

/** Works in a folder of its own beside the state file, which is removed again. The state is not touched. */
async function inTrialFolder({ settings }: Context, work: (trial: string) => Promise<Finding>): Promise<Finding> {
  const trial = await makeTrialFolder(settings.state);
  try {
    return await work(trial);
  } finally {
    await rm(trial, { recursive: true, force: true });
  }
}

async function makeTrialFolder(path: string): Promise<string> {
  try {
    return await mkdtemp(join(dirname(await resolveTarget(path)), TRIAL_FOLDER));
  } catch (error) {
    throw stateFailure(path, 'written', error);
  }
}

export function checkStateFolder(context: Context): Promise<Finding> {
  return inTrialFolder(context, async (trial) => ok(`${dirname(trial)} is there, and this user can write in it`));
}

export async function checkStateDisk({ settings }: Context): Promise<Finding> {
  const mount = await mountOf(dirname(await resolveTarget(settings.state)));
  return fileSystemFinding(mount?.fileSystem ?? null);
}

export async function checkStateSpace({ settings }: Context): Promise<Finding> {
  const facts = await statfs(dirname(await resolveTarget(settings.state))).catch(() => null);
  // Without what is kept back for root.
  return spaceFinding(facts === null || facts.blocks === 0 ? null : facts.bavail * facts.bsize);
}

export function spaceFinding(freeBytes: number | null): Finding {
  if (freeBytes === null) return ok('this system does not say how much is free');
  const free = `${Math.floor(freeBytes / (1024 * 1024)).toLocaleString('en')} MB free`;
  const remedy = 'make room: with a full disk nothing is created';
  if (freeBytes < FREE_BYTES.least) return problem(free, remedy);
  return freeBytes < FREE_BYTES.little ? warning(free, remedy) : ok(free);
}

export function checkStateLocks(context: Context): Promise<Finding> {
  return inTrialFolder(context, async (trial) => {
    const options = { timeoutMs: 0, holder: holderOf(context.host, 'doctor') };
    const take = () => fileStore(join(trial, 'state')).take(options);
    const first = await take();
    const second = await take().catch((error: unknown) => {
      if (error instanceof ProductError && error.kind === 'refused') return null;
      throw error;
    });
    await second?.release();
    await first.release();
    if (second !== null) {
      return problem(
        'a second lock was granted while the first was held: two processes could make everything twice',
        'keep the state file on a local disk, or on a network file system with locks (NFS 4)',
      );
    }
    await (await take()).release();
    return ok('a lock there shuts others out, and is given back');
  });
}

export function checkStateFlush(context: Context): Promise<Finding> {
  return inTrialFolder(context, async (trial) => {
    const startedAt = performance.now();
    try {
      await writeFile(join(trial, 'flush'), 'flush\n', { flush: true });
    } catch (error) {
      const message = `what is written can’t be flushed to disk (${errorCode(error) || String(error)})`;
      return problem(message, 'check the disk, or take another one');
    }
    return flushFinding(Math.round(performance.now() - startedAt));
  });
}

export function flushFinding(ms: number): Finding {
  if (ms < SLOW_FLUSH_MS) return ok(`what is written can be flushed to disk, in ${ms} ms`);
  return warning(`a flush to disk took ${ms} ms: each create waits for two`, 'take a faster disk');
}

export async function checkStateHolder({ settings }: Context): Promise<Finding> {
  const holder = await fileStore(settings.state).holder();
  if (holder === 'nobody') return ok('held by nobody now');
  return ok(`held now by ${describeHolder(holder)}: a second one waits, or is refused`);
}

const ITSELF_A_MOUNT = {
  message: 'the state file is itself a mount: it can’t be replaced when it is written anew, and its lock stays outside',
  remedy: 'mount its folder instead',
};

export async function checkStateFile({ settings, state: readState }: Context): Promise<Finding> {
  const { state: file, init } = settings;
  const state = await readState();
  const isMount = await isMountedFile(file);
  if (state === null) {
    if (isMount) return warning(`${file}: nothing in it yet; ${ITSELF_A_MOUNT.message}`, ITSELF_A_MOUNT.remedy);
    if (init) return ok(`${file}: none yet; --init begins one`);
    return warning(
      `${file}: nothing was recorded yet, so everything counts as new`,
      'run the first `apply` with --init; if there was a state before, restore it',
    );
  }
  const canWrite = await access(file, constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!canWrite) return problem(`${file} can’t be written by this user`, 'let the user that runs this own the file');
  if (isMount) return warning(ITSELF_A_MOUNT.message, ITSELF_A_MOUNT.remedy);
  return ok(`${file}: whole, ${counted(state.entries.size, 'webhook')}`);
}

/** That the folder is missing is a finding of its own. A folder that can't be written may hold a state all the same. */
export function inFolder(run: (context: Context) => Promise<Finding>): (context: Context) => Promise<Finding> {
  return async (context) => {
    try {
      return await run(context);
    } catch (error) {
      const isMissing = error instanceof ProductError && error.problems[0]?.code === 'state-folder-missing';
      if (isMissing) return skipped('not checked: the folder does not exist');
      throw error;
    }
  };
}

/** A check of what is recorded in the state, where there is one. */
export function ofState(
  run: (state: State, context: Context) => Finding | Promise<Finding>,
): (context: Context) => Promise<Finding> {
  return async (context) => {
    const state = await context.state();
    return state === null ? skipped('not checked: there is no state yet') : run(state, context);
  };
}

export async function checkStateMode(_state: State, { settings }: Context): Promise<Finding> {
  const { mode } = await stat(settings.state);
  return modeFinding(mode & 0o777);
}

export function modeFinding(mode: number): Finding {
  const shown = mode.toString(8).padStart(4, '0');
  if ((mode & OTHERS) === 0) return ok(`mode ${shown}: its owner’s alone`);
  return warning(
    `mode ${shown}: others can read or write it, and handlers in it can hold secrets`,
    'chmod 600 it; the next `apply` does so by itself where it can',
  );
}

export function uncertainFinding(state: State): Finding {
  const names = [...new Set([...state.intents.values()].map(({ name }) => name))].sort();
  if (names.length === 0) return ok('none: the outcome of every create is known');
  return warning(
    `${counted(names.length, 'create')} of unknown outcome: ${someOf(names)}`,
    'the next `apply` looks for each; what stays: find it with `discover`, then `import NAME ID`, or `forget NAME`',
  );
}

export function duplicatesFinding(state: State): Finding {
  const duplicates = possiblyDuplicated(state).sort((a, b) => (a.name < b.name ? -1 : 1));
  const [first] = duplicates;
  if (first === undefined) return ok('none');
  const names = duplicates.map(({ name, ranges }) => `${name} (ids ${rangesText(ranges)})`);
  return warning(`${counted(names.length, 'webhook')} may exist twice: ${someOf(names)}`, duplicateRemedy(first));
}

function someOf(names: readonly string[]): string {
  const more = names.length - MOST_NAMED;
  return `${names.slice(0, MOST_NAMED).join(', ')}${more > 0 ? `, and ${more} more` : ''}`;
}
