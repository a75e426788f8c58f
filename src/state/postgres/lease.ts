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
  /** The time by the clock of the database. */
  now(): Date;
}

/** Waits for it as long as it may. What comes back has `by` where another has it still. */
export async function takeLease(
  options: LeaseOptions,
  { holder, timeoutMs, onWaiting }: Patience,
): Promise<TimedLease | { readonly by: Holder }> {
  const { clock } = options;
  const until = clock.now() + timeoutMs;
  for (let isFirst = true; ; isFirst = false) {
    const attempt = await tryToTake(options, holder).catch(async (error: unknown) => {
      // It may be ours all the same, and this process may live on, so that nobody would get it any more.
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
 * A clock that is never behind that of the database, and ahead by a second at most: what is counted from a record of
 * another process would else end too early.
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
