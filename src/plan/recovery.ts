import type { LiveWebhook } from '../copernica/api.js';
import { type IdRange, type Intent, isOpen, type State } from '../state/state.js';
import { canonical, type DesiredWebhook, differences, visibleKey, type WebhookSpec, webhookKey } from '../webhook.js';
import { groupBy } from './group.js';
import { canonicalLive } from './live.js';

/** How far recovery looks. Ids rise across all accounts, so a lost webhook is just above what was known before it. */
export const LOOK = { idsAboveBound: 64 };

export interface Settling {
  /** How long absence is not believed after a POST was given up on. */
  readonly settleMs: number;
  /** At most so many ids are looked at between the bounds. */
  readonly scanLimit: number;
}

/**
 * The ids to look at for one intent, as ranges with both ends included. `isLast`: no other POST will be an upper bound,
 * and what is not found now is given up: then it is looked for as far above the lower bound as there may be a scan.
 */
export function rangesFor(intent: Intent, state: State, scanLimit: number, isLast = false): IdRange[] {
  const { above } = intent;
  const upper = upperBound(intent, state);
  if (upper === null && above !== null) return [isLast ? lastLookAbove(above, scanLimit) : justAbove(above)];
  // With neither bound, what has become known of other entries since is where its time was.
  const top = upper ?? state.highestId;
  if (top === null) return [];
  const from = above === null ? Math.max(1, top - scanLimit) : above + 1;
  const between = { from, to: Math.min(top - 1, from + scanLimit - 1) };
  // A POST that was acted on after the next one got its id is above that id.
  return [...(between.to >= between.from ? [between] : []), justAbove(top)];
}

function justAbove(id: number): IdRange {
  return { from: id + 1, to: id + LOOK.idsAboveBound };
}

/** Where a webhook is looked for that nothing bounds from above, for the last time. */
export function lastLookAbove(id: number, scanLimit: number): IdRange {
  return { from: id + 1, to: id + Math.max(LOOK.idsAboveBound, scanLimit) };
}

/** False: there was nowhere to begin to look, or not all of it could be looked at, so absence was not seen. */
export function isLookedForWhole(intent: Intent, state: State, scanLimit: number): boolean {
  if (intent.above !== null || upperBound(intent, state) !== null) return true;
  return state.highestId !== null && state.highestId <= scanLimit;
}

/**
 * Entries that were renamed in the manifest while they were uncertain: what is uncertain goes along, so that it is
 * recovered under the new name. Pairs of old and new name.
 */
export function renamesOfUncertain(desired: readonly DesiredWebhook[], state: State): { from: string; to: string }[] {
  const names = new Set(desired.map(({ name }) => name));
  const open = [...state.intents.values()].filter(isOpen);
  const left = open.filter(({ name }) => !names.has(name) && !state.entries.has(name));
  if (left.length === 0) return [];
  const busy = new Set([...state.entries.keys(), ...[...state.intents.values()].map(({ name }) => name)]);
  const unmade = new Map(
    desired.filter(({ name }) => !busy.has(name)).map(({ name, spec }) => [webhookKey(spec), name]),
  );
  const renames = new Map<string, string>();
  for (const { name, spec } of left) {
    const to = unmade.get(webhookKey(spec));
    if (to === undefined || renames.has(name)) continue;
    unmade.delete(webhookKey(spec));
    renames.set(name, to);
  }
  return [...renames].map(([from, to]) => ({ from, to }));
}

/** Id of a webhook of the same entry that was certainly made after the intent was given up on, or null. */
export function upperBound(intent: Intent, state: State): number | null {
  const entry = state.entries.get(intent.name);
  if (entry === undefined) return null;
  return intent.above === null || entry.id > intent.above ? entry.id : null;
}

/** What of the range between the bounds is further away than the scan limit; null: all of it can be looked at. */
export function rangeOutOfReach(intent: Intent, state: State, scanLimit: number): IdRange | null {
  const upper = upperBound(intent, state);
  if (upper === null) return null;
  if (intent.above === null) return upper - scanLimit > 1 ? { from: 1, to: upper - scanLimit - 1 } : null;
  const reached = intent.above + scanLimit;
  return reached < upper - 1 ? { from: reached + 1, to: upper - 1 } : null;
}

/** A webhook of the account found to be that of an intent. */
export interface Adoption {
  readonly intent: Intent;
  readonly id: number;
}

export interface Findings {
  /** Sorted so that, recorded in this order, the lowest id of an entry is recorded last and kept. */
  readonly adoptions: readonly Adoption[];
  /** Entries of which a webhook may be there that can't be told apart from another's: name → ids. */
  readonly ambiguous: ReadonlyMap<string, readonly number[]>;
}

/**
 * Which of the webhooks seen are those of unconfirmed intents.
 *
 *     handler, trigger,   id above    id of    database and       would fit another      then
 *     callers as sent     the bound   nobody   collection read    entry or intent too
 *     ----------------    ---------   ------   ----------------   --------------------   -------------------
 *     no                  -           -        -                  -                      not it
 *     yes                 no          -        -                  -                      not it
 *     yes                 yes         no       -                  -                      not it
 *     yes                 yes         yes      otherwise          -                      not it
 *     yes                 yes         yes      as sent, untold    no                     it
 *     yes                 yes         yes      as sent, untold    yes                    may be it: ambiguous
 *
 * More webhooks than intents of an entry, or one that fits two entries, is ambiguous too: nothing is adopted then,
 * since what is not ours must never be touched.
 */
export function findLost(intents: readonly Intent[], seen: Iterable<LiveWebhook>, state: State): Findings {
  const sharers = sharersOf(state, intents);
  const ambiguous = new Map<string, number[]>();
  const byName = new Map<string, LiveWebhook[]>();
  const suspect = (name: string, id: number) => ambiguous.set(name, [...(ambiguous.get(name) ?? []), id]);
  for (const webhook of [...seen].sort((a, b) => a.id - b.id)) {
    if (isOwned(webhook.id, state)) continue;
    const all = intents
      .map((intent) => ({ intent, fit: fitOf(webhook, intent, sharers) }))
      .filter(({ fit }) => fit !== 'no');
    const open = all.filter(({ intent }) => isOpen(intent));
    const fits = open.length > 0 ? open : all;
    const names = new Set(fits.map(({ intent }) => intent.name));
    const sure = names.size === 1 && fits.some(({ fit }) => fit === 'yes');
    for (const name of names) {
      if (sure) byName.set(name, [...(byName.get(name) ?? []), webhook]);
      else suspect(name, webhook.id);
    }
  }
  const adoptions: Adoption[] = [];
  for (const [name, webhooks] of byName) {
    if (ambiguous.has(name)) continue;
    const pairs = pairUp(
      intents.filter((intent) => intent.name === name),
      webhooks,
      sharers,
    );
    if (pairs === null) for (const webhook of webhooks) suspect(name, webhook.id);
    else adoptions.push(...pairs);
  }
  return { adoptions: adoptions.sort((a, b) => b.id - a.id), ambiguous };
}

/**
 * Each webhook to the latest intent that it fits, or null when there are more webhooks than that. The latest, since the
 * earlier ones are then looked for below it too: which of them it was makes no difference to what the account has.
 */
function pairUp(intents: readonly Intent[], webhooks: readonly LiveWebhook[], sharers: Sharers): Adoption[] | null {
  const free = [...intents].sort((a, b) => b.intent - a.intent);
  const pairs: Adoption[] = [];
  for (const webhook of webhooks) {
    const index = free.findIndex((intent) => fitOf(webhook, intent, sharers) === 'yes');
    const [intent] = index < 0 ? [] : free.splice(index, 1);
    if (intent === undefined) return null;
    pairs.push({ intent, id: webhook.id });
  }
  return pairs;
}

function isOwned(id: number, state: State): boolean {
  return state.owners.has(id);
}

/** Entries and intents by what a webhook of theirs shows when read. */
type Sharers = ReadonlyMap<string, readonly Holder[]>;
interface Holder extends Pick<Intent, 'name' | 'spec'> {
  readonly kind: 'entry' | 'open' | 'absent';
}

function sharersOf(state: State, intents: readonly Intent[]): Sharers {
  const entries = [...state.entries.values()].map(({ name, spec }): Holder => ({ name, spec, kind: 'entry' }));
  const sent = intents.map(
    (intent): Holder => ({ name: intent.name, spec: intent.spec, kind: isOpen(intent) ? 'open' : 'absent' }),
  );
  return groupBy([...entries, ...sent], (holder) => visibleKey(holder.spec));
}

function fitOf(webhook: LiveWebhook, intent: Intent, sharers: Sharers): 'yes' | 'maybe' | 'no' {
  if (intent.above !== null && webhook.id <= intent.above) return 'no';
  if (!looksLike(webhook, intent.spec)) return 'no';
  const holders = sharers.get(visibleKey(intent.spec)) ?? [];
  return holders.some((holder) => isRival(holder, intent) && looksLike(webhook, holder.spec)) ? 'maybe' : 'yes';
}

/**
 * Whether a webhook that looks like the holder's may not be taken for the intent's. An entry that has the very same
 * webhook already is none: even if it were a double of that one, it is exactly what the intent asked for.
 */
function isRival({ name, spec, kind }: Holder, intent: Intent): boolean {
  if (kind === 'absent' && isOpen(intent)) return false;
  // What it is to be replaced by: its own webhook is known, so another that looks like it is the new one.
  if (kind === 'entry' && name === intent.name) return false;
  const isSame = webhookKey(spec) === webhookKey(intent.spec);
  return !(isSame && (kind === 'entry' || name === intent.name));
}

/** Nothing that the account tells of the webhook speaks against it. */
export function looksLike(webhook: LiveWebhook, spec: WebhookSpec): boolean {
  const sent = canonical(spec);
  return differences(canonicalLive(webhook, sent), sent).length === 0;
}

/** When absence of an intent's webhook may be believed, in milliseconds since 1970; null: its end is not recorded yet. */
export function settledAt(intent: Intent, settleMs: number): number | null {
  return intent.gaveUp === undefined ? null : Date.parse(intent.gaveUp.at) + settleMs;
}
