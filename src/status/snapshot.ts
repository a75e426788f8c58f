import type { Leadership } from '../daemon/leadership.js';
import type { Trigger as RunTrigger } from '../daemon/scheduler.js';
import type { Counts } from '../output/summary.js';
import type { ChangeResult } from '../plan/applied.js';
import type { Action } from '../plan/change.js';
import type { IdRange } from '../state/state.js';
import type { Issue, IssueCode, StatusProblem } from './issues.js';
import type { RunResultKind, WebhookStatus } from './kinds.js';

/**
 * Everything that the status server reveals: the body of /status.json, and the source of page and metrics. Times are
 * ISO 8601 in UTC. It contains no secrets: handlers are as in the file, and URLs in messages are masked.
 */
export interface StatusSnapshot {
  readonly product: 'copernica-webhooks';
  readonly version: string;
  readonly startedAt: string;
  /** When this was made. */
  readonly at: string;
  readonly ready: boolean;
  /** Why it is not ready; empty if it is. */
  readonly notReadyBecause: readonly string[];
  /** One for each account, in the order of the settings. */
  readonly accounts: readonly AccountSnapshot[];
}

export interface AccountSnapshot {
  /** Null: there is only one account, without a name. */
  readonly name: string | null;
  /** The API that its webhooks are created in, for people. */
  readonly target: string;
  readonly health: Health;
  /** Which of several replicas with one state this one is. Null: no other process has the state. */
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

/** The code of the gravest issue (for some, `no-manifest` or `run-failed`), or what to say if there is none. */
export type HealthKind = IssueCode | 'no-manifest' | 'standing-by' | 'starting' | 'pending' | 'ok';

export interface Health {
  readonly kind: HealthKind;
  /** Since when. */
  readonly since: string;
  /** In a sentence, for people. */
  readonly headline: string;
  /** What is wrong or worth knowing, with what to do; the gravest first. */
  readonly advice: readonly Issue[];
}

export interface ManifestSnapshot {
  readonly file: string;
  /** The file as it is now can be used. False: an older one is in force, or none. */
  readonly valid: boolean;
  /** When the manifest in force was read. Null: there is none. */
  readonly loadedAt: string | null;
  /** Full id of the git commit that is checked out where it lies. Null: unknown, or no git. */
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
  /** How many changes of each kind were made, and how many entries needed none. Null: it did not get that far. */
  readonly counts: Counts | null;
  /** Changes that failed, were skipped, or have an unknown outcome. */
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
  /** As in the file, or else masked. */
  readonly handler: string;
  readonly callers: readonly string[];
  /** An id, or a name that no run has looked up yet. */
  readonly database: number | string | null;
  readonly collection: number | string | null;
  readonly id: number | null;
  readonly status: WebhookStatus;
  /** A second webhook like it may exist between the first and the last of these ids. */
  readonly possiblyDuplicated: IdRange | null;
  /** The same without the ids in between that were ruled out. */
  readonly possiblyDuplicatedRanges: readonly IdRange[] | null;
  /** When it was made, or last changed by this process. */
  readonly changedAt: string | null;
  readonly error: StatusProblem | null;
}
