// Results as Markdown: what goes to the terminal and what stands in RESULTS.md are the same text.
import { spread } from './stats.mjs';

const COLUMNS = [
  ['ms', 'whole process, ms', 0],
  ['phaseMs', 'requests, ms', 0],
  ['cpuMs', 'processor, ms', 0],
  ['rssMb', 'peak memory, MB', 0],
  ['residentMb', 'resident memory, MB', 0],
  ['flushes', 'flushes', 0],
  ['wakeUps', 'wake-ups / s', 1],
];
/** Only where they were counted or mean something. */
const RARE = { flushes: (measured) => measured.lastFlushAt != null };

/** One experiment: a table of medians with least and most, and its goals. */
export function section({ title, rounds, results }) {
  const names = Object.keys(results[0]);
  const cells = (name) =>
    COLUMNS.map(([key, , digits]) => {
      const counted = results.map((round) => round[name]).filter((measured) => RARE[key]?.(measured) ?? true);
      return shown(spread(counted.map((measured) => measured[key])), digits);
    });
  const used = COLUMNS.map((_, n) => names.some((name) => cells(name)[n] !== ''));
  const line = (first, rest) => `| ${[first, ...rest.filter((_, n) => used[n])].join(' | ')} |`;
  return [
    `## ${title}`,
    '',
    `Medians of ${rounds} interleaved round${rounds === 1 ? '' : 's'} (least–most).`,
    '',
    line(
      '',
      COLUMNS.map(([, head]) => head),
    ),
    `|${'---|'.repeat(1 + used.filter(Boolean).length)}`,
    ...names.map((name) => line(name, results[0][name].why === undefined ? cells(name) : whyNot(results[0][name].why))),
    '',
  ].join('\n');
}

/** In the first column that is shown. */
const whyNot = (why) => COLUMNS.map(([key]) => (key === 'ms' ? `not measured: ${why}` : ''));

function shown(found, digits) {
  if (found === null) return '';
  const [median, least, most] = [found.median, found.least, found.most].map((value) => value.toFixed(digits));
  return least === most ? median : `${median} (${least}–${most})`;
}

/** The goals of all experiments as one table. */
export function goalTable(judged) {
  const lines = judged.map(({ what, goal, measured, verdict }) => `| ${what} | ${goal} | ${measured} | ${verdict} |`);
  return ['| What | Goal | Measured | |', '|---|---|---|---|', ...lines, ''].join('\n');
}

/** One goal against its rounds: the median of the rounds' ratios decides. */
export function judge(goal, results, { isQuick }) {
  const found = spread(results.map(goal.ratio));
  const unit = goal.unit ?? '×';
  const digits = unit === 'ms' ? 0 : 2;
  const measured =
    found === null
      ? 'not measured'
      : `${found.median.toFixed(digits)} ${unit} (${found.least.toFixed(digits)}–${found.most.toFixed(digits)})`;
  return {
    what: goal.what,
    goal: wanted(goal, unit),
    measured,
    verdict: isQuick ? 'not judged' : verdict(goal, found),
  };
}

function wanted({ atMost, atLeast, shown: text }, unit) {
  if (atMost !== undefined) return `≤ ${atMost} ${unit}`;
  return atLeast === undefined ? text : `≥ ${atLeast} ${unit}`;
}

function verdict({ atMost, atLeast }, found) {
  if (found === null) return 'not measured';
  if (atMost === undefined && atLeast === undefined) return '–';
  return found.median <= (atMost ?? Number.POSITIVE_INFINITY) && found.median >= (atLeast ?? 0) ? 'met' : '**not met**';
}
