import { closeSync, constants, fstatSync, openSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { errorCode } from '../errors.js';

/** HEAD and similar files have one line; 8 MiB of packed references are some 100,000 branches and tags. */
const MOST_BYTES = { line: 4_096, packedReferences: 8 * 1024 * 1024 };

/** How long a chain of references is followed: as far as git follows it. */
const MOST_REFERENCES = 5;

/** SHA-1 or SHA-256. Any other content of a file is dropped here. */
const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** How long a folder's result may be used for other manifests in it, in milliseconds. */
const KNOWN_FOR_MS = 1_000;

/** The commits of all manifests of this process. A fleet's are in few folders: one look at each serves all. */
export class Commits {
  readonly #now: () => number;
  readonly #found = new Map<string, string | null>();
  #since = Number.NEGATIVE_INFINITY;

  /** `now`: a monotonic clock, in milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** The commit of this file or folder, up to a second old; read anew if it `isChanged`, which may be due to git. */
  of(path: string, isChanged: boolean): string | null {
    if (isChanged || this.#now() - this.#since >= KNOWN_FOR_MS) {
      this.#found.clear();
      this.#since = this.#now();
    }
    const folder = folderOf(path);
    if (folder === null) return null;
    const known = this.#found.get(folder);
    const commit = known === undefined ? commitIn(folder) : known;
    this.#found.set(folder, commit);
    return commit;
  }
}

/** Where this file or folder really is. */
function folderOf(path: string): string | null {
  try {
    const real = realpathSync.native(path);
    return statSync(real).isDirectory() ? real : dirname(real);
  } catch {
    return null;
  }
}

/**
 * The commit that is checked out in the git work tree around a folder. Links are followed, since git-sync's `current`
 * is a link to a work tree. The files may still differ from that commit.
 *
 *     .git is a folder                  a clone: HEAD and references are in it
 *     .git is a file, `gitdir: …`       a linked work tree (git worktree, git-sync) or a submodule: HEAD is in that
 *                                       folder, references are there or where its `commondir` says
 *     HEAD is an object id              that commit: HEAD is detached
 *     HEAD is `ref: refs/heads/main`    what that reference says, in a file of its own or in packed-refs
 *     anything else                     null, not an error: no git, no commit yet, references in a reftable, …
 */
function commitIn(folder: string): string | null {
  try {
    const gitFolder = gitFolderOf(folder);
    return gitFolder === null ? null : headOf(gitFolder);
  } catch {
    // Whatever prevents reading it, the manifest is managed all the same.
    return null;
  }
}

/** The first one on the way up. */
function gitFolderOf(path: string): string | null {
  for (let folder = path; ; folder = dirname(folder)) {
    const found = join(folder, '.git');
    const about = statSync(found, { throwIfNoEntry: false });
    if (about?.isDirectory()) return found;
    const line = about === undefined ? null : readLine(found);
    if (line !== null) return line.startsWith('gitdir: ') ? resolve(folder, line.slice('gitdir: '.length)) : null;
    if (folder === dirname(folder)) return null;
  }
}

function headOf(gitFolder: string): string | null {
  const common = readLine(join(gitFolder, 'commondir'));
  const commonFolder = common === null ? gitFolder : resolve(gitFolder, common);
  let value = readLine(join(gitFolder, 'HEAD'));
  for (let followed = 0; value !== null && followed <= MOST_REFERENCES; followed += 1) {
    if (COMMIT.test(value)) return value;
    const name = referenceIn(value);
    if (name === null) return null;
    value = readLine(join(gitFolder, name)) ?? readLine(join(commonFolder, name)) ?? readPacked(name, commonFolder);
  }
  return null;
}

/**
 * The name in `ref: refs/heads/main`. Null: git would not make it. No accepted name leads out of the folder;
 * `refs/heads/.invalid`, which a repository with a reftable has, is not accepted.
 */
function referenceIn(line: string): string | null {
  const name = /^ref:\s*(refs\/[^\s\\:]+)$/.exec(line)?.[1];
  return name?.split('/').every((part) => part !== '' && !part.startsWith('.')) ? name : null;
}

/** A line of packed-refs is `<object id> <name>`; names contain no spaces. */
function readPacked(name: string, folder: string): string | null {
  const packed = read(join(folder, 'packed-refs'), MOST_BYTES.packedReferences);
  const at = packed?.indexOf(` ${name}\n`) ?? -1;
  if (packed === null || at === -1) return null;
  return packed.toString('latin1', packed.lastIndexOf('\n', at) + 1, at);
}

/** The first line of a file; null: there is no such file. */
function readLine(path: string): string | null {
  const bytes = read(path, MOST_BYTES.line);
  return bytes?.toString('utf8').split('\n', 1)[0]?.trimEnd() ?? null;
}

/**
 * The content of a file. Null: there is none. Throws if it is too large or can't be read. Links are not followed: git
 * makes none here, and one might lead to a secret that looks like a commit. A named pipe is not waited for.
 */
function read(path: string, mostBytes: number): Buffer | null {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error))) return null;
    throw error;
  }
  try {
    const about = fstatSync(file);
    if (!about.isFile()) return null;
    if (about.size > mostBytes) throw new Error('too large for what it should be');
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}
