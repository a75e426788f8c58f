import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readlink, stat } from 'node:fs/promises';
import { basename, dirname, join, parse, resolve, sep } from 'node:path';
import { type FSWatcher, watch } from 'chokidar';
import type { Logger } from 'pino';
import { LIMITS } from '../manifest/limits.js';

/**
 * `slowLookMs`, `pollLookMs`: how often the file is looked at when no events come, or can't come (`--poll`).
 * `steadyMs`: a change counts when two looks so far apart see the same, so a half-written file is waited out. Above
 * the 50 ms for which chokidar holds back further events of a file. A writer that pauses for longer in the middle is
 * seen half-written, and again when it is done: waiting for longer would make every edit slow for that rare one.
 * `mostLooks`: a file that changes all the time is taken as it is after so many.
 * `youngMs`: time stamps of files are coarse (2 s on FAT), so one this young may hide a second write.
 */
export const WATCH = { slowLookMs: 2_000, pollLookMs: 1_000, steadyMs: 60, mostLooks: 15, youngMs: 3_000 };

/** As many as Linux follows before it takes them for a circle. */
const MOST_LINKS = 40;

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
 * A look neither waits nor reads without bound, whatever is at the path: a pipe, a folder, a file of many gigabytes.
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
      { code: 'no-change-events', reason: String(error), remedy },
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

/** What one look at a path saw. */
interface Look {
  /** Tells versions of the file apart without reading it. Empty: nothing is there. */
  readonly stamp: string;
  /** Digest of the bytes, or why there are none. */
  readonly content: string;
  /** The stamp was so young that a write after the look may have left it as it is. */
  readonly isYoung: boolean;
}

async function lookAt(path: string, last: Look | null): Promise<Look> {
  try {
    const about = await stat(path, { bigint: true });
    const stamp = [about.dev, about.ino, about.size, about.mtimeNs, about.ctimeNs].join(' ');
    if (last !== null && last.stamp === stamp && !last.isYoung) return last;
    const isYoung = Date.now() - Number(about.ctimeMs) < WATCH.youngMs;
    if (about.isDirectory()) return { stamp, isYoung, content: 'a folder' };
    return { stamp, isYoung, content: about.isFile() ? await digest(path) : 'not a file' };
  } catch (error) {
    return { stamp: '', isYoung: false, content: errorCode(error) };
  }
}

/** Of a regular file of bounded size. O_NONBLOCK: a pipe that came in its place would be waited for without end. */
async function digest(path: string): Promise<string> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const about = await file.stat();
    if (!about.isFile()) return 'not a file';
    if (about.size > LIMITS.fileBytes) return 'too large';
    const hash = createHash('sha256');
    for await (const chunk of file.createReadStream({ autoClose: false, start: 0, end: LIMITS.fileBytes })) {
      hash.update(chunk as Buffer);
    }
    return hash.digest('hex');
  } finally {
    await file?.close();
  }
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

/** A folder to take events from, and the names in it that matter. */
interface Place {
  readonly folder: string;
  /** Tells a folder from another that was made later in its place, with the same inode number perhaps. */
  readonly identity: string;
  readonly names: ReadonlySet<string>;
}

/** Walks to the file: the folder of each symbolic link on the way, and of what the way ends with, there or not. */
async function placesOf(path: string): Promise<Place[]> {
  const names = new Map<string, Set<string>>();
  let at = parse(path).root;
  let rest = path.slice(at.length).split(sep);
  for (let links = 0; rest.length > 0 && links < MOST_LINKS; ) {
    const here = join(at, rest[0] ?? '');
    const target = await whereTo(here);
    rest = rest.slice(1);
    if (target !== 'folder' || rest.length === 0) {
      names.set(dirname(here), (names.get(dirname(here)) ?? new Set()).add(basename(here)));
    }
    if (target === 'end') break;
    if (target === 'folder') at = here;
    else {
      links += 1;
      const goal = resolve(dirname(here), target.link);
      at = parse(goal).root;
      rest = [...goal.slice(at.length).split(sep), ...rest];
    }
  }
  return Promise.all(
    [...names].map(async ([folder, set]) => ({ folder, identity: await identity(folder), names: set })),
  );
}

/** `end`: a file, or nothing, or nothing that may be looked at. */
async function whereTo(path: string): Promise<'folder' | 'end' | { readonly link: string }> {
  try {
    const about = await lstat(path);
    if (about.isSymbolicLink()) return { link: await readlink(path) };
    return about.isDirectory() ? 'folder' : 'end';
  } catch {
    return 'end';
  }
}

async function identity(folder: string): Promise<string> {
  try {
    const { dev, ino, birthtimeNs } = await stat(folder, { bigint: true });
    return `${dev} ${ino} ${birthtimeNs}`;
  } catch {
    return '';
  }
}
