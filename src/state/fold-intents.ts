import { visibleKey, webhookKey } from '../webhook.js';
import {
  addPendingDelete,
  assertNotOwned,
  closeOne,
  entryOf,
  type FoldedState,
  ImpossibleRecord,
  intentOf,
  intentsWith,
  mark,
  NO_LOSSES,
  own,
  takeOver,
  tidyUp,
} from './folded-state.js';
import { isWithin } from './ranges.js';
import type { RecordOf } from './records.js';
import type { GivingUp, Intent, StateEntry } from './state.js';

/** Intents on the wire or on disk together count as one loss. Giving up anew, after a clock was put right, is none. */
export function giveUp(state: FoldedState, { intent: number, at, reason, before }: RecordOf<'unknown'>): void {
  const intent = intentOf(state, number);
  const { count, upTo } = state.losses;
  const isOneMore = intent.gaveUp === undefined && number > upTo;
  state.losses = isOneMore ? { count: count + 1, lastAt: at, upTo: state.nextIntent - 1 } : { count, lastAt: at, upTo };
  state.closed.delete(number);
  state.intents.set(number, { ...intent, gaveUp: { at, reason, before: before ?? state.nextIntent } });
}

/** The answer said that the intent made this webhook. */
export function confirm(state: FoldedState, intent: Intent, id: number, at: string): void {
  const { name, spec, handlerAsWritten, above, timeoutMs } = intent;
  // Version 1 also wrote `created` for webhooks found by looking, and their time says nothing.
  const answered = timeoutMs === undefined ? undefined : { intent: intent.intent, at: intent.at };
  takeOver(state, { name, id, spec, handlerAsWritten, createdAt: at, answered });
  closeOne(state, intent.intent);
  state.losses = NO_LOSSES;
  // Compared with what was known before the POST: of two sent together, the later answer may have the lower id.
  if (above !== null && id <= above) state.idsRise = false;
}

/**
 * An answer that arrived after others had gone on, since its process was slow or fenced off.
 *
 *     intent                     then
 *     ------------------------   ------------------------------------------------------------------
 *     any, and the id is ours    nothing: it was found before
 *     open                       as an answer in time
 *     closed as not found        ours; a pending delete if the entry has another
 *     settled and forgotten      the id is marked: it is ours or was, and nobody can tell which any more
 */
export function confirmLate(state: FoldedState, { intent: number, name, id, at, webhook }: RecordOf<'late'>): void {
  if (state.owners.has(id)) return;
  const closed = state.closed.get(number)?.intent;
  const intent = state.intents.get(number) ?? closed;
  if (intent === undefined) {
    if (state.entries.has(name)) mark(state, name, [{ from: id, to: id }]);
  } else if (closed !== undefined && state.entries.has(closed.name)) {
    own(state, id, closed.name);
    addPendingDelete(state, { ...closed, id, spec: webhook });
    closeOne(state, number);
  } else confirm(state, intent, id, at);
}

export function match(state: FoldedState, record: RecordOf<'matched'>): void {
  const { name, intents, id, webhook: spec, others, at, isScopeUnknown } = record;
  const all = intentsWith(state, name, intents);
  const found = [id, ...others];
  for (const other of found) assertNotOwned(state, other);
  if (new Set(found).size < found.length) throw new ImpossibleRecord(`a webhook of ${name} was found twice`);
  // The entry may have been edited between the intents.
  const maker = all.find((intent) => intents.includes(intent.intent) && visibleKey(intent.spec) === visibleKey(spec));
  const webhook = { name, spec, handlerAsWritten: maker?.handlerAsWritten };
  takeOver(state, { ...webhook, id, createdAt: at, found: true, isScopeUnknown });
  for (const other of others) {
    own(state, other, name);
    addPendingDelete(state, { ...webhook, id: other });
  }
  share(state, all, intents);
  for (const number of intents) closeOne(state, number);
  state.losses = NO_LOSSES;
}

/**
 * An intent of the entry that stays open may have made any of the webhooks found, so it gets the lowest bound and the
 * latest giving-up of all. If it looks like a found one but differs in database or collection, which the account need
 * not show, nobody knows any more which scope its webhook has.
 */
function share(state: FoldedState, all: readonly Intent[], closed: readonly number[]): void {
  const found = all.filter(({ intent }) => closed.includes(intent));
  const bounds = all.map(({ above }) => above ?? 0);
  const above = all.some((intent) => intent.above === null) ? null : Math.min(...bounds);
  const latest = latestGivingUp(all);
  for (const intent of all) {
    if (closed.includes(intent.intent)) continue;
    const gaveUp = latest === undefined ? undefined : { ...latest, reason: intent.gaveUp?.reason ?? latest.reason };
    const isSwapped = found.some((other) => mayHaveSwapped(intent, other));
    const isScopeUnknown = isSwapped || intent.isScopeUnknown ? true : undefined;
    state.intents.set(intent.intent, { ...intent, above, gaveUp, isScopeUnknown });
  }
}

function mayHaveSwapped({ spec }: Intent, other: Intent): boolean {
  if (visibleKey(spec) !== visibleKey(other.spec)) return false;
  return other.isScopeUnknown === true || webhookKey(spec) !== webhookKey(other.spec);
}

/** Undefined: at least one was not given up on, so none counts as given up on. */
function latestGivingUp(all: readonly Intent[]): GivingUp | undefined {
  const givenUp = all.flatMap(({ gaveUp }) => gaveUp ?? []);
  if (givenUp.length < all.length) return undefined;
  const latest = givenUp.reduce((a, b) => (a.at > b.at ? a : b));
  return { ...latest, before: Math.max(...givenUp.map(({ before = 0 }) => before)) };
}

/** Closing again replaces only the time, after a clock was put right. */
export function closeUnfound(state: FoldedState, { intent: number, at, witness, unread }: RecordOf<'closed'>): void {
  const intent = intentOf(state, number);
  mark(state, intent.name, unread);
  state.closed.set(number, { intent: { ...intent, unproved: undefined }, at, witness });
  state.intents.delete(number);
  tidyUp(state);
}

export function lookedAgain(state: FoldedState, { intent: number, found }: RecordOf<'lookedAgain'>): void {
  const closed = state.closed.get(number);
  if (closed === undefined) throw new ImpossibleRecord(`intent ${number} does not await a second look`);
  mark(state, closed.intent.name, found);
  closeOne(state, number);
}

export function importWebhook(state: FoldedState, record: RecordOf<'imported'>): void {
  const { name, id, webhook: spec, handlerAsWritten, at, intent, from } = record;
  const made = intent === undefined ? [] : [intent];
  const all = intentsWith(state, name, made);
  const kept = from === undefined ? {} : letGo(state, from, id);
  takeOver(state, { name, id, spec, handlerAsWritten, createdAt: at, ...kept, ...scopeNotShown(record) });
  // This is the duplicate that the mark was about.
  if (isWithin(id, state.possiblyDuplicated.get(name))) state.possiblyDuplicated.delete(name);
  if (from !== undefined && from !== name) {
    mark(state, name, state.possiblyDuplicated.get(from) ?? []);
    state.possiblyDuplicated.delete(from);
  }
  if (intent === undefined) return;
  share(state, all, made);
  closeOne(state, intent);
}

/** The entry loses its webhook, to another one or to itself. Returns what stays true of the webhook under any name. */
function letGo(state: FoldedState, name: string, id: number): Pick<StateEntry, 'answered' | 'isProtected'> {
  const entry = entryOf(state, name);
  if (entry.id !== id) throw new ImpossibleRecord(`webhook ${id} is not that of ${name}`);
  state.entries.delete(name);
  state.owners.delete(id);
  const { answered, isProtected } = entry;
  return { answered, isProtected };
}

/** Without `isScopeKnown` it came from `discover`, or from an earlier version, which did not tell the two apart. */
function scopeNotShown({ webhook, isScopeKnown }: RecordOf<'imported'>): Pick<StateEntry, 'isScopeNotShown'> {
  const isKnown = isScopeKnown === true || webhook.database !== undefined || webhook.collection !== undefined;
  return isKnown ? {} : { isScopeNotShown: true };
}
