import { readFile, realpath } from 'node:fs/promises';
import { filesOf } from '../manifest/files.js';

/**
 * Whether a file is itself a mount, such as `-v ./webhooks.yaml:/manifest/webhooks.yaml`: a container then keeps seeing
 * the file it was started with, however often another is put in its place outside. Symbolic links are followed.
 * Only Linux tells; elsewhere, and for a file that is not there, false.
 */
export async function isMountedFile(path: string): Promise<boolean> {
  try {
    const [table, target] = await Promise.all([readFile('/proc/self/mountinfo', 'utf8'), realpath(path)]);
    return mountPoints(table).includes(target);
  } catch {
    return false;
  }
}

/** The first file of a manifest that is itself a mount; null: none is. That a whole folder is one is as it should be. */
export async function mountedFileOf(manifest: string): Promise<string | null> {
  for (const file of filesOf(manifest)) if (await isMountedFile(file)) return file;
  return null;
}

/** The mount that a path is in. */
export interface Mount {
  readonly point: string;
  /** Type of its file system: `ext4`, `tmpfs`, `nfs4`. */
  readonly fileSystem: string;
}

/**
 * The mount that a file or folder is in, symbolic links followed. Only Linux tells; elsewhere, or where nothing is,
 * null.
 */
export async function mountOf(path: string): Promise<Mount | null> {
  try {
    const [table, target] = await Promise.all([readFile('/proc/self/mountinfo', 'utf8'), realpath(path)]);
    return mountIn(table, target);
  } catch {
    return null;
  }
}

/** The one with the longest way in common; of two at one place, the later one lies over the other. */
export function mountIn(mountinfo: string, target: string): Mount | null {
  let found: Mount | null = null;
  for (const line of mountinfo.split('\n')) {
    const [point] = mountPoints(line);
    // After a dash that stands alone: the number of fields before it differs.
    const fileSystem = / - (\S+)/.exec(line)?.[1];
    if (point === undefined || fileSystem === undefined) continue;
    const isAbove = target === point || target.startsWith(point === '/' ? '/' : `${point}/`);
    if (isAbove && point.length >= (found?.point.length ?? 0)) found = { point, fileSystem };
  }
  return found;
}

/** In `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw`, the fifth is where it is mounted (proc(5)). */
const MOUNT_POINT_FIELD = 4;

/**
 * The mount points in the text of /proc/self/mountinfo. Blank, tab, newline and backslash stand there as octal escapes.
 */
export function mountPoints(mountinfo: string): string[] {
  return mountinfo
    .split('\n')
    .map((line) => line.split(' ')[MOUNT_POINT_FIELD] ?? '')
    .filter((field) => field !== '')
    .map((field) =>
      field.replace(/\\([0-7]{3})/g, (_match, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
    );
}
