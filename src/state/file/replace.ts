import { createHash, type Hash } from 'node:crypto';
import { dirname } from 'node:path';
import { errorCode } from '../../errors.js';
import type { StateRecord } from '../records.js';
import { type Disk, isSameFile, type OpenFile, OWNER_ONLY } from './disk.js';
import { encodeLines, FIRST_CRC } from './line.js';

/** Where a state file is, and how it is reached. */
export interface StateFile {
  /** As the user wrote it, for messages. */
  readonly path: string;
  /** The same with symbolic links followed: the file that is written and replaced. */
  readonly target: string;
  readonly disk: Disk;
}

/** An open file without a torn end, and what is in it. */
export interface WholeFile {
  readonly file: OpenFile;
  readonly bytes: number;
  /** Of all these bytes; appending updates it. */
  readonly hash: Hash;
  readonly records: number;
  readonly lastCrc: number;
}

export function hashOf(bytes: Uint8Array): Hash {
  return createHash('sha256').update(bytes);
}

/** Where a new file is written before it replaces the state file. Always the same name, so a crash leaves only one. */
export function temporaryPath(target: string): string {
  return `${target}.tmp`;
}

/**
 * Writes a new file beside the target, flushes it, and puts it in place of `replaced` at once: at every moment there is
 * either the old file or the new one, whole. `replaced` null: there is no file yet. The caller must still flush the
 * folder. Rejects with the system's error and removes the new file again.
 */
export async function writeAnew(
  { target, disk }: StateFile,
  records: Iterable<StateRecord>,
  replaced: OpenFile | null,
): Promise<WholeFile> {
  const jsons = [...records].map((record) => JSON.stringify(record));
  const { bytes, crc: lastCrc } = encodeLines(jsons, FIRST_CRC);
  const temporary = temporaryPath(target);
  await disk.remove(temporary);
  const file = await disk.open(temporary, 'wx+');
  try {
    // In some places the umask takes away too much, and the mode given to open cannot add to it.
    await file.chmod(OWNER_ONLY);
    if (replaced !== null) await giveSameOwner(file, replaced);
    await file.write(bytes, 0);
    await file.datasync();
    await assertStillThere(disk, target, replaced);
    await disk.rename(temporary, target);
  } catch (error) {
    await file.close().catch(() => undefined);
    await disk.remove(temporary).catch(() => undefined);
    throw error;
  }
  return { file, bytes: bytes.length, hash: hashOf(bytes), records: jsons.length, lastCrc };
}

/** A file that appeared meanwhile is somebody else's and must not be replaced. Throws the system's error, or EEXIST. */
async function assertStillThere(disk: Disk, target: string, expected: OpenFile | null): Promise<void> {
  const there = await disk.stat(target).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  });
  const isAsExpected =
    there === null ? expected === null : expected !== null && isSameFile(there, await expected.stat());
  if (!isAsExpected) throw Object.assign(new Error(`${target} was replaced`), { code: 'EEXIST' });
}

/** When root compacts the file of a service, the service must still be able to use it. */
async function giveSameOwner(file: OpenFile, like: OpenFile): Promise<void> {
  const [now, before] = [await file.stat(), await like.stat()];
  if (now.uid !== before.uid || now.gid !== before.gid) await file.chown(Number(before.uid), Number(before.gid));
}

/**
 * Replaces the state file by these equivalent records. Null: that was not possible, and the file stays as it was, only
 * longer than necessary. Reasons are a full disk, a file that is itself a mount, or one with several names, of which
 * the others would still lead to the old file.
 */
export async function replaceByCompacted(
  where: StateFile,
  file: OpenFile,
  records: Iterable<StateRecord>,
): Promise<WholeFile | null> {
  try {
    if ((await file.stat()).nlink > 1) return null;
    return await writeAnew(where, records, file);
  } catch (error) {
    // A rename may report a failure and still have happened: then nobody knows which file is in place.
    if (isSameFile(await file.stat(), await where.disk.stat(where.target))) return null;
    throw error;
  }
}

/** Puts the name of a new file on disk. */
export function syncFolderOf({ disk, target }: StateFile): Promise<void> {
  return disk.syncFolder(dirname(target));
}
