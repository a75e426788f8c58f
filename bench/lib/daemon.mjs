// A daemon of the product under measurement, and what the kernel tells of a process.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { COMMAND, surroundings } from './process.mjs';
import { environmentOf } from './programs.mjs';

/** Starts `run` and resolves when it has reconciled once. `reconciled()` resolves after the next time. */
export async function startDaemon(bench) {
  const env = { ...surroundings(), ...environmentOf(bench, { COPERNICA_WEBHOOKS_LOG_LEVEL: 'info' }) };
  const args = [COMMAND, 'run', '--init', '--schedule', 'off', '--log-format', 'json'];
  const child = spawn(process.execPath, args, { cwd: bench.folder, env, stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the daemon ended with ${code}`);
  });
  ended.catch(() => {});
  const reconciled = () =>
    Promise.race([
      ended,
      new Promise((resolve) => {
        const look = (line) => {
          if (!line.includes('"reconciled')) return;
          lines.off('line', look);
          resolve();
        };
        lines.on('line', look);
      }),
    ]);
  await reconciled();
  return { pid: child.pid, reconciled, stop: () => stop(child) };
}

/** A bare node that does nothing and stays. */
export async function startIdleNode() {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1 << 30); console.log()'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return { pid: child.pid, stop: () => stop(child) };
}

async function stop(child) {
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

/** Resident memory in MB, and how often the main thread has gone to sleep, which is how often it was woken. Linux only. */
export function kernelView(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const number = (name) => Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(status)?.[1]);
  return { residentMb: number('VmRSS') / 1024, sleeps: number('voluntary_ctxt_switches') };
}
