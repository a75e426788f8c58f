import { closeSync, constants, openSync, readFileSync, realpathSync } from 'node:fs';

/**
 * Left beside the state by a run after which nothing was to do, so that the next one needs neither parse the manifest
 * nor fold the state to know that. It says nothing by itself: it holds only for the very bytes of manifest and state
 * that it was made of, so whatever changes them makes it void, and it may be lost at any time.
 *
 * All of it is done at once, without threads or promises: starting those is part of what this is to save. So is loading
 * what makes digests, which is why those are in clean.ts.
 */
export interface CleanMark {
  /** How many webhooks there are, each as the manifest says. */
  readonly webhooks: number;
  /** Names of the variables that the manifest refers to: they can't be known without parsing it. */
  readonly variables: readonly string[];
  /** SHA-256 of the ground, the state file and the number of webhooks. */
  readonly digest: string;
  /** Tells one token from another, and is too short to tell anything of either. */
  readonly token: string;
}

/** A named pipe opens at once; to a regular file it makes no difference. */
export const READ_AT_ONCE = constants.O_RDONLY | constants.O_NONBLOCK;

/** The mark beside a state file as it is written there, not checked. Null: there is none that can be read. */
export function readCleanMark(statePath: string): CleanMark | null {
  try {
    const fd = openSync(markPath(statePath), READ_AT_ONCE);
    try {
      return asMark(JSON.parse(readFileSync(fd, 'utf8')));
    } finally {
      closeSync(fd);
    }
  } catch {
    return null;
  }
}

export function markPath(statePath: string): string {
  return `${realpathSync(statePath)}.clean`;
}

function asMark(value: unknown): CleanMark | null {
  if (typeof value !== 'object' || value === null) return null;
  if (!('webhooks' in value && 'variables' in value && 'digest' in value && 'token' in value)) return null;
  const { webhooks, variables, digest, token } = value;
  if (typeof webhooks !== 'number' || typeof digest !== 'string' || typeof token !== 'string') return null;
  if (!Array.isArray(variables) || !variables.every((name) => typeof name === 'string')) return null;
  return { webhooks, variables, digest, token };
}
