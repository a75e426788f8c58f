import { readFile, realpath } from 'node:fs/promises';
import { filesOf } from '../manifest/files.js';

/**
 * Whether a file is itself a mount, such as `-v ./webhooks.yaml:/manifest/webhooks.yaml`: a container then keeps seeing
 * the file it was started with, even when another one replaces it outside. Follows symbolic links. Only Linux can tell;
 * false elsewhere, and for a missing file.
 */
export async function isMountedFile(path: string): Promise<boolean> {
  try {
    const [table, target] = await Promise.all([readFile('/proc/self/mountinfo', 'utf8'), realpath(path)]);
    return mountPoints(table).includes(target);
  } catch {
    return false;
  }
}

/** The first file of a manifest that is itself a mount. Null: there is none. A folder that is a mount is fine. */
export async function mountedFileOf(manifest: string): Promise<string | null> {
  for (const file of filesOf(manifest)) if (await isMountedFile(file)) return file;
  return null;
}

/** The mount that contains a path. */
export interface Mount {
  readonly point: string;
  /** Type of its file system: `ext4`, `tmpfs`, `nfs4`. */
  readonly fileSystem: string;
}

/**
 * The mount that contains a file or folder, symbolic links followed. Only Linux can tell; else, or if missing, null.
 */
export async function mountOf(path: string): Promise<Mount | null> {
  try {
    const [table, target] = await Promise.all([readFile('/proc/self/mountinfo', 'utf8'), realpath(path)]);
    return mountIn(table, target);
  } catch {
    return null;
  }
}

/** The mount with the longest common path; of two at one place, the later one covers the other. */
export function mountIn(mountinfo: string, target: string): Mount | null {
  let found: Mount | null = null;
  for (const line of mountinfo.split('\n')) {
    const [point] = mountPoints(line);
    // After a separate dash: the number of fields before it varies.
    const fileSystem = / - (\S+)/.exec(line)?.[1];
    if (point === undefined || fileSystem === undefined) continue;
    const isAbove = target === point || target.startsWith(point === '/' ? '/' : `${point}/`);
    if (isAbove && point.length >= (found?.point.length ?? 0)) found = { point, fileSystem };
  }
  return found;
}

/** In `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw` the fifth field is the mount point (proc(5)). */
const MOUNT_POINT_FIELD = 4;

/** The mount points in /proc/self/mountinfo. Space, tab, newline and backslash are octal escapes there. */
export function mountPoints(mountinfo: string): string[] {
  return mountinfo
    .split('\n')
    .map((line) => line.split(' ')[MOUNT_POINT_FIELD] ?? '')
    .filter((field) => field !== '')
    .map((field) =>
      field.replace(/\\([0-7]{3})/g, (_match, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
    );
}
