// What is run side by side: the product and its floors, each as a program of its own, each checked to have done its work.
// A bench is { folder, server, without }: where manifest and state are, the account, and variables that are left out.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bodyOf } from './entries.mjs';
import { COMMAND, run, runNode } from './process.mjs';

const floor = (name) => fileURLToPath(new URL(`../floors/${name}`, import.meta.url));
const MANIFEST = 'webhooks.yaml';
const STATE = 'webhooks.state.jsonl';
export const CONCURRENCY = 10;

/** The same bench with a folder of its own in the bench's folder. */
export function within(bench, name) {
  const folder = join(bench.folder, name);
  mkdirSync(folder, { recursive: true });
  return { ...bench, folder };
}

export const writeManifest = (bench, text) => writeFileSync(join(bench.folder, MANIFEST), text);

export const bareNode = ({ folder, without }) => runNode(['-e', '0'], { cwd: folder, without });

export const parseYaml = (bench) => runNode([floor('yaml-parse.mjs'), MANIFEST], { cwd: bench.folder });

/** The product with `args`, in the bench's folder, against its server. */
export function product(bench, args, options = {}) {
  const { folder, without } = bench;
  return runNode([COMMAND, ...args], { cwd: folder, without, ...options, env: environmentOf(bench, options.env) });
}

/** Logs nothing, and takes no port: what is measured is the work. */
export const environmentOf = (bench, more = {}) => ({
  ...bench.server.environment,
  COPERNICA_WEBHOOKS_LOG_LEVEL: 'silent',
  COPERNICA_WEBHOOKS_CONCURRENCY: String(CONCURRENCY),
  COPERNICA_WEBHOOKS_LISTEN: 'off',
  ...more,
});

/** `apply` of a new account: `count` POSTs, all of them in the state afterwards. */
export async function applyAll(bench, count, { latencyMs = 0, ...options } = {}) {
  rmSync(join(bench.folder, STATE), { force: true });
  const measured = await posting(bench, count, latencyMs, () => product(bench, ['apply', '--init'], options));
  const created = readFileSync(join(bench.folder, STATE), 'utf8').match(/"type":"created"/g)?.length;
  if (created !== count) throw new Error(`${created} of ${count} creates stand in the state`);
  return measured;
}

/** A run that must send nothing but what `expected` says, by method. */
export async function sending(bench, args, expected, { latencyMs = 0 } = {}) {
  await bench.server.begin({ latencyMs, keep: true });
  const measured = await product(bench, args);
  const served = await bench.server.report();
  for (const [method, count] of Object.entries(expected)) {
    if (served[method] !== count) throw new Error(`${served[method]} × ${method} came in, not ${count}`);
  }
  return { ...measured, phaseMs: served.lastAnswerAt === null ? undefined : served.lastAnswerAt - served.firstLookAt };
}

/** A floor that POSTs `count` webhooks: `node bench/floors/NAME URL COUNT`. */
export function postFloor(bench, name, count, { latencyMs = 0 } = {}) {
  const args = [floor(name), bench.server.url, String(count)];
  return posting(bench, count, latencyMs, () => runNode(args, { cwd: bench.folder }));
}

/** A program that runs only where its tool is. Its row says why it was not measured; the others go on. */
export function peer(bench, tool, measure) {
  const { missing } = bench.peers[tool];
  if (missing !== null) return async () => ({ why: missing });
  return (here) => measure(here).catch((error) => ({ why: error.message.match(/^\w*Error: .*/m)?.[0] ?? 'it failed' }));
}

export function naive(bench, count) {
  const args = [floor('naive.mjs'), bench.server.url, MANIFEST, 'naive.state.json'];
  return posting(bench, count, 0, () => runNode(args, { cwd: bench.folder }));
}

export function curl(bench, count, { latencyMs = 0 } = {}) {
  const list = Array.from({ length: count }, (_, n) => requestForCurl(bench, n)).join('next\n');
  writeFileSync(join(bench.folder, 'curl.conf'), list);
  return posting(bench, count, latencyMs, () => run('sh', [floor('curl.sh'), 'curl.conf'], { cwd: bench.folder }));
}

function requestForCurl({ server }, n) {
  const url = `${server.url}/v3/webhooks?access_token=${server.environment.COPERNICA_ACCESS_TOKEN}`;
  const lines = { url, output: '/dev/null', header: 'content-type: application/json', data: bodyOf(n) };
  return Object.entries(lines)
    .map(([name, value]) => `${name} = ${JSON.stringify(value)}\n`)
    .join('');
}

export function shell(bench, count) {
  const webhooks = Array.from({ length: count }, (_, n) => ({ name: `w${n}`, ...JSON.parse(bodyOf(n)) }));
  writeFileSync(join(bench.folder, 'webhooks.json'), JSON.stringify({ webhooks }));
  const args = [floor('shell.sh'), bench.server.url, 'webhooks.json', 'ids'];
  return posting(bench, count, 0, () => run('sh', args, { cwd: bench.folder }));
}

export function alchemy(bench, count, { latencyMs = 0 } = {}) {
  rmSync(join(bench.folder, '.alchemy'), { recursive: true, force: true });
  const args = [floor('alchemy.mjs'), bench.peers.alchemy.folder, bench.server.url, String(count)];
  // Its telemetry is of no use here, and where the network is closed it is waited for.
  const env = { ALCHEMY_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1' };
  return posting(bench, count, latencyMs, () => runNode(args, { cwd: bench.folder, env }));
}

/**
 * Counts what the server got. `phaseMs`: from the first POST that arrived to the last answer, or to the last flush of
 * the program where that came later and was counted.
 */
export async function posting(bench, count, latencyMs, start) {
  await bench.server.begin({ latencyMs });
  const measured = await start();
  const served = await bench.server.report();
  if (served.POST !== count) throw new Error(`${served.POST} POSTs came in, not ${count}`);
  const endAt = Math.max(served.lastAnswerAt, measured.lastFlushAt ?? 0);
  return { ...measured, served, phaseMs: endAt - served.firstPostAt };
}

export function assertBuilt() {
  if (!existsSync(COMMAND)) throw new Error(`${COMMAND} is not there: npm run build`);
}
