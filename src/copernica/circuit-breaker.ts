import { sleep } from '../timers.js';
import type { CallFailure } from './api.js';
import { RETRY, waitAfter } from './retry-policy.js';

/** A time in which the API takes no requests. Reported when it begins and when it is over. */
export interface Outage {
  readonly phase: 'begin' | 'end';
  /** The message of the failure that began it. */
  readonly reason: string;
  /** At the beginning: how long everything pauses for now. At the end: how long the outage lasted. */
  readonly pausedMs: number;
}

export interface Clock {
  /** A monotonic clock, in milliseconds: one that is set back would lengthen every wait. */
  now(): number;
  /** From 0 to below 1. */
  random(): number;
  /** Resolves after `ms`, or at once when the signal is aborted. Never rejects. */
  sleep(ms: number, signal: AbortSignal | undefined): Promise<void>;
}

const REAL_CLOCK: Clock = { now: () => performance.now(), random: Math.random, sleep };

/** A call may go on, alone if the breaker is half open; or it is not sent: `stopped`, or `open` for too long. */
export type Pass = 'closed' | 'half-open' | 'stopped' | 'open';

/** One call tries; the others wait for its end. */
class Trial {
  end = () => {};
  readonly ended = new Promise<void>((resolve) => {
    this.end = resolve;
  });
}

interface Pause {
  readonly reason: string;
  readonly since: number;
  until: number;
  failures: number;
  /** Set while half open: one call is under way to see whether the outage is over. */
  trial: Trial | null;
}

/**
 * Lets calls through, or pauses all of them together once one was turned away or could not be sent, since that concerns
 * the host, not just that call.
 *
 *   closed       a call is turned away or not sent              → open, for a pause
 *   open         the pause is over                              → half open: one call goes first
 *   half open    it fails in the same way                       → open, for a longer pause
 *                anything else                                  → closed, the rest follows
 *   open         for longer than RETRY.outagePatienceMs         → calls fail at once, except the one that goes first
 */
export class CircuitBreaker {
  readonly clock: Clock;
  readonly #onOutage: (outage: Outage) => void;
  #pause: Pause | null = null;

  constructor(onOutage: (outage: Outage) => void, clock: Clock = REAL_CLOCK) {
    this.clock = clock;
    this.#onOutage = onOutage;
  }

  /** How long everything pauses for now. */
  get pausedForMs(): number {
    return this.#pause === null ? 0 : Math.max(0, this.#pause.until - this.clock.now());
  }

  /** Waits until the call may go on. A call that goes on must report how it fared: see `leave`. */
  async enter(signal: AbortSignal | undefined): Promise<Pass> {
    while (this.#pause !== null) {
      const pause = this.#pause;
      if (signal?.aborted === true) return 'stopped';
      const now = this.clock.now();
      if (now >= pause.until && pause.trial === null) {
        pause.trial = new Trial();
        return 'half-open';
      }
      const patience = pause.since + RETRY.outagePatienceMs - now;
      if (patience <= 0) return 'open';
      if (pause.trial !== null) await pause.trial.ended;
      else await this.clock.sleep(Math.min(pause.until - now, patience), signal);
    }
    return 'closed';
  }

  /** Reports how the call with this pass fared. `failure` null: in no way that speaks against the host. */
  leave(pass: Pass, failure: CallFailure | null): void {
    const pause = this.#pause;
    if (pause !== null && pass === 'half-open') this.#endTrial(pause, failure);
    else if (failure !== null) this.#open(pause, failure);
  }

  #endTrial(pause: Pause, failure: CallFailure | null): void {
    const now = this.clock.now();
    const { trial } = pause;
    pause.trial = null;
    if (failure === null) {
      this.#pause = null;
      this.#onOutage({ phase: 'end', reason: pause.reason, pausedMs: now - pause.since });
    } else {
      pause.failures += 1;
      pause.until = now + this.#wait(pause.failures, failure);
    }
    trial?.end();
  }

  #open(pause: Pause | null, failure: CallFailure): void {
    const now = this.clock.now();
    if (pause === null) {
      const pausedMs = this.#wait(1, failure);
      this.#pause = { reason: failure.message, since: now, until: now + pausedMs, failures: 1, trial: null };
      this.#onOutage({ phase: 'begin', reason: failure.message, pausedMs });
      return;
    }
    // Sent before the pause, like the call that began it: the same outage, but the longest Retry-After counts.
    pause.until = Math.max(pause.until, now + Math.min(failure.retryAfterMs ?? 0, RETRY.retryAfterMaxMs));
  }

  #wait(failures: number, failure: CallFailure): number {
    return waitAfter(failures, failure.retryAfterMs, this.clock.random());
  }
}
