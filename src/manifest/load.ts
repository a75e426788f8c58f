import { isUtf8 } from 'node:buffer';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { ProblemCode } from '../error-codes.js';
import { errorCode, type Problem, ProductError } from '../errors.js';
import type { Environment, Hidden } from './interpolate.js';
import { LIMITS } from './limits.js';
import { type ParsedManifest, parseManifest } from './parse.js';
import { firstInvalidByte } from './utf8.js';

export type ManifestText =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** A manifest file as it was read: its text (null: it could not be read), and what it came to. */
export interface ReadManifest {
  readonly text: string | null;
  readonly result: ParsedManifest;
}

export type ValidManifest = Extract<ParsedManifest, { readonly ok: true }>;

/** Reads and parses the manifest. Whatever the file holds or is, the answer tells; nothing is thrown. */
export function readManifest(path: string, env: Environment, hidden: Hidden): ReadManifest {
  const read = readManifestFile(path);
  if (!read.ok) return { text: null, result: read };
  return { text: read.text, result: parseManifest(read.text, { file: path, env, hidden }) };
}

/** Reads and parses the manifest. Throws ProductError of kind `input` with every problem. */
export function loadValidManifest(path: string, env: Environment, hidden: Hidden): ValidManifest {
  return loadManifestText(path, env, hidden).manifest;
}

export interface LoadedManifest {
  readonly text: string;
  readonly manifest: ValidManifest;
}

/** The same, with the text that it was read from. Where that is still the text of `known`, it is not parsed again. */
export function loadManifestText(
  path: string,
  env: Environment,
  hidden: Hidden,
  known: LoadedManifest | null = null,
): LoadedManifest {
  const read = readManifestFile(path);
  if (!read.ok) throw new ProductError('input', read.problems);
  if (read.text === known?.text) return known;
  const manifest = parseManifest(read.text, { file: path, env, hidden });
  if (!manifest.ok) throw new ProductError('input', manifest.problems);
  return { text: read.text, manifest };
}

/**
 * The text of a regular file of at most 10 MiB in UTF-8. Anything else is told as a problem, and never waited for:
 * a named pipe without a writer would hold up the program for ever.
 *
 * At once: threads for it would take longer to start than a file of this size takes to read.
 */
export function readManifestFile(path: string): ManifestText {
  let fd: number | undefined;
  try {
    // With O_NONBLOCK a named pipe opens at once; to a regular file it makes no difference.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const about = fstatSync(fd);
    if (about.isDirectory()) return refused(path, 'manifest-unreadable', 'is a folder', 'name the file in it');
    if (!about.isFile()) {
      return refused(
        path,
        'manifest-unreadable',
        'is not a regular file',
        'write the manifest to a file and name that',
      );
    }
    if (about.size > LIMITS.fileBytes) return tooLarge(path);
    const bytes = readBounded(fd, about.size);
    return bytes === null ? tooLarge(path) : decode(bytes, path);
  } catch (error) {
    return unreadable(error, path);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** Reads to the end. Null: there is more than a manifest may have, whatever size the file said it has. */
function readBounded(fd: number, expectedBytes: number): Uint8Array | null {
  let bytes = Buffer.allocUnsafe(Math.max(expectedBytes, 4_096) + 1);
  let length = 0;
  for (;;) {
    const bytesRead = readSync(fd, bytes, length, bytes.length - length, length);
    if (bytesRead === 0) return bytes.subarray(0, length);
    length += bytesRead;
    if (length > LIMITS.fileBytes) return null;
    if (length === bytes.length) bytes = Buffer.concat([bytes, Buffer.allocUnsafe(bytes.length)]);
  }
}

function decode(bytes: Uint8Array, path: string): ManifestText {
  if (isUtf8(bytes)) return { ok: true, text: new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes) };
  const offset = firstInvalidByte(bytes);
  const before = bytes.subarray(0, offset);
  const line = before.reduce((count, byte) => count + (byte === 0x0a ? 1 : 0), 1);
  const column = new TextDecoder().decode(before.subarray(before.lastIndexOf(0x0a) + 1)).length + 1;
  const problem: Problem = {
    code: 'not-utf8',
    severity: 'error',
    message: `byte ${offset} is not UTF-8`,
    file: path,
    line,
    column,
    remedy: 'save the file as UTF-8',
  };
  return { ok: false, problems: [problem] };
}

function tooLarge(path: string): ManifestText {
  const limit = `is larger than ${LIMITS.fileBytes / 1024 / 1024} MiB`;
  return refused(path, 'manifest-too-large', limit, 'check the path, or make several manifests of it');
}

function unreadable(error: unknown, path: string): ManifestText {
  const code = errorCode(error) || String(error);
  const refuse = (why: string, remedy: string) => refused(path, 'manifest-unreadable', why, remedy);
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return refused(path, 'manifest-missing', 'does not exist', 'write it, or name another with --file');
    case 'EACCES':
    case 'EPERM':
      return refuse('may not be read by this user', 'give the user that runs this program the right to read it');
    case 'ELOOP':
      return refuse('is a symbolic link that leads back to itself', 'mend the link');
    case 'ENXIO':
      return refuse('is not a regular file', 'write the manifest to a file and name that');
    default:
      return refuse(`can’t be read (${code})`, 'check the path and the disk');
  }
}

function refused(path: string, code: ProblemCode, why: string, remedy: string): ManifestText {
  return { ok: false, problems: [{ code, severity: 'error', message: `the manifest ${why}`, file: path, remedy }] };
}
