import { describe, expect, it } from 'vitest';
import { type Problem, productError } from '../../../src/errors.js';
import type { AppliedChange } from '../../../src/plan/applied.js';
import { makePlan } from '../../../src/plan/plan.js';
import { applyRecord } from '../../../src/state/fold.js';
import { startState } from '../../../src/state/folded-state.js';
import type { StateRecord } from '../../../src/state/records.js';
import {
  type AccountStatus,
  advanceStatus,
  initialStatus,
  type RunOutcome,
} from '../../../src/status/account-status.js';
import { notReadyBecause } from '../../../src/status/summarize.js';
import type { DesiredWebhook } from '../../../src/webhook.js';

const T0 = Date.parse('2026-01-01T00:00:00.000Z');
const AT = '2026-01-01T00:00:00.000Z';
const MINUTE = 60_000;
const ENTRIES: DesiredWebhook[] = ['a', 'b'].map((name, index) => ({
  name,
  spec: { handler: `https://a.example/${name}`, trigger: 'create' },
  line: index + 1,
  column: 1,
}));
const BROKEN: Problem = {
  code: 'yaml-syntax',
  severity: 'error',
  message: 'broken',
  frame: '1 | https://u:p@a.example',
};

/** A state in which these records follow on its header. */
function stateOf(...records: StateRecord[]) {
  const state = startState({ type: 'header', version: 1, account: '34', createdAt: AT });
  for (const record of records) applyRecord(state, record);
  return state;
}

function made(name: string, intent: number, id: number): StateRecord[] {
  const webhook = { handler: `https://a.example/${name}`, trigger: 'create' } as const;
  return [
    { type: 'intent', intent, name, above: null, at: AT, webhook },
    { type: 'created', intent, id, at: AT },
  ];
}

/** What a run comes to that leaves these records behind; `results` by name, else done. */
function outcomeOf(records: readonly StateRecord[], results: Record<string, AppliedChange['result']> = {}): RunOutcome {
  const state = stateOf(...records);
  const changes = makePlan(ENTRIES, state).changes.map((change): AppliedChange => {
    const result = results[change.name] ?? 'done';
    const error =
      result === 'done' ? null : productError('failed', { code: 'api-refused', message: `${change.name}: no` });
    return { change, result, id: null, error };
  });
  return { kind: 'report', view: { manifest: { entries: ENTRIES }, changes, state }, warnings: [], refreshed: true };
}

function play(...events: (Parameters<typeof advanceStatus>[1] | number)[]): AccountStatus {
  let at = T0;
  let status = initialStatus(T0);
  for (const event of events) {
    if (typeof event === 'number') at += event;
    else status = advanceStatus(status, event, at);
  }
  return status;
}

const read = { kind: 'manifest-read', entries: ENTRIES, problems: [] } as const;
const began = { kind: 'run-began', triggers: ['start'] } as const;
const ended = (outcome: RunOutcome) => ({ kind: 'run-ended', outcome }) as const;
const ALL = [...made('a', 1, 11), ...made('b', 2, 12)];

describe('what is known of an account', () => {
  it.each([
    ['nothing yet', play(), 'starting'],
    ['a manifest, no run', play(read, began), 'starting'],
    ['a run that made everything', play(read, began, ended(outcomeOf(ALL))), 'ok'],
    ['a broken manifest, never a good one', play({ ...read, entries: null, problems: [BROKEN] }), 'no-manifest'],
    [
      'a broken manifest after a good one',
      play(read, began, ended(outcomeOf(ALL)), { ...read, problems: [BROKEN] }),
      'manifest-broken',
    ],
    ['an entry that failed', play(read, began, ended(outcomeOf(made('a', 1, 11), { b: 'failed' }))), 'webhooks-failed'],
    [
      'an entry that is uncertain',
      play(read, began, ended(outcomeOf(made('a', 1, 11), { b: 'uncertain' }))),
      'uncertain',
    ],
    [
      'an entry that may exist twice',
      play(
        read,
        began,
        ended(outcomeOf([...ALL, { type: 'possiblyDuplicated', name: 'a', ranges: [{ from: 1, to: 9 }], at: AT }])),
      ),
      'possibly-duplicated',
    ],
    [
      'a run that failed as a whole',
      play(read, began, ended({ kind: 'error', failure: 'failed', problems: [BROKEN] })),
      'run-failed',
    ],
    [
      'a run that a guard refused',
      play(read, began, ended({ kind: 'error', failure: 'refused', problems: [BROKEN] })),
      'run-failed',
    ],
    [
      'an account that can’t begin',
      play({ kind: 'could-not-begin', failure: 'input', problems: [BROKEN] }),
      'run-failed',
    ],
    [
      'an edit that no run has carried out',
      play(
        read,
        began,
        ended(outcomeOf(ALL)),
        { ...read, entries: ENTRIES.slice(1) },
        {
          ...read,
          entries: [{ name: 'a', spec: { handler: 'https://a.example/new', trigger: 'open' }, line: 1, column: 1 }],
        },
      ),
      'pending',
    ],
  ])('%s is %s', (_title, status, kind) => {
    expect(status.health.kind).toBe(kind);
  });

  it('remembers since when it is so, and not the last event', () => {
    const status = play(read, began, MINUTE, ended(outcomeOf(ALL)), MINUTE, began, MINUTE, ended(outcomeOf(ALL)));
    expect(status.health).toEqual({ kind: 'ok', since: T0 + MINUTE });
    expect(status.lastSuccessAt).toBe(T0 + 3 * MINUTE);
    expect(status.runs).toMatchObject([{ durationMs: MINUTE, result: 'ok' }, { durationMs: MINUTE }]);
  });

  it('takes an edited entry for pending until a run has carried it out, and keeps its id', () => {
    const edited = [ENTRIES[0], { ...ENTRIES[1], spec: { handler: 'https://a.example/new', trigger: 'open' } }];
    const status = play(read, began, ended(outcomeOf(ALL)), { ...read, entries: edited as DesiredWebhook[] });
    expect(status.rows).toMatchObject([
      { name: 'a', status: 'created', id: 11 },
      { name: 'b', status: 'pending', id: 12, trigger: 'open' },
    ]);
  });

  it('keeps so many runs and problems, and no secrets of their frames', () => {
    const many = Array.from({ length: 100 }, () => BROKEN);
    const runs = Array.from({ length: 50 }, () => [began, ended(outcomeOf(ALL))]).flat();
    const status = play(read, ...runs, { ...read, problems: many });
    expect(status.runs).toHaveLength(20);
    expect(status.manifestProblems).toHaveLength(20);
    expect(status.issues[0]?.advice).toMatchObject({ problems: status.manifestProblems, more: 80 });
    expect(JSON.stringify(status.manifestProblems)).not.toContain('u:p@');
  });
});

describe('readiness', () => {
  const wait = 15 * MINUTE;
  it.each([
    ['before the first run', play(read, began), 0, false],
    [
      'after a first run that failed',
      play(read, began, ended({ kind: 'error', failure: 'failed', problems: [BROKEN] })),
      0,
      false,
    ],
    ['after a complete run', play(read, began, ended(outcomeOf(ALL))), 0, true],
    ['after a complete run with failures', play(read, began, ended(outcomeOf(ALL, { b: 'failed' }))), 0, true],
    ['with a success as old as three scheduled runs', play(read, began, ended(outcomeOf(ALL))), 3 * wait, true],
    ['with a success older than that', play(read, began, ended(outcomeOf(ALL))), 3 * wait + 1, false],
    [
      'with a manifest that is broken now',
      play(read, began, ended(outcomeOf(ALL)), { ...read, problems: [BROKEN] }),
      0,
      true,
    ],
  ])('%s, %#', (_title, status, later, ready) => {
    expect(notReadyBecause(status, wait, T0 + later).length === 0).toBe(ready);
  });

  it('does not grow old without a schedule', () => {
    expect(notReadyBecause(play(read, began, ended(outcomeOf(ALL))), null, T0 + 1_000 * wait)).toEqual([]);
  });
});
