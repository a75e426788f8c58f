// What is run side by side: the built command and what it is compared with, each as a process of its own, each checked
// to have done its work. A bench is { folder, server, peers }: where manifest and state are, the account, and what else
// there is on this machine to compare with.
import { execFile, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { bodyOf, clock } from './entries.mjs';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));
const here = (path) => join(ROOT, 'bench', path);
const COMMAND = join(ROOT, 'dist/main.js');
const MANIFEST = 'webhooks.yaml';
/** A manifest that is a folder. */
export const PARTS = 'webhooks';
const STATE = 'webhooks.state.jsonl';
const TOKEN = 'bench-token-0123456789';
export const CONCURRENCY = 10;
const ALCHEMY = 'alchemy@0.94.0';

/** The same bench with a folder of its own in the bench's folder. */
export function within(bench, name) {
  const folder = join(bench.folder, name);
  mkdirSync(folder, { recursive: true });
  return { ...bench, folder };
}

export const writeManifest = ({ folder }, text) => writeFileSync(join(folder, MANIFEST), text);

/** One file of a manifest that is a folder. */
export function writePart({ folder }, name, text) {
  mkdirSync(join(folder, PARTS), { recursive: true });
  writeFileSync(join(folder, PARTS, name), text);
}

/** Starts the fast server in a process of its own. */
export async function startServer() {
  const child = fork(here('server.mjs'), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const [{ url }] = await once(child, 'message');
  const ask = async (order) => {
    child.send(order);
    return (await once(child, 'message'))[0];
  };
  return {
    url,
    /** Counts from zero. `keep`: the account's webhooks stay. `watch`: `nextPost` can be waited for. */
    begin: (options = {}) => ask({ ask: 'begin', ...options }),
    /** Requests by method, when the first POST and read came and the last answer went, on the shared clock. */
    report: () => ask({ ask: 'report' }),
    nextPost: async () => (await once(child, 'message'))[0],
    stop: () => child.disconnect(),
  };
}

/** What steers the product or Node is left out, and certificates that each Node process would read when it starts. */
function surroundings() {
  const isKept = (name) => !/^(COPERNICA_|WEBHOOKS_|NODE_|npm_)/.test(name);
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => isKept(name)));
}

/** Runs a program to its end: `ms`, and `rssMb` where it says so. Rejects when it ends with another code than 0. */
async function run(program, args, { cwd, env = {} }) {
  const startedAt = clock();
  const stdio = ['ignore', 'ignore', 'pipe', 'pipe'];
  const child = spawn(program, args, { cwd, env: { ...surroundings(), ...env }, stdio });
  const ended = once(child, 'exit').then(() => clock());
  const [errors, memory, [code], endedAt] = await Promise.all([
    child.stderr.toArray(),
    child.stdio[3].toArray(),
    once(child, 'close'),
    ended,
  ]);
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}:\n${errors.join('').slice(-2000)}`);
  return { ms: endedAt - startedAt, ...(memory.length === 0 ? {} : { rssMb: Number(memory.join('')) }) };
}

const runNode = (args, options) => run(process.execPath, ['--require', here('memory.cjs'), ...args], options);

export const bareNode = ({ folder }) => runNode(['-e', '0'], { cwd: folder });
export const parseYaml = ({ folder }) => runNode([here('floors/yaml-parse.mjs'), MANIFEST], { cwd: folder });

/** The product with `args`, in the bench's folder, against its server. It logs nothing and takes no port. */
export const product = (bench, args) =>
  runNode([COMMAND, ...args], { cwd: bench.folder, env: environmentOf(bench, 'silent') });

/** `env` of a bench: what its own programs get besides. */
const environmentOf = ({ server, env = {} }, logLevel) => ({
  COPERNICA_API_URL: server.url,
  COPERNICA_ACCESS_TOKEN: TOKEN,
  COPERNICA_WEBHOOKS_LOG_LEVEL: logLevel,
  COPERNICA_WEBHOOKS_CONCURRENCY: String(CONCURRENCY),
  COPERNICA_WEBHOOKS_LISTEN: 'off',
  ...env,
});

/** `apply` of a new account: `count` POSTs, all of them in the state afterwards. */
export async function applyAll(bench, count, latencyMs = 0) {
  const state = join(bench.folder, STATE);
  rmSync(state, { force: true });
  const measured = await posting(bench, count, latencyMs, () => product(bench, ['apply', '--init']));
  const created = readFileSync(state, 'utf8').match(/"type":"created"/g)?.length;
  if (created !== count) throw new Error(`${created} of ${count} creates stand in the state`);
  return measured;
}

/** `apply` with nothing to do but to read `count` webhooks. `phaseMs`: from the first read to the last answer. */
export async function refreshAll(bench, count, latencyMs) {
  await bench.server.begin({ latencyMs, keep: true });
  const measured = await product(bench, ['apply']);
  const { GET = 0, firstReadAt, lastAnswerAt, ...others } = await bench.server.report();
  if (GET < count || Object.keys(others).length > 0)
    throw new Error(`${GET} reads for ${count}, and something was sent`);
  return { ...measured, phaseMs: lastAnswerAt - firstReadAt };
}

export function rawUndici(bench, count, latencyMs = 0) {
  const args = [here('floors/undici.mjs'), bench.server.url, String(count)];
  return posting(bench, count, latencyMs, () => runNode(args, { cwd: bench.folder }));
}

export function naive(bench, count) {
  const args = [here('floors/naive.mjs'), bench.server.url, MANIFEST, 'naive.state.json'];
  return posting(bench, count, 0, () => runNode(args, { cwd: bench.folder }));
}

/** The list of requests is made before it is timed. */
export function curl(bench, count, latencyMs = 0) {
  const url = JSON.stringify(`${bench.server.url}/v3/webhooks?access_token=${TOKEN}`);
  const request = (n) =>
    `url = ${url}\noutput = /dev/null\nheader = "content-type: application/json"\ndata = ${JSON.stringify(JSON.stringify(bodyOf(n)))}\n`;
  writeFileSync(join(bench.folder, 'curl.conf'), Array.from({ length: count }, (_, n) => request(n)).join('next\n'));
  const args = ['-s', '--parallel', '--parallel-immediate', '--parallel-max', String(CONCURRENCY), '-K', 'curl.conf'];
  return posting(bench, count, latencyMs, () => run('curl', args, { cwd: bench.folder }));
}

export function alchemy(bench, count, latencyMs = 0) {
  rmSync(join(bench.folder, '.alchemy'), { recursive: true, force: true });
  const args = [here('floors/alchemy.mjs'), bench.peers.alchemy.folder, bench.server.url, String(count)];
  // Its telemetry is of no use here, and where the network is closed it is waited for.
  const env = { ALCHEMY_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1' };
  return posting(bench, count, latencyMs, () => runNode(args, { cwd: bench.folder, env }));
}

/** The same with the state in the database that `bench.env` names, which is empty. */
export const applyToDatabase = (bench, count, latencyMs) =>
  posting(bench, count, latencyMs, () => product(bench, ['apply', '--init']));

/** Checks what the server got. `phaseMs`: from the first POST that arrived to the last answer. */
async function posting({ server }, count, latencyMs, start) {
  await server.begin({ latencyMs });
  const measured = await start();
  const { POST = 0, firstPostAt, lastAnswerAt } = await server.report();
  if (POST !== count) throw new Error(`${POST} POSTs came in, not ${count}`);
  return { ...measured, phaseMs: lastAnswerAt - firstPostAt };
}

/** Each is { what, missing, folder? }: `missing` says why it is not measured. npm's alchemy never is a dependency. */
export async function findPeers(folder) {
  const exec = promisify(execFile);
  const curlIs = exec('curl', ['--version']).then(({ stdout }) => stdout.split(' ', 2).join(' '));
  const place = join(folder, 'alchemy');
  const flags = ['--prefix', place, '--no-audit', '--no-fund', '--ignore-scripts', '--engine-strict=false'];
  const alchemyIs = exec('npm', ['install', ...flags, ALCHEMY], { cwd: folder, timeout: 180_000 }).then(() => ALCHEMY);
  const found = (promise, more = {}) =>
    promise.then(
      (what) => ({ what, missing: null, ...more }),
      (error) => ({ what: null, missing: String(error.stderr || error.message).split('\n', 1)[0] }),
    );
  return { curl: await found(curlIs), alchemy: await found(alchemyIs, { folder: place }) };
}

const RECONCILED = '"reconciled';

/**
 * Starts `run` and resolves when it has reconciled once. `reconciled()` resolves after the next time. `logged` resolves
 * when so many more lines hold a text.
 */
export async function startDaemon(bench, more = []) {
  const daemon = spawnDaemon(bench, more);
  await daemon.reconciled();
  return daemon;
}

/** The same, without waiting for anything. */
export function spawnDaemon(bench, more = []) {
  const env = { ...surroundings(), ...environmentOf(bench, 'info') };
  const args = [COMMAND, 'run', '--init', '--schedule', 'off', '--log-format', 'json', ...more];
  const child = spawn(process.execPath, args, { cwd: bench.folder, env, stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`the daemon ended with ${code}`)));
  ended.catch(() => {});
  const logged = (text, times = 1) =>
    new Promise((resolve, reject) => {
      let left = times;
      ended.catch(reject);
      const look = (line) => {
        if (!line.includes(text)) return;
        left -= 1;
        if (left > 0) return;
        lines.off('line', look);
        resolve();
      };
      lines.on('line', look);
    });
  const kill = (signal) => void child.kill(signal);
  return { pid: child.pid, lines, logged, reconciled: () => logged(RECONCILED), kill, stop: () => stop(child) };
}

/** A bare node that does nothing and stays. */
export async function startIdleNode() {
  const script = 'setInterval(() => {}, 1 << 30); console.log()';
  const child = spawn(process.execPath, ['-e', script], { env: surroundings(), stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return { pid: child.pid, stop: () => stop(child) };
}

async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

/** Resident memory in MB, as the kernel tells it. Linux only. */
export const residentMb = (pid) =>
  Number(/^VmRSS:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

/** Processor time so far, user and system, in ms. Linux only, where a tick is 10 ms. */
export function processorMs(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const [user, system] = stat.slice(stat.lastIndexOf(')')).split(' ').slice(12, 14);
  return (Number(user) + Number(system)) * 10;
}
