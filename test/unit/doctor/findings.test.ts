import { describe, expect, it } from 'vitest';
import { answerFinding, clockFinding } from '../../../src/doctor/api.js';
import type { Finding } from '../../../src/doctor/check.js';
import { fileSystemFinding } from '../../../src/doctor/file-systems.js';
import { caFileFinding } from '../../../src/doctor/settings.js';
import {
  duplicatesFinding,
  flushFinding,
  modeFinding,
  spaceFinding,
  uncertainFinding,
} from '../../../src/doctor/state.js';
import type { FailureKind } from '../../../src/errors.js';
import { anEntry, anIntent, aState } from '../../helpers/state.js';

const NOW = new Date('2026-06-01T00:00:00.000Z');
const SOON = NOW.getTime() + 24 * 60 * 60_000;
const LATER = NOW.getTime() + 365 * 24 * 60 * 60_000;
const MB = 1024 * 1024;
const SPEC = { handler: 'https://a.example/x', trigger: 'create' } as const;
const intents = (count: number) =>
  Array.from({ length: count }, (_, index) => anIntent({ intent: index + 1, name: `w${index + 1}`, spec: SPEC }));
const doubtful = aState({
  entries: [anEntry({ name: 'a', id: 9, spec: SPEC })],
  possiblyDuplicated: {
    a: [
      { from: 2, to: 4 },
      { from: 8, to: 8 },
    ],
  },
});

const ROWS: readonly (readonly [string, Finding, Finding['status'] | FailureKind, RegExp])[] = [
  ['a certificate file', caFileFinding('c', [LATER], NOW), 'ok', /^c: 1 certificate$/],
  ['one that ends soon', caFileFinding('c', [LATER, SOON], NOW), 'warning', /; one ends in 1 day/],
  ['one that ended', caFileFinding('c', [1, LATER], NOW), 'warning', /expired/],
  ['half a certificate', caFileFinding('c', [null], NOW), 'input', /not all of which/],

  ['ext4', fileSystemFinding('ext4'), 'ok', /local disk \(ext4\)/],
  ['a system that tells nothing', fileSystemFinding(null), 'ok', /does not say/],
  ['tmpfs', fileSystemFinding('tmpfs'), 'warning', /lost at a restart/],
  ['overlay', fileSystemFinding('overlay'), 'warning', /lost with the container/],
  ['nfs4', fileSystemFinding('nfs4'), 'warning', /network file system \(nfs4\)/],
  ['virtiofs', fileSystemFinding('virtiofs'), 'warning', /shared with another system/],
  ['sshfs', fileSystemFinding('fuse.sshfs'), 'warning', /shared with another system/],
  ['less than a megabyte', spaceFinding(MB - 1), 'failed', /^0 MB free$/],
  ['a megabyte', spaceFinding(MB), 'warning', /^1 MB free$/],
  ['64 megabytes', spaceFinding(64 * MB), 'ok', /^64 MB free$/],
  ['space that nobody tells', spaceFinding(null), 'ok', /does not say/],
  ['a flush', flushFinding(3), 'ok', /in 3 ms/],
  ['a slow flush', flushFinding(1_000), 'warning', /took 1000 ms/],
  ['mode 0600', modeFinding(0o600), 'ok', /0600/],
  ['mode 0640', modeFinding(0o640), 'warning', /^mode 0640: others can read/],
  ['nothing uncertain', uncertainFinding(aState({})), 'ok', /^none/],
  ['an uncertain create', uncertainFinding(aState({ intents: intents(1) })), 'warning', /^1 create .*: w1$/],
  ['seven of them', uncertainFinding(aState({ intents: intents(7) })), 'warning', /w5, and 2 more$/],
  ['no duplicates', duplicatesFinding(aState({})), 'ok', /^none$/],
  ['a duplicate', duplicatesFinding(doubtful), 'warning', /^1 webhook may exist twice: a \(ids 2 to 4 and 8\)$/],

  [
    'a refusal in its own words',
    answerFinding({ ok: false, kind: 'refused', status: 400, message: 'm' }, 5),
    'ok',
    /in 5 ms$/,
  ],
  [
    'a page that says no',
    answerFinding({ ok: false, kind: 'unknown', status: 403, message: 'm' }, 5),
    'failed',
    /Copernica refuses/,
  ],
  [
    'too many requests',
    answerFinding({ ok: false, kind: 'turned-away', message: 'm' }, 5),
    'warning',
    /at the moment: m/,
  ],
  ['no way to send', answerFinding({ ok: false, kind: 'not-sent', message: 'm' }, 5), 'failed', /^m$/],
  ['no answer', answerFinding({ ok: false, kind: 'unknown', message: 'm' }, 5), 'failed', /^m \(5 ms\)$/],
  ['a clock that agrees', clockFinding(2_000, '4'), 'ok', /agrees/],
  ['a clock behind, with a JWT', clockFinding(-60_000, '4'), 'warning', /60 s behind/],
  ['the same without', clockFinding(-60_000, '3'), 'ok', /agrees/],
  ['a clock far ahead', clockFinding(300_000, '3'), 'warning', /300 s ahead of/],
  ['no date', clockFinding(null, '4'), 'ok', /does not say/],
];

describe('what is found', () => {
  it.each(ROWS)('of %s', (_what, finding, expected, message) => {
    const came = finding.status === 'problem' ? finding.failure : finding.status;
    expect([came, finding.message]).toEqual([expected, expect.stringMatching(message)]);
    if ('remedy' in finding) expect(finding.remedy).not.toBe('');
  });
});
