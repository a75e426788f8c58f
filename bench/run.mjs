// Measures the built command side by side with its floors, in one run, as ratios.
//   npm run bench                       everything, seven rounds; writes bench/RESULTS.md and bench/time.svg
//   npm run bench -- --only create      one experiment or several, printed only
//   npm run bench -- --rounds 3
//   npm run bench -- --quick            small sizes, one round: whether it still runs, not how fast; prints only
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { create } from './experiments/create.mjs';
import { edit, idleDaemon } from './experiments/daemon.mjs';
import { lean, nothing, oneChanged, startup } from './experiments/idle.mjs';
import { growth, peersOf } from './experiments/scale.mjs';
import { latency, refresh } from './experiments/wire.mjs';
import { findPeers } from './lib/peers.mjs';
import { clock, ROOT } from './lib/process.mjs';
import { assertBuilt } from './lib/programs.mjs';
import { judge, section } from './lib/report.mjs';
import { resultsPage, timeChart } from './lib/results.mjs';
import { startServer } from './lib/server.mjs';

const PEERS = [peersOf('small', 3), peersOf('middle', 3), peersOf('large', 1)];
const EXPERIMENTS = [
  startup,
  create,
  latency,
  refresh,
  nothing,
  ...lean,
  oneChanged,
  growth,
  edit,
  idleDaemon,
  ...PEERS,
];
const ROUNDS = 7;
const SIZES = {
  ...{ many: 10_000, some: 1_000, few: 1_000, most: 100_000, idle: [100, 1_000, 10_000] },
  ...{ peers: { small: 100, middle: 1_000, large: 10_000 }, edits: 10, idleMs: 10_000 },
};
const QUICK_SIZES = {
  ...{ many: 300, some: 50, few: 50, most: 300, idle: [10, 100] },
  ...{ peers: { small: 10, middle: 20, large: 30 }, edits: 2, idleMs: 500 },
};

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

/** What was measured, or why it was not: one experiment's trouble ends no other. */
async function measure(experiment, bench) {
  const title = experiment.title(sizes);
  const times = Math.min(rounds, experiment.mostRounds ?? rounds) * (values.quick ? 1 : (experiment.repeats ?? 1));
  try {
    await experiment.prepare(bench, sizes);
    const programs = Object.entries(experiment.programs(sizes, bench));
    const results = [];
    for (let n = 0; n < times; n += 1) {
      const round = {};
      for (const [name, run] of programs) round[name] = await run(bench);
      results.push(round);
    }
    const goals = experiment.goals(sizes, bench).map((goal) => judge(goal, results, { isQuick: values.quick }));
    return { name: experiment.name, title, results, goals, text: section({ title, rounds: times, results }) };
  } catch (error) {
    const goals = experiment.goals(sizes, bench).map((goal) => judge(goal, [], { isQuick: values.quick }));
    return {
      name: experiment.name,
      title,
      results: null,
      goals,
      text: `## ${title}\n\nNot measured: ${error.message}\n`,
    };
  }
}

async function openBench(folder) {
  const wantsPeers = values.only.some((name) => name.startsWith('peers') || name === 'latency');
  const peers = await findPeers(folder, { install: wantsPeers && !values.quick });
  return { folder, peers, server: await startServer() };
}

assertBuilt();
const startedAt = clock();
const folder = mkdtempSync(join(tmpdir(), 'copernica-webhooks-bench-'));
const bench = await openBench(folder);
try {
  const measured = [];
  for (const experiment of EXPERIMENTS.filter(({ name }) => values.only.includes(name))) {
    const done = await measure(experiment, bench);
    measured.push(done);
    console.log(done.text);
    for (const { what, goal, measured: found, verdict } of done.goals)
      console.log(`- ${what}: ${found}; ${goal}: ${verdict}`);
    console.log(`\n(${Math.round((clock() - startedAt) / 1000)} s so far)\n`);
  }
  const page = resultsPage(measured, bench, { minutes: (clock() - startedAt) / 60_000 });
  if (isWhole) {
    writeFileSync(join(ROOT, 'bench/RESULTS.md'), page);
    writeFileSync(join(ROOT, 'bench/time.svg'), timeChart(measured, sizes));
  }
  if (measured.some(({ results }) => results === null)) process.exitCode = 1;
} finally {
  bench.server.stop();
  rmSync(folder, { recursive: true, force: true });
}
