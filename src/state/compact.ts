import type { FoldedState } from './fold.js';
import { type HeaderRecord, STATE_VERSION, type StateRecord } from './records.js';
import type { Intent, State } from './state.js';

/**
 * When a state file is written anew: more than this many records that no longer matter, and more than so many times
 * those that do. A file of creates alone (two records each) is not.
 */
export const COMPACTION = { deadRecords: 1_000, deadPerLive: 2 };

/** Whether it is worth writing the file anew. `records` is how many it has now. */
export function isMostlyDead(records: number, state: State): boolean {
  const live = liveRecords(state);
  const dead = records - live;
  return dead > COMPACTION.deadRecords && dead > COMPACTION.deadPerLive * live;
}

/** How many records `compact` gives. */
export function liveRecords(state: State): number {
  let marks = 0;
  for (const intent of state.intents.values()) {
    marks += Number(intent.gaveUp !== undefined) + Number(intent.absentSince !== undefined);
    marks += Number(intent.suspects !== undefined);
  }
  return 1 + state.entries.size + state.doomed.size + state.intents.size + marks;
}

/** The fewest records that fold to this state. */
export function* compact(state: FoldedState): Generator<StateRecord> {
  yield headerOf(state);
  for (const { spec: webhook, ...entry } of state.entries.values()) yield { type: 'entry', ...entry, webhook };
  for (const { id, name, spec: webhook } of state.doomed.values()) yield { type: 'doomedWebhook', id, name, webhook };
  for (const intent of state.intents.values()) yield* recordsOf(intent);
}

function headerOf(state: FoldedState): HeaderRecord {
  const { account, createdAt, highestId, nextIntent, idsRise } = state;
  const known = highestId === null ? {} : { highestId };
  return { type: 'header', version: STATE_VERSION, account, createdAt, ...known, nextIntent, idsRise };
}

function* recordsOf({ intent, name, above, at, spec, gaveUp, absentSince, suspects }: Intent): Generator<StateRecord> {
  yield { type: 'intent', intent, name, above, at, webhook: spec };
  if (gaveUp !== undefined) yield { type: 'unknown', intent, ...gaveUp };
  if (suspects !== undefined) yield { type: 'suspected', intent, ...suspects };
  if (absentSince !== undefined) yield { type: 'absent', intent, at: absentSince };
}
