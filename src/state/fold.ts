import { closeUnfound, confirm, confirmLate, giveUp, importWebhook, lookedAgain, match } from './fold-intents.js';
import {
  addPendingDelete,
  closeOne,
  disown,
  entryOf,
  type FoldedState,
  ImpossibleRecord,
  intentOf,
  mark,
  own,
  startState,
} from './folded-state.js';
import { withReading } from './ranges.js';
import type { RecordOf, RecordType, StateRecord } from './records.js';
import { type Intent, intentsOf, type StateEntry } from './state.js';

/** Folds the records into a state. The first must be the header. Throws ImpossibleRecord. */
export function fold(records: Iterable<StateRecord>): FoldedState {
  let state: FoldedState | null = null;
  for (const record of records) state = withRecord(state, record);
  if (state === null) throw new ImpossibleRecord('there is no header');
  return state;
}

/** The same state object with one more record; null before the header. Throws ImpossibleRecord. */
export function withRecord(state: FoldedState | null, record: StateRecord): FoldedState {
  if (state === null) {
    if (record.type === 'header') return startState(record);
    throw new ImpossibleRecord('the first record is not a header');
  }
  applyRecord(state, record);
  return state;
}

/**
 * Adds one fact to the state, in time that does not grow with the state. Throws ImpossibleRecord and changes nothing.
 *
 *     record                entry of the name          open intents                   besides
 *     -------------------   ------------------------   ----------------------------   --------------------------------
 *     intent                                           + it
 *     unknown                                          is given up; back if closed    one loss more
 *     cancelled                                        - it
 *     created               = the intent's webhook     - it                           no losses; old one: pending delete
 *     late                  see `confirmLate`
 *     matched               = the webhook kept         - those that made them         no losses; old one and others found:
 *                                                                                     pending deletes
 *     suspected, unproved                              is marked
 *     seen                                                                            the highest id known
 *     read, readsVoid                                                                 what was read
 *     closed                                           - it                           + closed; unread: mark
 *     lookedAgain                                                                     - closed; found: mark
 *     imported              = the webhook              - the one that made it         old one: pending delete; - mark
 *                                                                                     that the id is in; `from`: that
 *                                                                                     entry goes, its mark moves along
 *     updating, updated,    is marked, is set
 *     protected
 *     renamed               moves                      move along                     mark moves along
 *     forgotten             -                          - those of the name            - mark; - pending deletes, only if
 *                                                                                     there was nothing else
 *     deleting              -                                                         + pending delete
 *     removed               - if it has the id                                        - pending delete with the id
 *     possiblyDuplicated                                                              + mark
 *     cleared                                                                         - mark
 *     moved                                                                           only `arrived` may follow
 *     arrived                                                                         it goes on here
 *     entry, pendingDelete, former, losses: only in a rewritten file
 *
 * A protected entry keeps its webhook, and the new one becomes the pending delete. The name that `verify` uses never
 * has an entry: each of its webhooks is a pending delete at once.
 */
export function applyRecord(state: FoldedState, record: StateRecord): void {
  if ((state.moved !== null) !== (record.type === 'arrived')) {
    throw new ImpossibleRecord(state.moved === null ? 'the state has not moved' : `it has moved to ${state.moved.to}`);
  }
  // The type of the table guarantees that each function gets records of its own type.
  const apply = APPLY[record.type] as (state: FoldedState, record: StateRecord) => void;
  apply(state, record);
}

const APPLY: { readonly [Type in RecordType]: (state: FoldedState, record: RecordOf<Type>) => void } = {
  header: () => {
    throw new ImpossibleRecord('there is a second header');
  },
  intent: addIntent,
  unknown: giveUp,
  cancelled: (state, { intent }) => closeOne(state, intentOf(state, intent).intent),
  created: (state, { intent, id, at }) => confirm(state, intentOf(state, intent), id, at),
  late: confirmLate,
  matched: match,
  suspected: (state, { intent, ids }) => changeIntent(state, intent, { candidates: ids.length > 0 ? ids : undefined }),
  unproved: (state, { intent, runs, at }) => changeIntent(state, intent, { unproved: { runs, since: at } }),
  seen: (state, { id }) => {
    state.highestId = Math.max(state.highestId ?? 0, id);
  },
  read: (state, { type: _, ...range }) => {
    state.reads = withReading(state.reads, range);
  },
  readsVoid: (state) => {
    state.reads = [];
  },
  closed: closeUnfound,
  lookedAgain,
  imported: importWebhook,
  updating: (state, { name, webhook }) => changeEntry(state, name, { updating: webhook }),
  updated: (state, { name, webhook: spec, handlerAsWritten }) =>
    changeEntry(state, name, { spec, handlerAsWritten, updating: undefined }),
  protected: (state, { name, isProtected }) => changeEntry(state, name, { isProtected: isProtected || undefined }),
  renamed: rename,
  forgotten: forget,
  deleting: (state, { name }) => {
    addPendingDelete(state, entryOf(state, name));
    state.entries.delete(name);
  },
  removed: (state, { id }) => remove(state, id),
  possiblyDuplicated: (state, { name, ranges }) => mark(state, name, ranges),
  cleared: (state, { name }) => {
    state.possiblyDuplicated.delete(name);
  },
  entry: addEntry,
  pendingDelete: (state, { type: _, webhook: spec, ...pending }) => {
    own(state, pending.id, pending.name);
    state.pendingDeletes.set(pending.id, { ...pending, spec });
  },
  former: (state, { ids }) => {
    for (const id of ids) state.formerIds.add(id);
  },
  losses: (state, { type: _, ...losses }) => {
    state.losses = losses;
  },
  moved: (state, { type: _, ...moved }) => {
    state.moved = moved;
  },
  arrived: (state) => {
    state.moved = null;
  },
};

function addIntent(state: FoldedState, { type: _, webhook: spec, ...intent }: RecordOf<'intent'>): void {
  const { intent: number } = intent;
  if (state.intents.has(number)) throw new ImpossibleRecord(`there is an open intent ${number} already`);
  state.intents.set(number, { ...intent, spec });
  state.nextIntent = Math.max(state.nextIntent, number + 1);
}

function changeIntent(state: FoldedState, number: number, change: Partial<Intent>): void {
  const intent = { ...intentOf(state, number), ...change };
  const closed = state.closed.get(number);
  if (closed === undefined) state.intents.set(number, intent);
  else state.closed.set(number, { ...closed, intent });
}

function addEntry(state: FoldedState, record: RecordOf<'entry'>): void {
  const { type: _, webhook: spec, possiblyDuplicated, ...entry } = record;
  if (state.entries.has(entry.name)) throw new ImpossibleRecord(`there is an entry ${entry.name} already`);
  own(state, entry.id, entry.name);
  state.entries.set(entry.name, { ...entry, spec });
  if (possiblyDuplicated !== undefined) mark(state, entry.name, [possiblyDuplicated]);
}

function changeEntry(state: FoldedState, name: string, change: Partial<StateEntry>): void {
  state.entries.set(name, { ...entryOf(state, name), ...change });
}

/** Also renames what has only intents so far: an uncertain create. */
function rename(state: FoldedState, { from, to }: RecordOf<'renamed'>): void {
  if (state.entries.has(to)) throw new ImpossibleRecord(`there is an entry ${to} already`);
  const intents = intentsOf(state, from);
  const entry = intents.length === 0 ? entryOf(state, from) : state.entries.get(from);
  if (entry !== undefined) {
    state.entries.delete(from);
    state.entries.set(to, { ...entry, name: to });
    state.owners.set(entry.id, to);
  }
  const closed = [...state.closed.values()].flatMap(({ intent }) => (intent.name === from ? [intent] : []));
  for (const { intent } of [...intents, ...closed]) changeIntent(state, intent, { name: to });
  mark(state, to, state.possiblyDuplicated.get(from));
  state.possiblyDuplicated.delete(from);
}

/**
 * Drops the entry, its intents and its mark, but not its pending deletes: their deletion was decided before. If there
 * is nothing else of that name, the pending deletes are dropped, since nothing else could do that.
 */
function forget(state: FoldedState, { name }: RecordOf<'forgotten'>): void {
  const entry = state.entries.get(name);
  const intents = intentsOf(state, name);
  const hasMark = state.possiblyDuplicated.delete(name);
  if (entry === undefined && intents.length === 0 && !hasMark) forgetPendingDeletes(state, name);
  if (entry !== undefined) remove(state, entry.id);
  const closed = [...state.closed.values()].flatMap(({ intent }) => (intent.name === name ? [intent] : []));
  for (const { intent } of [...intents, ...closed]) closeOne(state, intent);
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
