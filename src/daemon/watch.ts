import { basename, resolve } from 'node:path';
import { type FSWatcher, watch } from 'chokidar';
import type { Logger } from 'pino';
import { errorCode } from '../errors.js';
import type { ProblemCode } from '../problems/catalogue.js';
import { type Look, lookAt } from './look.js';
import { type Place, placesOf } from './places.js';

/**
 * `slowLookMs`, `pollLookMs`: how often the file is looked at when no events come, or can't come (`--poll`).
 * `steadyMs`: a change counts when two looks so far apart see the same, so a half-written file is waited out. Above
 * the 50 ms for which chokidar holds back further events of a file. A writer that pauses for longer in the middle is
 * seen half-written, and again when it is done: waiting for longer would make every edit slow for that rare one.
 * `mostLooks`: a file that changes all the time is taken as it is after so many.
 */
export const WATCH = { slowLookMs: 2_000, pollLookMs: 1_000, steadyMs: 60, mostLooks: 15 };

/** What the system says when its limit of inotify watches, instances or open files is reached. */
const OUT_OF_WATCHES: ReadonlySet<string> = new Set(['ENOSPC', 'EMFILE', 'ENFILE']);

export interface Watcher {
  /** Resolves when the file has been looked at once and events, where there are any, are coming. */
  readonly ready: Promise<void>;
  /** Resolves when nothing is called any more and nothing keeps the process from ending. */
  close(): Promise<void>;
}

export interface WatchOptions {
  /** No events are asked for: the file is looked at every second. */
  readonly poll: boolean;
  /** Milliseconds from look to look, when not those of WATCH. */
  readonly lookEveryMs?: number;
  readonly log: Logger;
  readonly onMaybeChanged: () => Promise<void>;
}

/**
 * Calls `onMaybeChanged` once at the start, and then whenever the content of the file (or that it is missing, or can't
 * be read) differs from what was seen before. Whatever happens while a call is under way leads to another call, so a
 * caller that reads the file itself and compares never stays with something old. Calls do not overlap.
 *
 * Events come from folders, never from the file alone, which is lost when an editor or git renames another over it:
 * from the folder of the file, of each symbolic link on the way to it (Kubernetes swaps a ConfigMap by its link
 * `..data`), or, while something on the way is missing, from the nearest folder that exists. Events are not enough,
 * since network file systems and some mounts give none and the system may run out of them: the file is looked at every
 * two seconds besides, by its inode, size and time stamps.
 *
 * A rejection of `onMaybeChanged` is a defect: it is not caught, and `close` rejects with it.
 */
export function watchFile(path: string, options: WatchOptions): Watcher {
  return new FileWatcher(resolve(path), options);
}

class FileWatcher implements Watcher {
  readonly ready: Promise<void>;
  readonly #path: string;
  readonly #options: WatchOptions;
  readonly #lookEveryMs: number;
  readonly #looking: Promise<void>;
  #isReady: () => void = () => {};
  #events: FSWatcher[] = [];
  #places = '';
  #complained = false;
  #hinted = false;
  #closed = false;
  #wake: () => void = () => {};
  #last: Look | null = null;
  /** What the caller was told of last; null: nothing, or something happened while it was told. */
  #told: string | null = null;

  constructor(path: string, options: WatchOptions) {
    this.#path = path;
    this.#options = options;
    this.#lookEveryMs = options.lookEveryMs ?? (options.poll ? WATCH.pollLookMs : WATCH.slowLookMs);
    this.ready = new Promise((done) => {
      this.#isReady = done;
    });
    this.#looking = this.#keepLooking();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#wake();
    this.#isReady();
    await this.#looking;
    await this.#stopEvents();
  }

  /** The one loop: whatever it does is done before it looks again. */
  async #keepLooking(): Promise<void> {
    while (!this.#closed) {
      await this.#settle(this.#hinted);
      await this.#followPlaces();
      if (!this.#hinted) await this.#sleep(this.#lookEveryMs);
    }
  }

  /** Looks until two looks see the same, and tells the caller if that is not what it knows. */
  async #settle(hinted: boolean): Promise<void> {
    let seen = await this.#look();
    if (!hinted && seen.content === this.#told) return;
    for (let looks = 1; looks < WATCH.mostLooks && !this.#closed; looks += 1) {
      await pause(WATCH.steadyMs);
      const before = seen;
      seen = await this.#look();
      if (seen.content === before.content) break;
    }
    if (seen.content !== this.#told && !this.#closed) await this.#tell(seen);
  }

  async #tell(seen: Look): Promise<void> {
    this.#told = seen.content;
    await this.#options.onMaybeChanged();
    // The caller may have read something that was there for a moment only: it must not be left with that.
    const after = await this.#look();
    if (after.stamp !== seen.stamp) this.#told = null;
    if (this.#told === null) this.#hinted = true;
  }

  async #look(): Promise<Look> {
    this.#hinted = false;
    this.#last = await lookAt(this.#path, this.#last);
    return this.#last;
  }

  /** Resolves when the time is over, or at once when something happens. */
  #sleep(ms: number): Promise<void> {
    return new Promise((done) => {
      const timer = setTimeout(done, ms);
      this.#wake = () => {
        clearTimeout(timer);
        done();
      };
      if (this.#closed) this.#wake();
    });
  }

  #hint(): void {
    this.#hinted = true;
    this.#wake();
  }

  /** Takes events from where they come from now: links point elsewhere, folders are removed and made again. */
  async #followPlaces(): Promise<void> {
    if (this.#options.poll || this.#closed) return this.#isReady();
    const places = await placesOf(this.#path);
    const key = JSON.stringify(places.map(({ folder, identity, names }) => [folder, identity, [...names]]));
    if (key === this.#places || this.#closed) return;
    this.#places = key;
    await this.#stopEvents();
    let starting = places.length;
    this.#events = places.map((place) =>
      this.#watchFolder(place, () => {
        starting -= 1;
        if (starting === 0) this.#isReady();
        // What happened between the last look and the first event.
        this.#hint();
      }),
    );
  }

  /** Of all that is in the folder, only the names on the way to the file: the state file next to it is written a lot. */
  #watchFolder({ folder, names }: Place, onReady: () => void): FSWatcher {
    const ignored = (path: string) => resolve(path) !== folder && !names.has(basename(path));
    // `atomic` would hold back a removal for 100 ms, to see whether it is a replacement: two looks tell as well.
    const events = watch(folder, { depth: 0, ignoreInitial: true, followSymlinks: false, atomic: false, ignored });
    events.on('ready', onReady);
    events.on('all', () => this.#hint());
    events.on('error', (error) => this.#onError(error));
    return events;
  }

  #onError(error: unknown): void {
    this.#isReady();
    if (this.#complained) return;
    this.#complained = true;
    const code = errorCode(error);
    const remedy = OUT_OF_WATCHES.has(code) ? 'raise fs.inotify.max_user_watches or max_user_instances' : undefined;
    const everySeconds = this.#lookEveryMs / 1_000;
    this.#options.log.warn(
      { code: 'no-change-events' satisfies ProblemCode, reason: String(error), remedy },
      `the system tells of no changes here: the manifest is looked at every ${everySeconds} s instead`,
    );
  }

  async #stopEvents(): Promise<void> {
    const events = this.#events;
    this.#events = [];
    await Promise.all(events.map((one) => one.close()));
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((done) => {
    setTimeout(done, ms);
  });
}
