import type { Logger } from 'pino';
import type { NoticeResult } from '../status/kinds.js';
import type { Post, PostOutcome } from './post.js';

/** When a notice is retried: after 1 s, 2 s, 4 s … 1 min, for 5 minutes in all. */
export const DELIVERY = { firstWaitMs: 1_000, mostWaitMs: 60_000, forMs: 300_000 };

/** Of each slot, only the newest waits to be delivered: the account's status is one story, drift another. */
export type Slot = 'account' | 'drift';

export interface DeliveryPorts {
  readonly post: Post;
  /** A monotonic clock, in milliseconds. */
  now(): number;
  /** Resolves after `ms`, or at once when the signal is aborted. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
  readonly onResult: (result: NoticeResult) => void;
  readonly log: Logger;
}

/**
 * Delivers notices one after another, in the background: nothing waits for it. At most one notice of each slot waits; a
 * newer one replaces it. If the receiver fails, the notice is retried for some minutes and then given up.
 */
export class Delivery {
  readonly #ports: DeliveryPorts;
  readonly #waiting = new Map<Slot, string>();
  /** Aborted: wait for nothing any longer; each notice gets one attempt. */
  readonly #hurry = new AbortController();
  /** Aborted: send nothing any more. */
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

  /** The program is about to end: what waits for a retry is tried now, for the last time. */
  hurry(): void {
    this.#hurry.abort();
  }

  /**
   * Resolves when everything is delivered or given up, or when `enough` resolves: then the rest is broken off. True:
   * nothing was broken off.
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
      // An attempt that began before it was asked to hurry gets one more.
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

  /** Logs once that the receiver fails, and once that it works again. */
  #logChange(outcome: PostOutcome): void {
    const isFailing = outcome.kind !== 'delivered';
    if (isFailing === this.#isFailing || this.#broken.signal.aborted) return;
    this.#isFailing = isFailing;
    const { log } = this.#ports;
    if (outcome.kind === 'delivered') log.info('notices are delivered again');
    else log.warn({ reason: outcome.message }, 'notices can’t be delivered: each is tried again for 5 minutes at most');
  }
}
