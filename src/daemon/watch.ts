import { stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { type FSWatcher, watch } from 'chokidar';
import type { Logger } from 'pino';

/** How often the file is looked at whether or not there were events, and how long events are gathered. */
export const WATCH = { slowLookMs: 2_000, pollLookMs: 1_000, gatherMs: 50 };

export interface Watcher {
  close(): Promise<void>;
}

/**
 * Calls `onMaybeChanged` whenever the file may have changed, been replaced, removed or made again; whether its content
 * did is the caller's to find out. Calls do not overlap.
 *
 * Events come from the file's folder: a file that is watched itself is lost when an editor or git renames another over
 * it. They are not enough: network file systems and some mounts give none, and a folder that is made later gives none
 * for itself. So the file is also looked at every two seconds, by its inode, size and time stamps.
 */
export function watchFile(
  path: string,
  options: { readonly poll: boolean; readonly log: Logger; readonly onMaybeChanged: () => Promise<void> },
): Watcher {
  return new FileWatcher(resolve(path), options);
}

class FileWatcher implements Watcher {
  readonly #path: string;
  readonly #options: Parameters<typeof watchFile>[1];
  readonly #slowLook: NodeJS.Timeout;
  #events: FSWatcher | null = null;
  #folder = '';
  #file = '';
  #gathering: NodeJS.Timeout | null = null;
  #calling: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(path: string, options: Parameters<typeof watchFile>[1]) {
    this.#path = path;
    this.#options = options;
    this.#slowLook = setInterval(() => void this.#look(), options.poll ? WATCH.pollLookMs : WATCH.slowLookMs);
    this.#calling = this.#look();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#slowLook);
    if (this.#gathering !== null) clearTimeout(this.#gathering);
    await this.#events?.close();
    await this.#calling;
  }

  /** The slow look: also notices a folder that was made, or made anew, and watches that one from then on. */
  async #look(): Promise<void> {
    const [folder, file] = await Promise.all([
      fingerprint(dirname(this.#path), 'inode'),
      fingerprint(this.#path, 'all'),
    ]);
    if (this.#closed) return;
    if (folder !== this.#folder) {
      this.#folder = folder;
      await this.#watchFolder(folder !== '');
    }
    if (file !== this.#file) {
      this.#file = file;
      this.#call();
    }
  }

  async #watchFolder(exists: boolean): Promise<void> {
    await this.#events?.close();
    this.#events = null;
    if (!exists || this.#closed || this.#options.poll) return;
    const name = basename(this.#path);
    const events = watch(dirname(this.#path), { depth: 0, ignoreInitial: true, followSymlinks: false });
    events.on('all', (_event, changed) => {
      const changedName = basename(changed);
      // Kubernetes swaps a ConfigMap by renaming the link `..data`; the file's own link stays as it is.
      if (changedName === name || changedName.startsWith('..')) this.#gather();
    });
    events.on('error', (error) => {
      this.#options.log.warn({ reason: String(error) }, 'no change events: looking at the manifest every two seconds');
    });
    this.#events = events;
  }

  #gather(): void {
    if (this.#gathering !== null) clearTimeout(this.#gathering);
    this.#gathering = setTimeout(() => this.#call(), WATCH.gatherMs);
  }

  #call(): void {
    this.#calling = this.#calling.then(() => (this.#closed ? undefined : this.#options.onMaybeChanged()));
  }
}

/** What tells two versions of a path apart without reading it; empty when there is nothing. */
async function fingerprint(path: string, kind: 'inode' | 'all'): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return kind === 'inode' ? `${dev} ${ino}` : `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`;
  } catch {
    return '';
  }
}
