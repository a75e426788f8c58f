/** The part of the package that we use; it has no types of its own. */
declare module 'fs-native-extensions' {
  /**
   * Takes an exclusive lock on an open file without waiting. On Linux the lock belongs to the open file description
   * (F_OFD_SETLK), so it ends when its last descriptor is closed. False: another holds it. Throws an Error with the
   * system's code if locks can't be used.
   */
  export function tryLock(fd: number, offset?: number, length?: number): boolean;
}
