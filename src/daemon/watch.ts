import type { Logger } from 'pino';
import type { ProblemCode } from '../error-codes.js';
import { errorCode } from '../errors.js';
import type { FolderEvents } from './folder-events.js';
import type { WatchedManifest } from './manifest-file.js';

/** How often to look if no events come, and if there can be none (`--poll`). */
export const LOOK_EVERY_MS = { withEvents: 2_000, polling: 1_000 };

/** What the system reports when its limit of inotify watches, instances or open files is reached. */
const OUT_OF_WATCHES: ReadonlySet<string> = new Set(['ENOSPC', 'EMFILE', 'ENFILE']);
/** The folder is gone again: the next look follows the place where it would be made. */
const FOLDER_GONE: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR']);

export interface Watcher {
  /** Resolves after the first look, when events, if any, are arriving. */
  readonly ready: Promise<void>;
  /** Resolves when nothing is called any more and nothing keeps the process alive. */
  close(): Promise<void>;
}

export interface WatchOptions {
  /** Null: use no events. */
  readonly events: FolderEvents | null;
  /** Time between looks, in milliseconds, to replace LOOK_EVERY_MS. */
  readonly lookEveryMs?: number;
  readonly log: Logger;
  /** Checks whether the content changed. */
  readonly onMaybeChanged: () => Promise<void>;
}

/**
 * Calls `onMaybeChanged` once at the start, and then whenever the manifest may have changed: after each event, and
 * every two seconds, since network file systems and some mounts give no events and the system may run out of them. An
 * event is only a hint: the look decides whether something changed and whether the writer is done. Calls do not
 * overlap; what happens during one leads to another.
 *
 * Events come from folders, never from the file alone, which is lost when an editor or git renames another one over it.
 * The folders are determined again before each look, since links are swapped and folders recreated.
 *
 * If `onMaybeChanged` rejects, that is a bug: it is not caught, and `close` rejects with it.
 */
export function watchManifest(manifest: Pick<WatchedManifest, 'places'>, options: WatchOptions): Watcher {
  return new ManifestWatcher(manifest, options);
}

class ManifestWatcher implements Watcher {
  readonly ready: Promise<void>;
  readonly #manifest: Pick<WatchedManifest, 'places'>;
  readonly #options: WatchOptions;
  readonly #lookEveryMs: number;
  readonly #looking: Promise<void>;
  #isReady: () => void = () => {};
  #stops: (() => Promise<void>)[] = [];
  #places = '';
  #complained = false;
  #hinted = false;
  #closed = false;
  #wake: () => void = () => {};

  constructor(manifest: Pick<WatchedManifest, 'places'>, options: WatchOptions) {
    this.#manifest = manifest;
    this.#options = options;
    this.#lookEveryMs =
      options.lookEveryMs ?? (options.events === null ? LOOK_EVERY_MS.polling : LOOK_EVERY_MS.withEvents);
    this.ready = new Promise((done) => {
      this.#isReady = done;
    });
    this.#looking = this.#keepLooking();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#wake();
    try {
      await this.#looking;
    } finally {
      await this.#stopEvents();
      this.#isReady();
    }
  }

  /** The only loop: it finishes everything it does before it looks again. */
  async #keepLooking(): Promise<void> {
    while (!this.#closed) {
      this.#hinted = false;
      if (this.#options.events !== null) await this.#followPlaces(this.#options.events);
      if (this.#closed) return;
      await this.#options.onMaybeChanged();
      this.#isReady();
      if (!this.#hinted) await this.#sleep();
    }
  }

  /** Resolves when the next look is due, or at once when something happens. */
  #sleep(): Promise<void> {
    return new Promise((done) => {
      const timer = setTimeout(done, this.#lookEveryMs);
      this.#wake = () => {
        clearTimeout(timer);
        done();
      };
      if (this.#closed) this.#wake();
    });
  }

  /** Follows the folders from which events come now. */
  async #followPlaces(events: FolderEvents): Promise<void> {
    const places = this.#manifest.places();
    const key = JSON.stringify(
      places.map(({ folder, identity, names, isManifest }) => [folder, identity, isManifest, [...names]]),
    );
    if (key === this.#places) return;
    await this.#stopEvents();
    this.#places = key;
    const listener = () => ({ onHint: () => this.#hint(), onError: (error: unknown) => this.#onError(error) });
    this.#stops = places.map((place) => events.follow(place, listener()));
    // Something may have happened before events came.
    this.#hint();
  }

  #hint(): void {
    this.#hinted = true;
    this.#wake();
  }

  #onError(error: unknown): void {
    // Makes the next look try again to follow them.
    this.#places = '';
    const code = errorCode(error);
    if (this.#complained || FOLDER_GONE.has(code)) return;
    this.#complained = true;
    const remedy = OUT_OF_WATCHES.has(code) ? 'raise fs.inotify.max_user_watches or max_user_instances' : undefined;
    this.#options.log.warn(
      { code: 'no-change-events' satisfies ProblemCode, reason: String(error), remedy },
      `the system reports no file changes here, so the manifest is checked every ${this.#lookEveryMs / 1_000} s instead`,
    );
  }

  async #stopEvents(): Promise<void> {
    const stops = this.#stops;
    this.#stops = [];
    await Promise.all(stops.map((stop) => stop()));
  }
}
