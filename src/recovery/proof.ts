import { rangesOf, union, without } from '../state/ranges.js';
import { type IdRange, type Intent, isOrWasOurs, type State } from '../state/state.js';
import { HIGHEST_WEBHOOK_ID } from '../webhook.js';

export interface Settling {
  /** How long after a POST was given up on the server may still act on it, in milliseconds. */
  readonly settleMs: number;
  /** The most ids that are read for one intent. */
  readonly scanLimit: number;
}

/** How far above its bound an intent's webhook is looked for at once: ids of others lie between, as a rule few. */
export const LOOK_IDS = 64;

/** What could not be read in so many runs and so much time counts as not read. */
export const UNREADABLE_AFTER = { runs: 3, ms: 24 * 60 * 60 * 1000 };

/** When the server is not relied on to act on it any more, in milliseconds since 1970. Infinity: it is under way. */
export function ripeAt({ gaveUp }: Intent, settleMs: number): number {
  return gaveUp === undefined ? Infinity : Date.parse(gaveUp.at) + settleMs;
}

/** The ids to look at soon: in nearly every outage what was made is among them. */
export function nearIds({ above }: Intent): IdRange[] {
  return above === null ? [] : [{ from: above + 1, to: above + LOOK_IDS }];
}

/**
 * The id below which an intent's webhook is, if there is one: that of the first create that was written after the
 * intent was ripe, and that was answered. Ids rise, so what the server had acted on by then has a lower one. An id that
 * was found by looking says nothing about when it was given. Null: there is none yet, or ids do not rise here.
 */
export function witnessOf(intent: Intent, state: State, settleMs: number): number | null {
  const ripe = ripeAt(intent, settleMs);
  if (ripe === Infinity || !state.idsRise) return null;
  const first = intent.gaveUp?.before ?? intent.intent;
  let witness = Infinity;
  for (const { id, answered } of state.entries.values()) {
    if (answered === undefined || answered.intent < first || id <= (intent.above ?? 0)) continue;
    if (Date.parse(answered.at) >= ripe) witness = Math.min(witness, id);
  }
  return witness === Infinity ? null : witness;
}

/**
 * Where an intent's webhook is looked for.
 *
 *     bound   witness   ids between         read
 *     -----   -------   -----------------   --------------------------------------------
 *     known   known     up to the limit     all between
 *     known   known     more                half the limit at each end
 *     none    known     -                   the limit below the witness
 *     known   none      -                   the limit above the bound: finds, proves nothing
 *     none    none      -                   nothing: nobody knows where
 */
export function rangesToRead({ above }: Intent, witness: number | null, scanLimit: number): IdRange[] {
  if (witness === null) return above === null ? [] : [{ from: above + 1, to: above + scanLimit }];
  const last = witness - 1;
  if (above === null) return spanning(Math.max(1, witness - scanLimit), last);
  if (last - above <= scanLimit) return spanning(above + 1, last);
  const half = Math.floor(scanLimit / 2);
  return [...spanning(above + 1, above + half), ...spanning(witness - half, last)];
}

function spanning(from: number, to: number): IdRange[] {
  return from > to ? [] : [{ from, to }];
}

/** Ids in the ranges, rising, of which it is not known yet that they are none of an intent's that is ripe then. */
export function idsToRead(ranges: readonly IdRange[], state: State, ripe: number): number[] {
  const ids: number[] = [];
  for (const { from, to } of notRead(ranges, state, ripe)) {
    // Beyond that one is no step.
    for (let id = from; id <= Math.min(to, HIGHEST_WEBHOOK_ID); id += 1) if (!isOrWasOurs(id, state)) ids.push(id);
  }
  return ids;
}

/** What of the ranges was not read at that time or later. */
function notRead(ranges: readonly IdRange[], { reads }: State, ripe: number): IdRange[] {
  return without(
    ranges,
    reads.filter(({ at }) => Date.parse(at) >= ripe),
  );
}

export type Proof =
  /** Nothing says how far to look, since no other create was answered after it was ripe; or something may be it. */
  | { readonly kind: 'none' }
  /**
   * `absent`: it made nothing, or what it made is out of reach. `unread`: not all that is within reach was read.
   * `unread` the ids of both.
   */
  | { readonly kind: 'absent' | 'unread'; readonly witness: number; readonly unread: readonly IdRange[] };

/** What is known of an intent that was not found. */
export function proofOf(intent: Intent, state: State, { settleMs, scanLimit }: Settling): Proof {
  const witness = witnessOf(intent, state, settleMs);
  if (witness === null || intent.candidates !== undefined) return { kind: 'none' };
  const ripe = ripeAt(intent, settleMs);
  const reach = rangesToRead(intent, witness, scanLimit);
  const ids = idsToRead(reach, state, ripe);
  // Where the account has a list, what is out of reach was read, too.
  const outOfReach = notRead(without(spanning((intent.above ?? 0) + 1, witness - 1), reach), state, ripe);
  return { kind: ids.length === 0 ? 'absent' : 'unread', witness, unread: union(rangesOf(ids), outOfReach) };
}

/** Whether what can't be read is waited for no longer. */
export function isUnreadable({ unproved }: Intent, now: number): boolean {
  if (unproved === undefined) return false;
  return unproved.runs >= UNREADABLE_AFTER.runs && now - Date.parse(unproved.since) >= UNREADABLE_AFTER.ms;
}
