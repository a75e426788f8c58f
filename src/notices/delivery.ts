import type { NoticeResult } from '../status/snapshot.js';
import type { Poster } from './post.js';

/** How a notice is tried again: 1 s, 2 s, 4 s … 1 min apart, less up to a fifth, for 5 minutes in all. */
export const DELIVERY = { timeoutMs: 10_000, firstWaitMs: 1_000, mostWaitMs: 60_000, jitterShare: 0.2, forMs: 300_000 };

/** What waits to be delivered: the newest of each. What became of the account is one story, what drifted another. */
export type Slot = 'account' | 'drift';

export interface DeliveryPorts extends Poster {
  /** Milliseconds on a clock that only goes forward. */
  now(): number;
  /** From 0 to below 1. */
  random(): number;
  /** Resolves after `ms`, or at once when the signal is aborted. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
  onResult(result: NoticeResult): void;
  /** Notices can't be delivered any more, and why; reported once, until they can be again. */
  onFailing(message: string): void;
  onDeliveredAgain(): void;
}

/**
 * Delivers notices one after the other, beside everything else: nothing waits for it. At most one of each slot waits; a
 * newer one takes its place. A receiver that fails is tried again for some minutes, and then the notice is given up.
 */
export class Delivery {
  readonly #ports: DeliveryPorts;
  readonly #waiting = new Map<Slot, string>();
  /** Aborted: nothing is waited for any longer, and each notice is tried once. */
  readonly #hurry = new AbortController();
  #working: Promise<void> | null = null;
  #failing = false;
  #closed = false;

  constructor(ports: DeliveryPorts) {
    this.#ports = ports;
  }

  offer(slot: Slot, body: string): void {
    if (this.#closed) return;
    if (this.#waiting.has(slot)) this.#ports.onResult('replaced');
    this.#waiting.set(slot, body);
    this.#working ??= this.#work();
  }

  /** The program is about to end: what waits to be tried again is tried now, for the last time. */
  hurry(): void {
    this.#hurry.abort();
  }

  /**
   * Resolves when everything is delivered or given up, or `enough` resolves: then the rest is broken off.
   * True: nothing was broken off.
   */
  async close(enough: Promise<unknown>): Promise<boolean> {
    this.hurry();
    if (this.#working === null) return true;
    const finished = await Promise.race([this.#working.then(() => true), enough.then(() => false)]);
    this.#closed = true;
    this.#waiting.clear();
    this.#ports.abandon();
    return finished;
  }

  async #work(): Promise<void> {
    for (const [slot, body] of this.#untilEmpty()) await this.#deliver(slot, body);
    this.#working = null;
  }

  /** Those that are added meanwhile, too. */
  *#untilEmpty(): Generator<readonly [Slot, string]> {
    for (;;) {
      const [next] = this.#waiting;
      if (next === undefined) return;
      this.#waiting.delete(next[0]);
      yield next;
    }
  }

  async #deliver(slot: Slot, body: string): Promise<void> {
    const { post, now, random, wait, onResult } = this.#ports;
    const until = now() + DELIVERY.forMs;
    for (let attempt = 1; ; attempt += 1) {
      // What was begun before it was asked to hurry gets one more try.
      const isLast = this.#hurry.signal.aborted;
      const outcome = await post(body);
      this.#reportOutage(outcome.kind === 'delivered' ? null : outcome.message);
      if (outcome.kind === 'delivered') return onResult('delivered');
      if (this.#waiting.has(slot)) return onResult('replaced');
      if (outcome.kind === 'refused' || isLast) return onResult('failed');
      const waitMs = Math.max(outcome.waitMs, waitAfter(attempt, random()));
      if (now() + waitMs > until) return onResult('failed');
      await wait(waitMs, this.#hurry.signal);
      if (this.#waiting.has(slot)) return onResult('replaced');
    }
  }

  #reportOutage(failure: string | null): void {
    if (this.#closed) return;
    if (failure === null && this.#failing) this.#ports.onDeliveredAgain();
    if (failure !== null && !this.#failing) this.#ports.onFailing(failure);
    this.#failing = failure !== null;
  }
}

function waitAfter(attempt: number, random: number): number {
  const whole = Math.min(DELIVERY.mostWaitMs, DELIVERY.firstWaitMs * 2 ** (attempt - 1));
  return Math.round(whole * (1 - DELIVERY.jitterShare * random));
}
