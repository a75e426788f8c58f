import { basename, join, resolve } from 'node:path';
import { type FSWatcher, watch } from 'chokidar';
import { isManifestName } from '../manifest/files.js';
import type { Place } from './places.js';

/** Is told what happens in a folder. */
export interface FolderListener {
  readonly onHint: () => void;
  /** Called when this folder may give no more events. */
  readonly onError: (error: unknown) => void;
}

interface Followed {
  readonly events: FSWatcher;
  readonly listeners: Set<FolderListener>;
  readonly byName: Map<string, Set<FolderListener>>;
  /** Listeners for which every file of a manifest matters. */
  readonly ofManifests: Set<FolderListener>;
}

/**
 * Events of folders, for all manifests of this process. Each folder is watched once, however many manifests are in it,
 * and only for the names asked for: a state file next to a manifest is written often.
 */
export class FolderEvents {
  readonly #followed = new Map<string, Followed>();

  /** Follows the place until the returned function is called. */
  follow(place: Place, listener: FolderListener): () => Promise<void> {
    const { folder, identity, names, isManifest } = place;
    const key = JSON.stringify([folder, identity]);
    const followed = this.#followed.get(key) ?? this.#open(key, folder);
    const { events, listeners, byName, ofManifests } = followed;
    const fresh = [...names].filter((name) => !byName.has(name));
    listeners.add(listener);
    if (isManifest) ofManifests.add(listener);
    for (const name of names) byName.set(name, (byName.get(name) ?? new Set()).add(listener));
    // Nobody had asked for these names when the folder was first read.
    events.add(fresh.map((name) => join(folder, name)));
    return async () => {
      listeners.delete(listener);
      ofManifests.delete(listener);
      for (const name of names) byName.get(name)?.delete(listener);
      if (listeners.size === 0) await this.#close(key, followed);
    };
  }

  #open(key: string, folder: string): Followed {
    const listeners = new Set<FolderListener>();
    const ofManifests = new Set<FolderListener>();
    const byName = new Map<string, Set<FolderListener>>();
    const ignored = (path: string) => {
      const name = basename(path);
      return resolve(path) !== folder && !byName.has(name) && !(ofManifests.size > 0 && isManifestName(name));
    };
    // `atomic` would delay a removal by 100 ms, in case it is a replacement: two looks tell that as well.
    const events = watch(folder, { depth: 0, ignoreInitial: true, followSymlinks: false, atomic: false, ignored });
    const followed = { events, listeners, byName, ofManifests };
    const tell = (told: Iterable<FolderListener>) => {
      for (const { onHint } of told) onHint();
    };
    // Something may have happened before the first event could arrive.
    events.on('ready', () => tell(listeners));
    events.on('all', (_event, path) => {
      if (resolve(path) === folder) return tell(listeners);
      const name = basename(path);
      tell(byName.get(name) ?? []);
      if (isManifestName(name)) tell(ofManifests);
    });
    events.on('error', (error) => {
      // The next one to follow this folder gets a new watcher.
      this.#forget(key, followed);
      for (const { onError } of listeners) onError(error);
    });
    this.#followed.set(key, followed);
    return followed;
  }

  #forget(key: string, followed: Followed): void {
    if (this.#followed.get(key) === followed) this.#followed.delete(key);
  }

  async #close(key: string, followed: Followed): Promise<void> {
    this.#forget(key, followed);
    const closing = followed.events.close();
    // Closing removes its listeners, and what is still pending may fail: an error without a listener ends the process.
    followed.events.on('error', () => {});
    await closing;
  }
}
