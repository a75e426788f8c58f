import type { Leadership } from '../daemon/leadership.js';
import type { Trigger as RunTrigger } from '../daemon/scheduler.js';
import type { Counts } from '../output/summary.js';
import type { ChangeResult } from '../plan/applied.js';
import type { Action } from '../plan/change.js';
import type { IdRange } from '../state/state.js';
import type { Issue, IssueCode, StatusProblem } from './issues.js';
import type { RunResultKind, WebhookStatus } from './kinds.js';

/**
 * What the status server tells, and all it tells: the body of /status.json, and what page and metrics are made from.
 * Times are ISO 8601 in UTC. No secrets are in it: handlers are as the file writes them, URLs in messages are masked.
 */
export interface StatusSnapshot {
  readonly product: 'copernica-webhooks';
  readonly version: string;
  readonly startedAt: string;
  /** When this was made. */
  readonly at: string;
  readonly ready: boolean;
  /** Why not; empty when it is. */
  readonly notReadyBecause: readonly string[];
  /** One for each account, in the order of the settings. */
  readonly accounts: readonly AccountSnapshot[];
}

export interface AccountSnapshot {
  /** Null where there is only one, without a name. */
  readonly name: string | null;
  /** Where the webhooks go, for people. */
  readonly target: string;
  readonly health: Health;
  /** Of several replicas with one state, which this one is; null: no other process has the state. */
  readonly leadership: Leadership | null;
  readonly manifest: ManifestSnapshot;
  readonly counts: StatusCounts;
  readonly schedule: { readonly expression: string; readonly nextAt: string | null };
  /** The run under way. */
  readonly running: { readonly startedAt: string; readonly triggers: readonly RunTrigger[] } | null;
  readonly lastSuccessAt: string | null;
  /** The newest first. */
  readonly runs: readonly RunSnapshot[];
  readonly webhooks: readonly WebhookSnapshot[];
}

/** The code of the gravest issue, `no-manifest` or `run-failed` for some, or what there is to say where none is. */
export type HealthKind = IssueCode | 'no-manifest' | 'standing-by' | 'starting' | 'pending' | 'ok';

export interface Health {
  readonly kind: HealthKind;
  /** Since when it is so. */
  readonly since: string;
  /** In a sentence, for people. */
  readonly headline: string;
  /** What is wrong or worth knowing, with what to do about it: the gravest first. */
  readonly advice: readonly Issue[];
}

export interface ManifestSnapshot {
  readonly file: string;
  /** The file as it is now can be used. False: an older one is in force, or none. */
  readonly valid: boolean;
  /** When the one in force was read, or null. */
  readonly loadedAt: string | null;
  /** The git commit that is checked out where it lies, as its full id; null: not known, or there is no git. */
  readonly commit: string | null;
  /** Problems of the file as it is now. */
  readonly problems: readonly StatusProblem[];
}

export interface StatusCounts {
  /** Entries of the manifest in force. */
  readonly desired: number;
  /** Webhooks that exist and belong to an entry of the state. */
  readonly managed: number;
  readonly orphaned: number;
  readonly uncertain: number;
  readonly possiblyDuplicated: number;
  readonly failed: number;
  readonly pending: number;
  /** Webhooks that the last check of the account found gone or changed. */
  readonly drifted: number;
}

export interface RunSnapshot {
  readonly startedAt: string;
  readonly durationMs: number;
  readonly triggers: readonly RunTrigger[];
  readonly result: RunResultKind;
  /** How many changes of each kind were made, and how many entries needed none; null: it did not come to any. */
  readonly counts: Counts | null;
  /** Changes that failed, were skipped, or are of unknown outcome. */
  readonly notDone: number;
  /** The first changes that were made or tried. */
  readonly changes: readonly {
    readonly name: string;
    readonly action: Action;
    readonly reason: string;
    readonly result: ChangeResult;
  }[];
  /** Why it failed. */
  readonly problems: readonly StatusProblem[];
}

export interface WebhookSnapshot {
  readonly name: string;
  readonly trigger: string;
  /** As the file writes it, or else masked. */
  readonly handler: string;
  readonly callers: readonly string[];
  /** An id, or a name that no run has looked up yet. */
  readonly database: number | string | null;
  readonly collection: number | string | null;
  readonly id: number | null;
  readonly status: WebhookStatus;
  /** A second webhook like it may be from the first to the last of these ids. */
  readonly possiblyDuplicated: IdRange | null;
  /** The same without the ids between that were ruled out. */
  readonly possiblyDuplicatedRanges: readonly IdRange[] | null;
  /** When it was made, or last changed by this process. */
  readonly changedAt: string | null;
  readonly error: StatusProblem | null;
}
