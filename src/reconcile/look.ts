import type { CopernicaApi, LiveWebhook } from '../copernica/api.js';
import type { IdRange } from '../state/state.js';

/** What was seen of the account. `failure`: some of it could not be read, so absence proves nothing. */
export interface Sight {
  readonly webhooks: readonly LiveWebhook[];
  /** All webhooks of the account were seen, whatever their ids. */
  readonly complete: boolean;
  readonly failure: string | null;
}

/** Told of each step of long work. */
export type Progress = (done: number, total: number, doing: 'looking' | 'applying') => void;

export interface LookOptions {
  readonly concurrency: number;
  readonly stop: AbortSignal;
  readonly onProgress?: Progress;
}

/**
 * Looks at the webhooks in some ranges of ids: through the list call where the account has one, else one by one.
 * Ids that are unknown or removed answer alike, and those of other accounts too: what is not found is not ours.
 */
export async function lookAt(ranges: readonly IdRange[], api: CopernicaApi, options: LookOptions): Promise<Sight> {
  const listed = await api.listWebhooks();
  if (listed.kind === 'listed') return { webhooks: listed.webhooks, complete: true, failure: null };
  // Only an account without the call is looked at id by id: while it can't be reached, one refusal is enough.
  if (listed.kind !== 'unavailable') return { webhooks: [], complete: false, failure: listed.message };
  return readEach(idsIn(ranges), api, options);
}

/** Looks at ids one by one. What was found before a failure or a stop is kept. */
export async function readEach(
  ids: readonly number[],
  api: CopernicaApi,
  { concurrency, stop, onProgress }: LookOptions,
): Promise<Sight> {
  let looked = 0;
  const webhooks: LiveWebhook[] = [];
  let failure: string | null = null;
  const queue = ids.values();
  const worker = async () => {
    for (const id of queue) {
      if (stop.aborted) failure = 'stopped while looking';
      if (failure !== null) return;
      const outcome = await api.readWebhook(id);
      if (outcome.kind === 'found') webhooks.push(outcome.webhook);
      else if (outcome.kind !== 'gone') failure = outcome.message;
      looked += 1;
      onProgress?.(looked, ids.length, 'looking');
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return { webhooks, complete: false, failure };
}

/** Each id once, rising. */
export function idsIn(ranges: readonly IdRange[]): number[] {
  const ids = new Set<number>();
  for (const { from, to } of ranges) for (let id = from; id <= to; id += 1) ids.add(id);
  return [...ids].sort((a, b) => a - b);
}
