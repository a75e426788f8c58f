import { lstatSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { basename, dirname, join, parse, resolve, sep } from 'node:path';
import { isManifestName } from '../manifest/files.js';

/** As many as Linux follows before it reports a loop. */
const MOST_LINKS = 40;

/** A folder to take events from, and the names in it that matter. */
export interface Place {
  readonly folder: string;
  /** Differs for another folder that was created later in its place, perhaps with the same inode number. */
  readonly identity: string;
  readonly names: ReadonlySet<string>;
  /** The folder is the manifest: any name that its files have, or may have later, matters too. */
  readonly isManifest: boolean;
}

/**
 * Walks to the manifest: collects the folder of each symbolic link on the way, and of the end of the way, which need
 * not exist. If that is a folder, it also walks to each of its files that is a link.
 *
 * Like reading the content, this avoids Node's thread pool: for a thousand manifests that would take ten times the
 * processor time, every two seconds.
 */
export function placesOf(path: string): Place[] {
  const names = new Map<string, Set<string>>();
  const end = walk(path, names);
  const isFolder = whereTo(end) === 'folder';
  if (isFolder) {
    for (const link of linksIn(end)) walk(join(end, link), names);
    names.set(end, names.get(end) ?? new Set());
  }
  return [...names].map(([folder, set]) => {
    return { folder, identity: identity(folder), names: set, isManifest: isFolder && folder === end };
  });
}

/** Adds the names on the way, by folder. Returns the end of the way. */
function walk(path: string, names: Map<string, Set<string>>): string {
  let at = parse(path).root;
  let rest = path.slice(at.length).split(sep);
  for (let links = 0; rest.length > 0 && links < MOST_LINKS; ) {
    const here = join(at, rest[0] ?? '');
    const target = whereTo(here);
    rest = rest.slice(1);
    if (target !== 'folder' || rest.length === 0) {
      names.set(dirname(here), (names.get(dirname(here)) ?? new Set()).add(basename(here)));
    }
    if (target === 'end') return here;
    if (target === 'folder') at = here;
    else {
      links += 1;
      const goal = resolve(dirname(here), target.link);
      at = parse(goal).root;
      rest = [...goal.slice(at.length).split(sep), ...rest];
    }
  }
  return at;
}

/** Names in the folder that are links to files of a manifest; none if it can't be read. */
function linksIn(folder: string): string[] {
  try {
    const files = readdirSync(folder, { withFileTypes: true });
    return files.filter((file) => file.isSymbolicLink() && isManifestName(file.name)).map(({ name }) => name);
  } catch {
    return [];
  }
}

/** `end`: a file, nothing, or something that may not be looked at. */
function whereTo(path: string): 'folder' | 'end' | { readonly link: string } {
  try {
    const about = lstatSync(path, { throwIfNoEntry: false });
    if (about?.isSymbolicLink()) return { link: readlinkSync(path) };
    return about?.isDirectory() ? 'folder' : 'end';
  } catch {
    return 'end';
  }
}

function identity(folder: string): string {
  try {
    const { dev, ino, birthtimeNs } = statSync(folder, { bigint: true });
    return `${dev} ${ino} ${birthtimeNs}`;
  } catch {
    return '';
  }
}
