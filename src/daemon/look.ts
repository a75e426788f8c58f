import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { errorCode } from '../errors.js';
import { LIMITS } from '../manifest/limits.js';

/** Time stamps of files are coarse (2 s on FAT), so one this young may hide a second write. */
const YOUNG_MS = 3_000;

/** What one look at a path saw. */
export interface Look {
  /** Tells versions of the file apart without reading it. Empty: nothing is there. */
  readonly stamp: string;
  /** Digest of the bytes, or why there are none. */
  readonly content: string;
  /** The stamp was so young that a write after the look may have left it as it is. */
  readonly isYoung: boolean;
}

/**
 * Looks at a path; reads the file only when its stamp says that it may have changed since the last look. Neither waits nor
 * reads without bound, whatever is there: a pipe, a folder, a file of many gigabytes. Never throws.
 */
export async function lookAt(path: string, last: Look | null): Promise<Look> {
  try {
    const about = await stat(path, { bigint: true });
    const stamp = [about.dev, about.ino, about.size, about.mtimeNs, about.ctimeNs].join(' ');
    if (last !== null && last.stamp === stamp && !last.isYoung) return last;
    const isYoung = Date.now() - Number(about.ctimeMs) < YOUNG_MS;
    if (about.isDirectory()) return { stamp, isYoung, content: 'a folder' };
    return { stamp, isYoung, content: about.isFile() ? await digest(path) : 'not a file' };
  } catch (error) {
    return { stamp: '', isYoung: false, content: errorCode(error) || String(error) };
  }
}

/** Of a regular file of bounded size. O_NONBLOCK: a pipe that came in its place would be waited for without end. */
async function digest(path: string): Promise<string> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const about = await file.stat();
    if (!about.isFile()) return 'not a file';
    if (about.size > LIMITS.fileBytes) return 'too large';
    const hash = createHash('sha256');
    for await (const chunk of file.createReadStream({ autoClose: false, start: 0, end: LIMITS.fileBytes })) {
      hash.update(chunk as Buffer);
    }
    return hash.digest('hex');
  } finally {
    await file?.close();
  }
}
