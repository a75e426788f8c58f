import { describe, expect, it } from 'vitest';
import { clockFinding } from '../../../src/doctor/api.js';
import type { Finding } from '../../../src/doctor/check.js';
import { deliveriesFinding } from '../../../src/doctor/deliveries.js';
import { fileSystemFinding } from '../../../src/doctor/file-systems.js';

const failed = (statuses: readonly number[], isWhole = true) =>
  deliveriesFinding('2026-11-26', { errors: statuses.map((status) => ({ status, at: null })), isWhole });

const ROWS: readonly (readonly [string, Finding, Finding['status'], RegExp])[] = [
  ['ext4', fileSystemFinding('ext4'), 'ok', /local disk \(ext4\)/],
  ['a system that tells nothing', fileSystemFinding(null), 'ok', /does not say/],
  ['tmpfs', fileSystemFinding('tmpfs'), 'warning', /lost at a restart/],
  ['overlay', fileSystemFinding('overlay'), 'warning', /lost with the container/],
  ['nfs4', fileSystemFinding('nfs4'), 'warning', /network file system \(nfs4\)/],
  ['virtiofs', fileSystemFinding('virtiofs'), 'warning', /shared with another system/],
  ['sshfs', fileSystemFinding('fuse.sshfs'), 'warning', /shared with another system/],

  ['a clock that agrees', clockFinding(2_000, '4'), 'ok', /agrees/],
  ['a clock behind, with a JWT', clockFinding(-60_000, '4'), 'warning', /60 s behind/],
  ['the same without', clockFinding(-60_000, '3'), 'ok', /agrees/],
  ['a clock far ahead', clockFinding(300_000, '3'), 'warning', /300 s ahead of/],
  ['a day without failed deliveries', failed([]), 'ok', /none is logged as failed on 2026-11-26/],
  [
    'many statuses',
    failed([500, 501, 502, 503, 504, 505, 500]),
    'warning',
    /^7 failed .*: 2 with 500, .*, 1 with others$/,
  ],
  ['a log that was not read whole', failed([404], false), 'warning', /^more than 1 failed on 2026-11-26: 1 with 404$/],
  ['a log that was not read', failed([], false), 'warning', /^more than can be read failed on 2026-11-26$/],
  ['no date', clockFinding(null, '4'), 'ok', /does not say/],
];

describe('what is found', () => {
  it.each(ROWS)('of %s', (_what, finding, expected, message) => {
    expect([finding.status, finding.message]).toEqual([expected, expect.stringMatching(message)]);
    if ('remedy' in finding) expect(finding.remedy).not.toBe('');
  });
});
