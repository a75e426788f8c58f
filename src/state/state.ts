import type { HandlerAsWritten, WebhookSpec } from '../webhook.js';

/**
 * The name of the webhooks that `verify` makes, which no entry of a manifest can have. They are only there to be
 * deleted: as soon as an id is known, be it answered or found, its webhook is a pending delete, and never an entry.
 */
export const VERIFY_NAME = 'verify:test';

/** A webhook that exists in the account and belongs to an entry. */
export interface StateEntry extends HandlerAsWritten {
  readonly name: string;
  readonly id: number;
  /** What it was last set to by us, or read as when it was imported. */
  readonly spec: WebhookSpec;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /**
   * Set where the id came in the answer to a create, and not by looking or by hand: the number of that create's intent
   * and when it was written. Only such an id says something about the time at which it was given.
   */
  readonly answered?: { readonly intent: number; readonly at: string };
  /** Set where it was found by looking, so that it may have been somebody else's. */
  readonly found?: true;
  /** Set while a PUT may have been sent and is not known to have worked: what it was to become. */
  readonly updating?: WebhookSpec;
  /** Nobody knows its database and collection: the account does not show them, and several creates differed in them. */
  readonly isScopeUnknown?: true;
  /** Never replaced and never deleted. */
  readonly isProtected?: true;
}

/** Both ends included. */
export interface IdRange {
  readonly from: number;
  readonly to: number;
}

/** Ids that were read, none of which can be what an open intent made. `at`: when reading them began. ISO 8601, UTC. */
export interface ReadRange extends IdRange {
  readonly at: string;
}

/**
 * An open intent: a POST that was about to be sent, and of which nobody knows what it made. Its entry is `uncertain`.
 * Ends by an id, by an outcome that says that nothing was made, by being found or proved absent, or by hand.
 */
export interface Intent extends HandlerAsWritten {
  /** Number of the intent, unique within the state, rising. */
  readonly intent: number;
  readonly name: string;
  /** Exactly what was sent. */
  readonly spec: WebhookSpec;
  /** Its bound: the highest webhook id known when it was written, so what it makes has an id above. Null: none was. */
  readonly above: number | null;
  /** When it was written. ISO 8601, UTC. */
  readonly at: string;
  /** What it made may have database and collection of another intent of its entry, of which one was found since. */
  readonly isScopeUnknown?: true;
  /** How long its answer was waited for, in milliseconds. Left out: an earlier version wrote it, and did not say. */
  readonly timeoutMs?: number;
  /**
   * Set when the POST was given up on without knowing what became of it. Missing: it is under way, or its process died.
   */
  readonly gaveUp?: GivingUp;
  /** Webhooks of which one may be its, and which nothing tells from another's. Rising. */
  readonly candidates?: readonly number[];
  /** Set while its absence could not be proved for want of reading: in how many runs, and since when. */
  readonly unproved?: { readonly runs: number; readonly since: string };
}

export interface GivingUp {
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly reason: string;
  /** Intents from this number on were written after it, whatever the clock says. */
  readonly before?: number;
}

/**
 * An intent that was closed without having been found. It is looked for once more, for a server that acted very late.
 */
export interface ClosedIntent {
  readonly intent: Intent;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** The id up to which it was looked for. Null: an earlier version closed it, and did not say. */
  readonly witness: number | null;
}

/** A webhook of ours that must be deleted and is not known to be: the old one of a replace, a pruned one, a double. */
export interface PendingDelete extends HandlerAsWritten {
  readonly id: number;
  readonly name: string;
  readonly spec: WebhookSpec;
}

/** Answers to creates that were lost one after the other, since the last id was answered or found. */
export interface Losses {
  /** What was on the wire or on disk together counts as one. */
  readonly count: number;
  /** When the last of them was given up on. ISO 8601, UTC; null: none was. */
  readonly lastAt: string | null;
  /** Intents up to this number belong to the loss that was counted last. */
  readonly upTo: number;
}

/** What the journal says when folded. */
export interface State {
  /** Id of the Copernica account that the state belongs to. */
  readonly account: string;
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
}
