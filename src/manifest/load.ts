import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, sep } from 'node:path';
import { errorCode, type Problem, ProductError } from '../errors.js';
import { type Environment, type Hidden, interpolator } from './interpolate.js';
import { LIMITS } from './limits.js';
import { joinFiles, type ParsedFile, type ParsedManifest, parseFile } from './parse.js';
import { placeOf, sourceOf } from './source.js';

export type ValidManifest = Extract<ParsedManifest, { readonly ok: true }>;

/** What one look at the files of a manifest saw. */
export interface Look {
  /** Equal for equal content, and for content that can't be read for the same reason. */
  readonly identity: string;
  /** What the content comes to. Whatever it is, the answer tells; nothing is thrown. */
  parse(): ParsedManifest;
}

/** The files of a manifest, each parsed again only when it has changed. */
export class ManifestLoader {
  readonly #files: readonly string[];
  readonly #parse: (file: string, text: string) => ParsedFile;
  readonly #known = new Map<string, { readonly text: string; readonly parsed: ParsedFile }>();

  /** `files`: their paths as the user gave them, in the order in which they are one manifest. */
  constructor(files: readonly string[], env: Environment, hidden: Hidden) {
    const interpolate = interpolator(env, hidden);
    this.#files = files;
    this.#parse = (file, text) => parseFile(file, text, interpolate);
  }

  /** Reads the files as they are at this moment. */
  look(): Look {
    const contents = this.#files.map((file) => readManifestFile(file));
    const hash = createHash('sha256');
    for (const { text, problem } of contents) hash.update(text ?? JSON.stringify(problem)).update('\0');
    return { identity: hash.digest('hex'), parse: () => joinFiles(contents.map((content) => this.#parsed(content))) };
  }

  read(): ParsedManifest {
    return this.look().parse();
  }

  /** Throws ProductError of kind `input` with every problem. */
  load(): ValidManifest {
    const manifest = this.read();
    if (!manifest.ok) throw new ProductError('input', manifest.problems);
    return manifest;
  }

  #parsed({ file, text, problem }: FileContent): ParsedFile {
    if (text === null) return { file, candidates: [], errors: [problem], warnings: [] };
    const known = this.#known.get(file);
    if (known?.text === text) return known.parsed;
    const parsed = this.#parse(file, text);
    this.#known.set(file, { text, parsed });
    return parsed;
  }
}

/** Reads a manifest once. Throws ProductError of kind `input` with every problem. */
export function loadValidManifest(file: string, env: Environment, hidden: Hidden): ValidManifest {
  return new ManifestLoader([file], env, hidden).load();
}

/** What a file holds, or why it can't be read. */
type FileContent = { readonly file: string } & (
  | { readonly text: string; readonly problem: null }
  | { readonly text: null; readonly problem: Problem }
);

/**
 * The text of a regular file in UTF-8, which is no larger than a manifest may be and lies in its own folder. Anything
 * else is told as a problem, and never waited for: a named pipe without a writer would hold up the program for ever.
 */
export function readManifestFile(file: string, mostTries = 3): FileContent {
  let fd: number | undefined;
  let target: string | undefined;
  try {
    target = realpathSync(file);
    if (statSync(target).isDirectory()) return unreadable(file, 'is a folder', 'name the file in it');
    const folder = realpathSync(dirname(file));
    // Git carries links: one to /proc/self/environ must not bring the environment into messages.
    if (!target.startsWith(folder.endsWith(sep) ? folder : folder + sep)) {
      return unreadable(file, 'is a link to a file outside of its folder', 'name that file itself, or put it here');
    }
    // With O_NONBLOCK a named pipe opens at once; to a regular file it makes no difference.
    fd = openSync(target, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    const about = fstatSync(fd);
    if (!about.isFile()) {
      return unreadable(file, 'is not a regular file', 'write the manifest to a file and name that');
    }
    if (about.size > LIMITS.fileBytes) return tooLarge(file);
    const bytes = readFileSync(fd);
    return bytes.length > LIMITS.fileBytes ? tooLarge(file) : decoded(bytes, file);
  } catch (error) {
    // Kubernetes swaps the link and removes what it led to.
    const isSwapped = target !== undefined && errorCode(error) === 'ENOENT';
    return isSwapped && mostTries > 1 ? readManifestFile(file, mostTries - 1) : whyUnreadable(error, file);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function decoded(bytes: Buffer, file: string): FileContent {
  const text = bytes.toString('utf8');
  if (isUtf8(bytes)) return { file, text, problem: null };
  const place = placeOf(text.indexOf('\ufffd'), sourceOf(file, text));
  return refused(file, { code: 'not-utf8', message: 'is not UTF-8', remedy: 'save the file as UTF-8', ...place });
}

function tooLarge(file: string): FileContent {
  const message = `is larger than ${LIMITS.fileBytes / 1024 / 1024} MiB`;
  return refused(file, {
    code: 'manifest-too-large',
    message,
    remedy: 'check the path, or make several manifests of it',
  });
}

function whyUnreadable(error: unknown, file: string): FileContent {
  const code = errorCode(error) || String(error);
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR': {
      const remedy = 'write it, or name another with --file';
      return refused(file, { code: 'manifest-missing', message: 'does not exist', remedy });
    }
    case 'EACCES':
    case 'EPERM':
      return unreadable(file, 'may not be read by this user', 'give this user the right to read it');
    default:
      return unreadable(file, `can’t be read (${code})`, 'check the path and the disk');
  }
}

function unreadable(file: string, message: string, remedy: string): FileContent {
  return refused(file, { code: 'manifest-unreadable', message, remedy });
}

/** `message` goes on from "the manifest …". */
function refused(file: string, why: Omit<Problem, 'severity' | 'file'>): FileContent {
  return { file, text: null, problem: { ...why, severity: 'error', message: `the manifest ${why.message}`, file } };
}
