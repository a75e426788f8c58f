import type { CallFailure } from './api.js';

/** How often and how long a call is retried. */
export const RETRY = {
  /** Attempts of one call, including the first, by kind of failure. A `refused` call is never repeated. */
  attempts: { 'not-sent': 4, 'turned-away': 8, unknown: 4, refused: 1 },
  /** The wait doubles from here... */
  firstWaitMs: 500,
  /** ...to here; a random part of it is used (full jitter), so that clients don't come back together. */
  longestWaitMs: 30_000,
  /** Retry-After is honoured up to here. */
  retryAfterMaxMs: 120_000,
  /** An outage that has lasted longer is not waited for: calls then fail at once, unsent. */
  outagePatienceMs: 120_000,
} as const;

/**
 * Whether a failed call may be sent again. Only a repeated POST makes a second thing; setting the same values twice, or
 * deleting what is already deleted, changes nothing.
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
 * Copernica examined the request and refused it: the same request gets the same answer until somebody changes
 * something. If the token is not accepted, that says nothing about the request.
 */
export function isRefusedForGood({ kind, status, tokenRejected }: CallFailure): boolean {
  return kind === 'refused' && tokenRejected !== true && (status === 400 || status === 422);
}

/**
 * Milliseconds to wait after the `failures`-th failure in a row, counted from 1, and at least as long as the server
 * asks for. `random` is from 0 to below 1.
 */
export function waitAfter(failures: number, retryAfterMs: number | undefined, random: number): number {
  const ceiling = Math.min(RETRY.firstWaitMs * 2 ** Math.min(failures - 1, 30), RETRY.longestWaitMs);
  return Math.max(Math.round(random * ceiling), Math.min(retryAfterMs ?? 0, RETRY.retryAfterMaxMs));
}
