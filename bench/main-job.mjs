// Measures the built command on 10,000 entries against the sandbox in its own process: wall time and peak memory of the
// whole process, medians of interleaved rounds, with bare Node and a bare parse of the same YAML beside it.
// usage: node bench/main-job.mjs [--entries 10000] [--rounds 7]
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { entries: { type: 'string', default: '10000' }, rounds: { type: 'string', default: '7' } },
});
const entries = Number(values.entries);
const rounds = Number(values.rounds);
const root = fileURLToPath(new URL('..', import.meta.url));
const command = join(root, 'dist/main.js');
const folder = mkdtempSync(join(tmpdir(), 'copernica-webhooks-bench-'));

const manifest = Array.from(
  { length: entries },
  (_, n) =>
    `  - name: w${n}\n    handler: https://hooks.example.com/${n}\n    trigger: create\n    callers: [ms, publisher]\n    database: ${1000 + (n % 50)}\n`,
);
writeFileSync(join(folder, 'webhooks.yaml'), `webhooks:\n${manifest.join('')}`);

/** Runs Node to its end: seconds, and peak resident set in MB as the child itself reports it. */
function measure(args, environment) {
  const report = `process.on('exit',()=>require('fs').writeSync(3,String(process.resourceUsage().maxRSS)))`;
  const preload = join(folder, 'report.cjs');
  writeFileSync(preload, report);
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--require', preload, ...args], {
      cwd: folder,
      env: { PATH: process.env.PATH, ...environment },
      stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
    });
    let rss = '';
    child.stdio[3].on('data', (data) => {
      rss += data;
    });
    child.on('close', (code) => {
      if (code === 0) resolve({ seconds: (performance.now() - started) / 1000, megabytes: Number(rss) / 1024 });
      else reject(new Error(`${args.join(' ')} ended with ${code}`));
    });
  });
}

function startSandbox() {
  const child = spawn(process.execPath, [command, 'sandbox', '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((resolve) => {
    child.stdout.on('data', (text) => {
      const [, url, token] = /COPERNICA_API_URL=(\S+) COPERNICA_ACCESS_TOKEN=(\S+)/.exec(String(text)) ?? [];
      if (url !== undefined) resolve({ child, environment: { COPERNICA_API_URL: url, COPERNICA_ACCESS_TOKEN: token } });
    });
  });
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const parse = `require(${JSON.stringify(join(root, 'node_modules/yaml'))}).parse(require('fs').readFileSync('webhooks.yaml','utf8'))`;
const quiet = ['--log-level', 'silent'];
const jobs = [
  ['bare node', () => measure(['-e', '0'], {})],
  ['bare yaml.parse of the manifest', () => measure(['-e', parse], {})],
  [
    'apply, creating all',
    async () => {
      rmSync(join(folder, 'webhooks.state.jsonl'), { force: true });
      const sandbox = await startSandbox();
      try {
        return await measure([command, 'apply', '--init', '--concurrency', '10', ...quiet], sandbox.environment);
      } finally {
        sandbox.child.kill();
      }
    },
  ],
  ['plan --no-refresh, nothing to do', () => measure([command, 'plan', '--no-refresh', ...quiet], {})],
];

const results = new Map(jobs.map(([name]) => [name, []]));
try {
  for (let round = 0; round < rounds; round += 1) for (const [name, job] of jobs) results.get(name).push(await job());
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const bare = median(results.get('bare yaml.parse of the manifest').map(({ seconds }) => seconds));
console.log(`Node ${process.version}, ${cpus().length} cores, ${entries} entries, medians of ${rounds} rounds\n`);
console.log('| | time | against a bare parse | peak memory |\n|---|---|---|---|');
for (const [name, measured] of results) {
  const seconds = median(measured.map((result) => result.seconds));
  const megabytes = median(measured.map((result) => result.megabytes));
  console.log(`| ${name} | ${seconds.toFixed(2)} s | ${(seconds / bare).toFixed(2)} × | ${megabytes.toFixed(0)} MB |`);
}
