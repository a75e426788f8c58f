import type { CallFailure, Outcome } from './api.js';
import { CircuitBreaker } from './circuit-breaker.js';
import { mayRepeat, RETRY, waitAfter } from './retry-policy.js';

export interface RetryOptions {
  /** Aborted: nothing waits any longer, and nothing is sent again. */
  readonly signal?: AbortSignal;
  /** Shared by all that call one host. Left out: one of its own. */
  readonly breaker?: CircuitBreaker;
}

/** Makes one call, by this method, perhaps several times. */
export type Retrier = <T>(method: string, call: () => Promise<Outcome<T>>) => Promise<Outcome<T>>;

/**
 * Calls patiently: what failed and can do no harm is sent again, and all calls pause together while the API takes none.
 * A POST is sent again only where nothing can have been made. The failure comes back once trying is over.
 */
export function retrier({ signal, breaker = new CircuitBreaker(() => {}) }: RetryOptions): Retrier {
  const { clock } = breaker;
  return async (method, call) => {
    const isStopped = () => signal?.aborted === true;
    let last: CallFailure | null = null;
    for (let attempt = 1; ; attempt += 1) {
      const pass = await breaker.enter(signal);
      if (pass === 'stopped') return last ?? unsent('stopped before it was sent');
      if (pass === 'open')
        return last ?? unsent('not sent, because the API is not taking requests', breaker.pausedForMs);
      let against: CallFailure | null = null;
      try {
        const outcome = await call();
        if (outcome.ok) return outcome;
        if (speaksAgainstHost(outcome)) against = outcome;
        if (attempt >= RETRY.attempts[outcome.kind] || !mayRepeat(method, outcome) || isStopped()) return outcome;
        last = outcome;
      } finally {
        // Whatever happened: the rest may be waiting for this one.
        breaker.leave(pass, against);
      }
      // The breaker waits for the others, for all calls together.
      if (against === null) {
        await clock.sleep(waitAfter(attempt, last.retryAfterMs, clock.random()), signal);
        if (isStopped()) return last;
      }
    }
  };
}

function speaksAgainstHost({ kind }: CallFailure): boolean {
  return kind === 'not-sent' || kind === 'turned-away';
}

function unsent(message: string, retryAfterMs?: number): CallFailure {
  return { ok: false, kind: 'not-sent', message, retryAfterMs };
}
