import type { Holder } from '../store.js';
import type { Clock } from './clock.js';
import type { Membership } from './membership.js';
import type { HeldLease, Tables, TakenLease } from './tables.js';

export interface LeaseOptions {
  readonly tables: Tables;
  readonly clock: Clock;
  readonly membership: Membership;
  readonly state: string;
}

export interface Patience {
  readonly holder: Holder;
  readonly timeoutMs: number;
  readonly onWaiting?: (holder: Holder) => void;
}

const POLL_MS = 250;

/** Waits for it as long as it may. What comes back has `by` where another has it still. */
export async function takeLease(
  { tables, clock, membership, state }: LeaseOptions,
  { holder, timeoutMs, onWaiting }: Patience,
): Promise<TakenLease | { readonly by: Holder }> {
  const until = clock.now() + timeoutMs;
  for (let isFirst = true; ; isFirst = false) {
    const asked = clock.now();
    const attempt = await tables
      .take({ state, process: membership.id, about: holder })
      .catch(async (error: unknown) => {
        // It may be ours all the same, and this process may live on, so that nobody would get it any more.
        await giveBackLease({ tables, clock, membership, state }, null);
        throw error;
      });
    // Not earlier than the clock of the database shows now, however long the answer took.
    if (!('by' in attempt)) return { ...attempt, at: new Date(attempt.at.getTime() + clock.now() - asked) };
    const leftMs = until - clock.now();
    if (leftMs <= 0) return attempt;
    if (isFirst) onWaiting?.(attempt.by);
    await clock.sleep(Math.min(POLL_MS, leftMs));
  }
}

/**
 * It is free for others at once. Tried for as long as the membership keeps it from others, which may be as long as this
 * process lives; after that it is free anyway. `epoch` null: whatever that is. Never rejects.
 */
export async function giveBackLease(
  { tables, clock, membership, state }: LeaseOptions,
  epoch: HeldLease['epoch'] | null,
): Promise<void> {
  for (;;) {
    try {
      await tables.giveBack({ state, process: membership.id, epoch });
      return;
    } catch {
      if (!membership.isTrusted) return;
      await clock.sleep(POLL_MS);
    }
  }
}
