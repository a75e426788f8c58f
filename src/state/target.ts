import { lstatSync, readlinkSync, realpathSync, type Stats } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { errorCode } from '../errors.js';

/** What the state file's mode must be: handlers in it can hold secrets. */
export const OWNER_ONLY = 0o600;

/** A link to a link to a link: more than any system follows. */
const MOST_LINKS = 40;

/**
 * The file that a path stands for, symbolic links followed, whether it exists or not: it is what is written, replaced
 * and locked, so that a link stays a link, and two paths to one file exclude each other. Throws the system's error.
 */
export function resolveTarget(path: string): string {
  let target = resolve(path);
  for (let links = 0; links < MOST_LINKS; links += 1) {
    target = join(realpathSync.native(dirname(target)), basename(target));
    const facts = linkFacts(target);
    if (facts === null || !facts.isSymbolicLink()) return target;
    target = resolve(dirname(target), readlinkSync(target));
  }
  return target;
}

function linkFacts(path: string): Stats | null {
  try {
    return lstatSync(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}
