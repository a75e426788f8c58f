import type { Problem } from '../errors.js';
import { groupBy } from '../plan/group.js';
import { type Intent, intentsOf, type State } from '../state/state.js';
import { visibleKey, type WebhookSpec } from '../webhook.js';
import { idsToRead, rangesToRead, ripeAt, type Settling, witnessOf } from './proof.js';

const DAY_MS = 24 * 60 * 60 * 1000;

/** After this many lost answers in a row, people are told of an error. */
export const MANY_LOSSES = 3;

/** With this many open intents, an entry is sent at most once a day, and only after all within reach was read. */
export const MANY_INTENTS = 8;

/**
 * How long the next POST still has to wait after lost answers, in milliseconds: `settleMs` after the first of a row,
 * twice as long after each further one, at most a day. Otherwise an API that makes webhooks and never returns their ids
 * would be fed for ever. It is computed from the state, so it applies across processes.
 */
export function pauseMs({ losses, intents }: Pick<State, 'losses' | 'intents'>, settleMs: number, now: number): number {
  const { count, lastAt } = losses;
  if (count === 0 || lastAt === null || intents.size === 0) return 0;
  const pause = Math.min(settleMs * 2 ** Math.min(count - 1, 30), DAY_MS);
  // A time in the future counts as now.
  return Math.max(0, Math.min(Date.parse(lastAt), now) + pause - now);
}

/**
 * An error if answers to creates were lost several times in a row and what they made is not found: either the account
 * can't be read, or the API makes webhooks and never returns their ids.
 */
export function lossesProblem({ losses, intents }: Pick<State, 'losses' | 'intents'>): Problem[] {
  if (losses.count < MANY_LOSSES || intents.size === 0) return [];
  return [
    {
      code: 'answers-lost',
      severity: 'error',
      message: `answers to creates were lost ${losses.count} times in a row, and what they may have made was not found: the time between creates grows`,
      remedy:
        'check whether the API answers creates and reads at all (`doctor`); when it does, "apply --retry" sends one create at once, and what was lost is looked for',
    },
  ];
}

/** How long until all open intents are ripe, in milliseconds; 0: all are. */
export function msUntilRipe({ intents }: Pick<State, 'intents'>, settleMs: number, now: number): number {
  let latest = now;
  for (const intent of intents.values()) {
    // If its process may have sent it at the last moment, it is given up on in the future, by a time-out at most.
    const longest = now + settleMs + (intent.gaveUp === undefined ? 0 : (intent.timeoutMs ?? 0));
    latest = Math.max(latest, Math.min(ripeAt(intent, settleMs), longest));
  }
  return latest - now;
}

/** An entry that would be created if nothing had been sent yet. */
export interface Wanted {
  readonly name: string;
  readonly spec: WebhookSpec;
}

/**
 * Whether a lost create may be sent again although the earlier POST may have made a webhook: finding that out takes an
 * answer, and there is no other create to get one from.
 *
 *     its open intents                                    may be sent again
 *     -------------------------------------------------   --------------------------------------------
 *     one may have made a webhook that was found          no: ambiguous
 *     all have a witness                                  no: reading settles them
 *     eight or more                                       once a day, after all within reach was read
 *     otherwise                                           yes
 */
export function mayResend({ name }: Wanted, state: State, settling: Settling, now: number): boolean {
  const own = intentsOf(state, name);
  if (own.some(({ candidates }) => candidates !== undefined)) return false;
  if (own.length > 0 && own.every((intent) => witnessOf(intent, state, settling.settleMs) !== null)) return false;
  return own.length < MANY_INTENTS || mayResendMany(own, state, settling, now);
}

/** How long until an entry with many open intents may be sent again, in ms; 0: now, or there is none. */
export function msUntilMany({ intents }: Pick<State, 'intents'>, now: number): number {
  const many = [...groupBy(intents.values(), ({ name }) => name).values()].filter((own) => own.length >= MANY_INTENTS);
  return Math.max(0, ...many.map((own) => lastGivenUp(own, now) + DAY_MS - now));
}

/** When the last of them was given up on. A time in the future counts as now. */
function lastGivenUp(own: readonly Intent[], now: number): number {
  return Math.min(now, Math.max(...own.map(({ gaveUp, at }) => Date.parse(gaveUp?.at ?? at))));
}

function mayResendMany(own: readonly Intent[], state: State, { settleMs, scanLimit }: Settling, now: number): boolean {
  const lastAt = lastGivenUp(own, now);
  if (now - lastAt < DAY_MS) return false;
  // We have no webhook that could show that reading works.
  if (state.entries.size === 0) return true;
  const lowest = own.reduce((a, b) => ((a.above ?? 0) < (b.above ?? 0) ? a : b));
  return idsToRead(rangesToRead(lowest, null, scanLimit), state, lastAt + settleMs).length === 0;
}

/**
 * The order for sending again. First come entries that no open intent of another entry looks like: if this answer is
 * lost too, nothing has to be told apart. Among equals, the one that was last sent longest ago comes first.
 */
export function inOrderOfResending<W extends Wanted>(wanted: readonly W[], state: State): W[] {
  const open = [...state.intents.values()];
  const ranked = wanted.map((one) => {
    const key = visibleKey(one.spec);
    const isAlike = open.some(({ name, spec }) => name !== one.name && visibleKey(spec) === key);
    const lastSent = Math.max(0, ...intentsOf(state, one.name).map(({ intent }) => intent));
    return { one, isAlike, lastSent };
  });
  ranked.sort((a, b) => Number(a.isAlike) - Number(b.isAlike) || a.lastSent - b.lastSent);
  return ranked.map(({ one }) => one);
}
