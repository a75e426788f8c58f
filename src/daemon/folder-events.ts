import { type FSWatcher, watch } from 'node:fs';
import type { Place } from './places.js';

/** Told of what happens in a folder. */
export interface FolderListener {
  /** To a file of this name; null: the system does not say which. */
  readonly onName: (name: string | null) => void;
  /** There are no more events of this folder. */
  readonly onError: (error: unknown) => void;
}

interface Followed {
  readonly events: FSWatcher;
  readonly listeners: Set<FolderListener>;
}

/**
 * Events of folders, for all manifests of this process: each folder is watched once, however many manifests lie in it.
 * The system's own, which tell that something happened to a name: what that was, whoever is told has to look.
 */
export class FolderEvents {
  readonly #followed = new Map<string, Followed>();

  /** Until the returned function is called. Throws what the system says when it gives no events. */
  follow({ folder, identity }: Pick<Place, 'folder' | 'identity'>, listener: FolderListener): () => void {
    const key = JSON.stringify([folder, identity]);
    const followed = this.#followed.get(key) ?? this.#open(key, folder);
    followed.listeners.add(listener);
    return () => {
      followed.listeners.delete(listener);
      if (followed.listeners.size === 0) this.#close(key, followed);
    };
  }

  #open(key: string, folder: string): Followed {
    const listeners = new Set<FolderListener>();
    const events = watch(folder, (_kind, name) => {
      for (const { onName } of listeners) onName(name);
    });
    const followed = { events, listeners };
    events.on('error', (error) => {
      this.#close(key, followed);
      for (const { onError } of listeners) onError(error);
    });
    this.#followed.set(key, followed);
    return followed;
  }

  #close(key: string, followed: Followed): void {
    if (this.#followed.get(key) === followed) this.#followed.delete(key);
    followed.events.close();
  }
}
