import { describe, expect, it } from 'vitest';
import { judge, latenessMs } from './judge.js';
import { live } from './life.js';
import type { LifeRecord } from './record.js';
import { VirtualTime } from './virtual-time.js';

/** Not in `npm test`: a morning in CI; at night a week, and lives of half a day in which something leaks. */
const HOURS = Number(process.env.WEEK_HOURS ?? 4);
const LEAKING_HOURS = 12;
const SEED = Number(process.env.WEEK_SEED ?? 20_270_323);
const IS_LONG = HOURS >= 24;
/** About how many webhooks. */
const SIZE = IS_LONG ? 60 : 24;
const PATIENCE_MS = 7_200_000;
const WHY_NOT = process.env.WEEK_HOURS === undefined ? 'WEEK_HOURS is not set' : VirtualTime.whyNot();
const title = `the daemon in virtual time${WHY_NOT === null ? '' : ` (not tried: ${WHY_NOT})`}`;

describe.skipIf(WHY_NOT !== null)(title, () => {
  it(`lives through ${HOURS} hours with nothing lost, late, doubled or leaked (seed ${SEED})`, {
    timeout: PATIENCE_MS,
  }, async () => {
    const life = await live({ hours: HOURS, seed: SEED, size: SIZE });
    process.stdout.write(figures(life));
    expect(judge(life)).toEqual([]);
    expect(enough(life)).toEqual([]);
  });

  it.skipIf(!IS_LONG).each(['memory', 'files', 'timers'] as const)(
    'that loses %s is noticed within half a day',
    { timeout: PATIENCE_MS },
    async (leak) => {
      const told = judge(await live({ hours: LEAKING_HOURS, seed: SEED, size: SIZE, leak }));
      const what = { memory: /^heapBytes grew/, files: /^files grew/, timers: /^resources grew/ }[leak];
      expect(told.filter((complaint) => what.test(complaint))).not.toEqual([]);
      expect(told.filter((complaint) => !/ grew /.test(complaint))).toEqual([]);
    },
  );
});

/** What did not happen often enough for the rest to mean something. */
function enough({ runs, causes, trades, sent, samples, checks }: LifeRecord): string[] {
  const triggered = (trigger: string) => runs.filter(({ triggers }) => triggers.includes(trigger)).length;
  const shrunk = samples.filter(({ stateRecords }, index) => stateRecords < (samples[index - 1]?.stateRecords ?? 0));
  const counts: readonly (readonly [what: string, count: number, least: number])[] = [
    ['runs of the schedule', triggered('schedule'), 4 * HOURS],
    ['edits', causes.filter(({ trigger }) => trigger === 'manifest').length, HOURS],
    ['runs after a failure', triggered('retry'), HOURS / 6],
    ['runs that look again for a create', triggered('settle'), HOURS / 24],
    ['requests', sent.requests, 30 * HOURS],
    ['JWTs', trades.length, 1 + Math.floor(HOURS / 24)],
    ['looks at the account', checks.length, HOURS / 6],
    ['state files written anew', shrunk.length, Math.floor(HOURS / 168)],
  ];
  return counts.filter(([, count, least]) => count < least).map(([what, count]) => `only ${count} ${what}`);
}

/** What was measured, for whoever reads along. */
function figures({ runs, causes, trades, sent, samples }: LifeRecord): string {
  const [first, middle, last] = [0, Math.floor(samples.length / 2), -1].map((index) => samples.at(index));
  const from = (read: (sample: LifeRecord['samples'][number]) => number) =>
    [first, middle, last].map((sample) => (sample === undefined ? '-' : read(sample).toFixed(1))).join(', ');
  const late = (trigger: string) =>
    Math.max(...causes.filter((cause) => cause.trigger === trigger).map((cause) => latenessMs(cause, runs)));
  return [
    `${runs.length} runs, ${causes.length} causes, ${sent.requests} requests, ${trades.length} JWTs`,
    `the latest run began ${late('schedule')} ms after its time, or after ${late('manifest')} ms for an edit`,
    'at the beginning, in the middle, at the end:',
    `  heap ${from(({ heapBytes }) => heapBytes / 1e6)} MB, resident ${from(({ residentBytes }) => residentBytes / 1e6)} MB`,
    `  open files ${from(({ files }) => files)}, state ${from(({ stateRecords }) => stateRecords)} records\n`,
  ].join('\n');
}
