import { describe, expect, it } from 'vitest';
import type { Problem } from '../../../src/errors.js';
import {
  type AccountStatus,
  advanceStatus,
  initialStatus,
  issuesOf,
  type StatusEvent,
} from '../../../src/status/account-status.js';
import { snapshotOf } from '../../../src/status/summarize.js';
import type { ManifestEntry } from '../../../src/webhook.js';
import { type Fate, failedRun, report } from '../../helpers/outcomes.js';

const T0 = Date.parse('2026-01-01T00:00:00.000Z');
const MINUTE = 60_000;
const iso = (ms: number) => new Date(ms).toISOString();
const ENTRIES: ManifestEntry[] = ['a', 'b'].map((name, index) => ({
  name,
  spec: { handler: 'https://a.example/x', trigger: 'create' },
  file: 'webhooks.yaml',
  line: index + 1,
  column: 1,
}));
const BROKEN: Problem = {
  code: 'yaml-syntax',
  severity: 'error',
  message: 'broken',
  frame: '1 | https://u:p@a.example',
};

function play(...events: (StatusEvent | number | readonly StatusEvent[])[]): AccountStatus {
  let at = T0;
  let status = initialStatus(new Date(T0));
  for (const event of events.flat()) {
    if (typeof event === 'number') at += event;
    else status = advanceStatus(status, event, new Date(at));
  }
  return status;
}

/** What is served of it, with a schedule that runs each quarter of an hour, or none. */
function served(status: AccountStatus, afterMs = 0, longestWaitMs: number | null = 15 * MINUTE) {
  const about = { name: null, target: 'here', file: 'webhooks.yaml', schedule: '*/15 * * * *' };
  const account = { ...about, status, nextAt: null, longestWaitMs };
  const started = new Date(T0);
  const { accounts, ...rest } = snapshotOf([account], {
    version: '1',
    startedAt: started,
    now: new Date(T0 + afterMs),
  });
  return { ...rest, account: accounts[0] };
}

const read: StatusEvent = { kind: 'manifest-read', entries: ENTRIES, commit: null, problems: [] };
const broken: StatusEvent = { ...read, problems: [BROKEN] };
const standsBy: StatusEvent = { kind: 'leadership-found', leadership: 'standing-by', problems: [] };
const leads: StatusEvent = { ...standsBy, leadership: 'leading' };
const began: StatusEvent = { kind: 'run-began', triggers: ['start'] };
const run = (end: StatusEvent): StatusEvent[] => [began, end];
const reconciled = (b: Fate) => play(read, run(report({ a: 'fine', b })));
const edited: StatusEvent = {
  ...read,
  entries: [
    {
      name: 'a',
      spec: { handler: 'https://a.example/new', trigger: 'open' },
      file: 'webhooks.yaml',
      line: 1,
      column: 1,
    },
  ],
};

describe('what is known of an account', () => {
  it.each([
    ['nothing yet', play(), 'starting', 'The first run is under way'],
    ['a manifest, no run', play(read, began), 'starting', 'The first run is under way'],
    ['a run that made everything', reconciled('fine'), 'ok', 'Everything is as the file says'],
    [
      'a broken manifest, never a good one',
      play({ ...broken, entries: null }),
      'no-manifest',
      'There is no valid manifest to go by',
    ],
    [
      'a broken manifest after a good one',
      play(read, run(report({ a: 'fine', b: 'failed' })), broken),
      'manifest-broken',
      'The manifest is broken; the last good one stays in force',
    ],
    ['an entry that failed', reconciled('failed'), 'webhooks-failed', '1 webhook is not as the manifest says'],
    ['an entry that was refused', reconciled('refused'), 'webhooks-failed', '1 webhook is not as the manifest says'],
    ['an entry that is uncertain', reconciled('uncertain'), 'uncertain', '1 create is of unknown outcome'],
    ['an entry that may exist twice', reconciled('doubled'), 'possibly-duplicated', '1 webhook may exist twice'],
    [
      'lost answers',
      play(read, run(report({ a: 'fine' }, { lostAnswers: 3 }))),
      'answers-lost',
      'Answers to creates are being lost',
    ],
    [
      'a run that failed as a whole',
      play(read, run(failedRun('failed', 'no connection'))),
      'run-failed',
      'The last run could not be carried out',
    ],
    [
      'a run that was refused',
      play(read, run(failedRun('refused', 'no'))),
      'run-failed',
      'A guard refused the last run',
    ],
    [
      'an account that can’t begin',
      play({ kind: 'could-not-begin', failure: 'input', problems: [BROKEN] }),
      'run-failed',
      'This account is not managed until the program is restarted',
    ],
    ['another leads', play(read, standsBy), 'standing-by', 'Standing by: another replica leads'],
    [
      'another leads, after a run that failed',
      play(read, run(report({ a: 'fine', b: 'failed' })), standsBy),
      'standing-by',
      'Standing by: another replica leads',
    ],
    [
      'the lease was lost in the middle of a run',
      play(read, began, standsBy, failedRun('refused', 'lost')),
      'standing-by',
      'Standing by: another replica leads',
    ],
    ['it took over', play(read, standsBy, leads), 'starting', 'The first run is under way'],
    [
      'a database that does not answer',
      play(read, leads, { ...leads, leadership: 'unknown', problems: [BROKEN] }),
      'state-away',
      'The database of the state does not answer',
    ],
    [
      'an edit that no run has carried out',
      play(read, run(report({ a: 'fine', b: 'fine' })), edited),
      'pending',
      'The account is being updated to match the file',
    ],
  ])('%s is %s', (_title, status, kind, headline) => {
    expect(served(status).account?.health).toMatchObject({ kind, headline });
  });

  it('is told by the leader alone, and begins anew when this one takes over', () => {
    const before = play(read, run(report({ a: 'fine', b: 'failed' })), standsBy, MINUTE);
    const standby = served(before, 24 * 60 * MINUTE);
    expect(standby).toMatchObject({ ready: true, account: { leadership: 'standing-by', webhooks: [] } });
    expect(standby.account?.counts).toMatchObject({ desired: 2, managed: 0, failed: 0, pending: 0 });
    const took = play(read, standsBy, 24 * 60 * MINUTE, leads);
    expect(served(took, 24 * 60 * MINUTE)).toMatchObject({ ready: false, account: { counts: { pending: 2 } } });
    expect(
      served(play(read, standsBy, 24 * 60 * MINUTE, leads, run(report({ a: 'fine', b: 'failed' })))),
    ).toMatchObject({
      ready: true,
    });
  });

  it('remembers since when it is so, and not the last event', () => {
    const fine = run(report({ a: 'fine', b: 'fine' }));
    const status = play(read, began, MINUTE, fine.slice(1), MINUTE, began, MINUTE, fine.slice(1));
    expect(status.health).toEqual({ kind: 'ok', since: iso(T0 + MINUTE) });
    expect(status.lastSuccessAt).toBe(iso(T0 + 3 * MINUTE));
    expect(status.runs).toMatchObject([{ durationMs: MINUTE, result: 'ok' }, { durationMs: MINUTE }]);
  });

  it('keeps so many runs and problems, and no secrets of their frames', () => {
    const many = Array.from({ length: 100 }, () => BROKEN);
    const runs = Array.from({ length: 50 }, () => run(report({ a: 'fine' }))).flat();
    const status = play(read, runs, { ...read, problems: many });
    expect(status.runs).toHaveLength(20);
    expect(status.manifestProblems).toHaveLength(20);
    expect(issuesOf(status)[0]).toMatchObject({ problems: status.manifestProblems, more: 80 });
    expect(JSON.stringify(status)).not.toContain('u:p@');
  });

  it('tells what is wrong and worth knowing, the gravest first', () => {
    const outcome = report({ a: 'uncertain', b: 'failed', c: 'drifted', d: 'orphaned' });
    const warnings: Problem[] = [
      { code: 'insecure-handler', severity: 'warning', message: 'plain http' },
      { code: 'unread', severity: 'error', message: 'webhook 7 could not be checked' },
    ];
    const { account } = served(play(read, run({ ...outcome, warnings })), 60 * MINUTE);
    expect(account?.health.advice.map(({ code, severity, count }) => `${severity} ${code} ${count}`)).toEqual([
      'error webhooks-failed 1',
      'error unchecked 1',
      'warning uncertain 1',
      'warning stale 0',
      'note warnings 1',
      'note drift 1',
      'note orphaned 1',
    ]);
    expect(account?.runs).toMatchObject([{ result: 'partial' }]);
  });
});

describe('readiness', () => {
  const wait = 15 * MINUTE;
  it.each([
    ['before the first run', play(read, began), 0, false],
    ['after a first run that failed', play(read, run(failedRun('failed', 'no'))), 0, false],
    ['after a complete run', reconciled('fine'), 0, true],
    ['after a complete run with failures', reconciled('failed'), 0, true],
    ['with a success as old as three scheduled runs', reconciled('fine'), 3 * wait, true],
    ['with a success older than that', reconciled('fine'), 3 * wait + 1, false],
    ['with a manifest that is broken now', play(read, run(report({ a: 'fine' })), broken), 0, true],
  ])('%s, %#', (_title, status, later, ready) => {
    expect(served(status, later).ready).toBe(ready);
  });

  it('does not grow old without a schedule', () => {
    expect(served(reconciled('fine'), 1_000 * wait, null)).toMatchObject({ ready: true, notReadyBecause: [] });
  });
});
