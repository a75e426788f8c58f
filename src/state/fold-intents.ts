import { asWritten, visibleKey, webhookKey } from '../webhook.js';
import {
  assertNotOwned,
  closeOne,
  type FoldedState,
  ImpossibleRecord,
  intentOf,
  intentsOf,
  mark,
  NO_LOSSES,
  own,
  takeOver,
} from './folded-state.js';
import type { RecordOf } from './records.js';
import type { GivingUp, Intent } from './state.js';

export function addIntent(state: FoldedState, { type: _, webhook: spec, ...record }: RecordOf<'intent'>): void {
  const { intent } = record;
  if (state.intents.has(intent)) throw new ImpossibleRecord(`there is an open intent ${intent} already`);
  state.intents.set(intent, { ...record, spec });
  state.nextIntent = Math.max(state.nextIntent, intent + 1);
}

/** What was on the wire or on disk together is one loss. One that is given up anew, by a clock put right, is none. */
export function giveUp(state: FoldedState, { intent: number, at, reason, before }: RecordOf<'unknown'>): void {
  const intent = intentOf(state, number);
  const { count, upTo } = state.losses;
  const isOneMore = intent.gaveUp === undefined && number > upTo;
  state.losses = isOneMore ? { count: count + 1, lastAt: at, upTo: state.nextIntent - 1 } : { count, lastAt: at, upTo };
  state.closed.delete(number);
  state.intents.set(number, { ...intent, gaveUp: { at, reason, before: before ?? state.nextIntent } });
}

/** It made this webhook: that was the answer. */
export function confirm(
  state: FoldedState,
  intent: Intent,
  { id, at }: { readonly id: number; readonly at: string },
): void {
  const { name, spec, above, timeoutMs } = intent;
  // Version 1 wrote `created` for what was found by looking, too, which says nothing about the time.
  const answered = timeoutMs === undefined ? {} : { answered: { intent: intent.intent, at: intent.at } };
  takeOver(state, { name, id, spec, ...asWritten(intent), createdAt: at, ...answered });
  closeOne(state, intent.intent);
  state.losses = NO_LOSSES;
  // Compared with what was known before the POST: of two under way together, the later answer may have the lower id.
  if (above !== null && id <= above) state.idsRise = false;
}

/**
 * An answer that comes when others have gone on already: a process that was slow, or fenced off.
 *
 *     intent                     then
 *     ------------------------   ------------------------------------------------------------------
 *     any, and the id is ours    nothing: it was found
 *     open                       as an answer in time
 *     closed as not found        ours; a pending delete if the entry has another
 *     settled and let go of      the id is marked: it is ours or was, and nobody can tell which any more
 */
export function confirmLate(state: FoldedState, { intent: number, name, id, at, webhook }: RecordOf<'late'>): void {
  if (state.owners.has(id)) return;
  const open = state.intents.get(number);
  const closed = state.closed.get(number);
  if (open !== undefined) confirm(state, open, { id, at });
  else if (closed === undefined) {
    if (state.entries.has(name)) mark(state, name, [{ from: id, to: id }]);
  } else if (state.entries.has(closed.intent.name)) {
    own(state, id, closed.intent.name);
    state.pendingDeletes.set(id, { id, name: closed.intent.name, spec: webhook, ...asWritten(closed.intent) });
    closeOne(state, number);
  } else confirm(state, closed.intent, { id, at });
}

export function match(
  state: FoldedState,
  { name, intents, id, webhook, others, at, isScopeUnknown }: RecordOf<'matched'>,
): void {
  const all = intentsOf(state, name);
  for (const number of intents) {
    if (!all.some(({ intent }) => intent === number))
      throw new ImpossibleRecord(`${name} has no open intent ${number}`);
  }
  const found = [id, ...others];
  for (const other of found) assertNotOwned(state, other);
  if (new Set(found).size < found.length) throw new ImpossibleRecord(`a webhook of ${name} was found twice`);
  // The entry may have been edited between two of them.
  const maker = all.find(({ intent, spec }) => intents.includes(intent) && visibleKey(spec) === visibleKey(webhook));
  const written = asWritten(maker ?? {});
  const scope = isScopeUnknown === undefined ? {} : { isScopeUnknown };
  takeOver(state, { name, id, spec: webhook, ...written, createdAt: at, found: true, ...scope });
  for (const other of others) {
    own(state, other, name);
    state.pendingDeletes.set(other, { id: other, name, spec: webhook, ...written });
  }
  share(state, all, new Set(intents));
  for (const number of intents) closeOne(state, number);
  state.losses = NO_LOSSES;
}

/**
 * What stays open of the entry may have made any of what was found: it gets the lowest bound and the latest giving-up
 * of all, and of intents that look alike and differ in what the account need not show, nobody knows any more whose
 * scope what it made has.
 */
export function share(state: FoldedState, all: readonly Intent[], settled: ReadonlySet<number>): void {
  const found = all.filter(({ intent }) => settled.has(intent));
  const above = all.some((intent) => intent.above === null)
    ? null
    : Math.min(...all.map((intent) => intent.above ?? 0));
  const latest = latestGivingUp(all);
  for (const { gaveUp, ...intent } of all) {
    if (settled.has(intent.intent)) continue;
    const shared = latest === null ? {} : { gaveUp: { ...latest, reason: gaveUp?.reason ?? latest.reason } };
    const scope = found.some((other) => mayHaveSwapped(intent, other)) ? { isScopeUnknown: true as const } : {};
    state.intents.set(intent.intent, { ...intent, above, ...shared, ...scope });
  }
}

function mayHaveSwapped({ spec }: Intent, other: Intent): boolean {
  if (visibleKey(spec) !== visibleKey(other.spec)) return false;
  return other.isScopeUnknown === true || webhookKey(spec) !== webhookKey(other.spec);
}

/** Null: one was not given up on yet, and so none of them is. */
function latestGivingUp(all: readonly Intent[]): GivingUp | null {
  const givenUp = all.flatMap(({ gaveUp }) => gaveUp ?? []);
  if (givenUp.length < all.length) return null;
  const latest = givenUp.reduce((a, b) => (a.at > b.at ? a : b));
  return { ...latest, before: Math.max(...givenUp.map(({ before = 0 }) => before)) };
}

export function markIntent(state: FoldedState, record: RecordOf<'suspected' | 'unproved'>): void {
  const marked = markedIntent(intentOf(state, record.intent), record);
  const closed = state.closed.get(record.intent);
  if (closed === undefined) state.intents.set(record.intent, marked);
  else state.closed.set(record.intent, { ...closed, intent: marked });
}

function markedIntent(intent: Intent, record: RecordOf<'suspected' | 'unproved'>): Intent {
  if (record.type === 'unproved') return { ...intent, unproved: { runs: record.runs, since: record.at } };
  const { candidates: _, ...plain } = intent;
  return record.ids.length === 0 ? plain : { ...intent, candidates: record.ids };
}

/** Closed once more: the time at which that was, by a clock put right. */
export function closeUnfound(state: FoldedState, { intent: number, at, witness, unread }: RecordOf<'closed'>): void {
  const { unproved: _, ...intent } = intentOf(state, number);
  if (unread !== undefined) mark(state, intent.name, unread);
  state.closed.set(number, { intent, at, witness });
  state.intents.delete(number);
  if (state.intents.size === 0) state.reads = [];
}

export function lookedAgain(state: FoldedState, { intent: number, found }: RecordOf<'lookedAgain'>): void {
  const closed = state.closed.get(number);
  if (closed === undefined) throw new ImpossibleRecord(`intent ${number} does not await a second look`);
  if (found !== undefined) mark(state, closed.intent.name, found);
  closeOne(state, number);
}

export function importWebhook(state: FoldedState, record: RecordOf<'imported'>): void {
  const { name, id, webhook: spec, at, intent } = record;
  const all = intentsOf(state, name);
  if (intent !== undefined && !all.some(({ intent: number }) => number === intent)) {
    throw new ImpossibleRecord(`${name} has no open intent ${intent}`);
  }
  takeOver(state, { name, id, spec, ...asWritten(record), createdAt: at });
  // It is the double that the mark was about.
  const ranges = state.possiblyDuplicated.get(name) ?? [];
  if (ranges.some(({ from, to }) => from <= id && id <= to)) state.possiblyDuplicated.delete(name);
  if (intent === undefined) return;
  share(state, all, new Set([intent]));
  closeOne(state, intent);
}
