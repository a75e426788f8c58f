import { type Host, holderOf } from '../host.js';
import { EXIT } from '../output/exit-code.js';
import type { Settings } from '../settings/definitions.js';
import type { State } from '../state/state.js';
import { because, type Check, checkOf, skipped } from './check.js';
import type { CheckId } from './checks.js';
import { gatherStateFile, gatherStateFolder, gatherStateHolder } from './gather-state.js';
import {
  judgePossiblyDuplicated,
  judgeStateDisk,
  judgeStateFile,
  judgeStateFlush,
  judgeStateFolder,
  judgeStateHolder,
  judgeStateLocks,
  judgeStateMode,
  judgeStateSpace,
  judgeUncertain,
} from './state.js';

export const NO_ACCOUNT_NEEDED = skipped('not checked: the sandbox has an account and a state of its own');

export interface ExaminedState {
  readonly checks: readonly Check[];
  /** Null: there is none, or it can't be read. */
  readonly state: State | null;
}

const OF_THE_FOLDER = ['state-disk', 'state-space', 'state-locks', 'state-flush'] as const;
const OF_THE_FILE = ['state-mode', 'uncertain', 'possibly-duplicated'] as const;
const ALL: readonly CheckId[] = ['state-folder', ...OF_THE_FOLDER, 'state-holder', 'state-file', ...OF_THE_FILE];

/** The folder of the state file, and the file, if there is one. */
export async function examineState(host: Host, { sandbox, state: path, init }: Settings): Promise<ExaminedState> {
  if (sandbox) return { checks: ALL.map((id) => checkOf(id, NO_ACCOUNT_NEEDED)), state: null };
  const folder = await gatherStateFolder(path, {
    holder: holderOf(host, 'doctor'),
    onEnd: (remove) => {
      const end = () => {
        remove();
        host.exitNow(EXIT.failed);
      };
      const releases = [host.onSignal('SIGINT', end), host.onSignal('SIGTERM', end)];
      return () => {
        for (const release of releases) release();
      };
    },
  });
  const ofFolder =
    folder.kind === 'failed'
      ? OF_THE_FOLDER.map((id) => checkOf(id, because('state-folder')))
      : [
          checkOf('state-disk', judgeStateDisk(folder)),
          checkOf('state-space', judgeStateSpace(folder)),
          checkOf('state-locks', judgeStateLocks(folder)),
          checkOf('state-flush', judgeStateFlush(folder)),
        ];
  const file = await examineFile(path, init, folder.kind === 'failed');
  return { ...file, checks: [checkOf('state-folder', judgeStateFolder(folder)), ...ofFolder, ...file.checks] };
}

/** A folder that can't be written in may still hold a state that can be read. */
async function examineFile(path: string, init: boolean, folderFailed: boolean): Promise<ExaminedState> {
  const file = await gatherStateFile(path, init);
  if (file.kind === 'failed' && folderFailed) {
    const ids = ['state-holder', 'state-file', ...OF_THE_FILE] as const;
    return { checks: ids.map((id) => checkOf(id, because('state-folder'))), state: null };
  }
  const before = [
    checkOf('state-holder', judgeStateHolder(await gatherStateHolder(path))),
    checkOf('state-file', judgeStateFile(file, path)),
  ];
  if (file.kind !== 'state') {
    const none = file.kind === 'missing' ? skipped('not checked: there is no state yet') : because('state-file');
    return { checks: [...before, ...OF_THE_FILE.map((id) => checkOf(id, none))], state: null };
  }
  const checks = [
    ...before,
    checkOf('state-mode', judgeStateMode(file)),
    checkOf('uncertain', judgeUncertain(file)),
    checkOf('possibly-duplicated', judgePossiblyDuplicated(file)),
  ];
  return { checks, state: file.state };
}
