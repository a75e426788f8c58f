import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { WATCH, type Watcher, watchFile } from '../../../src/daemon/watch.js';

const NEVER_MS = 24 * 3_600_000;

/** A folder of the test's own, gone after it. */
export async function aFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'copernica-webhooks-watch-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

interface Options {
  readonly poll?: boolean;
  /** Left out: never, so that what is noticed was noticed by events. */
  readonly lookEveryMs?: number;
  /** What happens while the watcher waits for its caller, given what that has found so far. */
  readonly beforeReturn?: (found: readonly string[]) => void;
}

/** A watched file, and what a caller that reads it at every call finds there: its text, `a pipe`, or the error's code. */
export class Watched {
  readonly found: string[] = [];
  readonly logged: string[] = [];
  readonly #watcher: Watcher;
  #waiting: { readonly text: string; readonly done: () => void } | null = null;

  /** Resolves when the start has been told and events are coming. Closed at the end of the test. */
  static async open(path: string, options: Options = {}): Promise<Watched> {
    const watched = new Watched(path, options);
    onTestFinished(() => watched.close());
    await watched.#watcher.ready;
    await watched.until(await textOf(path));
    await watched.idle();
    return watched;
  }

  private constructor(path: string, { poll = false, lookEveryMs = NEVER_MS, beforeReturn = () => {} }: Options) {
    const log = pino({ level: 'debug' }, { write: (line: string) => this.logged.push(line) });
    const onMaybeChanged = async () => {
      const text = await textOf(path);
      this.found.push(text);
      beforeReturn(this.found);
      if (this.#waiting?.text === text) this.#waiting.done();
    };
    this.#watcher = watchFile(path, { poll, lookEveryMs, log, onMaybeChanged });
  }

  /** Resolves when the last call found this text. */
  until(text: string): Promise<void> {
    if (this.found.at(-1) === text) return Promise.resolve();
    return new Promise((done) => {
      this.#waiting = { text, done };
    });
  }

  /**
   * Long enough for the watcher to be done with looking. It looks once more after a call, and a change right then would
   * be seen by that look, whether or not there are events.
   */
  async idle(): Promise<void> {
    await sleep(3 * WATCH.steadyMs);
  }

  close(): Promise<void> {
    return this.#watcher.close();
  }
}

async function textOf(path: string): Promise<string> {
  try {
    return (await stat(path)).isFIFO() ? 'a pipe' : await readFile(path, 'utf8');
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
}
