import type { WebhookSpec } from '../webhook.js';
import type { IdRange, RecordOf, RecordType } from './records.js';

/**
 * The name of the webhooks that `verify` makes; no entry of a manifest can have it. They exist only to be deleted: as
 * soon as an id is answered or found, its webhook is a pending delete. It never becomes an entry.
 */
export const VERIFY_NAME = 'verify:test';

export type { IdRange } from './records.js';

/** What a record says, in the form that the state keeps. records.ts explains the fields. */
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

/** True if it is known to which database and collection the webhook is limited, or that it is not. */
export function isScopeKnown(entry: Pick<StateEntry, 'isScopeUnknown' | 'isScopeNotShown'>): boolean {
  const { isScopeUnknown, isScopeNotShown } = entry;
  return isScopeUnknown === undefined && isScopeNotShown === undefined;
}

/**
 * An open intent: a POST that was about to be sent, and nobody knows what it made. Its entry is `uncertain`. It ends
 * with an id, with an outcome that says that nothing was made, by being found or proved absent, or by hand.
 */
export interface Intent extends SaidOfWebhook<'intent'> {
  /** Set when the POST was given up on without a known outcome. Missing: it is under way, or its process died. */
  readonly gaveUp?: GivingUp;
  /** Ids of webhooks of which it may have made one, and which can't be told from others'. Rising, never empty. */
  readonly candidates?: readonly number[];
  /** Set while its absence can't be proved because ids can't be read: in how many runs, and since when. */
  readonly unproved?: { readonly runs: number; readonly since: string };
}

/** An intent that was closed without being found. It gets a second look, in case the server acted very late. */
export interface ClosedIntent extends Said<'closed', 'intent' | 'unread'> {
  readonly intent: Intent;
}

/** What all records together say. */
export interface State {
  /** Id of the Copernica account that the state belongs to. */
  readonly account: string;
  /** When the state was begun. ISO 8601, UTC. Only carried over when the state is rewritten. */
  readonly createdAt: string;
  /** Generated when the state is begun, and never changed. */
  readonly lineage: string;
  readonly entries: ReadonlyMap<string, StateEntry>;
  /** Open intents by number. */
  readonly intents: ReadonlyMap<number, Intent>;
  /** Intents that await their second look, by number. */
  readonly closed: ReadonlyMap<number, ClosedIntent>;
  readonly pendingDeletes: ReadonlyMap<number, PendingDelete>;
  /** Webhook id → name, for entries and pending deletes: everything that is ours. */
  readonly owners: ReadonlyMap<number, string>;
  /** Ids that were ours, kept as long as one of them could be mistaken for a webhook that is looked for. */
  readonly formerIds: ReadonlySet<number>;
  /**
   * Name → ids among which a second webhook like the entry's could not be ruled out. Sorted, with gaps between ranges.
   */
  readonly possiblyDuplicated: ReadonlyMap<string, readonly IdRange[]>;
  /** The ids that were read, kept while an intent is open. Sorted, with gaps between ranges. */
  readonly reads: readonly ReadRange[];
  readonly losses: Losses;
  /** The highest id that was ever answered or read alive, whoever owns it. Null: none is known. */
  readonly highestId: number | null;
  readonly nextIntent: number;
  /** False once a new webhook got an id that is not above the ones known before: ids are no bounds then. */
  readonly idsRise: boolean;
  /** The place where the state goes on; what is here is a copy that nobody writes to. Null: it is here. */
  readonly moved: Moved | null;
}

/** The open intents of an entry. Open intents are few, so this searches them all. */
export function intentsOf({ intents }: Pick<State, 'intents'>, name: string): Intent[] {
  return [...intents.values()].filter((intent) => intent.name === name);
}

/** True for a webhook that is or was ours: no open intent made it. */
export function isOrWasOurs(id: number, { owners, formerIds }: Pick<State, 'owners' | 'formerIds'>): boolean {
  return owners.has(id) || formerIds.has(id);
}
