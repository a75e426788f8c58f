import { union } from './ranges.js';
import type { HeaderRecord } from './records.js';
import {
  type IdRange,
  type Intent,
  intentsOf,
  type Losses,
  type State,
  type StateEntry,
  VERIFY_NAME,
} from './state.js';

type Mutable<T> = {
  -readonly [Key in keyof T]: T[Key] extends ReadonlyMap<infer K, infer V>
    ? Map<K, V>
    : T[Key] extends ReadonlySet<infer V>
      ? Set<V>
      : T[Key];
};

/** A state that is still being folded. Only `applyRecord` changes it. */
export type FoldedState = Mutable<State>;

export const NO_LOSSES: Losses = { count: 0, lastAt: null, upTo: 0 };

/** A record that can't follow those before it: the file is damaged, or the program that wrote it has a bug. */
export class ImpossibleRecord extends Error {
  override readonly name = 'ImpossibleRecord';
}

export function startState(header: HeaderRecord): FoldedState {
  return {
    account: header.account,
    createdAt: header.createdAt,
    // Version 1 had none. This one stays the same until a rewrite of the file records it.
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
    moved: null,
  };
}

/**
 * The entry gets this webhook, and by the same record its former one becomes a pending delete: after a crash in a
 * replace, or after a lost webhook was found, the old one is still known, and two are never wanted. A protected entry
 * keeps its webhook, and the new one becomes the pending delete, as do all that `verify` makes.
 */
export function takeOver(state: FoldedState, entry: StateEntry): void {
  own(state, entry.id, entry.name);
  const before = state.entries.get(entry.name);
  if (before?.isProtected || entry.name === VERIFY_NAME) {
    addPendingDelete(state, entry);
    return;
  }
  if (before !== undefined) addPendingDelete(state, before);
  state.entries.set(entry.name, entry);
}

export function addPendingDelete(
  state: FoldedState,
  { id, name, spec, handlerAsWritten }: Pick<StateEntry, 'id' | 'name' | 'spec' | 'handlerAsWritten'>,
): void {
  state.pendingDeletes.set(id, { id, name, spec, handlerAsWritten });
}

export function own(state: FoldedState, id: number, name: string): void {
  assertNotOwned(state, id);
  state.owners.set(id, name);
  state.highestId = Math.max(state.highestId ?? 0, id);
}

export function assertNotOwned(state: FoldedState, id: number): void {
  const owner = state.owners.get(id);
  if (owner !== undefined) throw new ImpossibleRecord(`webhook ${id} is that of ${owner} already`);
}

export function disown(state: FoldedState, id: number): void {
  state.owners.delete(id);
  if (state.intents.size + state.closed.size > 0) state.formerIds.add(id);
}

export function mark(state: FoldedState, name: string, ranges: readonly IdRange[] = []): void {
  if (ranges.length > 0) state.possiblyDuplicated.set(name, union(state.possiblyDuplicated.get(name) ?? [], ranges));
}

export function entryOf(state: FoldedState, name: string): StateEntry {
  const entry = state.entries.get(name);
  if (entry === undefined) throw new ImpossibleRecord(`there is no entry ${name}`);
  return entry;
}

/** An intent that is open or awaits its second look. */
export function intentOf(state: FoldedState, number: number): Intent {
  const intent = state.intents.get(number) ?? state.closed.get(number)?.intent;
  if (intent === undefined) throw new ImpossibleRecord(`there is no open intent ${number}`);
  return intent;
}

/** All open intents of the entry; those with these numbers must be among them. */
export function intentsWith(state: FoldedState, name: string, numbers: readonly number[]): Intent[] {
  const all = intentsOf(state, name);
  const missing = numbers.find((number) => !all.some(({ intent }) => intent === number));
  if (missing !== undefined) throw new ImpossibleRecord(`${name} has no open intent ${missing}`);
  return all;
}

/** Nothing more is to be done about this intent. */
export function closeOne(state: FoldedState, number: number): void {
  state.intents.delete(number);
  state.closed.delete(number);
  tidyUp(state);
}

/** Drops what is kept only for intents once there are none. */
export function tidyUp(state: FoldedState): void {
  if (state.intents.size > 0) return;
  state.reads = [];
  if (state.closed.size === 0) state.formerIds.clear();
}
