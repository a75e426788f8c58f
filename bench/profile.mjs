// Where the time of `apply` goes: runs it under the V8 profiler against the fast server and prints what takes most.
// usage: node bench/profile.mjs [--entries 10000] [--top 25]
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { manifestOf } from './lib/entries.mjs';
import { COMMAND, ROOT, runNode } from './lib/process.mjs';
import { posting, writeManifest } from './lib/programs.mjs';
import { startServer } from './lib/server.mjs';

const { values } = parseArgs({
  options: { entries: { type: 'string', default: '10000' }, top: { type: 'string', default: '25' } },
});
const SAMPLE_EVERY_US = 500;
const LEAST_SHOWN_MS = 5;

async function profile(count) {
  const folder = mkdtempSync(join(tmpdir(), 'copernica-webhooks-profile-'));
  const server = await startServer();
  try {
    const bench = { folder, server };
    writeManifest(bench, manifestOf(count));
    const flags = ['--cpu-prof', '--cpu-prof-dir', folder, '--cpu-prof-interval', String(SAMPLE_EVERY_US)];
    const args = [...flags, COMMAND, 'apply', '--init', '--concurrency', '10', '--log-level', 'silent'];
    const measured = await posting(bench, count, 0, () => runNode(args, { cwd: folder, env: server.environment }));
    const file = readdirSync(folder).find((name) => name.endsWith('.cpuprofile'));
    return { measured, profile: JSON.parse(readFileSync(join(folder, file), 'utf8')) };
  } finally {
    server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Milliseconds by function between two times of the shared clock: in itself, and with all that it calls. */
function timesOf({ nodes, samples, timeDeltas, startTime }, from, to) {
  const selfOf = new Map(nodes.map(({ id }) => [id, 0]));
  let at = startTime / 1000;
  samples.forEach((id, n) => {
    const ms = timeDeltas[n] / 1000;
    at += ms;
    if (at >= from && at < to) selfOf.set(id, selfOf.get(id) + ms);
  });
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const [self, total, modules] = [new Map(), new Map(), new Map()];
  const add = (map, key, ms) => map.set(key, (map.get(key) ?? 0) + ms);
  const visit = (node, above) => {
    const name = nameOf(node.callFrame);
    const ms = selfOf.get(node.id);
    add(self, name, ms);
    add(modules, moduleOf(node.callFrame), ms);
    const stack = new Set(above).add(name);
    for (const inStack of stack) add(total, inStack, ms);
    for (const child of node.children ?? []) visit(byId.get(child), stack);
  };
  visit(nodes[0], new Set());
  return { self, total, modules };
}

function nameOf({ functionName, url, lineNumber }) {
  const where = shortUrl(url);
  return `${functionName || '(anonymous)'}${where === '' ? '' : ` ${where}:${lineNumber + 1}`}`;
}

const shortUrl = (url) => url.replace(/^file:\/\//, '').replace(ROOT, '');

function moduleOf({ functionName, url }) {
  if (url === '') return functionName;
  const path = shortUrl(url);
  return /node_modules\/([^/]+)/.exec(path)?.[1] ?? (path.startsWith('dist/') ? path.replace(/\/[^/]*$/, '') : path);
}

function print(title, map, top) {
  console.log(`\n### ${title}\n\n| ms | |\n|---|---|`);
  const most = [...map].filter(([, ms]) => ms >= LEAST_SHOWN_MS).sort(([, a], [, b]) => b - a);
  for (const [name, ms] of most.slice(0, top)) console.log(`| ${ms.toFixed(0)} | \`${name}\` |`);
}

const { measured, profile: recorded } = await profile(Number(values.entries));
const { startedAt, endedAt, served } = measured;
console.log(
  `apply of ${values.entries}, under the profiler: ${measured.ms.toFixed(0)} ms, ${measured.cpuMs.toFixed(0)} ms of`,
);
console.log(
  `processor, ${measured.rssMb.toFixed(0)} MB. Until the first POST ${(served.firstPostAt - startedAt).toFixed(0)} ms,`,
);
console.log(
  `POSTs ${measured.phaseMs.toFixed(0)} ms, after the last answer ${(endedAt - served.lastAnswerAt).toFixed(0)} ms.`,
);
const top = Number(values.top);
const phases = [
  ['Until the first POST', 0, served.firstPostAt],
  ['From the first POST to the last answer', served.firstPostAt, served.lastAnswerAt],
  ['After the last answer', served.lastAnswerAt, Number.POSITIVE_INFINITY],
];
for (const [phase, from, to] of phases) {
  const { self, total, modules } = timesOf(recorded, from, to);
  console.log(`\n## ${phase}`);
  print('By module, in itself', modules, top);
  print('By function, in itself', self, top);
  print(
    'By function of the product, with all it calls',
    new Map([...total].filter(([name]) => name.includes(' dist/'))),
    top,
  );
}
