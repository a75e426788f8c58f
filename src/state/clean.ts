import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { type CleanMark, markPath, READ_AT_ONCE } from './mark.js';

/** What a manifest is known again by: its SHA-256, and the environment variables that it refers to. */
export interface ManifestSource {
  readonly sha256: string;
  readonly variables: readonly string[];
}

/** What a run stands on, the state excepted. Runs that stand on the same, with the same state, come to the same. */
export interface Ground {
  /** The program's build, and the settings that say which account and which manifest. */
  readonly fixed: readonly unknown[];
  /** SHA-256 of the manifest. */
  readonly manifest: string;
  /** The environment variables that the manifest refers to. Null: not set. */
  readonly variables: Readonly<Record<string, string | null>>;
  /** The access token; null where none is used. */
  readonly token: string | null;
}

const TOKEN_DIGITS = 4;
const CHUNK_BYTES = 64 * 1024;

/** As that of the state. */
const MARK_MODE = 0o600;

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Leaves the mark. The caller holds the lock and has closed the journal. Throws the system's error. */
export function writeCleanMark(statePath: string, ground: Ground, webhooks: number): void {
  const digest = digestOf(statePath, ground, webhooks);
  if (digest === null) return;
  const mark: CleanMark = {
    webhooks,
    variables: Object.keys(ground.variables),
    digest,
    token: tokenOf(digest, ground.token),
  };
  // Not flushed: one that a crash tears is no mark.
  const temporary = `${markPath(statePath)}.tmp`;
  rmSync(temporary, { force: true });
  writeFileSync(temporary, `${JSON.stringify(mark)}\n`, { mode: MARK_MODE, flag: 'wx' });
  renameSync(temporary, markPath(statePath));
}

/** Whether a mark holds: state and ground are those that it was made of. A plan uses no token, so none is compared. */
export function holds(mark: CleanMark, statePath: string, ground: Ground): boolean {
  try {
    const digest = digestOf(statePath, ground, mark.webhooks);
    if (digest === null || digest !== mark.digest) return false;
    return ground.token === null || tokenOf(digest, ground.token) === mark.token;
  } catch {
    return false;
  }
}

/** SHA-256 of a manifest file, which is that of its text: one that was ever valid is UTF-8. Null: there is no such file. */
export function manifestDigest(path: string): string | null {
  try {
    return fileDigest(path, () => true);
  } catch {
    return null;
  }
}

/** Null: the state file is none that a run would leave as it is. */
function digestOf(statePath: string, { fixed, manifest, variables }: Ground, webhooks: number): string | null {
  // A run sets a mode back that lets others read, with a warning.
  const state = fileDigest(statePath, (mode) => (mode & 0o077) === 0);
  if (state === null) return null;
  const pairs = Object.entries(variables).sort(([a], [b]) => (a < b ? -1 : 1));
  return sha256(JSON.stringify([fixed, manifest, pairs, state, webhooks]));
}

function tokenOf(digest: string, token: string | null): string {
  return sha256(`${digest} ${token}`).slice(0, TOKEN_DIGITS);
}

/** In pieces, so that memory does not grow with the file. Null: it is no file, or not of such a mode. */
function fileDigest(path: string, hasMode: (mode: number) => boolean): string | null {
  const fd = openSync(path, READ_AT_ONCE);
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile() || !hasMode(stats.mode)) return null;
    const hash = createHash('sha256');
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    for (let length = readSync(fd, chunk); length > 0; length = readSync(fd, chunk)) {
      hash.update(chunk.subarray(0, length));
    }
    return hash.digest('hex');
  } finally {
    closeSync(fd);
  }
}
