import { lstat, readlink, stat } from 'node:fs/promises';
import { basename, dirname, join, parse, resolve, sep } from 'node:path';

/** As many as Linux follows before it takes them for a circle. */
const MOST_LINKS = 40;

/** A folder to take events from, and the names in it that matter. */
export interface Place {
  readonly folder: string;
  /** Tells a folder from another that was made later in its place, with the same inode number perhaps. */
  readonly identity: string;
  readonly names: ReadonlySet<string>;
}

/** Walks to the file: the folder of each symbolic link on the way, and of what the way ends with, there or not. */
export async function placesOf(path: string): Promise<Place[]> {
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
