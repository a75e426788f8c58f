// Measures how fast the built command starts, against bare Node and a bare parse of the same YAML: whole processes,
// interleaved, as ratios of medians. Peak memory is taken in rounds of its own, since reporting it takes time.
// usage: node bench/startup.mjs [--rounds 15] [--quick]
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const command = join(root, 'dist/main.js');
const MEMORY_ROUNDS = 3;
const PLAN = [command, 'plan', '--no-refresh'];
const APPLY = [command, 'apply', '--no-refresh'];
const PARSE = [
  '-e',
  `require(${JSON.stringify(join(root, 'node_modules/yaml'))}).parse(require('fs').readFileSync('webhooks.yaml','utf8'))`,
];

/**
 * Times of every job in each round (ms) and its peak memory (MB), with the job's name and what it is measured against.
 * `quick` leaves out the large manifests.
 */
export async function measureStartup({ rounds, quick = false }) {
  const folder = mkdtempSync(join(tmpdir(), 'copernica-webhooks-startup-'));
  const sandbox = await startSandbox();
  try {
    const results = jobsIn(folder, sandbox.environment, quick).map((job) => ({ ...job, ms: [], mb: [] }));
    for (let round = 0; round < rounds; round += 1) for (const job of results) job.ms.push(run(job).ms);
    for (let round = 0; round < MEMORY_ROUNDS; round += 1) {
      for (const job of results) job.mb.push(run(job, ['--require', join(folder, 'memory.cjs')]).mb);
    }
    return results;
  } finally {
    sandbox.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function jobsIn(folder, environment, quick) {
  writeFileSync(
    join(folder, 'memory.cjs'),
    `process.on('exit',()=>require('fs').writeSync(3,String(process.resourceUsage().maxRSS)))`,
  );
  const sizes = quick ? [100] : [100, 1_000, 10_000];
  const places = new Map([10, ...sizes].map((size) => [size, prepare(folder, size, environment)]));
  const at = (size) => ({ cwd: places.get(size), environment });
  const largest = sizes.at(-1);
  const changed = prepare(folder, largest, environment, 'changed');
  writeFileSync(join(changed, 'webhooks.yaml'), manifestOf(largest).replace('/0\n', '/changed\n'));
  return [
    { name: 'bare node', args: ['-e', '0'], ...at(10) },
    { name: '--version', args: [command, '--version'], against: 'bare node', goal: 3, ...at(10) },
    { name: '--help', args: [command, '--help'], against: 'bare node', goal: 3, ...at(10) },
    { name: 'validate, 10 entries', args: [command, 'validate'], against: 'bare node', goal: 5, ...at(10) },
    {
      name: 'plan --no-refresh, 10 entries',
      args: PLAN,
      against: 'bare node',
      ...at(10),
    },
    ...sizes.flatMap((size) => [
      { name: `plan --no-refresh, nothing to do, ${size}`, args: PLAN, against: 'bare node', ...at(size) },
      { name: `apply --no-refresh, nothing to do, ${size}`, args: APPLY, against: 'bare node', ...at(size) },
    ]),
    { name: `bare yaml.parse, ${largest}`, args: PARSE, ...at(largest) },
    {
      name: `plan --no-refresh, one of ${largest} changed`,
      args: PLAN,
      against: `bare yaml.parse, ${largest}`,
      goal: 1.2,
      cwd: changed,
      environment,
    },
  ];
}

/** A folder with a manifest of so many entries that is applied, so that nothing is to be done. */
function prepare(folder, size, environment, name = String(size)) {
  const cwd = join(folder, name);
  mkdirSync(cwd);
  writeFileSync(join(cwd, 'webhooks.yaml'), manifestOf(size));
  run({ args: [command, 'apply', '--init', '--concurrency', '20', '--log-level', 'silent'], cwd, environment });
  return cwd;
}

function manifestOf(size) {
  const entries = Array.from(
    { length: size },
    (_, n) =>
      `  - name: w${n}\n    handler: https://hooks.example.com/${n}\n    trigger: create\n    callers: [ms, publisher]\n    database: ${1000 + (n % 50)}\n`,
  );
  return `webhooks:\n${entries.join('')}`;
}

/** Runs Node to its end: milliseconds, and peak resident set in MB where it is told. */
function run({ name, args, cwd, environment }, flags = []) {
  const started = performance.now();
  const { status, stderr, output } = spawnSync(process.execPath, [...flags, ...args], {
    cwd,
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${name ?? args.join(' ')} ended with ${status}: ${stderr}`);
  return { ms: performance.now() - started, mb: Number(output[3]) / 1024 };
}

function startSandbox() {
  const child = spawn(process.execPath, [command, 'sandbox', '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((resolve, reject) => {
    child.on('exit', (code) => reject(new Error(`the sandbox ended with ${code}`)));
    child.stdout.on('data', (text) => {
      const [, url, token] = /COPERNICA_API_URL=(\S+) COPERNICA_ACCESS_TOKEN=(\S+)/.exec(String(text)) ?? [];
      if (url === undefined) return;
      resolve({
        environment: { COPERNICA_API_URL: url, COPERNICA_ACCESS_TOKEN: token },
        stop: () => child.kill(),
      });
    });
  });
}

/** As a table in Markdown: medians, how far the middle half of the rounds lies apart, and ratios. */
export function startupTable(results) {
  const of = (name) => results.find((job) => job.name === name);
  const rows = results.map((job) => {
    const base = of(job.against ?? job.name);
    const ratio = median(job.ms) / median(base.ms);
    const memory = median(job.mb) / median(base.mb);
    const [low, high] = [quantile(job.ms, 0.25), quantile(job.ms, 0.75)];
    const times = `${median(job.ms).toFixed(0)} ms (${low.toFixed(0)}–${high.toFixed(0)})`;
    const against = job.against === undefined ? '' : `${ratio.toFixed(2)} × ${job.against}`;
    const goal = job.goal === undefined ? '' : `≤ ${job.goal}`;
    const mb = `${median(job.mb).toFixed(0)} MB${job.against === undefined ? '' : ` (${memory.toFixed(2)} ×)`}`;
    return `| ${job.name} | ${times} | ${against} | ${goal} | ${mb} |`;
  });
  return ['| | time | ratio | goal | peak memory |', '|---|---|---|---|---|', ...rows].join('\n');
}

function median(numbers) {
  return quantile(numbers, 0.5);
}

function quantile(numbers, part) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.round((sorted.length - 1) * part)];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { rounds: { type: 'string', default: '15' }, quick: { type: 'boolean' } } });
  const rounds = Number(values.rounds);
  const results = await measureStartup({ rounds, quick: values.quick === true });
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  console.log(`copernica-webhooks ${version}, Node ${process.version}, ${cpus().length} cores, ${rounds} rounds\n`);
  console.log(startupTable(results));
}
