import { lstat, readlink, realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { errorCode } from '../../errors.js';

/** More links in a row than any system follows. */
const MOST_LINKS = 40;

/**
 * The file that a path means, with symbolic links followed, whether it exists or not. This file is written, replaced
 * and locked, so that a link stays a link, and two paths to one file exclude each other. Rejects with the system's
 * error.
 */
export async function resolveTarget(path: string): Promise<string> {
  let target = resolve(path);
  for (let links = 0; links < MOST_LINKS; links += 1) {
    target = join(await realpath(dirname(target)), basename(target));
    if (!(await isLink(target))) return target;
    target = resolve(dirname(target), await readlink(target));
  }
  return target;
}

async function isLink(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isSymbolicLink();
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}
