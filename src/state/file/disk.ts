import type { BigIntStats } from 'node:fs';
import { constants, type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { platform } from 'node:os';
import { errorCode } from '../../errors.js';

/** The mode of this program's files: handlers in the state can contain secrets. */
export const OWNER_ONLY = 0o600;

/** Identifies a file. */
export type FileIdentity = Pick<BigIntStats, 'dev' | 'ino'>;

/** `nlink`: how many names it has; `size` in bytes. */
export type FileFacts = Pick<BigIntStats, 'dev' | 'ino' | 'mode' | 'uid' | 'gid' | 'nlink' | 'size'>;

/** An open file, as the state uses it. Every call rejects with an Error that has the system's `code`. */
export interface OpenFile extends Pick<FileHandle, 'fd' | 'datasync' | 'truncate' | 'chmod' | 'chown' | 'close'> {
  /** Reads the whole file; once for each opening. */
  read(): Promise<Buffer>;
  /** Writes all bytes at `position`, which is the end of the file. */
  write(bytes: Uint8Array, position: number): Promise<void>;
  stat(): Promise<FileFacts>;
}

/** All calls by which the state file touches the disk, in one place, so that tests can make each of them fail. */
export interface Disk {
  /** `wx+` creates a new file, readable by its owner alone; none may exist. Only regular files are opened. */
  open(path: string, flags: 'r' | 'r+' | 'wx+'): Promise<OpenFile>;
  stat(path: string): Promise<FileFacts>;
  rename(from: string, to: string): Promise<void>;
  /** No error if it is not there. */
  remove(path: string): Promise<void>;
  /** Puts the names in a folder on disk; otherwise a new or renamed file may be gone after a power cut. */
  syncFolder(path: string): Promise<void>;
}

export const realDisk: Disk = {
  open: openFile,
  stat: (path) => stat(path, { bigint: true }),
  rename,
  remove: (path) => rm(path, { force: true }),
  syncFolder,
};

const { O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR } = constants;
/**
 * Writes go to the end of the file, wherever something else has moved that: they overwrite nobody's data and leave no
 * hole after a cut, and the length shows it. On Windows nobody could shorten a file that was opened like this.
 */
const AT_THE_END = platform() === 'win32' ? 0 : O_APPEND;
/** Opening a named pipe must not wait for its other end; for a regular file this makes no difference. */
const AT_ONCE = O_NONBLOCK | O_NOFOLLOW;
const FLAGS = {
  r: O_RDONLY | AT_ONCE,
  'r+': O_RDWR | AT_ONCE | AT_THE_END,
  'wx+': O_RDWR | O_CREAT | O_EXCL | AT_THE_END,
};

async function openFile(path: string, flags: keyof typeof FLAGS): Promise<OpenFile> {
  const handle = await open(path, FLAGS[flags], OWNER_ONLY);
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) {
      throw Object.assign(new Error('not a regular file'), { code: stats.isDirectory() ? 'EISDIR' : 'ENOTREG' });
    }
  } catch (error) {
    await handle.close();
    throw error;
  }
  return {
    fd: handle.fd,
    read: () => handle.readFile(),
    write: (bytes, position) => writeAll(handle, bytes, position),
    datasync: () => handle.datasync(),
    truncate: (length) => handle.truncate(length),
    stat: () => handle.stat({ bigint: true }),
    chmod: (mode) => handle.chmod(mode),
    chown: (uid, gid) => handle.chown(uid, gid),
    close: () => handle.close(),
  };
}

/** A single write may take fewer bytes than it is given. */
async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, position + written);
    if (bytesWritten === 0) throw new Error('a write took nothing');
    written += bytesWritten;
  }
}

export function isSameFile(a: FileIdentity, b: FileIdentity): boolean {
  return a.ino === b.ino && a.dev === b.dev;
}

/** Not every system can flush a folder; those that can't answer with one of these. */
const FOLDERS_CANNOT_BE_FLUSHED = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EISDIR', 'EPERM', 'EBADF']);

async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch (error) {
    if (!FOLDERS_CANNOT_BE_FLUSHED.has(errorCode(error))) throw error;
  }
}
