import { describe, expect, it } from 'vitest';
import type { Verdict } from '../../../src/doctor/check.js';
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
} from '../../../src/doctor/state.js';
import { anEntry, anIntent, aState } from '../../helpers/state.js';

const MB = 1024 * 1024;
const SPEC = { handler: 'https://a.example/x', trigger: 'create' } as const;
const FAILED = {
  failure: 'refused',
  problems: [{ code: 'api-refused', severity: 'error', message: 'no', remedy: 'do' }],
} as const;
const whole = {
  kind: 'state',
  state: aState({ entries: [anEntry({ name: 'a', id: 1, spec: SPEC })] }),
  mode: 0o600,
  isWritable: true,
  isMount: false,
} as const;
const missing = { kind: 'missing', init: false, isMount: false } as const;
const intents = (count: number) =>
  Array.from({ length: count }, (_, index) => anIntent({ intent: index + 1, name: `w${index + 1}`, spec: SPEC }));

const ROWS: readonly (readonly [string, Verdict, Verdict['status'], RegExp])[] = [
  ['a folder that can be used', judgeStateFolder(usable()), 'ok', /^\/data is there/],
  ['a folder that can’t', judgeStateFolder({ kind: 'failed', ...FAILED }), 'problem', /^no$/],
  ['ext4', judgeStateDisk({ fileSystem: 'ext4' }), 'ok', /local disk \(ext4\)/],
  ['a system that tells nothing', judgeStateDisk({ fileSystem: null }), 'ok', /does not say/],
  ['tmpfs', judgeStateDisk({ fileSystem: 'tmpfs' }), 'warning', /lost at a restart/],
  ['overlay', judgeStateDisk({ fileSystem: 'overlay' }), 'warning', /lost with the container/],
  ['nfs4', judgeStateDisk({ fileSystem: 'nfs4' }), 'warning', /network file system \(nfs4\)/],
  ['cifs', judgeStateDisk({ fileSystem: 'cifs' }), 'warning', /network/],
  ['virtiofs', judgeStateDisk({ fileSystem: 'virtiofs' }), 'warning', /shared with another system/],
  ['sshfs', judgeStateDisk({ fileSystem: 'fuse.sshfs' }), 'warning', /shared with another system/],
  ['no space', judgeStateSpace({ freeBytes: 0 }), 'problem', /^0 MB free$/],
  ['less than a megabyte', judgeStateSpace({ freeBytes: MB - 1 }), 'problem', /MB free/],
  ['a megabyte', judgeStateSpace({ freeBytes: MB }), 'warning', /^1 MB free$/],
  ['64 megabytes', judgeStateSpace({ freeBytes: 64 * MB }), 'ok', /^64 MB free$/],
  ['space that nobody tells', judgeStateSpace({ freeBytes: null }), 'ok', /does not say/],
  ['locks that work', judgeStateLocks({ locks: 'works' }), 'ok', /shuts others out/],
  ['locks that two can have', judgeStateLocks({ locks: 'does-not-exclude' }), 'problem', /everything twice/],
  ['no locks', judgeStateLocks({ locks: FAILED }), 'problem', /^no$/],
  ['a flush', judgeStateFlush({ flush: { ms: 3 } }), 'ok', /in 3 ms/],
  ['a slow flush', judgeStateFlush({ flush: { ms: 1_000 } }), 'warning', /took 1000 ms/],
  ['no flush', judgeStateFlush({ flush: { code: 'EIO' } }), 'problem', /EIO/],
  ['a free lock', judgeStateHolder({ kind: 'free' }), 'ok', /nobody/],
  ['a lock that is held', judgeStateHolder({ kind: 'held', by: 'pid 7' }), 'ok', /by pid 7:/],
  ['a lock held by who knows', judgeStateHolder({ kind: 'held', by: null }), 'ok', /by another process/],
  ['a lock that can’t be opened', judgeStateHolder({ kind: 'failed', ...FAILED }), 'problem', /^no$/],
  ['no state', judgeStateFile(missing, 's'), 'warning', /everything counts as new/],
  ['no state, with --init', judgeStateFile({ ...missing, init: true }, 's'), 'ok', /--init begins one/],
  ['an empty file that is a mount', judgeStateFile({ ...missing, isMount: true }, 's'), 'warning', /itself a mount/],
  ['a damaged state', judgeStateFile({ kind: 'failed', ...FAILED }, 's'), 'problem', /^no$/],
  ['a state', judgeStateFile(whole, 's'), 'ok', /^s: whole, 1 webhook$/],
  ['a state of somebody else', judgeStateFile({ ...whole, isWritable: false }, 's'), 'problem', /can’t be written/],
  ['a state that is a mount', judgeStateFile({ ...whole, isMount: true }, 's'), 'warning', /can’t be replaced/],
  ['mode 0600', judgeStateMode({ mode: 0o600 }), 'ok', /0600/],
  ['mode 0640', judgeStateMode({ mode: 0o640 }), 'warning', /^mode 0640: others can read/],
  ['nothing uncertain', judgeUncertain(whole), 'ok', /^none/],
  ['an uncertain create', judgeUncertain({ state: aState({ intents: intents(1) }) }), 'warning', /^1 create .*: w1$/],
  ['seven of them', judgeUncertain({ state: aState({ intents: intents(7) }) }), 'warning', /w5, and 2 more$/],
  [
    'one that was looked for and not found',
    judgeUncertain({ state: aState({ closed: intents(1).map((intent) => ({ intent, at: intent.at, witness: 9 })) }) }),
    'ok',
    /^none/,
  ],
  ['no doubles', judgePossiblyDuplicated(whole), 'ok', /^none$/],
  [
    'a possible double',
    judgePossiblyDuplicated({
      state: aState({
        entries: [anEntry({ name: 'a', id: 9, spec: SPEC })],
        possiblyDuplicated: {
          a: [
            { from: 2, to: 4 },
            { from: 8, to: 8 },
          ],
        },
      }),
    }),
    'warning',
    /^1 webhook may exist twice: a \(ids 2 to 4 and 8\)$/,
  ],
];

function usable() {
  const facts = { folder: '/data', fileSystem: 'ext4', freeBytes: MB, locks: 'works', flush: { ms: 1 } } as const;
  return { kind: 'usable', ...facts } as const;
}

describe('the state', () => {
  it.each(ROWS)('with %s', (_what, verdict, status, message) => {
    expect([verdict.status, verdict.message]).toEqual([status, expect.stringMatching(message)]);
    if ('remedy' in verdict) expect(verdict.remedy).not.toBe('');
  });

  it('ends the program as the command that meets it would', () => {
    expect(judgeStateFile({ kind: 'failed', ...FAILED }, 's')).toMatchObject({ failure: 'refused' });
    expect(judgeStateFile({ ...whole, isWritable: false }, 's')).toMatchObject({ failure: 'failed' });
  });
});
