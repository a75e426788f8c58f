import { asWritten } from '../webhook.js';
import { addEntry, forget, markEntry, remove, rename } from './fold-entries.js';
import {
  addIntent,
  closeUnfound,
  confirm,
  confirmLate,
  giveUp,
  importWebhook,
  lookedAgain,
  markIntent,
  match,
} from './fold-intents.js';
import {
  closeOne,
  entryOf,
  type FoldedState,
  ImpossibleRecord,
  intentOf,
  mark,
  own,
  startState,
  toBeDeleted,
} from './folded-state.js';
import { withReading } from './ranges.js';
import type { StateRecord } from './records.js';

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
 *
 * Of the name that `verify` uses there is never an entry: each webhook is a pending delete at once.
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
      state.pendingDeletes.set(record.id, {
        id: record.id,
        name: record.name,
        spec: record.webhook,
        ...asWritten(record),
      });
      break;
    case 'former':
      for (const id of record.ids) state.formerIds.add(id);
      break;
    case 'losses':
      state.losses = { count: record.count, lastAt: record.lastAt, upTo: record.upTo };
      break;
  }
}
