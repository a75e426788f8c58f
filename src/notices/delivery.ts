import type { Logger } from 'pino';
import type { NoticeResult } from '../status/kinds.js';
import type { Post, PostOutcome } from './post.js';

/** How a notice is tried again: 1 s, 2 s, 4 s … 1 min apart, for 5 minutes in all. */
export const DELIVERY = { firstWaitMs: 1_000, mostWaitMs: 60_000, forMs: 300_000 };

/** What waits to be delivered: the newest of each. What became of the account is one story, what drifted another. */
export type Slot = 'account' | 'drift';

export interface DeliveryPorts {
  readonly post: Post;
  /** Milliseconds on a clock that only goes forward. */
  now(): number;
  /** Resolves after `ms`, or at once when the signal is aborted. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
  readonly onResult: (result: NoticeResult) => void;
  readonly log: Logger;
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
  /** Aborted: nothing is sent any more. */
  readonly #broken = new AbortController();
  #working: Promise<void> | null = null;
  #isFailing = false;

  constructor(ports: DeliveryPorts) {
    this.#ports = ports;
  }

  offer(slot: Slot, body: string): void {
    if (this.#broken.signal.aborted) return;
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
    const finished = await Promise.race([Promise.resolve(this.#working).then(() => true), enough.then(() => false)]);
    this.#waiting.clear();
    this.#broken.abort();
    return finished;
  }

  async #work(): Promise<void> {
    for (let [next] = this.#waiting; next !== undefined; [next] = this.#waiting) {
      const [slot, body] = next;
      this.#waiting.delete(slot);
      this.#ports.onResult(await this.#deliver(slot, body));
    }
    this.#working = null;
  }

  async #deliver(slot: Slot, body: string): Promise<NoticeResult> {
    const { post, now, wait } = this.#ports;
    const { firstWaitMs, mostWaitMs, forMs } = DELIVERY;
    const until = now() + forMs;
    for (let attempt = 1; ; attempt += 1) {
      // What was begun before it was asked to hurry gets one more try.
      const isLast = this.#hurry.signal.aborted;
      const outcome = await post(body, this.#broken.signal);
      this.#logChange(outcome);
      if (outcome.kind === 'delivered') return 'delivered';
      if (this.#waiting.has(slot)) return 'replaced';
      if (outcome.kind === 'refused' || isLast) return 'failed';
      const waitMs = Math.max(outcome.waitMs, Math.min(mostWaitMs, firstWaitMs * 2 ** (attempt - 1)));
      if (now() + waitMs > until) return 'failed';
      await wait(waitMs, this.#hurry.signal);
      if (this.#waiting.has(slot)) return 'replaced';
    }
  }

  /** Says once that the receiver fails, and once that it does not any more. */
  #logChange(outcome: PostOutcome): void {
    const isFailing = outcome.kind !== 'delivered';
    if (isFailing === this.#isFailing || this.#broken.signal.aborted) return;
    this.#isFailing = isFailing;
    const { log } = this.#ports;
    if (outcome.kind === 'delivered') log.info('notices are delivered again');
    else log.warn({ reason: outcome.message }, 'notices can’t be delivered: each is tried again for 5 minutes at most');
  }
}
