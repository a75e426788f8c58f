import { isUtf8 } from 'node:buffer';
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { errorCode, type Problem } from '../errors.js';
import { LIMITS } from './limits.js';
import { placeOf, sourceOf } from './source.js';

/** Whether a file with this name belongs to a manifest that is a folder. */
export function isManifestName(name: string): boolean {
  return /^[^.].*\.ya?ml$/is.test(name);
}

/**
 * The paths of a manifest's files. In a folder: all with names of YAML files, in the order of their names, without
 * hidden ones and subfolders. Otherwise the path itself, whatever is there.
 */
export function filesOf(path: string): readonly string[] {
  if (!isFolder(path)) return [path];
  const names = readdirSync(path).filter(isManifestName).sort();
  return names.map((name) => join(path, name)).filter((file) => !isFolder(file));
}

/** Reads the files as they are now. A file that can't be read becomes a problem; nothing is thrown. */
export function readManifest(path: string): readonly FileContent[] {
  try {
    if (!isFolder(path)) return [readFile(path)];
    if (isLinkElsewhere(path)) {
      return [unreadable(path, 'is a link to a folder outside of its own', 'name that folder itself, or put it here')];
    }
    const files = filesOf(path);
    return files.length === 0 ? [emptyFolder(path)] : files.map((file) => readFile(file));
  } catch (error) {
    return [whyUnreadable(error, path)];
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

function isLinkElsewhere(folder: string): boolean {
  // A slash at the end would lead to the target of a link.
  const path = resolve(folder);
  return lstatSync(path).isSymbolicLink() && !isInside(realpathSync.native(path), realpathSync.native(dirname(path)));
}

function isInside(path: string, folder: string): boolean {
  return path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

function emptyFolder(path: string): FileContent {
  const remedy = 'write one, such as webhooks.yaml; subfolders and hidden files are not read';
  return refused(path, { code: 'empty-manifest', message: 'is a folder without *.yaml and *.yml files', remedy });
}

/** The content of a file, or why it can't be read. */
export type FileContent = { readonly file: string } & (
  | { readonly text: string; readonly problem: null }
  | { readonly text: null; readonly problem: Problem }
);

/**
 * The text of a regular file in UTF-8, no larger than a manifest may be and within its own folder. Anything else
 * becomes a problem, without waiting: a named pipe without a writer would hold the program up for ever.
 */
function readFile(file: string, mostTries = 3): FileContent {
  let fd: number | undefined;
  let target: string | undefined;
  try {
    target = realpathSync.native(file);
    // Git can contain links: one to /proc/self/environ must not bring the environment into messages.
    if (!isInside(target, realpathSync.native(dirname(file)))) {
      return unreadable(file, 'is a link to a file outside of its folder', 'name that file itself, or put it here');
    }
    // With O_NONBLOCK, opening a named pipe does not wait; for a regular file it makes no difference.
    fd = openSync(target, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    const about = fstatSync(fd);
    if (!about.isFile()) {
      return unreadable(file, 'is not a regular file', 'write the manifest to a file and name that');
    }
    if (about.size > LIMITS.fileBytes) return tooLarge(file);
    const bytes = readFileSync(fd);
    return bytes.length > LIMITS.fileBytes ? tooLarge(file) : decoded(bytes, file);
  } catch (error) {
    // Kubernetes swaps the link and removes its former target.
    const isSwapped = target !== undefined && errorCode(error) === 'ENOENT';
    return isSwapped && mostTries > 1 ? readFile(file, mostTries - 1) : whyUnreadable(error, file);
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
    remedy: 'check the path, or split it into several files: a manifest may be a folder',
  });
}

function whyUnreadable(error: unknown, file: string): FileContent {
  const code = errorCode(error) || String(error);
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR': {
      const remedy = 'create it, or choose another one with --file';
      return refused(file, { code: 'manifest-missing', message: 'does not exist', remedy });
    }
    case 'EACCES':
    case 'EPERM':
      return unreadable(file, 'is not readable for this user', 'give this user permission to read it');
    default:
      return unreadable(file, `can’t be read (${code})`, 'check the path and the disk');
  }
}

function unreadable(file: string, message: string, remedy: string): FileContent {
  return refused(file, { code: 'manifest-unreadable', message, remedy });
}

/** `message` completes "the manifest …". */
function refused(file: string, why: Omit<Problem, 'severity' | 'file'>): FileContent {
  return { file, text: null, problem: { ...why, severity: 'error', message: `the manifest ${why.message}`, file } };
}
