import { constants } from 'node:fs';
import { type FileHandle, open, realpath, stat } from 'node:fs/promises';
import { dirname, sep } from 'node:path';
import type { ProblemCode } from '../error-codes.js';
import { errorCode, type Problem, ProductError } from '../errors.js';
import type { Environment, Hidden } from './interpolate.js';
import { LIMITS } from './limits.js';
import { type ParsedManifest, parseManifest } from './parse.js';

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
export async function readManifest(path: string, env: Environment, hidden: Hidden): Promise<ReadManifest> {
  const read = await readManifestFile(path);
  if (!read.ok) return { text: null, result: read };
  return { text: read.text, result: parseManifest(read.text, { file: path, env, hidden }) };
}

/** Reads and parses the manifest. Throws ProductError of kind `input` with every problem. */
export async function loadValidManifest(path: string, env: Environment, hidden: Hidden): Promise<ValidManifest> {
  return (await loadManifestText(path, env, hidden)).manifest;
}

export interface LoadedManifest {
  readonly text: string;
  readonly manifest: ValidManifest;
}

/** The same, with the text that it was read from. Where that is still the text of `known`, it is not parsed again. */
export async function loadManifestText(
  path: string,
  env: Environment,
  hidden: Hidden,
  known: LoadedManifest | null = null,
): Promise<LoadedManifest> {
  const read = await readManifestFile(path);
  if (!read.ok) throw new ProductError('input', read.problems);
  if (read.text === known?.text) return known;
  const manifest = parseManifest(read.text, { file: path, env, hidden });
  if (!manifest.ok) throw new ProductError('input', manifest.problems);
  return { text: read.text, manifest };
}

/**
 * The text of a regular file in UTF-8, which is no larger than a manifest may be and lies in its own folder. Anything
 * else is told as a problem, and never waited for: a named pipe without a writer would hold up the program for ever.
 */
export async function readManifestFile(path: string, mostTries = 3): Promise<ManifestText> {
  let file: FileHandle | undefined;
  let target: string | undefined;
  try {
    target = await realpath(path);
    if ((await stat(target)).isDirectory()) {
      return refused(path, 'manifest-unreadable', 'is a folder', 'name the file in it');
    }
    const folder = await realpath(dirname(path));
    // Git carries links: one to /proc/self/environ must not bring the environment into messages.
    if (!target.startsWith(folder.endsWith(sep) ? folder : folder + sep)) return elsewhere(path);
    // With O_NONBLOCK a named pipe opens at once; to a regular file it makes no difference.
    file = await open(target, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    const about = await file.stat();
    if (!about.isFile()) return irregular(path);
    if (about.size > LIMITS.fileBytes) return tooLarge(path);
    const bytes = await file.readFile();
    return bytes.length > LIMITS.fileBytes ? tooLarge(path) : decode(bytes, path);
  } catch (error) {
    // Kubernetes swaps the link and removes what it led to.
    const isSwapped = target !== undefined && errorCode(error) === 'ENOENT';
    return isSwapped && mostTries > 1 ? readManifestFile(path, mostTries - 1) : unreadable(error, path);
  } finally {
    await file?.close();
  }
}

function decode(bytes: Uint8Array, path: string): ManifestText {
  try {
    return { ok: true, text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    const problem: Problem = {
      code: 'not-utf8',
      severity: 'error',
      message: 'the manifest is not UTF-8',
      file: path,
      ...placeOfFirstBadByte(bytes),
      remedy: 'save the file as UTF-8',
    };
    return { ok: false, problems: [problem] };
  }
}

/** Line by line: no character of UTF-8 has the byte of a line end in it. */
function placeOfFirstBadByte(bytes: Uint8Array): { readonly line: number; readonly column: number } {
  const decoder = new TextDecoder();
  let line = 1;
  for (let start = 0; start < bytes.length; line += 1) {
    const next = bytes.indexOf(0x0a, start);
    const end = next === -1 ? bytes.length : next + 1;
    const column = decoder.decode(bytes.subarray(start, end)).indexOf('\ufffd') + 1;
    if (column > 0) return { line, column };
    start = end;
  }
  return { line, column: 1 };
}

function elsewhere(path: string): ManifestText {
  const remedy = 'name that file itself, or put it here';
  return refused(path, 'manifest-unreadable', 'is a link to a file outside of its folder', remedy);
}

function irregular(path: string): ManifestText {
  const remedy = 'write the manifest to a file and name that';
  return refused(path, 'manifest-unreadable', 'is not a regular file', remedy);
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
      return irregular(path);
    default:
      return refuse(`can’t be read (${code})`, 'check the path and the disk');
  }
}

function refused(path: string, code: ProblemCode, why: string, remedy: string): ManifestText {
  return { ok: false, problems: [{ code, severity: 'error', message: `the manifest ${why}`, file: path, remedy }] };
}
