import { rangesOf, union, without } from '../state/ranges.js';
import { type IdRange, type Intent, isOrWasOurs, type State } from '../state/state.js';
import { HIGHEST_WEBHOOK_ID } from '../webhook.js';

export interface Settling {
  /** How long the server may still act on a POST after it was given up on, in milliseconds. */
  readonly settleMs: number;
  /** The most ids to read for one intent. */
  readonly scanLimit: number;
}

/** How far above its bound an intent's webhook is looked for at once. Usually few ids of others lie between. */
export const LOOK_IDS = 64;

/** What could not be read in this many runs and this much time counts as unreadable. */
export const UNREADABLE_AFTER = { runs: 3, ms: 24 * 60 * 60 * 1000 };

/** When the server is assumed to act on it no longer, in ms since 1970. Infinity: it is under way. */
export function ripeAt({ gaveUp }: Intent, settleMs: number): number {
  return gaveUp === undefined ? Infinity : Date.parse(gaveUp.at) + settleMs;
}

/** The ids to look at soon: after nearly every outage, what was made is among them. */
export function nearIds({ above }: Intent): IdRange[] {
  return above === null ? [] : [{ from: above + 1, to: above + LOOK_IDS }];
}

/**
 * The witness of an intent: the lowest id among answered creates whose own intents were written after this one was
 * ripe. Ids rise, so whatever the server had made for it by then has a lower id. An id that was found by looking is no
 * witness, since it does not say when it was given. Null: there is none yet, or ids do not rise here.
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
 * Where to look for an intent's webhook.
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

/** The ids in the ranges that are not, and never were, ours, and were not read at `ripe` or later. */
export function idsToRead(ranges: readonly IdRange[], state: State, ripe: number): number[] {
  const ids: number[] = [];
  for (const { from, to } of notRead(ranges, state, ripe)) {
    // Above this, `id += 1` no longer changes the number.
    for (let id = from; id <= Math.min(to, HIGHEST_WEBHOOK_ID); id += 1) if (!isOrWasOurs(id, state)) ids.push(id);
  }
  return ids;
}

/** The parts of the ranges that were not read at `ripe` or later. */
function notRead(ranges: readonly IdRange[], { reads }: State, ripe: number): IdRange[] {
  return without(
    ranges,
    reads.filter(({ at }) => Date.parse(at) >= ripe),
  );
}

export type Proof =
  /** There is no witness, so nothing says how far to look; or a webhook was found that may be its. */
  | { readonly kind: 'none' }
  /**
   * `absent`: all within reach was read, so it made nothing there. `unread`: not all within reach was read. The field
   * `unread` has the ids that were not read, those out of reach included.
   */
  | { readonly kind: 'absent' | 'unread'; readonly witness: number; readonly unread: readonly IdRange[] };

/** What is proved about an intent that was not found. */
export function proofOf(intent: Intent, state: State, { settleMs, scanLimit }: Settling): Proof {
  const witness = witnessOf(intent, state, settleMs);
  if (witness === null || intent.candidates !== undefined) return { kind: 'none' };
  const ripe = ripeAt(intent, settleMs);
  const reach = rangesToRead(intent, witness, scanLimit);
  const ids = idsToRead(reach, state, ripe);
  // Part of what is out of reach may have been read all the same, if the account has a list.
  const outOfReach = notRead(without(spanning((intent.above ?? 0) + 1, witness - 1), reach), state, ripe);
  return { kind: ids.length === 0 ? 'absent' : 'unread', witness, unread: union(rangesOf(ids), outOfReach) };
}

/** True: what can't be read is no longer waited for. */
export function isUnreadable({ unproved }: Intent, now: number): boolean {
  if (unproved === undefined) return false;
  return unproved.runs >= UNREADABLE_AFTER.runs && now - Date.parse(unproved.since) >= UNREADABLE_AFTER.ms;
}
