import { describe, expect, it } from 'vitest';
import { HOUR_MS, MINUTE_MS, QUARTER_MS } from './agenda.js';
import { judge, scheduled } from './judge.js';
import type { LifeRecord, Run, Sample } from './record.js';

const FROM = Date.UTC(2027, 2, 23, 0, 5);
const HOURS = 30;
const TO = FROM + HOURS * HOUR_MS;
const EDIT_AT = FROM + 17 * MINUTE_MS;

function run(startedAt: number, ...triggers: string[]): Run {
  return { startedAt, endedAt: startedAt + 500, triggers, result: 'ok' };
}

function sample(at: number, more: Partial<Sample> = {}): Sample {
  const bytes = { heapBytes: 17e6, externalBytes: 3e6, residentBytes: 90e6, stateBytes: 20_000 };
  return { at, ...bytes, files: 27, resources: 6, stateRecords: 130, ...more };
}

function samples(more: (hour: number) => Partial<Sample> = () => ({})): Sample[] {
  return Array.from({ length: HOURS }, (_, hour) => sample(FROM + hour * HOUR_MS, more(hour)));
}

const causes = [...scheduled(FROM, TO), { trigger: 'manifest', at: EDIT_AT } as const];
const runs = [run(FROM, 'start'), ...causes.map(({ at, trigger }) => run(at + 90, trigger))].sort(
  (a, b) => a.startedAt - b.startedAt,
);
const life: LifeRecord = {
  from: FROM,
  to: TO,
  runs,
  causes,
  samples: samples(),
  checks: [{ at: TO, wanted: ['a', 'b'], live: ['a', 'b'], health: 'ok' }],
  trades: [FROM, FROM + 24 * HOUR_MS],
  refusals: [],
  sent: { requests: 9_000, expired: 0, jwts: 2 },
  countedRuns: runs.length,
  outputs: ['nothing'],
};

function withRuns(changed: readonly Run[]): LifeRecord {
  return { ...life, runs: changed, countedRuns: changed.length };
}

/** Another in place of the run that begins at about that time; null: none. */
function instead(at: number, other: readonly Run[]): LifeRecord {
  return withRuns(runs.flatMap((one) => (Math.abs(one.startedAt - at) < 1_000 ? other : [one])));
}

const TICK = FROM - (FROM % QUARTER_MS) + 8 * QUARTER_MS;

describe('the judge of a life', () => {
  it('knows that there are 96 quarter hours in a day', () => {
    expect(scheduled(FROM, FROM + 24 * HOUR_MS)).toHaveLength(96);
  });

  it('finds nothing wrong with a good one', () => {
    expect(judge(life)).toEqual([]);
  });

  it.each([
    {
      title: 'a run that was under way, and is followed by the one that was due',
      life: instead(TICK, [
        { ...run(TICK - 40_000, 'hangup'), endedAt: TICK + 60_000 },
        run(TICK + 60_001, 'schedule'),
      ]),
    },
    {
      title: 'a run that does again what the one before could not',
      life: instead(TICK, [{ ...run(TICK, 'schedule'), result: 'failed' }, run(TICK + 1_500, 'retry', 'schedule')]),
    },
    {
      title: 'a JWT that was fetched anew because one was refused',
      life: {
        ...life,
        trades: [FROM, FROM + HOUR_MS, FROM + 25 * HOUR_MS],
        refusals: [FROM + HOUR_MS - 1],
        sent: { ...life.sent, jwts: 3 },
      },
    },
    {
      title: 'heap that goes up and down',
      life: { ...life, samples: samples((at) => ({ heapBytes: 17e6 + (at % 7) * 5e5 })) },
    },
  ])('allows $title', ({ life: good }) => {
    expect(judge(good)).toEqual([]);
  });

  it.each<{ readonly title: string; readonly life: LifeRecord; readonly told: RegExp }>([
    { title: 'a run that is missing', life: instead(TICK, []), told: /^schedule of .*: the run began 9\d{5} ms late/ },
    { title: 'a run that is late', life: instead(TICK, [run(TICK + 50_000, 'schedule')]), told: /began 50000 ms late/ },
    {
      title: 'a run that does not name what was due',
      life: instead(TICK, [run(TICK + 40_000, 'retry'), run(TICK + 50_000, 'schedule')]),
      told: /1 runs were made before the one that names it/,
    },
    {
      title: 'a run too many',
      life: withRuns([...runs, run(TICK + MINUTE_MS, 'schedule')].sort((a, b) => a.startedAt - b.startedAt)),
      told: /a run of the schedule that was not due/,
    },
    { title: 'a run that the metrics don’t count', life: { ...life, countedRuns: 3 }, told: /^3 runs counted/ },
    { title: 'an edit that is not seen', life: instead(EDIT_AT, []), told: /^manifest of .*: no run was made/ },
    { title: 'a webhook twice', life: account(['a', 'b', 'b']), told: /too many in the account: b/ },
    { title: 'a webhook that is missing', life: account(['a']), told: /missing in the account: b/ },
    {
      title: 'heap that grows',
      life: { ...life, samples: samples((hour) => ({ heapBytes: 17e6 + hour * 1e5 })) },
      told: /^heapBytes grew by 2\d{6}/,
    },
    {
      title: 'files that stay open',
      life: { ...life, samples: samples((hour) => ({ files: 27 + hour })) },
      told: /^files grew by 2\d,/,
    },
    {
      title: 'timers that stay',
      life: { ...life, samples: samples((hour) => ({ resources: 6 + hour })) },
      told: /^resources grew/,
    },
    {
      title: 'a state that grows',
      life: { ...life, samples: samples((hour) => ({ stateRecords: 130 + 100 * hour })) },
      told: /records in the state/,
    },
    {
      title: 'a JWT that is kept too long',
      life: { ...life, trades: [FROM], sent: { ...life.sent, jwts: 1 } },
      told: /was not renewed for 30 h/,
    },
    {
      title: 'a JWT that is fetched all the time',
      life: { ...life, trades: [FROM, FROM + HOUR_MS, FROM + 25 * HOUR_MS], sent: { ...life.sent, jwts: 3 } },
      told: /fetched too early/,
    },
    {
      title: 'an expired JWT',
      life: { ...life, sent: { ...life.sent, expired: 1 } },
      told: /1 requests went out with an expired/,
    },
    { title: 'a secret', life: { ...life, outputs: ['Bearer eyJhbGciOi'] }, told: /an output holds eyJ/ },
  ])('notices $title', ({ life: bad, told }) => {
    const complaints = judge(bad);
    expect(complaints.filter((complaint) => told.test(complaint))).not.toEqual([]);
    expect(complaints.filter((complaint) => !told.test(complaint) && !/records in the state/.test(complaint))).toEqual(
      [],
    );
  });
});

function account(live: readonly string[]): LifeRecord {
  return { ...life, checks: life.checks.map((check) => ({ ...check, live })) };
}
