import { forEachAtATime } from '../concurrent.js';
import type { CallFailure, CopernicaApi, LiveWebhook } from '../copernica/api.js';
import type { IdRange } from '../state/state.js';

/**
 * What reading ids showed. Ids that are unknown, removed or another account's answer alike, and are in neither list.
 */
export interface Scan {
  readonly webhooks: readonly LiveWebhook[];
  /** Rising. Nothing is known of these. */
  readonly unread: readonly number[];
  /** Why they could not be read; null: all were. */
  readonly failure: string | null;
}

/** Told of each step of long work. */
export type Progress = (done: number, total: number, doing: 'looking' | 'applying') => void;

export interface ReadOptions {
  readonly concurrency: number;
  readonly stop: AbortSignal;
  readonly onRead?: () => void;
  /** A refusal counts as “no webhook”, however it is worded: for whoever proves that webhooks can be read. */
  readonly refusalsCount: boolean;
}

/** A webhook that can't be read is passed over; an account that can't be read is not asked on. */
const FAILURES_IN_A_ROW = 4;

/** Reads ids one by one, several at a time. What was found before a failure or a stop is kept. */
export async function readIds(ids: readonly number[], api: CopernicaApi, options: ReadOptions): Promise<Scan> {
  const webhooks: LiveWebhook[] = [];
  const unread: number[] = [];
  let failure: string | null = null;
  let failures = 0;
  await forEachAtATime(ids, options.concurrency, async (id) => {
    if (options.stop.aborted) failure = 'stopped while looking';
    if (options.stop.aborted || failures >= FAILURES_IN_A_ROW) {
      unread.push(id);
      return;
    }
    const outcome = await api.readWebhook(id);
    if (outcome.ok && outcome.value !== 'gone') webhooks.push(outcome.value);
    if (outcome.ok || (options.refusalsCount && isRefusal(outcome))) failures = 0;
    else {
      failures += 1;
      failure = outcome.message;
      unread.push(id);
    }
    options.onRead?.();
  });
  return { webhooks, unread: unread.sort((a, b) => a - b), failure };
}

/** No webhook of this account has the id, or the token may not read: nothing but the wording tells. */
function isRefusal({ kind, status }: CallFailure): boolean {
  return kind === 'refused' && (status === 400 || status === 404);
}

/** Each id once, rising. */
export function idsIn(ranges: readonly IdRange[]): number[] {
  const ids = new Set<number>();
  for (const { from, to } of ranges) for (let id = from; id <= to; id += 1) ids.add(id);
  return [...ids].sort((a, b) => a - b);
}
