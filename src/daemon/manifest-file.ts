import { resolve } from 'node:path';
import type { Problem } from '../errors.js';
import { type Environment, type Hidden, NOTHING_HIDDEN } from '../manifest/interpolate.js';
import { ManifestLoader } from '../manifest/load.js';
import type { ValidManifest } from '../reconcile/ports.js';
import { Commits } from './commit.js';
import { type Place, placesOf } from './places.js';

/** A manifest, wherever it is kept: all that the daemon's loop needs to know of it. */
export interface WatchedManifest {
  /** What is there now. Nothing is thrown: the result also describes failures. */
  look(): Look;
  /** The folders in which a change of it would show, as they are now. */
  places(): readonly Place[];
  /**
   * Full id of the git commit that is checked out there. Null: unknown, or no git. It may be a moment old unless the
   * content `isChanged`.
   */
  commit(isChanged: boolean): string | null;
}

/** The result of one look. */
export interface Look {
  /** Equal for equal content, and for content that can't be read for the same reason. */
  readonly identity: string;
  /** What the content says. */
  parse(): ValidManifest | { readonly problems: readonly Problem[] };
}

export interface ManifestFile {
  readonly file: string;
  readonly env: Environment;
  /** Left out: nothing. */
  readonly hidden?: Hidden;
  /** The commits of all manifests of this process. Left out: only of this one. */
  readonly commits?: Commits;
}

/** A manifest in a file, or in the files of a folder. */
export function manifestFile(options: ManifestFile): WatchedManifest {
  const { file, env, hidden = NOTHING_HIDDEN, commits = new Commits() } = options;
  const loader = new ManifestLoader(file, env, hidden);
  const path = resolve(file);
  return {
    look: () => loader.look(),
    places: () => placesOf(path),
    commit: (isChanged) => commits.of(path, isChanged),
  };
}
