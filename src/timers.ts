import { setTimeout as delay } from 'node:timers/promises';

/** The longest wait for Node's timers, 24.8 days: a longer one would end at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A duration that fits a timer. To wait for longer, check again when it is due. */
export function timerMs(ms: number): number {
  return Math.min(Math.max(0, ms), LONGEST_TIMER_MS);
}

/** Resolves after this many milliseconds, or at once when the signal is aborted. Never rejects. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await delay(timerMs(ms), undefined, { signal });
  } catch {
    // Aborted: one way for a wait to end.
  }
}
