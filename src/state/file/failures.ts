import { errorCode, ProductError, productError } from '../../errors.js';
import type { JournalReading } from './parse.js';

/** What the system's error codes mean for a state file, and what helps. */
const SYSTEM_ERRORS: Readonly<Record<string, { readonly reason: string; readonly remedy: string }>> = {
  ENOSPC: { reason: 'no space is left on the device', remedy: 'make room' },
  EDQUOT: { reason: 'the disk quota is used up', remedy: 'make room, or raise the quota' },
  EFBIG: { reason: 'the limit on file sizes is reached', remedy: 'raise the limit (ulimit -f)' },
  EIO: { reason: 'the device reports an error', remedy: 'check the disk' },
  EROFS: { reason: 'the file system is read-only', remedy: 'mount the folder of the state file writable' },
  EACCES: { reason: 'permission denied', remedy: 'let the user that runs this read and write the file and its folder' },
  EPERM: { reason: 'not permitted', remedy: 'let the user that runs this own the file and its folder' },
  EISDIR: { reason: 'it is a folder', remedy: 'name a file with --state' },
  ENOTREG: { reason: 'it is not a regular file', remedy: 'name a file with --state' },
  ENOTDIR: { reason: 'a part of its path is not a folder', remedy: 'name a file with --state' },
  ELOOP: { reason: 'its path leads through a symbolic link that cannot be followed', remedy: 'remove the link' },
  EBUSY: { reason: 'it is in use', remedy: 'mount the folder of the state file, not the file itself' },
  ESTALE: { reason: 'the network file system lost it', remedy: 'mount the folder again' },
};

/**
 * What a failed system call on the state file means to the user. A ProductError is returned as it is. `done` is the
 * participle that completes "could not be".
 */
export function stateFailure(path: string, done: string, cause: unknown): ProductError {
  if (cause instanceof ProductError) return cause;
  const code = errorCode(cause);
  if (code === 'ENOENT') return folderMissing(path, cause);
  const known = SYSTEM_ERRORS[code];
  const reason = known === undefined ? code || String(cause) : `${known.reason} (${code})`;
  return productError(
    'failed',
    {
      code: 'state-failed',
      message: `${path} could not be ${done}: ${reason}`,
      file: path,
      remedy: `${known?.remedy ?? 'check the disk and the folder of the state file'}, then run again: whatever was sent and not recorded is looked for first`,
    },
    { cause },
  );
}

/** The folder is not created: if it is missing, a volume is more likely not mounted than this being the first run. */
function folderMissing(path: string, cause: unknown): ProductError {
  return productError(
    'failed',
    {
      code: 'state-folder-missing',
      message: `the folder of ${path} does not exist`,
      file: path,
      remedy: 'mount its volume, or make the folder, or name another state file with --state',
    },
    { cause },
  );
}

/** The file at the path is not the one that was opened, or not as this program left it. */
export function replacedFailure(path: string, was: 'removed or replaced' | 'changed'): ProductError {
  return productError('failed', {
    code: 'state-replaced',
    message: `${path} was ${was} by something else while it was in use, so what this run recorded may not be in it`,
    file: path,
    remedy: 'put the newest copy back; without it, find what this run made with `discover` before the next apply',
  });
}

/** A file appeared at the path after the lock was taken. Nothing was read from it. */
export function notLockedFailure(path: string): ProductError {
  return productError('failed', {
    code: 'state-replaced',
    message: `${path} was created by something else at this very moment, and was left as it is`,
    file: path,
    remedy: 'see what writes there; if it is the newest copy, run again',
  });
}

/** A mount leads to a file that no longer has a name. */
export function detachedFailure(path: string): ProductError {
  return productError('refused', {
    code: 'state-detached',
    message: `${path} is not in its folder any more: it is a mount of a file that was replaced or removed where it comes from, so newer records are elsewhere`,
    file: path,
    remedy: 'mount the folder of the state file, not the file itself; to go on at once, mount it again',
  });
}

export function existsFailure(path: string): ProductError {
  return productError('refused', {
    code: 'state-exists',
    message: `${path} exists already and is not empty`,
    file: path,
    remedy: 'run again: the file that is there is used; or name another one with --state',
  });
}

const RESTORE =
  'the file was not touched; put the newest whole copy back (docs/state-format.md says how to look into it), ' +
  'and find what was made since with `discover` before the next apply';

/** A file that can't be read. Refused: going on without it would create every webhook a second time. */
export function unreadable(
  path: string,
  reading: Extract<JournalReading, { kind: 'newer' | 'damaged' }>,
): ProductError {
  if (reading.kind === 'newer') {
    return productError('refused', {
      code: 'state-newer',
      message: `${path} is of format version ${reading.version}, and this program knows version ${reading.known}`,
      file: path,
      remedy: 'upgrade copernica-webhooks to the version that wrote it, or a later one',
    });
  }
  return productError('refused', {
    code: 'state-damaged',
    message: `${path} is damaged at byte ${reading.offset}: line ${reading.line} ${reading.why}`,
    file: path,
    line: reading.line,
    remedy: RESTORE,
  });
}
