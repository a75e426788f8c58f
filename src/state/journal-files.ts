import fs from 'node:fs';
import { platform } from 'node:os';
import { errorCode } from '../errors.js';
import { OWNER_ONLY } from './target.js';

/** Which file it is, and whose; `links`: how many names it has; `size` in bytes. */
export interface FileFacts {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly links: number;
  readonly size: number;
}

/** An open file, as the journal uses it. Every call rejects with an Error that has the system's `code`. */
export interface JournalFile {
  /** The whole file. Once for each open. */
  read(): Promise<Uint8Array>;
  /** Writes `bytes` from `from` on at `position`, which is the end of the file. Resolves with how many were written, which may be fewer. */
  write(bytes: Uint8Array, from: number, position: number): Promise<number>;
  /** Resolves when the data and the file's length are on disk. */
  datasync(): Promise<void>;
  truncate(length: number): Promise<void>;
  stat(): Promise<FileFacts>;
  chmod(mode: number): Promise<void>;
  chown(uid: number, gid: number): Promise<void>;
  close(): Promise<void>;
}

/** Every call by which the journal touches the disk, in one place, so that each can be made to fail in tests. */
export interface JournalFiles {
  /** `wx+` makes a new file, which must not exist, readable by its owner alone. */
  open(path: string, flags: 'r' | 'r+' | 'wx+'): Promise<JournalFile>;
  stat(path: string): Promise<FileFacts>;
  rename(from: string, to: string): Promise<void>;
  /** No error when it is not there. */
  remove(path: string): Promise<void>;
  /** Puts the names in a folder on disk: without it a new or renamed file may be gone after a power cut. */
  syncFolder(path: string): Promise<void>;
}

export const realFiles: JournalFiles = {
  open: (path, flags) => openFile(path, flags),
  stat: (path) => call<fs.BigIntStats>((done) => fs.stat(path, { bigint: true }, done)).then(factsOf),
  rename: (from, to) => call<void>((done) => fs.rename(from, to, done)),
  remove: (path) => call<void>((done) => fs.rm(path, { force: true }, done)),
  syncFolder,
};

const { O_APPEND, O_CREAT, O_EXCL, O_RDONLY, O_RDWR } = fs.constants;
/**
 * What is written goes to the end, wherever something else has put that: so it overwrites nothing of others, fills no
 * hole that they cut, and the length tells. Windows lets nobody cut back a file that is opened so.
 */
const AT_THE_END = platform() === 'win32' ? 0 : O_APPEND;
const FLAGS = { r: O_RDONLY, 'r+': O_RDWR | AT_THE_END, 'wx+': O_RDWR | O_CREAT | O_EXCL | AT_THE_END };

/**
 * The callback functions of node:fs, since one record is one write and one flush: through node:fs/promises these cost a
 * quarter more processor time.
 */
async function openFile(path: string, flags: keyof typeof FLAGS): Promise<JournalFile> {
  await refuseOddFile(path);
  const fd = await call<number>((done) => fs.open(path, FLAGS[flags], OWNER_ONLY, done));
  return {
    read: () => call<Buffer>((done) => fs.readFile(fd, done)),
    write: (bytes, from, position) =>
      call<number>((done) => fs.write(fd, bytes, from, bytes.length - from, position, done)),
    datasync: () => call<void>((done) => fs.fdatasync(fd, done)),
    truncate: (length) => call<void>((done) => fs.ftruncate(fd, length, done)),
    stat: () => call<fs.BigIntStats>((done) => fs.fstat(fd, { bigint: true }, done)).then(factsOf),
    chmod: (mode) => call<void>((done) => fs.fchmod(fd, mode, done)),
    chown: (uid, gid) => call<void>((done) => fs.fchown(fd, uid, gid, done)),
    close: () => call<void>((done) => fs.close(fd, done)),
  };
}

/** Opening or reading a pipe or a device can wait for ever, and nothing ends a process that waits there but a kill. */
async function refuseOddFile(path: string): Promise<void> {
  const stats = await call<fs.Stats>((done) => fs.stat(path, done)).catch(() => null);
  if (stats === null || stats.isFile()) return;
  throw Object.assign(new Error('not a regular file'), { code: stats.isDirectory() ? 'EISDIR' : 'ENOTREG' });
}

function call<T>(start: (done: (error: Error | null | undefined, value: T) => void) => void): Promise<T> {
  return new Promise((resolveCall, reject) => {
    start((error, value) => {
      if (error) reject(error);
      else resolveCall(value);
    });
  });
}

function factsOf(stats: fs.BigIntStats): FileFacts {
  return {
    dev: stats.dev,
    ino: stats.ino,
    mode: Number(stats.mode) & 0o777,
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    links: Number(stats.nlink),
    size: Number(stats.size),
  };
}

/** Writes all of `bytes` at `position`: one write may take fewer than it is given. */
export async function writeAll(file: JournalFile, bytes: Uint8Array, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const taken = await file.write(bytes, written, position + written);
    if (taken === 0) throw new Error('a write took nothing');
    written += taken;
  }
}

export function isSameFile(a: FileFacts, b: FileFacts): boolean {
  return a.ino === b.ino && a.dev === b.dev;
}

/** Not every system can flush a folder; those that cannot say so with one of these. */
const FOLDERS_CANNOT_BE_FLUSHED = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EISDIR', 'EPERM', 'EBADF']);

async function syncFolder(path: string): Promise<void> {
  try {
    const fd = await call<number>((done) => fs.open(path, 'r', done));
    try {
      await call<void>((done) => fs.fsync(fd, done));
    } finally {
      await call<void>((done) => fs.close(fd, done));
    }
  } catch (error) {
    if (!FOLDERS_CANNOT_BE_FLUSHED.has(errorCode(error))) throw error;
  }
}
