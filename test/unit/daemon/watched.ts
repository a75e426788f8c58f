import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { FolderEvents } from '../../../src/daemon/folder-events.js';
import { LastGoodManifest, LOOKS } from '../../../src/daemon/last-good.js';
import { manifestFile } from '../../../src/daemon/manifest-file.js';
import { type Watcher, watchManifest } from '../../../src/daemon/watch.js';

const NEVER_MS = 24 * 3_600_000;

/** A folder of the test's own, gone after it. */
export async function aFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'copernica-webhooks-watch-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** The text of a manifest with one entry, by which `Watched` tells it. */
export function manifestOf(name: string, trigger = 'create'): string {
  return `webhooks: [{ name: ${name}, handler: https://a.example, trigger: ${trigger} }]\n`;
}

interface Options {
  readonly poll?: boolean;
  /** Left out: never, so that what is noticed was noticed by events. */
  readonly lookEveryMs?: number;
  /** Left out: of its own. */
  readonly events?: FolderEvents;
}

/** A manifest as the daemon keeps it: watched, and read when it changed. */
export class Watched {
  /** What was found, in order: the name of its entry, or the code of its first problem. */
  readonly found: string[] = [];
  readonly logged: string[] = [];
  readonly #watcher: Watcher;
  readonly #manifest: LastGoodManifest;
  #waiting: { readonly what: string; readonly done: () => void } | null = null;

  /** Resolves when the first look was made and events are coming. Closed at the end of the test. */
  static async open(path: string, options: Options = {}): Promise<Watched> {
    const watched = new Watched(path, options);
    onTestFinished(() => watched.close());
    await watched.#watcher.ready;
    await watched.idle();
    return watched;
  }

  private constructor(path: string, options: Options) {
    const { poll = false, lookEveryMs = NEVER_MS, events = new FolderEvents() } = options;
    const log = pino({ level: 'debug' }, { write: (line: string) => this.logged.push(line) });
    const source = manifestFile({ file: path, env: {} });
    this.#manifest = new LastGoodManifest(source, log);
    this.#watcher = watchManifest(source, {
      events: poll ? null : events,
      lookEveryMs,
      log,
      onMaybeChanged: () => this.#look(),
    });
  }

  /** Names of the entries of the last good one. */
  get inForce(): string[] | undefined {
    return this.#manifest.good?.entries.map(({ name }) => name);
  }

  async #look(): Promise<void> {
    const hadProblem = this.#manifest.problems[0]?.code;
    const isNew = await this.#manifest.reload();
    const problem = this.#manifest.problems[0]?.code;
    if (!isNew && problem === hadProblem) return;
    const what = problem ?? this.#manifest.good?.entries[0]?.name ?? '';
    this.found.push(what);
    if (this.#waiting?.what === what) this.#waiting.done();
  }

  /** Resolves when this is what was found last. */
  until(what: string): Promise<void> {
    if (this.found.at(-1) === what) return Promise.resolve();
    return new Promise((done) => {
      this.#waiting = { what, done };
    });
  }

  /**
   * Long enough for the looks that a change led to. Another change right then would be seen by one of them, whether or
   * not there are events.
   */
  async idle(): Promise<void> {
    await sleep(2 * LOOKS.apartMs);
  }

  close(): Promise<void> {
    return this.#watcher.close();
  }
}
