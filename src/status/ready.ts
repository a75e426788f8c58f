import type { AccountBoard } from './board.js';

/** A last success older than so many times the wait between two scheduled runs is too old. */
export const STALE_AFTER_SCHEDULED_RUNS = 3;

/** From when on the last success is too old, or null where no schedule says how often there should be one. */
export function staleAt(board: AccountBoard, longestWaitMs: number | null): number | null {
  if (longestWaitMs === null) return null;
  // Until there has been a success, the start counts: a daemon is given the same time to get there.
  return (board.lastSuccessAt ?? board.startedAt) + STALE_AFTER_SCHEDULED_RUNS * longestWaitMs;
}

/**
 * Why this account is not ready; empty when it is. `longestWaitMs`: between two scheduled runs; null without schedule.
 *
 *     no run came to its end yet                                not ready
 *     a run did, but none succeeded for three scheduled ones    not ready
 *     otherwise, a manifest that is broken now included         ready: the last good one is in force
 */
export function notReadyBecause(board: AccountBoard, longestWaitMs: number | null, now: number): string[] {
  const [last] = board.runs;
  if (board.lastCompleteAt === null) {
    const why = last?.problems[0]?.message;
    return [`no run has come to its end yet${why === undefined ? '' : `: ${why}`}`];
  }
  const limit = staleAt(board, longestWaitMs);
  if (limit === null || now <= limit) return [];
  const since =
    board.lastSuccessAt === null ? 'since the start' : `since ${new Date(board.lastSuccessAt).toISOString()}`;
  return [`no run has succeeded ${since}: more than ${STALE_AFTER_SCHEDULED_RUNS} scheduled runs`];
}
