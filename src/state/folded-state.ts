import { asWritten } from '../webhook.js';
import { union } from './ranges.js';
import type { HeaderRecord } from './records.js';
import {
  type ClosedIntent,
  type IdRange,
  type Intent,
  type Losses,
  type PendingDelete,
  type ReadRange,
  type State,
  type StateEntry,
  VERIFY_NAME,
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

export const NO_LOSSES: Losses = { count: 0, lastAt: null, upTo: 0 };

/** A record that cannot follow on those before it: the file is damaged, or the program that wrote it is wrong. */
export class ImpossibleRecord extends Error {
  override readonly name = 'ImpossibleRecord';
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
 * The entry gets this webhook. One that it had before is to be deleted, by the same record: a crash after it, in a
 * replace or after a lost webhook was found, leaves the old one known and never two that are wanted. What `verify` made
 * is to be deleted itself.
 */
export function takeOver(state: FoldedState, entry: StateEntry): void {
  own(state, entry.id, entry.name);
  const before = state.entries.get(entry.name);
  if (before !== undefined) toBeDeleted(state, before);
  if (entry.name === VERIFY_NAME) {
    toBeDeleted(state, entry);
    return;
  }
  const kept = before?.isProtected === true ? { isProtected: true as const } : {};
  state.entries.set(entry.name, { ...entry, ...kept });
}

export function toBeDeleted(state: FoldedState, entry: StateEntry): void {
  const { id, name, spec } = entry;
  state.entries.delete(name);
  state.pendingDeletes.set(id, { id, name, spec, ...asWritten(entry) });
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

export function mark(state: FoldedState, name: string, ranges: readonly IdRange[]): void {
  if (ranges.length > 0) state.possiblyDuplicated.set(name, union(state.possiblyDuplicated.get(name) ?? [], ranges));
}

export function entryOf(state: FoldedState, name: string): StateEntry {
  const entry = state.entries.get(name);
  if (entry === undefined) throw new ImpossibleRecord(`there is no entry ${name}`);
  return entry;
}

/** One that is open, or awaits its second look. */
export function intentOf(state: FoldedState, number: number): Intent {
  const intent = state.intents.get(number) ?? state.closed.get(number)?.intent;
  if (intent === undefined) throw new ImpossibleRecord(`there is no open intent ${number}`);
  return intent;
}

/** Open intents are few, as a rule a few for each request at a time, so they are gone through. */
export function intentsOf(state: FoldedState, name: string): Intent[] {
  return state.intents.size === 0 ? [] : [...state.intents.values()].filter((intent) => intent.name === name);
}

/** It is done with, and what is kept for the sake of open intents goes with the last one. */
export function closeOne(state: FoldedState, number: number): void {
  state.intents.delete(number);
  state.closed.delete(number);
  if (state.intents.size > 0) return;
  state.reads = [];
  if (state.closed.size === 0) state.formerIds.clear();
}
