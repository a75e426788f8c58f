import type { WebhookSpec } from '../webhook.js';

/** A webhook that exists in the account and belongs to an entry. */
export interface StateEntry {
  readonly name: string;
  readonly id: number;
  /** What it was last set to by us, or read as when it was imported. */
  readonly spec: WebhookSpec;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** Set while a PUT may have been sent and is not known to have worked: what it was to become. */
  readonly updating?: WebhookSpec;
  /** A second webhook like it may be in this range of ids (both ends included), which was not looked at. */
  readonly possiblyDuplicated?: IdRange;
}

export interface IdRange {
  readonly from: number;
  readonly to: number;
}

/** A POST that was about to be sent and is neither confirmed by an id nor cancelled. */
export interface Intent {
  /** Number of the intent, unique within the state file, rising. */
  readonly intent: number;
  readonly name: string;
  /** Exactly what was sent. */
  readonly spec: WebhookSpec;
  /** Lower bound: the highest webhook id known when it was written, so its webhook's id is above. Null: none was known. */
  readonly above: number | null;
  /** ISO 8601, UTC: when the intent was written. */
  readonly at: string;
  /** Set when the POST was given up on without knowing what became of it (missing: the process died). */
  readonly gaveUp?: { readonly at: string; readonly reason: string };
  /** Set when it was looked for and not found: it is looked for once more in the next run. */
  readonly absentSince?: string;
  /** Webhooks of which one may be its, when it was last looked for, and which nothing tells apart. */
  readonly suspects?: { readonly at: string; readonly ids: readonly number[] };
}

/** Open: its entry is `uncertain`. One that was looked for and not found only awaits a second look. */
export function isOpen(intent: Pick<Intent, 'absentSince'>): boolean {
  return intent.absentSince === undefined;
}

/** A webhook of ours that must be deleted and is not known to be: the old one of a replace, a pruned one, a double. */
export interface DoomedWebhook {
  readonly id: number;
  readonly name: string;
  readonly spec: WebhookSpec;
}

/** What the journal says when folded. */
export interface State {
  /** Id of the Copernica account that the state belongs to. */
  readonly account: string;
  readonly entries: ReadonlyMap<string, StateEntry>;
  /** Unconfirmed intents by number. An entry with one is `uncertain`. */
  readonly intents: ReadonlyMap<number, Intent>;
  readonly doomed: ReadonlyMap<number, DoomedWebhook>;
  /** Webhook id → name, of entries and doomed ones: what is ours. */
  readonly owners: ReadonlyMap<number, string>;
  /** The highest webhook id ever known, or null. */
  readonly highestId: number | null;
  readonly nextIntent: number;
  /** False once a new webhook got an id at or below one known before it: then ids are no bounds. */
  readonly idsRise: boolean;
}
