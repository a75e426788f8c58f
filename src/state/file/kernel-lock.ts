import { platform } from 'node:os';
import { errorCode, productError } from '../../errors.js';

/**
 * Locks an open file without waiting. False: it is locked through another opening of it, in this process or another
 * one.
 * The lock ends when the file is closed, and belongs to this one opening of it (F_OFD_SETLK on Linux, flock on macOS):
 * others of the same process may read and write, and closing them ends nothing.
 */
export type TryLock = (fd: number) => boolean;

/**
 * One byte that no file reaches is locked: Windows, and some network disks, keep others from reading and writing what
 * is locked, and a state file is read by others while it is written.
 */
const LOCKED_BYTE = 2 ** 40;

/** Loaded here and not at the top: on a system without a binary of it, what needs no lock works all the same. */
export async function loadTryLock(): Promise<TryLock> {
  try {
    const { tryLock } = await import('fs-native-extensions');
    // macOS locks whole files only, and that keeps nobody from reading them.
    return platform() === 'darwin' ? (fd) => tryLock(fd) : (fd) => tryLock(fd, LOCKED_BYTE, 1);
  } catch (error) {
    throw productError(
      'failed',
      {
        code: 'lock-unavailable',
        message: 'the lock on the state file cannot be taken: the package fs-native-extensions cannot be loaded here',
        remedy:
          'install again on this system (npm ci); there are binaries for Linux with glibc, macOS and Windows, on x64 and arm64',
      },
      { cause: error },
    );
  }
}

/**
 * False: another holds it. Anything but a clear answer is a failure: going on without a lock could double everything.
 */
export function grant(tryLock: TryLock, { fd }: { readonly fd: number }, path: string): boolean {
  try {
    return tryLock(fd);
  } catch (error) {
    // POSIX lets a system say "held" in two ways; the package knows the other one.
    if (errorCode(error) === 'EACCES') return false;
    throw productError(
      'failed',
      {
        code: 'lock-unsupported',
        message: `${path} could not be locked: the file system has no locks (${errorCode(error) || String(error)})`,
        file: path,
        remedy: 'keep the state file on a local disk, or on a network file system with locks (NFS 4)',
      },
      { cause: error },
    );
  }
}
