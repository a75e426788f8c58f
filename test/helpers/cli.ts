import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import * as z from 'zod';
import { DOCUMENTS } from '../../src/output/documents.js';
import type { Sandbox } from '../../src/sandbox/server.js';
import { runInProcess } from './in-process.js';

/** The built command: `npm test` builds it first. */
const COMMAND = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly finished: Promise<Finished>;
  /** Resolves with all of stdout so far as soon as it matches; rejects when the process ends before. */
  waitForOutput(pattern: RegExp): Promise<string>;
  /** The same for stderr. */
  waitForErrors(pattern: RegExp): Promise<string>;
  kill(signal: NodeJS.Signals): void;
}

export interface RunningProcess extends Running {
  readonly process: ChildProcess;
}

/** A folder of a user: manifest and state go here, commands run here. Removed with the test. */
export class Workplace {
  readonly folder: string;
  readonly environment: Record<string, string>;
  /** Runs this instead of the built command. */
  command = COMMAND;

  private constructor(folder: string, environment: Record<string, string>) {
    this.folder = folder;
    this.environment = environment;
  }

  /** With a sandbox, the environment points at it. */
  static async open(sandbox?: Sandbox): Promise<Workplace> {
    const folder = await mkdtemp(join(tmpdir(), 'copernica-webhooks-test-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const target = sandbox && { COPERNICA_API_URL: sandbox.url, COPERNICA_ACCESS_TOKEN: sandbox.token };
    return new Workplace(folder, { ...target });
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  async write(name: string, text: string): Promise<void> {
    await writeFile(this.path(name), text);
  }

  async manifest(entries: readonly object[], name = 'webhooks.yaml'): Promise<void> {
    // JSON is YAML.
    await this.write(name, `webhooks:\n${entries.map((entry) => `  - ${JSON.stringify(entry)}\n`).join('')}`);
  }

  read(name: string): Promise<string> {
    return readFile(this.path(name), 'utf8');
  }

  async remove(name: string): Promise<void> {
    await rm(this.path(name));
  }

  /** The built command, in a process of its own. */
  start(...args: string[]): RunningProcess {
    const child = spawn(process.execPath, [this.command, ...args], {
      cwd: this.folder,
      env: this.#environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    return { process: child, ...watchProcess(child) };
  }

  /** The same on a terminal that is so many columns wide. What both streams write is its `stdout`. */
  startOnTerminal(columns: number, ...args: string[]): Running {
    const words = [process.execPath, this.command, ...args].map((word) => `'${word}'`).join(' ');
    const child = spawn('script', ['-qec', `stty cols ${columns}; exec ${words}`, '/dev/null'], {
      cwd: this.folder,
      env: { TERM: 'xterm', ...this.#environment() },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    return watchProcess(child);
  }

  /**
   * The command, called in this process; with TEST_COMMAND=built, as at night, the built one, and also where a variable
   * is set that Node reads when it starts, or another command.
   */
  run(...args: string[]): Promise<Finished> {
    if (this.#needsProcess) return this.start(...args).finished;
    return runInProcess({ args, folder: this.folder, environment: this.#environment() });
  }

  /**
   * As `run` calls it, and what it writes can be waited for. It can be told to end, once, or to run, and ends with the
   * test. Meanwhile `run` works in no other folder: for daemons of two folders there is `start`.
   */
  begin(...args: string[]): Running {
    if (this.#needsProcess) return this.start(...args);
    const signals = new EventEmitter();
    const written = new EventEmitter();
    const onWritten = (stream: string, text: string) => void written.emit(stream, text);
    const call = { args, folder: this.folder, environment: this.#environment(), signals, onWritten };
    const finished = runInProcess(call);
    let isTold = false;
    const kill = (signal: NodeJS.Signals) => {
      if (signal !== 'SIGHUP') isTold = true;
      signals.emit(signal);
    };
    onTestFinished(async () => {
      // Told twice it would end at once, and with it this process.
      if (!isTold) kill('SIGTERM');
      await finished;
    });
    return watch(written, finished, kill);
  }

  get #needsProcess(): boolean {
    const isOwn = this.command === COMMAND;
    const isForNode = Object.keys(this.environment).some((name) => /^(NODE_|SSL_)/.test(name));
    return !isOwn || isForNode || process.env.TEST_COMMAND === 'built';
  }

  #environment(): Record<string, string> {
    const { PATH = '', HOME = '' } = process.env;
    // Daemons of several tests run at once: none takes the usual port.
    return { PATH, HOME, TZ: 'UTC', COPERNICA_WEBHOOKS_LISTEN: 'off', ...this.environment };
  }

  /** Runs with `--json` and parses the one document. */
  async json(...args: string[]): Promise<{ code: number | null; document: JsonDocument }> {
    const { code, stdout } = await this.run(...args, '--json');
    const document: unknown = JSON.parse(stdout);
    assertAsPublished(args[0] ?? '', document);
    return { code, document: document as JsonDocument };
  }
}

/** Every document that a test looks at is as its published schema says, down to the fields. */
function assertAsPublished(command: string, document: unknown): void {
  const schema = Object.entries(DOCUMENTS).find(([name]) => name === command)?.[1];
  const parsed = schema?.safeParse(document);
  if (parsed?.success !== false) return;
  throw new Error(
    `${command} --json is not as published: ${z.prettifyError(parsed.error)}\n${JSON.stringify(document)}`,
  );
}

interface JsonDocument {
  readonly changes: readonly {
    readonly name: string;
    readonly action: string;
    readonly id: number | null;
    readonly result?: string;
    readonly error?: { readonly code: string; readonly line: number | null };
  }[];
  readonly summary: Readonly<Record<string, number>>;
  readonly errors: readonly { readonly code: string; readonly message: string; readonly line: number | null }[];
  readonly warnings: readonly { readonly code: string }[];
  readonly [index: number]: { readonly name: string; readonly id: number | null; readonly status: string };
  readonly length: number;
}

function watchProcess(child: ChildProcess): Running {
  const written = new EventEmitter();
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.setEncoding('utf8').on('data', (text: string) => void written.emit(stream, text));
  }
  const said = { stdout: '', stderr: '' };
  const finished = new Promise<Finished>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, ...said }));
  });
  return watch(written, finished, (signal) => void child.kill(signal), said);
}

/** `written` emits what is written, by the name of the stream. */
function watch(
  written: EventEmitter,
  finished: Promise<Finished>,
  kill: Running['kill'],
  said = { stdout: '', stderr: '' },
): Running {
  const waiting = new Set<() => void>();
  for (const stream of ['stdout', 'stderr'] as const) {
    written.on(stream, (text: string) => {
      said[stream] += text;
      for (const look of waiting) look();
    });
  }
  const waitFor = (stream: 'stdout' | 'stderr', pattern: RegExp) =>
    new Promise<string>((resolve, reject) => {
      const look = () => {
        if (!pattern.test(said[stream])) return;
        waiting.delete(look);
        resolve(said[stream]);
      };
      waiting.add(look);
      look();
      const ended = () => reject(new Error(`ended before ${pattern}:\n${said.stdout}\n${said.stderr}`));
      void finished.then(ended, reject);
    });
  return {
    finished,
    waitForOutput: (pattern) => waitFor('stdout', pattern),
    waitForErrors: (pattern) => waitFor('stderr', pattern),
    kill,
  };
}
