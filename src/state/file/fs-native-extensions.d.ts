/** The part of the package that is used: it has no types of its own. */
declare module 'fs-native-extensions' {
  /**
   * Takes an exclusive lock on an open file without waiting; on Linux one that belongs to the open file description
   * (F_OFD_SETLK), so that it ends when the last descriptor of it is closed. False: another holds it.
   * Throws an Error with the system's code where it cannot be asked for.
   */
  export function tryLock(fd: number, offset?: number, length?: number): boolean;
}
