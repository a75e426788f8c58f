// Runs a program to its end and tells what it used.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** The built command. Nothing else of the product is looked at. */
export const COMMAND = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const PRELOAD = fileURLToPath(new URL('../preload.cjs', import.meta.url));

export const clock = () => Number(process.hrtime.bigint()) / 1e6;

/** What makes each Node process read a file of certificates when it starts, which takes longer than all else it does. */
export const CERTIFICATES = 'NODE_EXTRA_CA_CERTS';

/** The environment of the bench less what steers the product or Node, and less `without`. */
export function surroundings(without = []) {
  const isKept = (name) => !/^(COPERNICA_|NODE_OPTIONS$|npm_)/.test(name) && !without.includes(name);
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => isKept(name)));
}

/**
 * A Node program: `ms` from before it is started to its end, and what the preload reports (`rssMb`, `cpuMs`, and with
 * `count` or `flushMs` flushes and bytes). Rejects when it ends with another code than 0.
 */
export async function runNode(args, { cwd, env = {}, count = false, flushMs = 0, ...options } = {}) {
  const extra = {
    ...(count ? { BENCH_COUNT: '1' } : {}),
    ...(flushMs > 0 ? { BENCH_FLUSH_MS: String(flushMs) } : {}),
  };
  return run(process.execPath, ['--require', PRELOAD, ...args], { ...options, cwd, env: { ...env, ...extra } });
}

/** Any program: `ms`, `stdout`, and its report where it has one on file descriptor 3. */
export function run(program, args, { cwd, env = {}, without = [], code: expected = 0, input = 'ignore' } = {}) {
  const startedAt = clock();
  return new Promise((resolve, reject) => {
    const stdio = [input, 'ignore', 'pipe', 'pipe'];
    const child = spawn(program, args, { cwd, env: { ...surroundings(without), ...env }, stdio });
    let report = '';
    let errors = '';
    child.stdio[3].on('data', (data) => {
      report += data;
    });
    child.stderr.on('data', (data) => {
      errors += data;
    });
    let endedAt = 0;
    child.on('error', reject);
    child.on('exit', () => {
      endedAt = clock();
    });
    child.on('close', (code) => {
      if (code !== expected) {
        reject(new Error(`${program} ${args.join(' ')} ended with ${code}, not ${expected}:\n${errors.slice(-2000)}`));
        return;
      }
      resolve({ ms: endedAt - startedAt, startedAt, endedAt, ...(report === '' ? {} : JSON.parse(report)) });
    });
  });
}
