import type { CallFailure } from './api.js';

/** How often and how long a call is tried again. */
export const RETRY = {
  /** Attempts of one call, the first included, by the kind of failure. A `refused` call is never sent again. */
  attempts: { 'not-sent': 4, 'turned-away': 8, unknown: 4, refused: 1 },
  /** The wait doubles from here... */
  firstWaitMs: 500,
  /** ...to here; a random part of it is waited (full jitter), so that clients don't come back together. */
  longestWaitMs: 30_000,
  /** Retry-After is honoured up to here. */
  retryAfterMaxMs: 120_000,
  /** An outage that has lasted longer is waited for no more: what comes meanwhile fails at once, unsent. */
  outagePatienceMs: 120_000,
} as const;

/**
 * Whether a call that failed may be sent again. POST is the one call that makes a second thing when it is sent a second
 * time; setting the same values twice, and deleting what is deleted already, come to the same.
 *
 *                                       GET PUT DELETE              POST
 *   not-sent                            yes                         yes
 *   turned-away                         yes                         yes
 *   unknown: no answer, 5xx, 408        yes                         no
 *   unknown: an answer of another kind  no: it would come again     no
 *   refused                             no                          no
 */
export function mayRepeat(method: string, { kind, status }: CallFailure): boolean {
  switch (kind) {
    case 'not-sent':
    case 'turned-away':
      return true;
    case 'unknown':
      return method !== 'POST' && (status === undefined || status >= 500 || status === 408);
    case 'refused':
      return false;
  }
}

/**
 * Copernica has looked at what was asked and says no to it: the same request gets the same answer until somebody changes
 * something. A token that is not accepted says nothing about what was asked.
 */
export function isRefusedForGood({ kind, status, tokenRejected }: CallFailure): boolean {
  return kind === 'refused' && tokenRejected !== true && (status === 400 || status === 422);
}

/**
 * Milliseconds to wait after the `failures`-th failure in a row, from 1. `random` is from 0 to below 1.
 * What the server asks for is the least.
 */
export function waitAfter(failures: number, retryAfterMs: number | undefined, random: number): number {
  const ceiling = Math.min(RETRY.firstWaitMs * 2 ** Math.min(failures - 1, 30), RETRY.longestWaitMs);
  return Math.max(Math.round(random * ceiling), Math.min(retryAfterMs ?? 0, RETRY.retryAfterMaxMs));
}
