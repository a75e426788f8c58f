import { SANDBOX_TOKEN } from '../../src/sandbox/model/options.js';
import { HOUR_MS, MINUTE_MS, QUARTER_MS, SECOND_MS } from './agenda.js';
import { HANDLER_SECRETS } from './manifest.js';
import type { Cause, Check, LifeRecord, Run, Sample } from './record.js';

/**
 * How late a run may be begun, in time of the daemon: that passes at its usual pace while it works, so a machine that
 * stands still for a while is late by as much.
 */
const LATE_MS = 30 * SECOND_MS;
/** How much more of each there may be at the end than at the beginning, by the trend. */
const GROWTH = { heapBytes: 2_000_000, externalBytes: 1_000_000, files: 4, resources: 4 } as const;
/** The first part of a life, in which caches fill and code is compiled. */
const WARM_UP_SHARE = 0.25;
/** A resident size depends on when the engine gives pages back: only a jump is told. */
const RESIDENT_GROWTH_BYTES = 64 * 1024 * 1024;
/** A JWT lives 24 hours and is renewed a minute before. */
const JWT_MS = { least: 24 * HOUR_MS - 2 * MINUTE_MS, most: 24 * HOUR_MS + 2 * QUARTER_MS };
/** A file with more dead records than this, and than twice the live ones, is written anew at the end of a run. */
const DEAD_RECORDS = { most: 1_000, perLive: 2, inOneRun: 300 };

/** Everything that is wrong with a life; empty: nothing is. */
export function judge(life: LifeRecord): string[] {
  return [
    ...life.causes.flatMap((cause) => unanswered(cause, life.runs)),
    ...needless(life.runs, life.causes),
    ...growth(life.samples),
    ...life.samples.flatMap((sample) => unbounded(sample, life.checks)),
    ...life.checks.flatMap(different),
    ...renewals(life),
    ...secrets(life.outputs),
    ...(life.countedRuns === life.runs.length ? [] : [`${life.countedRuns} runs counted, ${life.runs.length} shown`]),
  ];
}

/** Every time that the schedule is due between the two. */
export function scheduled(from: number, to: number): Cause[] {
  const first = Math.ceil(from / QUARTER_MS) * QUARTER_MS;
  const count = Math.max(0, Math.ceil((to - first) / QUARTER_MS));
  return Array.from({ length: count }, (_, index) => ({ trigger: 'schedule', at: first + index * QUARTER_MS }));
}

/**
 * A cause is answered by the first run that begins after it and names it: at once, or as soon as the run that was under
 * way has ended. Until then no other may begin.
 */
function unanswered(cause: Cause, runs: readonly Run[]): string[] {
  const what = `${cause.trigger} of ${iso(cause.at)}`;
  const answer = answerTo(cause, runs);
  if (answer === undefined) return [`${what}: no run was made`];
  const passed = runs.filter(({ startedAt }) => startedAt >= cause.at + LATE_MS && startedAt < answer.startedAt);
  if (passed.length > 0) return [`${what}: ${passed.length} runs were made before the one that names it`];
  const late = latenessMs(cause, runs);
  return late > LATE_MS ? [`${what}: the run began ${late} ms late`] : [];
}

/** How long the run that answers it could have begun before. */
export function latenessMs(cause: Cause, runs: readonly Run[]): number {
  const startedAt = answerTo(cause, runs)?.startedAt ?? Number.POSITIVE_INFINITY;
  const before = runs.findLast((run) => run.startedAt < startedAt);
  return startedAt - Math.max(cause.at, before?.endedAt ?? 0);
}

function answerTo({ trigger, at }: Cause, runs: readonly Run[]): Run | undefined {
  return runs.find(({ startedAt, triggers }) => startedAt >= at && triggers.includes(trigger));
}

/** Runs of the schedule for which no time was due, and which don't do again what the one before could not. */
function needless(runs: readonly Run[], causes: readonly Cause[]): string[] {
  const due = causes.filter(({ trigger }) => trigger === 'schedule');
  const answers = new Set(due.map((cause) => answerTo(cause, runs)));
  return runs.flatMap((run, index) => {
    if (!run.triggers.includes('schedule') || answers.has(run)) return [];
    const before = runs[index - 1];
    const again = before?.result !== 'ok' && before?.triggers.includes('schedule') === true;
    return again ? [] : [`${iso(run.startedAt)}: a run of the schedule that was not due`];
  });
}

/** What is more at the end than at the beginning by the trend of all samples: one that is high by chance is not. */
function growth(samples: readonly Sample[]): string[] {
  const settled = samples.slice(Math.ceil(samples.length * WARM_UP_SHARE));
  const complaints = Object.entries(GROWTH).flatMap(([what, most]) => {
    const more = trend(settled, what as keyof typeof GROWTH);
    return more > most ? [`${what} grew by ${Math.round(more)}, more than ${most}`] : [];
  });
  const half = settled.length / 2;
  const resident = (part: readonly Sample[]) => median(part.map(({ residentBytes }) => residentBytes));
  const more = resident(settled.slice(half)) - resident(settled.slice(0, half));
  return more > RESIDENT_GROWTH_BYTES ? [...complaints, `residentBytes grew by ${more}`] : complaints;
}

/** How much more it is at the end than at the beginning: the median slope between any two samples, times their time. */
function trend(samples: readonly Sample[], what: keyof typeof GROWTH): number {
  const slopes = samples.flatMap((a, index) =>
    samples.slice(index + 1).map((b) => (b[what] - a[what]) / (b.at - a.at)),
  );
  const first = samples[0];
  const last = samples.at(-1);
  return first === undefined || last === undefined ? 0 : median(slopes) * (last.at - first.at);
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function unbounded({ at, stateRecords }: Sample, checks: readonly Check[]): string[] {
  const { most, perLive, inOneRun } = DEAD_RECORDS;
  const live = Math.max(...checks.map(({ wanted }) => wanted.length));
  const bound = live + Math.max(most, perLive * live) + inOneRun;
  return stateRecords > bound ? [`${iso(at)}: ${stateRecords} records in the state`] : [];
}

function different({ at, wanted, live, health }: Check): string[] {
  const missing = without(wanted, live).map((one) => `${iso(at)}: missing in the account: ${one}`);
  const more = without(live, wanted).map((one) => `${iso(at)}: too many in the account: ${one}`);
  return [...missing, ...more, ...(health === 'ok' ? [] : [`${iso(at)}: the daemon is ${health}`])];
}

/** What is in `a` more often than in `b`. */
function without(a: readonly string[], b: readonly string[]): string[] {
  const left = [...b];
  return a.filter((one) => {
    const index = left.indexOf(one);
    if (index >= 0) left.splice(index, 1);
    return index < 0;
  });
}

/** From one JWT to the next it is a day, if the one before was not refused. */
function renewals({ trades, refusals, sent, to }: LifeRecord): string[] {
  const complaints = trades.flatMap((at, index) => {
    const next = trades[index + 1] ?? to;
    const isRefused = refusals.some((refused) => refused >= at && refused <= next);
    const isLast = trades[index + 1] === undefined;
    if (!isRefused && !isLast && next - at < JWT_MS.least) return [`${iso(next)}: a JWT was fetched too early`];
    return next - at > JWT_MS.most ? [`${iso(at)}: this JWT was not renewed for ${(next - at) / HOUR_MS} h`] : [];
  });
  if (sent.expired > 0) complaints.push(`${sent.expired} requests went out with an expired JWT`);
  if (sent.jwts !== trades.length) complaints.push(`${trades.length} JWTs were handed out, ${sent.jwts} were used`);
  return complaints;
}

/** The access token, what is secret in handlers, and the beginnings of JWTs. */
function secrets(outputs: readonly string[]): string[] {
  return [SANDBOX_TOKEN, ...HANDLER_SECRETS, 'eyJ'].flatMap((secret) =>
    outputs.some((text) => text.includes(secret)) ? [`an output holds ${secret}`] : [],
  );
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
