import { access, constants, mkdtemp, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isMountedFile, mountOf } from '../daemon/mounts.js';
import { ProductError } from '../errors.js';
import { holderOf } from '../host.js';
import { stateFailure } from '../state/file/failures.js';
import { resolveTarget } from '../state/file/path.js';
import { fileStore } from '../state/file/store.js';
import { describeHolder } from '../state/store.js';
import { stateStore } from '../state-store.js';
import { counted } from '../text/words.js';
import { type Finding, ok, problem, warning } from './check.js';
import type { Context } from './context.js';
import { fileSystemFinding } from './file-systems.js';

/** Beside the state file, since locks depend on the disk. */
const TRIAL_FOLDER = '.copernica-webhooks-doctor-';

/** Works in a folder of its own beside the state file, and removes it again. The state is not touched. */
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

export async function checkStateHolder({ host, account }: Context): Promise<Finding> {
  const holder = await (await stateStore(host, account)).holder();
  if (holder === 'nobody') return ok('held by nobody now');
  return ok(`held now by ${describeHolder(holder)}: a second one waits, or is refused`);
}

export async function checkStateFile({ settings, state: readState }: Context): Promise<Finding> {
  const { state: file, init } = settings;
  const state = await readState();
  if (await isMountedFile(file)) {
    return warning(
      'the state file is itself a mount: it can’t be replaced when it is written anew, and its lock stays outside',
      'mount its folder instead',
    );
  }
  if (state === null) {
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
  return ok(`${file}: whole, ${counted(state.entries.size, 'webhook')}`);
}
