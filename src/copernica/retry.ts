import { sleep } from '../timers.js';
import type { CallFailure, CopernicaApi } from './api.js';
import { type Clock, Pacer, type Spell } from './pacer.js';
import { mayRepeat, RETRY, type Repeatable, waitAfter } from './retry-policy.js';

export interface RetryOptions {
  /** Aborted: nothing waits any longer, and nothing is sent again. */
  readonly signal?: AbortSignal;
  /** Shared with others that call the same host. Left out: one of its own. */
  readonly pacer?: Pacer;
  readonly onSpell?: (spell: Spell) => void;
  /** Milliseconds on a clock that only goes forward. */
  readonly now?: () => number;
  /** From 0 to below 1. */
  readonly random?: () => number;
  /** Resolves after `ms`, or at once when the signal is aborted. */
  readonly sleep?: Clock['sleep'];
}

/**
 * The same API, patient: calls that passed without harm are sent again, and all of them pause together while the API
 * takes none. A POST is sent again only where nothing can have been made. Failures come back once trying is over.
 */
export function withRetries(api: CopernicaApi, options: RetryOptions = {}): CopernicaApi {
  const clock: Clock = {
    now: options.now ?? monotonic,
    random: options.random ?? Math.random,
    sleep: options.sleep ?? sleep,
  };
  const pacer = options.pacer ?? new Pacer(clock, options.onSpell ?? (() => {}));
  const repeat = <T extends { readonly kind: string }>(repeatable: Repeatable, call: () => Promise<T | CallFailure>) =>
    callPatiently(call, repeatable, { pacer, clock, signal: options.signal });
  return {
    identity: () => repeat('always', () => api.identity()),
    createWebhook: (spec) => repeat('only-unmade', () => api.createWebhook(spec)),
    readWebhook: (id) => repeat('always', () => api.readWebhook(id)),
    // Setting the same values twice, and deleting what is deleted already, come to the same.
    updateWebhook: (id, spec) => repeat('always', () => api.updateWebhook(id, spec)),
    deleteWebhook: (id) => repeat('always', () => api.deleteWebhook(id)),
    listWebhooks: () => repeat('always', () => api.listWebhooks()),
    databases: () => repeat('always', () => api.databases()),
    collections: (databaseId) => repeat('always', () => api.collections(databaseId)),
    close: () => api.close(),
  };
}

interface Patience {
  readonly pacer: Pacer;
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
}

async function callPatiently<T extends { readonly kind: string }>(
  call: () => Promise<T | CallFailure>,
  repeatable: Repeatable,
  { pacer, clock, signal }: Patience,
): Promise<T | CallFailure> {
  const isStopped = () => signal?.aborted === true;
  let last: CallFailure | null = null;
  for (let attempt = 1; ; attempt += 1) {
    const pass = await pacer.enter(signal);
    if (pass === 'stopped') return last ?? unsent('stopped before it was sent');
    if (pass === 'hopeless') return last ?? unsent('not sent, as the API takes no requests', pacer.pausedForMs);
    const outcome = await paced(call, pacer, pass);
    const failure = asFailure(outcome);
    if (failure === null || !mayRepeat(repeatable, failure)) return outcome;
    if (attempt >= RETRY.attempts[failure.kind] || isStopped()) return failure;
    last = failure;
    // The others are waited for by the pacer, together with all other calls.
    if (!speaksAgainstHost(failure)) {
      await clock.sleep(waitAfter(attempt, failure.retryAfterMs, clock.random()), signal);
      if (isStopped()) return failure;
    }
  }
}

/** Tells the pacer how the call fared, whatever happens: the rest may be waiting for this one. */
async function paced<T extends { readonly kind: string }>(
  call: () => Promise<T | CallFailure>,
  pacer: Pacer,
  pass: 'go' | 'first',
): Promise<T | CallFailure> {
  let against: CallFailure | null = null;
  try {
    const outcome = await call();
    const failure = asFailure(outcome);
    against = failure !== null && speaksAgainstHost(failure) ? failure : null;
    return outcome;
  } finally {
    pacer.leave(pass, against);
  }
}

function speaksAgainstHost({ kind }: CallFailure): boolean {
  return kind === 'not-sent' || kind === 'turned-away';
}

function unsent(message: string, retryAfterMs?: number): CallFailure {
  return { kind: 'not-sent', message, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

function asFailure<T extends { readonly kind: string }>(outcome: T | CallFailure): CallFailure | null {
  return isFailure(outcome) ? outcome : null;
}

function isFailure(outcome: { readonly kind: string }): outcome is CallFailure {
  return outcome.kind in RETRY.attempts;
}

function monotonic(): number {
  return performance.now();
}

/** A pace for all that call one host. */
export function createPacer(onSpell: (spell: Spell) => void): Pacer {
  return new Pacer({ now: monotonic, random: Math.random, sleep }, onSpell);
}
