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

export interface TimedLease extends TakenLease {
  /** The time by the database's clock. */
  now(): Date;
}

/** Takes the lease, waiting for up to `timeoutMs`. The result has `by` if another process still holds it. */
export async function takeLease(
  options: LeaseOptions,
  { holder, timeoutMs, onWaiting }: Patience,
): Promise<TimedLease | { readonly by: Holder }> {
  const { clock } = options;
  const until = clock.now() + timeoutMs;
  for (let isFirst = true; ; isFirst = false) {
    const attempt = await tryToTake(options, holder).catch(async (error: unknown) => {
      // We may have got it all the same. If this process lives on, nobody else could ever take it.
      await giveBackLease(options, null);
      throw error;
    });
    const leftMs = until - clock.now();
    if (!('by' in attempt) || leftMs <= 0) return attempt;
    if (isFirst) onWaiting?.(attempt.by);
    await clock.sleep(Math.min(POLL_MS, leftMs));
  }
}

async function tryToTake(options: LeaseOptions, about: Holder): Promise<TimedLease | { readonly by: Holder }> {
  const { tables, membership, state } = options;
  const attempt = await tables.take({ state, process: membership.id, about });
  return 'by' in attempt ? attempt : { ...attempt, now: await databaseTime(options) };
}

const MOST_ERROR_MS = 1_000;

/**
 * A clock that is never behind the database's, and at most a second ahead: if it lagged, a wait that is counted from
 * another process's record would end too early.
 */
async function databaseTime({ tables, clock, membership }: LeaseOptions): Promise<() => Date> {
  while (membership.isTrusted) {
    const asked = clock.now();
    const told = (await tables.now()).getTime();
    if (clock.now() - asked <= MOST_ERROR_MS) return () => new Date(told + clock.now() - asked);
  }
  throw new Error(`it took the server over ${MOST_ERROR_MS} ms to answer, again and again`);
}

/**
 * Frees the lease for others at once. Tries for as long as the membership keeps it from others, possibly as long as
 * this process lives; after that it is free anyway. `epoch` null: any. Never rejects.
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
