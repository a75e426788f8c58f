import { resolve } from 'node:path';
import type { Problem } from '../errors.js';
import { type Environment, type Hidden, NOTHING_HIDDEN } from '../manifest/interpolate.js';
import { ManifestLoader } from '../manifest/load.js';
import type { ValidManifest } from '../reconcile/ports.js';
import { Commits } from './commit.js';
import { type Place, placesOf } from './places.js';

/** A manifest wherever it is kept. The daemon's loop needs to know no more of it than this. */
export interface WatchedManifest {
  /** What is there at this moment. Whatever that is, the answer says so; nothing is thrown. */
  look(): Look;
  /** The folders in which a change of it would show, as they are at this moment. */
  places(): readonly Place[];
  /**
   * The git commit that is checked out where it lies, as its full id; null: unknown, or there is no git. It may be that
   * of a moment ago unless the content `isChanged`.
   */
  commit(isChanged: boolean): string | null;
}

/** What one look saw. */
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
  /** Those of all manifests of this process. Left out: of this one alone. */
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
