// Measures the built command side by side with what it can be compared with, in one run, as ratios.
//   npm run bench                       everything, seven rounds; writes bench/RESULTS.md
//   npm run bench -- --only create      one experiment or several, printed only
//   npm run bench -- --rounds 3
//   npm run bench -- --quick            small sizes, one round: whether it still runs, not how fast; prints only
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, tmpdir, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { stopDatabases } from './databases.mjs';
import { clock } from './entries.mjs';
import { EXPERIMENTS, LEAVES_OUT, QUICK_SIZES, SIZES } from './experiments.mjs';
import { findPeers, ROOT, startServer, within } from './programs.mjs';

const ROUNDS = 7;
const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: EXPERIMENTS.map(({ name }) => name) },
    rounds: { type: 'string' },
  },
});
const sizes = values.quick ? QUICK_SIZES : SIZES;
const rounds = Number(values.rounds ?? (values.quick ? 1 : ROUNDS));
const isWhole = !values.quick && values.only.length === EXPERIMENTS.length;

/** One experiment as { text, goals, failed }: its trouble ends no other. */
async function measure(experiment, bench) {
  const title = experiment.title(sizes);
  const times = values.quick ? 1 : Math.min(rounds, experiment.mostRounds ?? rounds) * (experiment.repeats ?? 1);
  const results = [];
  let failure = null;
  try {
    await experiment.prepare(bench, sizes);
    const programs = Object.entries(experiment.programs(sizes, bench));
    for (let n = 0; n < times; n += 1) {
      const round = {};
      for (const [name, run] of programs) round[name] = await run(bench);
      results.push(round);
    }
  } catch (error) {
    failure = error.message;
  }
  const goals = experiment.goals(sizes).map((goal) => goalRow(goal, failure === null ? results : []));
  const body = failure === null ? table(results) : `Not measured: ${failure}`;
  const count = `Medians of ${times} round${times === 1 ? '' : 's'} in turns (least–most).`;
  return { text: `## ${title}\n\n${count}\n\n${body}\n`, goals, failed: failure !== null };
}

const COLUMNS = {
  ms: 'whole process, ms',
  phaseMs: 'requests, ms',
  rssMb: 'memory, MB',
  transactions: 'transactions',
  takeOverMs: 'taken over after, ms',
  idleMs: 'idle round, ms of processor',
  editMs: 'edit to POST, ms',
};

function table(results) {
  const programs = Object.keys(results[0]);
  const used = Object.keys(COLUMNS).filter((key) =>
    results.some((round) => programs.some((name) => key in round[name])),
  );
  const cells = (name) => {
    const { why } = results[0][name];
    if (why !== undefined) return used.map((_, n) => (n === 0 ? `not measured: ${why}` : ''));
    return used.map((key) => spreadText(results.map((round) => round[name][key])));
  };
  return [
    ['', ...used.map((key) => COLUMNS[key])],
    ['', ...used].map(() => '---'),
    ...programs.map((name) => [name, ...cells(name)]),
  ]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');
}

/** The median of the rounds decides. */
function goalRow({ what, ratio, unit = '×', atMost, atLeast }, results) {
  const found = results.map(ratio);
  const middle = median(found);
  const isMet = middle <= (atMost ?? Number.POSITIVE_INFINITY) && middle >= (atLeast ?? 0);
  const verdict = values.quick ? 'not judged' : isMet ? 'met' : '**not met**';
  const goal = atMost === undefined ? `≥ ${atLeast} ${unit}` : `≤ ${atMost} ${unit}`;
  const digits = unit === '×' ? 2 : 0;
  return `| ${what} | ${goal} | ${found.length === 0 ? 'not measured' : spreadText(found, digits)} | ${verdict} |`;
}

function spreadText(numbers, digits = 0) {
  if (numbers.some((number) => number === undefined)) return '';
  const [low, middle, high] = [Math.min(...numbers), median(numbers), Math.max(...numbers)];
  return `${middle.toFixed(digits)} (${low.toFixed(digits)}–${high.toFixed(digits)})`;
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

function page(measured, { peers }, minutes) {
  const versionOf = (name) =>
    JSON.parse(readFileSync(join(ROOT, 'node_modules', name, 'package.json'), 'utf8')).version;
  const found = Object.values(peers).flatMap(({ what }) => what ?? []);
  const commit = execFileSync('git', ['-C', ROOT, 'log', '-1', '--format=%h %s'], { encoding: 'utf8' }).trim();
  return [
    '# Measured',
    '',
    'Written by `npm run bench`. Ratios of whole processes that ran in turns on one machine: absolute times mean little on another one.',
    '',
    `- ${type()} ${release()}, ${cpus().length} × ${cpus()[0]?.model.trim()}, ${(totalmem() / 2 ** 30).toFixed(1)} GiB; load at the end ${loadavg()[0].toFixed(1)}`,
    `- Node ${process.version}, ${[`undici ${versionOf('undici')}`, `yaml ${versionOf('yaml')}`, ...found].join(', ')}`,
    `- commit ${commit}`,
    `- ${new Date().toISOString().slice(0, 10)}, ${minutes.toFixed(0)} minutes`,
    '',
    '## Goals',
    '',
    '| What | Goal | Measured | |',
    '|---|---|---|---|',
    ...measured.flatMap(({ goals }) => goals),
    '',
    '## What the others leave out',
    '',
    'None of them flushes anything to disk. `apply` does: each intent before its POST, each id before its end.',
    '',
    '| | leaves out |',
    '|---|---|',
    ...Object.entries(LEAVES_OUT).map(([name, what]) => `| ${name} | ${what} |`),
    '',
    ...measured.map(({ text }) => text),
  ].join('\n');
}

const startedAt = clock();
const folder = mkdtempSync(join(tmpdir(), 'copernica-webhooks-bench-'));
const nothing = { what: null, missing: 'left out of this run' };
const bench = {
  folder,
  server: await startServer(),
  peers: values.quick ? { curl: nothing, alchemy: nothing } : await findPeers(folder),
};
try {
  const measured = [];
  for (const experiment of EXPERIMENTS.filter(({ name }) => values.only.includes(name))) {
    const done = await measure(experiment, within(bench, experiment.name));
    measured.push(done);
    console.log(`${done.text}\n${done.goals.join('\n')}\n`);
  }
  if (isWhole) writeFileSync(join(ROOT, 'bench/RESULTS.md'), page(measured, bench, (clock() - startedAt) / 60_000));
  if (measured.some(({ failed }) => failed)) process.exitCode = 1;
} finally {
  bench.server.stop();
  stopDatabases();
  rmSync(folder, { recursive: true, force: true });
}
