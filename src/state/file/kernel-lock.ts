import { platform } from 'node:os';
import { errorCode, productError } from '../../errors.js';

/**
 * Locks an open file without waiting. False: it is locked through another opening, in this process or in another. The
 * lock belongs to this opening of the file and ends when that is closed (F_OFD_SETLK on Linux, flock on macOS): the
 * same process may open, read, write and close the file elsewhere without ending it.
 */
export type TryLock = (fd: number) => boolean;

/**
 * Only one byte, far beyond any file's end, is locked: on Windows and some network disks nobody else can read or write
 * what is locked, and a state file must stay readable while it is written.
 */
const LOCKED_BYTE = 2 ** 40;

/** Loaded only here, so that whatever needs no lock also works on systems for which there is no binary. */
export async function loadTryLock(): Promise<TryLock> {
  try {
    const { tryLock } = await import('fs-native-extensions');
    // macOS can only lock whole files, which does not keep others from reading them.
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
 * False: another holds it. Anything but a clear answer is a failure: without a lock, everything could be created twice.
 */
export function grant(tryLock: TryLock, { fd }: { readonly fd: number }, path: string): boolean {
  try {
    return tryLock(fd);
  } catch (error) {
    // POSIX lets a system report a held lock by two codes; the package handles only the other one.
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
