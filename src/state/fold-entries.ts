import { asWritten } from '../webhook.js';
import { closeOne, disown, entryOf, type FoldedState, ImpossibleRecord, intentsOf, mark, own } from './folded-state.js';
import type { RecordOf } from './records.js';
import type { StateEntry } from './state.js';

export function markEntry(state: FoldedState, record: RecordOf<'updating' | 'updated' | 'protected'>): void {
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

/** An entry, or one that has only intents so far: an uncertain create can be renamed too. */
export function rename(state: FoldedState, from: string, to: string): void {
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
export function forget(state: FoldedState, name: string): void {
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

export function remove(state: FoldedState, id: number): void {
  const owner = state.owners.get(id);
  if (owner === undefined) throw new ImpossibleRecord(`there is no webhook ${id}`);
  disown(state, id);
  if (!state.pendingDeletes.delete(id)) state.entries.delete(owner);
}

export function addEntry(state: FoldedState, record: RecordOf<'entry'>): void {
  const { type: _, webhook: spec, possiblyDuplicated, ...entry } = record;
  if (state.entries.has(entry.name)) throw new ImpossibleRecord(`there is an entry ${entry.name} already`);
  own(state, entry.id, entry.name);
  state.entries.set(entry.name, { ...entry, spec });
  if (possiblyDuplicated !== undefined) mark(state, entry.name, [possiblyDuplicated]);
}
