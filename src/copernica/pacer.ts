import type { CallFailure } from './api.js';
import { RETRY, waitAfter } from './retry-policy.js';

/** A time in which the API takes no requests: told once when it begins, once when it is over. */
export interface Spell {
  readonly phase: 'begin' | 'end';
  /** Message of the failure that began it. */
  readonly reason: string;
  /** At the beginning, how long everything pauses for now; at the end, how long the spell was. */
  readonly pausedMs: number;
}

export interface Clock {
  /** Milliseconds on a clock that only goes forward: one that is set back would make everything wait for that much longer. */
  now(): number;
  /** From 0 to below 1. */
  random(): number;
  /** Resolves after `ms`, or at once when the signal is aborted. Never rejects. */
  sleep(ms: number, signal: AbortSignal | undefined): Promise<void>;
}

/** How a call may go on: `first` goes alone while the rest waits to see how it fares. */
type Pass = 'go' | 'first' | 'stopped' | 'hopeless';

interface Pause {
  readonly reason: string;
  readonly since: number;
  until: number;
  failures: number;
  /** One call has gone first, and it is not known yet how it fared. */
  trying: boolean;
}

/**
 * Lets calls through, or pauses all of them together when one was turned away or could not be sent: that is about the
 * host, not about the one call.
 *
 *   open    a call is turned away or not sent        → pause
 *   pause   its time is over                         → one call goes first
 *   first   fails in the same way                    → a longer pause
 *           anything else                            → open, the rest follows
 *   pause   longer than RETRY.spellPatienceMs        → calls fail at once, but one goes first whenever its time is over
 */
export class Pacer {
  readonly #clock: Clock;
  readonly #onSpell: (spell: Spell) => void;
  #pause: Pause | null = null;
  #news: { readonly promise: Promise<void>; readonly tell: () => void } = newsFlash();

  constructor(clock: Clock, onSpell: (spell: Spell) => void) {
    this.#clock = clock;
    this.#onSpell = onSpell;
  }

  /** How long everything is paused for now. */
  get pausedForMs(): number {
    return this.#pause === null ? 0 : Math.max(0, this.#pause.until - this.#clock.now());
  }

  /** Waits until the call may go on. */
  async enter(signal: AbortSignal | undefined): Promise<Pass> {
    while (this.#pause !== null) {
      const pause = this.#pause;
      if (signal?.aborted === true) return 'stopped';
      const now = this.#clock.now();
      if (now >= pause.until && !pause.trying) {
        pause.trying = true;
        return 'first';
      }
      const patience = pause.since + RETRY.spellPatienceMs - now;
      if (patience <= 0) return 'hopeless';
      if (pause.trying) await this.#news.promise;
      else await this.#clock.sleep(Math.min(pause.until - now, patience), signal);
    }
    return 'go';
  }

  /** How the call fared that came in with this pass; null: not in a way that speaks against the host. */
  leave(pass: 'go' | 'first', failure: CallFailure | null): void {
    const pause = this.#pause;
    if (pause !== null && pass === 'first') this.#firstIsBack(pause, failure);
    else if (failure !== null) this.#turnedAway(pause, failure);
  }

  #firstIsBack(pause: Pause, failure: CallFailure | null): void {
    pause.trying = false;
    if (failure === null) {
      this.#pause = null;
      this.#onSpell({ phase: 'end', reason: pause.reason, pausedMs: this.#clock.now() - pause.since });
    } else {
      pause.failures += 1;
      pause.until = this.#clock.now() + this.#wait(pause.failures, failure);
    }
    this.#news.tell();
    this.#news = newsFlash();
  }

  #turnedAway(pause: Pause | null, failure: CallFailure): void {
    const now = this.#clock.now();
    if (pause === null) {
      const pausedMs = this.#wait(1, failure);
      this.#pause = { reason: failure.message, since: now, until: now + pausedMs, failures: 1, trying: false };
      this.#onSpell({ phase: 'begin', reason: failure.message, pausedMs });
      return;
    }
    // Sent before the pause, together with the call that began it: one spell, but the longest Retry-After counts.
    pause.until = Math.max(pause.until, now + Math.min(failure.retryAfterMs ?? 0, RETRY.retryAfterMaxMs));
  }

  #wait(failures: number, failure: CallFailure): number {
    return waitAfter(failures, failure.retryAfterMs, this.#clock.random());
  }
}

function newsFlash(): { readonly promise: Promise<void>; readonly tell: () => void } {
  let tell = () => {};
  const promise = new Promise<void>((resolve) => {
    tell = resolve;
  });
  return { promise, tell };
}
