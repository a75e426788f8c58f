import { notLockedFailure } from './failures.js';
import { type JournalFile, type JournalFiles, realFiles } from './journal-files.js';
import type { StateLock } from './lock.js';

/**
 * The files of a journal under its lock: whatever is opened for writing is locked, until the lock is given back. So a
 * file that is written before it takes the place of the state file is locked when it comes there.
 */
export function lockedFiles(lock: StateLock, path: string): JournalFiles {
  const open = async (target: string, flags: 'r' | 'r+' | 'wx+'): Promise<JournalFile> => {
    const file = await realFiles.open(target, flags);
    try {
      if (flags === 'wx+') lock.extendTo(target);
      if (flags !== 'r' && !lock.covers(await file.stat())) throw notLockedFailure(path);
      return file;
    } catch (error) {
      await file.close();
      throw error;
    }
  };
  return { ...realFiles, open };
}
