import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { renameSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { FAKETIME } from '../helpers/wall-clock.js';
import { commonSleepMs, tellsOfSleep } from './sleep.js';

/** Shorter waits than this pass by themselves. */
const LEAST_JUMP_MS = 2;
/** Between two looks at processes that work. */
const BREATH_MS = 0.1;
const NEVER_WOKEN = new Int32Array(new SharedArrayBuffer(4));

/**
 * Time for processes of its own that can be put forward: in between it goes at its usual pace, so that what is quick
 * stays quick and nothing times out because the machine is busy. When all the processes do nothing but wait, it jumps
 * to what the first of them waits for.
 *
 * libfaketime puts an offset on every clock that a process can ask, below Node: its timers and its event loop are the
 * real ones. What a process waits for is in /proc: the time-out that its event loop gave to the kernel.
 */
export class VirtualTime {
  /** For the processes that are to live in it. */
  readonly environment: Readonly<Record<string, string>>;
  readonly #file: string;
  readonly #pids: number[] = [];
  #offsetMs: number;

  private constructor(file: string, library: string, offsetMs: number) {
    this.#file = file;
    this.#offsetMs = offsetMs;
    this.environment = { LD_PRELOAD: library, FAKETIME_TIMESTAMP_FILE: file, FAKETIME_NO_CACHE: '1' };
    this.#write();
  }

  /** Time that is `startAt` (milliseconds since 1970) now. Ends with the test. */
  static async open(startAt: number): Promise<VirtualTime> {
    const folder = await mkdtemp(join(tmpdir(), 'copernica-webhooks-time-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    return new VirtualTime(join(folder, 'offset'), FAKETIME ?? '', startAt - Date.now());
  }

  /** Why there can be none on this machine, or null. */
  static whyNot(): string | null {
    if (process.platform !== 'linux') return 'only on Linux';
    if (FAKETIME === undefined) return 'faketime is not installed';
    const child = probe(FAKETIME);
    if (Number(child.stdout) - Date.now() < 3_000_000) return 'libfaketime has no effect on this Node';
    return seesChildren() ? null : '/proc does not tell what a process waits for';
  }

  /** Milliseconds since 1970. */
  now(): number {
    return Date.now() + this.#offsetMs;
  }

  /** Takes a process into account that was started with `environment`. */
  add(pid: number | undefined): void {
    if (pid === undefined) throw new Error('the process did not start');
    this.#pids.push(pid);
  }

  /**
   * Lets time pass until then, with everything that is due on the way at its time. Returns when it is so late, or as
   * soon as `enough` says so.
   */
  async passTo(time: number, enough: () => boolean = () => false): Promise<void> {
    while (this.now() < time && !enough()) {
      const waitMs = commonSleepMs(this.#pids);
      if (waitMs !== null && waitMs >= LEAST_JUMP_MS) this.#jump(Math.min(waitMs, Math.max(0, time - this.now())));
      await this.#breathe();
    }
  }

  /** Jumps there as soon as all processes wait, as a machine does that sleeps: what was due on the way comes then. */
  async leapTo(time: number): Promise<void> {
    while (commonSleepMs(this.#pids) === null) await this.#breathe();
    this.#jump(Math.max(0, time - this.now()));
  }

  async #breathe(): Promise<void> {
    Atomics.wait(NEVER_WOKEN, 0, 0, BREATH_MS);
    await turn();
  }

  #jump(ms: number): void {
    this.#offsetMs += ms;
    this.#write();
    // Stopped and continued, a process wakes from its wait without being told anything, and looks at the clock anew.
    for (const pid of this.#pids) process.kill(pid, 'SIGSTOP');
    for (const pid of this.#pids) process.kill(pid, 'SIGCONT');
  }

  /** At once: a process may read it at any time. */
  #write(): void {
    const seconds = (this.#offsetMs / 1_000).toFixed(3);
    writeFileSync(`${this.#file}.new`, `${this.#offsetMs < 0 ? '' : '+'}${seconds}\n`);
    renameSync(`${this.#file}.new`, this.#file);
  }
}

function probe(library: string): SpawnSyncReturns<string> {
  const env = { PATH: process.env.PATH ?? '', LD_PRELOAD: library, FAKETIME: '+3600' };
  return spawnSync(process.execPath, ['-p', 'Date.now()'], { env, encoding: 'utf8' });
}

function seesChildren(): boolean {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  try {
    return child.pid !== undefined && tellsOfSleep(child.pid);
  } finally {
    child.kill('SIGKILL');
  }
}
