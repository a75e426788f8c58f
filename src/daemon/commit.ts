import { constants, type FileHandle, open, realpath, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { errorCode } from '../errors.js';

/** HEAD and its like hold a line; packed references of 8 MiB are those of some 100,000 branches and tags. */
const MOST_BYTES = { line: 4_096, packedReferences: 8 * 1024 * 1024 };

/** How many references are followed, one to another: as many as git follows. */
const MOST_REFERENCES = 5;

/** SHA-1 or SHA-256. Nothing else that stands in a file gets any further than here. */
const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/**
 * The commit that is checked out in the git work tree where this file or folder really lies, links followed: git-sync's
 * `current` is a link to a work tree. Whether the file is as that commit has it, is not known.
 *
 *     .git is a folder                  a clone: HEAD and references are in it
 *     .git is a file, `gitdir: …`       a linked work tree (git worktree, git-sync) or a submodule: HEAD is in that
 *                                       folder, references are there or where its `commondir` says
 *     HEAD is an object id              that commit: HEAD is detached
 *     HEAD is `ref: refs/heads/main`    what that reference says, in a file of its own or in packed-refs
 *     anything else                     null, not an error: no git, no commit yet, references in a reftable, …
 */
export async function commitOf(path: string): Promise<string | null> {
  try {
    const folder = await gitFolderOf(await realpath(path));
    return folder === null ? null : await headOf(folder);
  } catch {
    // Whatever stands in the way of reading it, the manifest is managed all the same.
    return null;
  }
}

/** The first one upwards. */
async function gitFolderOf(path: string): Promise<string | null> {
  for (let folder = path; ; folder = dirname(folder)) {
    const found = join(folder, '.git');
    if (await isFolder(found)) return found;
    const line = await readLine(found);
    if (line !== null) return line.startsWith('gitdir: ') ? resolve(folder, line.slice('gitdir: '.length)) : null;
    if (folder === dirname(folder)) return null;
  }
}

async function headOf(gitFolder: string): Promise<string | null> {
  const common = await readLine(join(gitFolder, 'commondir'));
  const commonFolder = common === null ? gitFolder : resolve(gitFolder, common);
  let value = await readLine(join(gitFolder, 'HEAD'));
  for (let followed = 0; value !== null && followed <= MOST_REFERENCES; followed += 1) {
    if (COMMIT.test(value)) return value;
    const name = referenceIn(value);
    if (name === null) return null;
    value =
      (await readLine(join(gitFolder, name))) ??
      (await readLine(join(commonFolder, name))) ??
      (await readPacked(name, commonFolder));
  }
  return null;
}

/**
 * The name in `ref: refs/heads/main`; null: it is not one that git would make. None leads out of the folder, and
 * `refs/heads/.invalid`, which a repository with a reftable has, is none.
 */
function referenceIn(line: string): string | null {
  const name = /^ref:\s*(refs\/[^\s\\:]+)$/.exec(line)?.[1];
  return name?.split('/').every((part) => part !== '' && !part.startsWith('.')) ? name : null;
}

/** A line of packed-refs is `<object id> <name>`; no name has a blank in it. */
async function readPacked(name: string, folder: string): Promise<string | null> {
  const packed = await read(join(folder, 'packed-refs'), MOST_BYTES.packedReferences);
  const at = packed?.indexOf(` ${name}\n`) ?? -1;
  if (packed === null || at === -1) return null;
  return packed.toString('latin1', packed.lastIndexOf('\n', at) + 1, at);
}

/** The first line of a file; null: there is no such file. */
async function readLine(path: string): Promise<string | null> {
  const bytes = await read(path, MOST_BYTES.line);
  return bytes?.toString('utf8').split('\n', 1)[0]?.trimEnd() ?? null;
}

/**
 * What a file holds; null: there is none. Throws when it is too large or can't be read. A link is not followed: git
 * makes none here, and it might lead to a secret that looks like a commit. A named pipe is not waited for.
 */
async function read(path: string, mostBytes: number): Promise<Buffer | null> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (isAbsence(error)) return null;
    throw error;
  }
  try {
    const about = await file.stat();
    if (!about.isFile()) return null;
    if (about.size > mostBytes) throw new Error('too large for what it should be');
    return await file.readFile();
  } finally {
    await file.close();
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (isAbsence(error)) return false;
    throw error;
  }
}

function isAbsence(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(errorCode(error));
}
