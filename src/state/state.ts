import type { WebhookSpec } from '../webhook.js';
import type { IdRange, RecordOf, RecordType } from './records.js';

/**
 * The name of the webhooks that `verify` makes, which no entry of a manifest can have. They are only there to be
 * deleted: as soon as an id is known, be it answered or found, its webhook is a pending delete, and never an entry.
 */
export const VERIFY_NAME = 'verify:test';

export type { IdRange } from './records.js';

/** What a record says, as the state keeps it. The fields are explained in records.ts. */
type Said<Type extends RecordType, Without extends PropertyKey = never> = Omit<RecordOf<Type>, 'type' | Without>;
type SaidOfWebhook<Type extends RecordType, Without extends PropertyKey = never> = Said<Type, 'webhook' | Without> & {
  readonly spec: WebhookSpec;
};

export type StateEntry = SaidOfWebhook<'entry', 'possiblyDuplicated'>;
export type PendingDelete = SaidOfWebhook<'pendingDelete'>;
export type ReadRange = Said<'read'>;
export type Losses = Said<'losses'>;
export type Moved = Said<'moved'>;
export type GivingUp = Said<'unknown', 'intent'>;

/** Whether it is known to which database and collection its webhook is limited, if to any. */
export function isScopeKnown(entry: Pick<StateEntry, 'isScopeUnknown' | 'isScopeNotShown'>): boolean {
  const { isScopeUnknown, isScopeNotShown } = entry;
  return isScopeUnknown === undefined && isScopeNotShown === undefined;
}

/**
 * An open intent: a POST that was about to be sent, and of which nobody knows what it made. Its entry is `uncertain`.
 * Ends by an id, by an outcome that says that nothing was made, by being found or proved absent, or by hand.
 */
export interface Intent extends SaidOfWebhook<'intent'> {
  /**
   * Set when the POST was given up on without knowing what became of it. Missing: it is under way, or its process died.
   */
  readonly gaveUp?: GivingUp;
  /** Webhooks of which one may be its, and which nothing tells from another's. Rising, and never none. */
  readonly candidates?: readonly number[];
  /** Set while its absence could not be proved for want of reading: in how many runs, and since when. */
  readonly unproved?: { readonly runs: number; readonly since: string };
}

/** An intent that was closed without being found. It is looked for once more, for a server that acted very late. */
export interface ClosedIntent extends Said<'closed', 'intent' | 'unread'> {
  readonly intent: Intent;
}

/** What all records together say. */
export interface State {
  /** Id of the Copernica account that the state belongs to. */
  readonly account: string;
  /** When the state was begun. ISO 8601, UTC. Of no use but to be carried over when it is written anew. */
  readonly createdAt: string;
  /** Made with the state, and the same for as long as it lives. */
  readonly lineage: string;
  readonly entries: ReadonlyMap<string, StateEntry>;
  /** Open intents by number. */
  readonly intents: ReadonlyMap<number, Intent>;
  /** Intents that await their second look, by number. */
  readonly closed: ReadonlyMap<number, ClosedIntent>;
  readonly pendingDeletes: ReadonlyMap<number, PendingDelete>;
  /** Webhook id → name, of entries and pending deletes: what is ours. */
  readonly owners: ReadonlyMap<number, string>;
  /** Ids that were ours, kept while a webhook that is looked for could be taken for one of them. */
  readonly formerIds: ReadonlySet<number>;
  /**
   * Name → ids among which a webhook like the entry's may be that nobody could rule out. Sorted, apart from each other.
   */
  readonly possiblyDuplicated: ReadonlyMap<string, readonly IdRange[]>;
  /** What was read since the oldest open intent settled. Sorted, apart from each other. */
  readonly reads: readonly ReadRange[];
  readonly losses: Losses;
  /** The highest id of all that an answer gave or that were read alive, whoever owns them; null: none is known. */
  readonly highestId: number | null;
  readonly nextIntent: number;
  /** False once a new webhook got an id at or below one known before it: then ids are no bounds. */
  readonly idsRise: boolean;
  /** Where the state goes on: what is here is a copy that nobody writes to. Null: here. */
  readonly moved: Moved | null;
}

/** The open intents of an entry. They are few, so they are gone through. */
export function intentsOf({ intents }: Pick<State, 'intents'>, name: string): Intent[] {
  return [...intents.values()].filter((intent) => intent.name === name);
}

/** What is ours, or was: none of it is what an open intent made. */
export function isOrWasOurs(id: number, { owners, formerIds }: Pick<State, 'owners' | 'formerIds'>): boolean {
  return owners.has(id) || formerIds.has(id);
}
