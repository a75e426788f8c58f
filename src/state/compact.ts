import { STATE_VERSION, type StateRecord } from './records.js';
import type { Intent, State } from './state.js';

/**
 * A journal is rewritten when more than this many of its records are dead, and more than this many for each live one. A
 * journal of creates alone, with two records each, does not reach that.
 */
export const COMPACTION = { deadRecords: 1_000, deadPerLive: 2 };

/** Whether rewriting the journal is worth it. `records`: how many it has now. */
export function isMostlyDead(records: number, state: State): boolean {
  if (records <= COMPACTION.deadRecords) return false;
  // Nearly always the number of entries decides, without making a record of each.
  if (records <= (1 + COMPACTION.deadPerLive) * state.entries.size) return false;
  const live = [...compact(state)].length;
  const dead = records - live;
  return dead > COMPACTION.deadRecords && dead > COMPACTION.deadPerLive * live;
}

/** The fewest records that fold to this state. */
export function* compact(state: State): Generator<StateRecord> {
  const { account, createdAt, lineage, nextIntent, idsRise } = state;
  const highestId = state.highestId ?? undefined;
  yield { type: 'header', version: STATE_VERSION, account, createdAt, lineage, highestId, nextIntent, idsRise };
  for (const { spec: webhook, ...entry } of state.entries.values()) yield { type: 'entry', ...entry, webhook };
  for (const { spec: webhook, ...pending } of state.pendingDeletes.values()) {
    yield { type: 'pendingDelete', ...pending, webhook };
  }
  for (const [name, ranges] of state.possiblyDuplicated) {
    yield { type: 'possiblyDuplicated', name, at: createdAt, ranges };
  }
  for (const { intent, witness, at } of state.closed.values()) {
    yield* recordsOf(intent);
    yield { type: 'closed', intent: intent.intent, at, witness };
    yield* unprovedOf(intent);
  }
  for (const intent of state.intents.values()) {
    yield* recordsOf(intent);
    yield* unprovedOf(intent);
  }
  if (state.formerIds.size > 0) yield { type: 'former', ids: [...state.formerIds] };
  for (const range of state.reads) yield { type: 'read', ...range };
  // Must follow the intents: reading each one that was given up on counts a loss.
  const isGivenUp = state.intents.size + state.closed.size > 0;
  if (state.losses.lastAt !== null || isGivenUp) yield { type: 'losses', ...state.losses };
  if (state.moved !== null) yield { type: 'moved', ...state.moved };
}

function* recordsOf({ spec: webhook, gaveUp, candidates, unproved: _, ...record }: Intent): Generator<StateRecord> {
  const { intent } = record;
  yield { type: 'intent', ...record, webhook };
  if (gaveUp !== undefined) yield { type: 'unknown', intent, ...gaveUp };
  if (candidates !== undefined) yield { type: 'suspected', intent, ids: candidates, at: record.at };
}

/** Must follow `closed`, which resets this count. */
function* unprovedOf({ intent, unproved }: Intent): Generator<StateRecord> {
  if (unproved !== undefined) yield { type: 'unproved', intent, runs: unproved.runs, at: unproved.since };
}
