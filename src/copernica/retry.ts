import type { CallFailure, Outcome } from './api.js';
import { CircuitBreaker } from './circuit-breaker.js';
import { mayRepeat, RETRY, waitAfter } from './retry-policy.js';

export interface RetryOptions {
  /** Aborted: all waits end, and nothing is sent again. */
  readonly signal?: AbortSignal;
  /** Shared by all that call one host. Left out: a breaker of its own. */
  readonly breaker?: CircuitBreaker;
}

/** Makes one call, with this method, if necessary several times. */
export type Retrier = <T>(method: string, call: () => Promise<Outcome<T>>) => Promise<Outcome<T>>;

/**
 * Makes calls patiently: failed ones are repeated if that can do no harm, and all calls pause together while the API
 * takes none. A POST is repeated only if nothing can have been made. Returns the failure once no attempt is left.
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
        // In any case: the others may be waiting for this one.
        breaker.leave(pass, against);
      }
      // Failures against the host need no wait here: the breaker pauses all calls together.
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
