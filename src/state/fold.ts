import type { HeaderRecord, IntentRecord, RecordOf, StateRecord } from './records.js';
import type { DoomedWebhook, IdRange, Intent, State, StateEntry } from './state.js';

/** A state that is still being folded. Only `applyRecord` changes it. */
export interface FoldedState extends State {
  /** When the state was begun. ISO 8601, UTC. Of no use but to be carried over when the file is written anew. */
  readonly createdAt: string;
  readonly entries: Map<string, StateEntry>;
  readonly intents: Map<number, Intent>;
  readonly doomed: Map<number, DoomedWebhook>;
  readonly owners: Map<number, string>;
  highestId: number | null;
  nextIntent: number;
  idsRise: boolean;
}

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
    entries: new Map(),
    intents: new Map(),
    doomed: new Map(),
    owners: new Map(),
    highestId: header.highestId ?? null,
    nextIntent: header.nextIntent ?? 1,
    idsRise: header.idsRise ?? true,
  };
}

/**
 * Adds one fact to the state, in time that does not grow with it. Throws ImpossibleRecord, with the state as it was.
 *
 *     record                entry of the name                 intents              doomed webhooks
 *     -------------------   -------------------------------   ------------------   --------------------------------
 *     intent                                                  + it
 *     unknown, absent, suspected                              it is marked
 *     cancelled                                               - it
 *     created               = the intent's webhook            - it                 + the entry's webhook before
 *     imported              = the webhook                     - those of the name  + the entry's webhook before
 *     updating, updated     is marked, is set
 *     renamed               moves                             move along
 *     forgotten             -                                 - those of the name  - only if there was nothing else
 *     doomed                -                                                      + the entry's webhook
 *     removed               - if it has the id                                     - if it is the one with the id
 *     possiblyDuplicated    is marked
 *     undoubted             is unmarked
 *     entry, doomedWebhook  + it                                                   + it
 */
export function applyRecord(state: FoldedState, record: StateRecord): void {
  switch (record.type) {
    case 'header':
      throw new ImpossibleRecord('there is a second header');
    case 'intent':
      addIntent(state, record);
      break;
    case 'unknown':
    case 'absent':
    case 'suspected':
      markIntent(state, record);
      break;
    case 'cancelled':
      state.intents.delete(intentOf(state, record.intent).intent);
      break;
    case 'created':
      confirm(state, record);
      break;
    case 'imported':
      takeOver(state, { name: record.name, id: record.id, spec: record.webhook, createdAt: record.at });
      dropIntents(state, record.name);
      break;
    case 'updating':
    case 'updated':
    case 'possiblyDuplicated':
    case 'undoubted':
      markEntry(state, record);
      break;
    case 'renamed':
      rename(state, record.from, record.to);
      break;
    case 'forgotten':
      forget(state, record.name);
      break;
    case 'doomed':
      doom(state, entryOf(state, record.name));
      break;
    case 'removed':
      remove(state, record.id);
      break;
    case 'entry':
      addEntry(state, record);
      break;
    case 'doomedWebhook':
      own(state, record.id, record.name);
      state.doomed.set(record.id, { id: record.id, name: record.name, spec: record.webhook });
      break;
  }
}

type IntentMark = RecordOf<'unknown' | 'absent' | 'suspected'>;

function markIntent(state: FoldedState, record: IntentMark): void {
  const intent = intentOf(state, record.intent);
  state.intents.set(intent.intent, markedIntent(intent, record));
}

function markedIntent(intent: Intent, record: IntentMark): Intent {
  const { at } = record;
  switch (record.type) {
    case 'unknown':
      return { ...intent, gaveUp: { at, reason: record.reason } };
    case 'absent':
      return { ...intent, absentSince: intent.absentSince ?? at };
    case 'suspected':
      return { ...intent, suspects: { at, ids: record.ids } };
  }
}

function markEntry(
  state: FoldedState,
  record: RecordOf<'updating' | 'updated' | 'possiblyDuplicated' | 'undoubted'>,
): void {
  const entry = entryOf(state, record.name);
  state.entries.set(entry.name, marked(entry, record));
}

function marked(
  entry: StateEntry,
  record: RecordOf<'updating' | 'updated' | 'possiblyDuplicated' | 'undoubted'>,
): StateEntry {
  const { updating, possiblyDuplicated, ...plain } = entry;
  switch (record.type) {
    case 'updating':
      return { ...entry, updating: record.webhook };
    case 'updated':
      return { ...plain, spec: record.webhook, ...(possiblyDuplicated === undefined ? {} : { possiblyDuplicated }) };
    case 'possiblyDuplicated':
      return { ...entry, possiblyDuplicated: widened(record, possiblyDuplicated) };
    case 'undoubted':
      return { ...plain, ...(updating === undefined ? {} : { updating }) };
  }
}

/** One range that holds both: what is said to be not looked at may be more than it is, never less. */
function widened({ from, to }: IdRange, before: IdRange | undefined): IdRange {
  if (from > to) throw new ImpossibleRecord(`a range of ids cannot go from ${from} to ${to}`);
  return before === undefined ? { from, to } : { from: Math.min(from, before.from), to: Math.max(to, before.to) };
}

function addIntent(state: FoldedState, record: IntentRecord): void {
  const { intent, name, above, at, webhook } = record;
  if (state.intents.has(intent)) throw new ImpossibleRecord(`there is an unconfirmed intent ${intent} already`);
  state.intents.set(intent, { intent, name, spec: webhook, above, at });
  state.nextIntent = Math.max(state.nextIntent, intent + 1);
}

function confirm(state: FoldedState, { intent: number, id, at }: RecordOf<'created'>): void {
  const { name, spec, above } = intentOf(state, number);
  // Another webhook may still be like the entry's: who made the doubt, and nobody else, knows when it is settled.
  const doubted = state.entries.get(name)?.possiblyDuplicated;
  const mark = doubted === undefined ? {} : { possiblyDuplicated: doubted };
  takeOver(state, { name, id, spec, createdAt: at, ...mark });
  state.intents.delete(number);
  // Compared with what was known before the POST: of two under way together, the later answer may have the lower id.
  if (above !== null && id <= above) state.idsRise = false;
}

/**
 * The entry gets this webhook. One that it had before is to be deleted, by the same record: a crash after it, in a
 * replace or after a lost webhook was found, leaves the old one known and never two that are wanted.
 */
function takeOver(state: FoldedState, entry: StateEntry): void {
  own(state, entry.id, entry.name);
  const before = state.entries.get(entry.name);
  if (before !== undefined) doom(state, before);
  state.entries.set(entry.name, entry);
}

function own(state: FoldedState, id: number, name: string): void {
  const owner = state.owners.get(id);
  if (owner !== undefined) throw new ImpossibleRecord(`webhook ${id} is that of ${owner} already`);
  state.owners.set(id, name);
  state.highestId = Math.max(state.highestId ?? 0, id);
}

function doom(state: FoldedState, { id, name, spec }: StateEntry): void {
  state.entries.delete(name);
  state.doomed.set(id, { id, name, spec });
}

function entryOf(state: FoldedState, name: string): StateEntry {
  const entry = state.entries.get(name);
  if (entry === undefined) throw new ImpossibleRecord(`there is no entry ${name}`);
  return entry;
}

function intentOf(state: FoldedState, number: number): Intent {
  const intent = state.intents.get(number);
  if (intent === undefined) throw new ImpossibleRecord(`there is no unconfirmed intent ${number}`);
  return intent;
}

/** Unconfirmed intents are few, as a rule a few for each request at a time, so they are gone through. */
function intentsOf(state: FoldedState, name: string): Intent[] {
  return state.intents.size === 0 ? [] : [...state.intents.values()].filter((intent) => intent.name === name);
}

function dropIntents(state: FoldedState, name: string): void {
  for (const { intent } of intentsOf(state, name)) state.intents.delete(intent);
}

/** Intents go along: a lost webhook of the old name, found later, is a double of the one that now has the new name. */
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
}

/**
 * Drops the entry and its intents. Doomed webhooks of the name stay, since that they must be deleted was decided
 * before; but where there is nothing else of that name, they are what is meant, or they could never be let go of.
 */
function forget(state: FoldedState, name: string): void {
  const entry = state.entries.get(name);
  const intents = intentsOf(state, name);
  if (entry === undefined && intents.length === 0) forgetDoomed(state, name);
  if (entry !== undefined) {
    state.entries.delete(name);
    state.owners.delete(entry.id);
  }
  dropIntents(state, name);
}

function forgetDoomed(state: FoldedState, name: string): void {
  const doomed = [...state.doomed.values()].filter((webhook) => webhook.name === name);
  if (doomed.length === 0) throw new ImpossibleRecord(`there is nothing called ${name}`);
  for (const { id } of doomed) remove(state, id);
}

function remove(state: FoldedState, id: number): void {
  const owner = state.owners.get(id);
  if (owner === undefined) throw new ImpossibleRecord(`there is no webhook ${id}`);
  state.owners.delete(id);
  if (!state.doomed.delete(id)) state.entries.delete(owner);
}

function addEntry(state: FoldedState, { type: _, webhook: spec, ...entry }: RecordOf<'entry'>): void {
  if (state.entries.has(entry.name)) throw new ImpossibleRecord(`there is an entry ${entry.name} already`);
  own(state, entry.id, entry.name);
  state.entries.set(entry.name, { ...entry, spec });
}
