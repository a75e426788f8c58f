import { describe, expect, it } from 'vitest';
import {
  type IdentityFacts,
  judgeAccount,
  judgeAnswer,
  judgeApiReach,
  judgeClock,
  judgeListCall,
  judgeStateAccount,
  judgeTokenAccepted,
  judgeTrade,
} from '../../../src/doctor/api.js';
import { because, holds, problemOf, type Verdict } from '../../../src/doctor/check.js';
import { judgeListen, judgeSchedule, judgeWatching } from '../../../src/doctor/daemon.js';
import { judgeManifest, judgeManifestMount } from '../../../src/doctor/manifest.js';
import type { Reach } from '../../../src/doctor/reach.js';
import {
  judgeCaFile,
  judgeEnvironment,
  judgeProxy,
  judgeSettings,
  judgeToken,
  tokenOrigin,
} from '../../../src/doctor/settings.js';
import type { FailureKind } from '../../../src/errors.js';

const NOW = new Date('2026-06-01T00:00:00.000Z');
const SOON = NOW.getTime() + 24 * 60 * 60_000;
const LATER = NOW.getTime() + 365 * 24 * 60 * 60_000;
const ONE = [{ code: 'api-refused', severity: 'error', message: 'no', remedy: 'do' }] as const;
const BAD = { ok: false, failure: 'input', problems: ONE } as const;
const API = { host: 'api.example', port: 443 };
const sandbox = { kind: 'identity', id: '34', name: 'Test', company: 'Co' } as const;
const refused: IdentityFacts = { ok: false, kind: 'refused', status: 400, message: 'answered 400' };
const reached = (distrust: string | null, validTo = LATER): Reach => ({
  via: null,
  at: 'end',
  addresses: ['203.0.113.1'],
  tls: { protocol: 'TLSv1.3', distrust, validFrom: 0, validTo, names: '', issuer: '' },
  ms: 1,
});
const watching = { poll: false, fileSystem: 'ext4', failure: null };

const ROWS: readonly (readonly [string, Verdict, Verdict['status'] | FailureKind, RegExp])[] = [
  ['no settings file', judgeSettings({ ok: true, file: null }), 'ok', /no settings file/],
  ['a settings file', judgeSettings({ ok: true, file: 's.yaml' }), 'ok', /^s\.yaml is read$/],
  ['settings that can’t be used', judgeSettings(BAD), 'input', /^no$/],
  ['other variables', judgeEnvironment({ names: ['PATH', 'COPERNICA_ACCESS_TOKEN'], used: [] }), 'ok', /no variable/],
  [
    'a slip in a variable',
    judgeEnvironment({ names: ['COPERNICA_API_ULR'], used: [] }),
    'warning',
    /^COPERNICA_API_ULR is/,
  ],
  [
    'one that is used',
    judgeEnvironment({ names: ['COPERNICA_API_ULR'], used: ['COPERNICA_API_ULR'] }),
    'ok',
    /no variable/,
  ],
  ['a token', judgeToken({ from: 'X', ok: true, padded: false }), 'ok', /^from X$/],
  ['a token with white space', judgeToken({ from: 'X', ok: true, padded: true }), 'warning', /left out/],
  ['no token', judgeToken({ from: 'X', ...BAD }), 'input', /^no$/],
  ['a certificate file', judgeCaFile({ ok: true, file: 'c', ends: [LATER] }, NOW), 'ok', /^c: 1 certificate$/],
  [
    'one that ends soon',
    judgeCaFile({ ok: true, file: 'c', ends: [LATER, SOON] }, NOW),
    'warning',
    /one ends in 1 day/,
  ],
  ['one that ended', judgeCaFile({ ok: true, file: 'c', ends: [1, LATER] }, NOW), 'warning', /expired/],
  ['half a certificate', judgeCaFile({ ok: true, file: 'c', ends: [null] }, NOW), 'input', /not all of which/],
  ['no such file', judgeCaFile(BAD, NOW), 'input', /^no$/],
  ['a proxy', judgeProxy({ ok: true, proxy: 'p:1' }), 'ok', /through p:1/],
  ['a proxy that is not used', judgeProxy({ ok: true, proxy: null, because: 'no-proxy' }), 'ok', /NO_PROXY/],
  ['a proxy that is none', judgeProxy(BAD), 'input', /^no$/],
  ['a manifest', judgeManifest({ ok: true, file: 'm', webhooks: 1, warnings: 0 }), 'ok', /^m: 1 webhook, valid$/],
  [
    'a manifest with warnings',
    judgeManifest({ ok: true, file: 'm', webhooks: 2, warnings: 1 }),
    'warning',
    /1 warning$/,
  ],
  ['a manifest with an error', judgeManifest({ ok: false, file: 'm', problems: ONE }), 'input', /^no$/],
  ['one with two', judgeManifest({ ok: false, file: 'm', problems: [...ONE, ...ONE] }), 'input', /^m has 2 errors$/],
  ['a manifest in a mount', judgeManifestMount({ isMount: false }), 'ok', /not itself/],
  ['a manifest that is one', judgeManifestMount({ isMount: true }), 'warning', /itself a mount/],
  [
    'the API',
    judgeApiReach(reached(null), API, NOW),
    'ok',
    /^api\.example: 203\.0\.113\.1, TLSv1\.3, certificate until 2027/,
  ],
  ['its certificate ending', judgeApiReach(reached(null, SOON), API, NOW), 'warning', /ends in 1 day/],
  ['its certificate in doubt', judgeApiReach(reached('SELF_SIGNED_CERT_IN_CHAIN'), API, NOW), 'failed', /no authority/],
  ['no such host', judgeApiReach({ via: null, at: 'name', code: 'ENOTFOUND' }, API, NOW), 'failed', /not known/],
  [
    'a proxy that says no',
    judgeApiReach({ via: 'p:1', at: 'proxy', code: 'it answered 403' }, API, NOW),
    'failed',
    /^the proxy p:1 .* 403$/,
  ],
  ['a trade', judgeTrade({ tradeFailure: null, ms: 1 }), 'ok', /traded/],
  [
    'a trade that is refused',
    judgeTrade({ tradeFailure: { ok: false, kind: 'refused', message: 'm' }, ms: 1 }),
    'failed',
    /^m$/,
  ],
  [
    'a trade that fails',
    judgeTrade({ tradeFailure: { ok: false, kind: 'not-sent', message: 'm' }, ms: 7 }),
    'failed',
    /^m \(7 ms\)$/,
  ],
  ['an identity', judgeAnswer(sandbox, 5), 'ok', /in 5 ms$/],
  ['a refusal in its own words', judgeAnswer(refused, 5), 'ok', /as Copernica does/],
  [
    'a page that says no',
    judgeAnswer({ ok: false, kind: 'unknown', status: 403, message: 'm' }, 5),
    'failed',
    /Copernica refuses/,
  ],
  [
    'too many requests',
    judgeAnswer({ ok: false, kind: 'turned-away', message: 'm' }, 5),
    'warning',
    /at the moment: m/,
  ],
  ['no way to send', judgeAnswer({ ok: false, kind: 'not-sent', message: 'm' }, 5), 'failed', /^m$/],
  ['no answer', judgeAnswer({ ok: false, kind: 'unknown', message: 'm' }, 5), 'failed', /^m \(5 ms\)$/],
  ['a token that is taken', judgeTokenAccepted(sandbox), 'ok', /^yes$/],
  ['a token that is not', judgeTokenAccepted(refused), 'failed', /answered 400/],
  ['a clock that agrees', judgeClock({ aheadMs: 2_000 }, '4'), 'ok', /agrees/],
  ['a clock behind, with a JWT', judgeClock({ aheadMs: -60_000 }, '4'), 'warning', /60 s behind/],
  ['the same without', judgeClock({ aheadMs: -60_000 }, '3'), 'ok', /agrees/],
  ['a clock far ahead', judgeClock({ aheadMs: 300_000 }, '3'), 'warning', /300 s ahead of/],
  ['no date', judgeClock({ aheadMs: null }, '4'), 'ok', /does not say/],
  ['a list', judgeListCall(true), 'ok', /there is a call/],
  ['no list', judgeListCall(false), 'ok', /there is no call/],
  ['who knows', judgeListCall('m'), 'warning', /could not be told: m/],
  ['an account', judgeAccount(sandbox), 'ok', /^34 Test \(Co\)$/],
  ['an account without names', judgeAccount({ ...sandbox, name: '', company: '' }), 'ok', /^34$/],
  ['its state', judgeStateAccount('34', '34'), 'ok', /^the same$/],
  ['the state of another', judgeStateAccount('35', '34'), 'refused', /account 35, but the state file to account 34/],
  ['a schedule', judgeSchedule({ ok: true, schedule: '* * * * *', next: NOW }), 'ok', /next at 2026-06-01T00:00/],
  ['no schedule', judgeSchedule({ ok: true, schedule: 'off', next: null }), 'ok', /^off/],
  ['no times', judgeSchedule(BAD), 'input', /^no$/],
  ['a watch', judgeWatching(watching), 'ok', /tells of changes/],
  ['no watch', judgeWatching({ ...watching, failure: 'ENOENT' }), 'warning', /no changes.*ENOENT/],
  ['watches used up', judgeWatching({ ...watching, failure: 'ENOSPC' }), 'warning', /ENOSPC/],
  ['a network disk', judgeWatching({ ...watching, fileSystem: 'nfs' }), 'warning', /on nfs/],
  ['--poll', judgeWatching({ poll: true, fileSystem: 'nfs', failure: null }), 'ok', /every second/],
  ['no status server', judgeListen({ kind: 'off' }), 'ok', /^off$/],
  ['a free address', judgeListen({ kind: 'free', address: 'a:1' }), 'ok', /^a:1 is free$/],
  ['a daemon', judgeListen({ kind: 'ours', address: 'a:1' }), 'ok', /daemon/],
  ['a port in use', judgeListen({ kind: 'in-use', address: 'a:1' }), 'input', /another program/],
  ['a low port', judgeListen({ kind: 'unusable', address: 'a:1', code: 'EACCES' }), 'input', /may not be used/],
  [
    'another’s address',
    judgeListen({ kind: 'unusable', address: 'a:1', code: 'EADDRNOTAVAIL' }),
    'input',
    /EADDRNOTAVAIL/,
  ],
];

describe('what is found', () => {
  it.each(ROWS)('of %s', (_what, verdict, expected, message) => {
    const came = verdict.status === 'problem' ? verdict.failure : verdict.status;
    expect([came, verdict.message]).toEqual([expected, expect.stringMatching(message)]);
    if ('remedy' in verdict) expect(verdict.remedy).not.toBe('');
  });

  it('says how to raise the limit that is reached, and --poll for the rest', () => {
    expect(judgeWatching({ ...watching, failure: 'ENOSPC' })).toMatchObject({
      remedy: expect.stringMatching(/^raise.*--poll$/),
    });
    expect(judgeWatching({ ...watching, failure: 'ENOENT' })).toMatchObject({
      remedy: expect.stringMatching(/^say --poll/),
    });
  });

  it('lets go on what is well or warned of, and nothing else', () => {
    const [warned, bad] = [judgeListCall('m'), judgeTokenAccepted(refused)];
    expect([holds(warned), holds(bad), holds(because('token')), holds(warned, bad)]).toEqual([
      true,
      false,
      false,
      false,
    ]);
    expect(because('token')).toEqual({ status: 'skipped', message: 'not checked, because of “access token” above' });
  });

  it('keeps each cause, and the one remedy where there is one cause', () => {
    expect(problemOf('input', ONE)).toMatchObject({ message: 'no', remedy: 'do', causes: ONE });
    expect(problemOf('input', [...ONE, ...ONE], 'mend them')).toMatchObject({
      message: '2 errors',
      remedy: 'mend them',
    });
  });
});

describe('where a token comes from', () => {
  it.each([
    [null, {}, 'COPERNICA_ACCESS_TOKEN'],
    [null, { COPERNICA_ACCESS_TOKEN_FILE: '/t' }, 'token file /t'],
    [{ variable: 'LIVE' }, { COPERNICA_ACCESS_TOKEN_FILE: '/t' }, 'LIVE'],
    [{ file: '/own' }, {}, 'token file /own'],
  ])('is %j with %j: %s', (source, environment, expected) => {
    expect(tokenOrigin(source, environment)).toBe(expected);
  });
});
