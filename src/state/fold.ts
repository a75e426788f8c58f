import { union, withReading } from './ranges.js';
import type { HeaderRecord, IntentRecord, MatchedRecord, RecordOf, StateRecord } from './records.js';
import type {
  ClosedIntent,
  GivingUp,
  IdRange,
  Intent,
  Losses,
  PendingDelete,
  ReadRange,
  State,
  StateEntry,
} from './state.js';

/** A state that is still being folded. Only `applyRecord` changes it. */
export interface FoldedState extends State {
  /** When the state was begun. ISO 8601, UTC. Of no use but to be carried over when the file is written anew. */
  readonly createdAt: string;
  readonly entries: Map<string, StateEntry>;
  readonly intents: Map<number, Intent>;
  readonly closed: Map<number, ClosedIntent>;
  readonly pendingDeletes: Map<number, PendingDelete>;
  readonly owners: Map<number, string>;
  readonly formerIds: Set<number>;
  readonly possiblyDuplicated: Map<string, readonly IdRange[]>;
  reads: readonly ReadRange[];
  losses: Losses;
  highestId: number | null;
  nextIntent: number;
  idsRise: boolean;
}

const NO_LOSSES: Losses = { count: 0, lastAt: null, upTo: 0 };

/** A record that cannot follow on those before it: the file is damaged, or the program that wrote it is wrong. */
export class ImpossibleRecord extends Error {
  override readonly name = 'ImpossibleRecord';
}

/** What the records say together. The first must be the header. Throws ImpossibleRecord. */
export function fold(records: Iterable<StateRecord>): FoldedState {
  let state: FoldedState | null = null;
  for (const record of records) {
    if (state !== null) applyRecord(state, record);
    else if (record.type === 'header') state = startState(record);
    else throw new ImpossibleRecord('the first record is not a header');
  }
  if (state === null) throw new ImpossibleRecord('there is no header');
  return state;
}

export function startState(header: HeaderRecord): FoldedState {
  return {
    account: header.account,
    createdAt: header.createdAt,
    // Version 1 gave none. This one stays the same until the file is written anew with it.
    lineage: header.lineage ?? `${header.account}@${header.createdAt}`,
    entries: new Map(),
    intents: new Map(),
    closed: new Map(),
    pendingDeletes: new Map(),
    owners: new Map(),
    formerIds: new Set(),
    possiblyDuplicated: new Map(),
    reads: [],
    losses: NO_LOSSES,
    highestId: header.highestId ?? null,
    nextIntent: header.nextIntent ?? 1,
    idsRise: header.idsRise ?? true,
  };
}

/**
 * Adds one fact to the state, in time that does not grow with it. Throws ImpossibleRecord, with the state as it was.
 *
 *     record                entry of the name          open intents                   besides
 *     -------------------   ------------------------   ----------------------------   --------------------------------
 *     intent                                           + it
 *     unknown                                          is given up; back if closed    one loss more
 *     cancelled                                        - it
 *     created               = the intent's webhook     - it                           no losses; old one: pending delete
 *     late                  see `confirmLate`
 *     matched               = the webhook kept         - those that made them         no losses; old one and the others:
 *                                                                                     pending deletes
 *     suspected, unproved                              is marked
 *     seen                                                                            the highest id known
 *     read, readsVoid                                                                 what was read
 *     closed                                           - it                           + closed; unread: mark
 *     lookedAgain                                                                     - closed; found: mark
 *     imported              = the webhook              - the one that made it         old one: pending delete; - mark
 *                                                                                     that the id is in
 *     updating, updated,    is marked, is set
 *     protected
 *     renamed               moves                      move along                     mark moves along
 *     forgotten             -                          - those of the name            - mark; - pending deletes, only if
 *                                                                                     there was nothing else
 *     deleting              -                                                         + pending delete
 *     removed               - if it has the id                                        - pending delete with the id
 *     possiblyDuplicated                                                              + mark
 *     cleared                                                                         - mark
 *     entry, pendingDelete, former, losses: only in a file that was written anew
 */
export function applyRecord(state: FoldedState, record: StateRecord): void {
  switch (record.type) {
    case 'header':
      throw new ImpossibleRecord('there is a second header');
    case 'intent':
      addIntent(state, record);
      break;
    case 'unknown':
      giveUp(state, record);
      break;
    case 'cancelled':
      closeOne(state, intentOf(state, record.intent).intent);
      break;
    case 'created':
      confirm(state, intentOf(state, record.intent), record);
      break;
    case 'late':
      confirmLate(state, record);
      break;
    case 'matched':
      match(state, record);
      break;
    case 'suspected':
    case 'unproved':
      markIntent(state, record);
      break;
    case 'seen':
      state.highestId = Math.max(state.highestId ?? 0, record.id);
      break;
    case 'read':
      state.reads = withReading(state.reads, { from: record.from, to: record.to, at: record.at });
      break;
    case 'readsVoid':
      state.reads = [];
      break;
    case 'closed':
      closeUnfound(state, record);
      break;
    case 'lookedAgain':
      lookedAgain(state, record);
      break;
    case 'imported':
      importWebhook(state, record);
      break;
    case 'updating':
    case 'updated':
    case 'protected':
      markEntry(state, record);
      break;
    case 'renamed':
      rename(state, record.from, record.to);
      break;
    case 'forgotten':
      forget(state, record.name);
      break;
    case 'deleting':
      toBeDeleted(state, entryOf(state, record.name));
      break;
    case 'removed':
      remove(state, record.id);
      break;
    case 'possiblyDuplicated':
      mark(state, record.name, record.ranges);
      break;
    case 'cleared':
      state.possiblyDuplicated.delete(record.name);
      break;
    case 'entry':
      addEntry(state, record);
      break;
    case 'pendingDelete':
      own(state, record.id, record.name);
      state.pendingDeletes.set(record.id, { id: record.id, name: record.name, spec: record.webhook });
      break;
    case 'former':
      for (const id of record.ids) state.formerIds.add(id);
      break;
    case 'losses':
      state.losses = { count: record.count, lastAt: record.lastAt, upTo: record.upTo };
      break;
  }
}

function addIntent(state: FoldedState, { type: _, webhook: spec, ...record }: IntentRecord): void {
  const { intent } = record;
  if (state.intents.has(intent)) throw new ImpossibleRecord(`there is an open intent ${intent} already`);
  state.intents.set(intent, { ...record, spec });
  state.nextIntent = Math.max(state.nextIntent, intent + 1);
}

/** What was on the wire or on disk together is one loss. One that is given up anew, by a clock put right, is none. */
function giveUp(state: FoldedState, { intent: number, at, reason, before }: RecordOf<'unknown'>): void {
  const intent = intentOf(state, number);
  const { count, upTo } = state.losses;
  const isOneMore = intent.gaveUp === undefined && number > upTo;
  state.losses = isOneMore ? { count: count + 1, lastAt: at, upTo: state.nextIntent - 1 } : { count, lastAt: at, upTo };
  state.closed.delete(number);
  state.intents.set(number, { ...intent, gaveUp: { at, reason, before: before ?? state.nextIntent } });
}

/** It made this webhook: that was the answer. */
function confirm(state: FoldedState, intent: Intent, { id, at }: { readonly id: number; readonly at: string }): void {
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
function confirmLate(state: FoldedState, { intent: number, name, id, at, webhook }: RecordOf<'late'>): void {
  if (state.owners.has(id)) return;
  const open = state.intents.get(number);
  const closed = state.closed.get(number);
  if (open !== undefined) confirm(state, open, { id, at });
  else if (closed === undefined) {
    if (state.entries.has(name)) mark(state, name, [{ from: id, to: id }]);
  } else if (state.entries.has(closed.intent.name)) {
    own(state, id, closed.intent.name);
    state.pendingDeletes.set(id, { id, name: closed.intent.name, spec: webhook });
    closeOne(state, number);
  } else confirm(state, closed.intent, { id, at });
}

/** What stays open of the entry may have made any of them: it gets the lowest bound and the latest giving-up of all. */
function match(state: FoldedState, { name, intents, id, webhook, others, at, isScopeUnknown }: MatchedRecord): void {
  const all = intentsOf(state, name);
  for (const number of intents) {
    if (!all.some(({ intent }) => intent === number))
      throw new ImpossibleRecord(`${name} has no open intent ${number}`);
  }
  const found = [id, ...others];
  for (const other of found) assertNotOwned(state, other);
  if (new Set(found).size < found.length) throw new ImpossibleRecord(`a webhook of ${name} was found twice`);
  const written = all.find(({ intent }) => intents.includes(intent));
  const scope = isScopeUnknown === undefined ? {} : { isScopeUnknown };
  takeOver(state, { name, id, spec: webhook, ...asWritten(written), createdAt: at, found: true, ...scope });
  for (const other of others) {
    own(state, other, name);
    state.pendingDeletes.set(other, { id: other, name, spec: webhook });
  }
  share(state, all, new Set(intents));
  for (const number of intents) closeOne(state, number);
  state.losses = NO_LOSSES;
}

function share(state: FoldedState, all: readonly Intent[], settled: ReadonlySet<number>): void {
  const above = all.some((intent) => intent.above === null)
    ? null
    : Math.min(...all.map((intent) => intent.above ?? 0));
  const latest = latestGivingUp(all);
  for (const { gaveUp, ...intent } of all) {
    if (settled.has(intent.intent)) continue;
    const shared = latest === null ? {} : { gaveUp: { ...latest, reason: gaveUp?.reason ?? latest.reason } };
    state.intents.set(intent.intent, { ...intent, above, ...shared });
  }
}

/** Null: one was not given up on yet, and so none of them is. */
function latestGivingUp(all: readonly Intent[]): GivingUp | null {
  const givenUp = all.flatMap(({ gaveUp }) => gaveUp ?? []);
  if (givenUp.length < all.length) return null;
  const latest = givenUp.reduce((a, b) => (a.at > b.at ? a : b));
  return { ...latest, before: Math.max(...givenUp.map(({ before = 0 }) => before)) };
}

function markIntent(state: FoldedState, record: RecordOf<'suspected' | 'unproved'>): void {
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
function closeUnfound(state: FoldedState, { intent: number, at, witness, unread }: RecordOf<'closed'>): void {
  const { unproved: _, ...intent } = intentOf(state, number);
  if (unread !== undefined) mark(state, intent.name, unread);
  state.closed.set(number, { intent, at, witness });
  state.intents.delete(number);
  if (state.intents.size === 0) state.reads = [];
}

function lookedAgain(state: FoldedState, { intent: number, found }: RecordOf<'lookedAgain'>): void {
  const closed = state.closed.get(number);
  if (closed === undefined) throw new ImpossibleRecord(`intent ${number} does not await a second look`);
  if (found !== undefined) mark(state, closed.intent.name, found);
  closeOne(state, number);
}

/** It is done with, and what is kept for the sake of open intents goes with the last one. */
function closeOne(state: FoldedState, number: number): void {
  state.intents.delete(number);
  state.closed.delete(number);
  if (state.intents.size > 0) return;
  state.reads = [];
  if (state.closed.size === 0) state.formerIds.clear();
}

function importWebhook(state: FoldedState, record: RecordOf<'imported'>): void {
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

function markEntry(state: FoldedState, record: RecordOf<'updating' | 'updated' | 'protected'>): void {
  const entry = entryOf(state, record.name);
  state.entries.set(entry.name, markedEntry(entry, record));
}

function markedEntry(entry: StateEntry, record: RecordOf<'updating' | 'updated' | 'protected'>): StateEntry {
  switch (record.type) {
    case 'updating':
      return { ...entry, updating: record.webhook };
    case 'updated': {
      const { updating: _, handlerAsWritten: _before, ...plain } = entry;
      return { ...plain, spec: record.webhook, ...asWritten(record) };
    }
    case 'protected': {
      const { isProtected: _, ...plain } = entry;
      return record.isProtected ? { ...plain, isProtected: true } : plain;
    }
  }
}

function asWritten(from: { readonly handlerAsWritten?: string } | undefined): { readonly handlerAsWritten?: string } {
  return from?.handlerAsWritten === undefined ? {} : { handlerAsWritten: from.handlerAsWritten };
}

function mark(state: FoldedState, name: string, ranges: readonly IdRange[]): void {
  if (ranges.length > 0) state.possiblyDuplicated.set(name, union(state.possiblyDuplicated.get(name) ?? [], ranges));
}

/**
 * The entry gets this webhook. One that it had before is to be deleted, by the same record: a crash after it, in a
 * replace or after a lost webhook was found, leaves the old one known and never two that are wanted.
 */
function takeOver(state: FoldedState, entry: StateEntry): void {
  own(state, entry.id, entry.name);
  const before = state.entries.get(entry.name);
  if (before !== undefined) toBeDeleted(state, before);
  const kept = before?.isProtected === true ? { isProtected: true as const } : {};
  state.entries.set(entry.name, { ...entry, ...kept });
}

function own(state: FoldedState, id: number, name: string): void {
  assertNotOwned(state, id);
  state.owners.set(id, name);
  state.highestId = Math.max(state.highestId ?? 0, id);
}

function assertNotOwned(state: FoldedState, id: number): void {
  const owner = state.owners.get(id);
  if (owner !== undefined) throw new ImpossibleRecord(`webhook ${id} is that of ${owner} already`);
}

function disown(state: FoldedState, id: number): void {
  state.owners.delete(id);
  if (state.intents.size + state.closed.size > 0) state.formerIds.add(id);
}

function toBeDeleted(state: FoldedState, { id, name, spec }: StateEntry): void {
  state.entries.delete(name);
  state.pendingDeletes.set(id, { id, name, spec });
}

function entryOf(state: FoldedState, name: string): StateEntry {
  const entry = state.entries.get(name);
  if (entry === undefined) throw new ImpossibleRecord(`there is no entry ${name}`);
  return entry;
}

/** One that is open, or awaits its second look. */
function intentOf(state: FoldedState, number: number): Intent {
  const intent = state.intents.get(number) ?? state.closed.get(number)?.intent;
  if (intent === undefined) throw new ImpossibleRecord(`there is no open intent ${number}`);
  return intent;
}

/** Open intents are few, as a rule a few for each request at a time, so they are gone through. */
function intentsOf(state: FoldedState, name: string): Intent[] {
  return state.intents.size === 0 ? [] : [...state.intents.values()].filter((intent) => intent.name === name);
}

/** An entry, or one that has only intents so far: an uncertain create can be renamed too. */
function rename(state: FoldedState, from: string, to: string): void {
  if (state.entries.has(to)) throw new ImpossibleRecord(`there is an entry ${to} already`);
  const intents = intentsOf(state, from);
  const entry = intents.length === 0 ? entryOf(state, from) : state.entries.get(from);
  if (entry !== undefined) {
    state.entries.delete(from);
    state.entries.set(to, { ...entry, name: to });
    state.owners.set(entry.id, to);
  }
  for (const intent of intents) state.intents.set(intent.intent, { ...intent, name: to });
  for (const [number, closed] of state.closed) {
    if (closed.intent.name === from) state.closed.set(number, { ...closed, intent: { ...closed.intent, name: to } });
  }
  mark(state, to, state.possiblyDuplicated.get(from) ?? []);
  state.possiblyDuplicated.delete(from);
}

/**
 * Drops the entry, its intents and its mark. Pending deletes of the name stay, since that they must be deleted was
 * decided before; but where there is nothing else of that name, they are what is meant, or they could never be dropped.
 */
function forget(state: FoldedState, name: string): void {
  const entry = state.entries.get(name);
  const intents = intentsOf(state, name);
  const hasMark = state.possiblyDuplicated.delete(name);
  if (entry === undefined && intents.length === 0 && !hasMark) forgetPendingDeletes(state, name);
  if (entry !== undefined) {
    state.entries.delete(name);
    disown(state, entry.id);
  }
  const closed = [...state.closed].filter(([, { intent }]) => intent.name === name).map(([number]) => number);
  for (const number of [...closed, ...intents.map(({ intent }) => intent)]) closeOne(state, number);
}

function forgetPendingDeletes(state: FoldedState, name: string): void {
  const pending = [...state.pendingDeletes.values()].filter((webhook) => webhook.name === name);
  if (pending.length === 0) throw new ImpossibleRecord(`there is nothing called ${name}`);
  for (const { id } of pending) remove(state, id);
}

function remove(state: FoldedState, id: number): void {
  const owner = state.owners.get(id);
  if (owner === undefined) throw new ImpossibleRecord(`there is no webhook ${id}`);
  disown(state, id);
  if (!state.pendingDeletes.delete(id)) state.entries.delete(owner);
}

function addEntry(state: FoldedState, record: RecordOf<'entry'>): void {
  const { type: _, webhook: spec, possiblyDuplicated, ...entry } = record;
  if (state.entries.has(entry.name)) throw new ImpossibleRecord(`there is an entry ${entry.name} already`);
  own(state, entry.id, entry.name);
  state.entries.set(entry.name, { ...entry, spec });
  if (possiblyDuplicated !== undefined) mark(state, entry.name, [possiblyDuplicated]);
}
