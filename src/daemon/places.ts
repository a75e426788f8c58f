import { lstat, readdir, readlink, stat } from 'node:fs/promises';
import { basename, dirname, join, parse, resolve, sep } from 'node:path';
import { isManifestName } from '../manifest/files.js';

/** As many as Linux follows before it takes them for a circle. */
const MOST_LINKS = 40;

/** A folder to take events from, and the names in it that matter. */
export interface Place {
  readonly folder: string;
  /** Tells a folder from another that was made later in its place, with the same inode number perhaps. */
  readonly identity: string;
  readonly names: ReadonlySet<string>;
  /** The folder is the manifest: the names that its files have, or may have later, matter too. */
  readonly isManifest: boolean;
}

/**
 * Walks to the manifest: the folder of each symbolic link on the way, and of what the way ends with, there or not. Where
 * that is a folder, it walks on to each of its files that is a link.
 */
export async function placesOf(path: string): Promise<Place[]> {
  const names = new Map<string, Set<string>>();
  const end = await walk(path, names);
  for (const link of await linksIn(end)) await walk(join(end, link), names);
  const isFolder = (await whereTo(end)) === 'folder';
  if (isFolder) names.set(end, names.get(end) ?? new Set());
  return Promise.all(
    [...names].map(async ([folder, set]) => {
      return { folder, identity: await identity(folder), names: set, isManifest: isFolder && folder === end };
    }),
  );
}

/** Adds the names on the way, by their folders. Returns where the way ends. */
async function walk(path: string, names: Map<string, Set<string>>): Promise<string> {
  let at = parse(path).root;
  let rest = path.slice(at.length).split(sep);
  for (let links = 0; rest.length > 0 && links < MOST_LINKS; ) {
    const here = join(at, rest[0] ?? '');
    const target = await whereTo(here);
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

/** Its names that are links to files of a manifest; none where it is no folder. */
async function linksIn(folder: string): Promise<string[]> {
  try {
    const files = await readdir(folder, { withFileTypes: true });
    return files.filter((file) => file.isSymbolicLink() && isManifestName(file.name)).map(({ name }) => name);
  } catch {
    return [];
  }
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
