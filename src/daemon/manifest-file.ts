import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import type { Problem } from '../errors.js';
import { readManifestFile } from '../manifest/load.js';
import { type ManifestSource, parseManifest } from '../manifest/parse.js';
import type { ValidManifest } from '../reconcile/ports.js';
import { type Place, placesOf } from './places.js';

/** A manifest wherever it is kept: in one file today. The daemon's loop needs to know no more of it than this. */
export interface WatchedManifest {
  /** What is there at this moment. Whatever that is, the answer says so; nothing is thrown. */
  look(): Promise<Look>;
  /** The folders in which a change of it would show, as they are at this moment. */
  places(): Promise<readonly Place[]>;
}

/** What one look saw. */
export interface Look {
  /** Equal for equal content, and for content that can't be read for the same reason. */
  readonly identity: string;
  /** What the content says. */
  parse(): ValidManifest | { readonly problems: readonly Problem[] };
}

/** A manifest in one file. */
export function manifestFile(source: ManifestSource): WatchedManifest {
  const path = resolve(source.file);
  return {
    look: async () => {
      const read = await readManifestFile(source.file);
      if (!read.ok) return { identity: JSON.stringify(read.problems), parse: () => read };
      return { identity: sha256(read.text), parse: () => parseManifest(read.text, source) };
    },
    places: () => placesOf(path),
  };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
