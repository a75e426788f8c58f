import type { Trigger as RunTrigger } from '../daemon/scheduler.js';
import type { Problem } from '../errors.js';
import type { Counts } from '../output/summary.js';
import type { ChangeResult } from '../plan/applied.js';
import type { Action } from '../plan/change.js';
import type { IdRange } from '../state/state.js';
import { maskUrls } from '../text/mask-urls.js';
import type { ISSUES, NOTICE_RESULTS, RUN_RESULTS, WEBHOOK_STATUSES } from './kinds.js';

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

export type IssueCode = keyof typeof ISSUES;
export type RunResultKind = keyof typeof RUN_RESULTS;
export type WebhookStatus = keyof typeof WEBHOOK_STATUSES;
export type NoticeResult = (typeof NOTICE_RESULTS)[number];

/** That of the gravest issue, or what there is to say where nothing is wrong. */
export type HealthKind =
  | Exclude<IssueCode, 'not-begun' | 'run-refused' | 'unchecked' | 'warnings' | 'drift' | 'orphaned'>
  | 'no-manifest'
  | 'starting'
  | 'pending'
  | 'ok';

export interface Health {
  readonly kind: HealthKind;
  /** Since when it is so. */
  readonly since: string;
  /** In a sentence, for people. */
  readonly headline: string;
  /** What is wrong or worth knowing, with what to do about it: the gravest first. */
  readonly advice: readonly Issue[];
}

/** One thing that is wrong or worth knowing. */
export interface Issue {
  readonly code: IssueCode;
  readonly severity: (typeof ISSUES)[IssueCode];
  /** A sentence without its end. */
  readonly title: string;
  /** How many webhooks or problems it is about. */
  readonly count: number;
  /** Of the first webhooks that it is about, where it is about webhooks. */
  readonly names: readonly string[];
  /** What exactly: the first problems of the manifest, of the run or of the webhooks. */
  readonly problems: readonly StatusProblem[];
  /** How many more there are than are in `problems`. */
  readonly more: number;
  /** What to do about it, besides what its problems say. */
  readonly remedy: string | null;
  /** Shows the webhooks that it is about in the table. */
  readonly filter: WebhookStatus | null;
}

export interface ManifestSnapshot {
  readonly file: string;
  /** The file as it is now can be used. False: an older one is in force, or none. */
  readonly valid: boolean;
  /** When the one in force was read, or null. */
  readonly loadedAt: string | null;
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

/** A problem, masked, as one plain record. */
export type StatusProblem = Pick<Problem, 'code' | 'severity' | 'message'> & {
  readonly [Key in 'name' | 'file' | 'line' | 'column' | 'frame' | 'remedy']: NonNullable<Problem[Key]> | null;
};

/** Of one manifest or run: a broken file of 10,000 entries must not make a page of 10,000 frames. */
export const MOST_PROBLEMS_KEPT = 20;

/** The first of them, as the status server may show them. */
export function safeProblems(problems: readonly Problem[], most = MOST_PROBLEMS_KEPT): StatusProblem[] {
  return problems.slice(0, most).map(safeProblem);
}

export function safeProblem(problem: Problem): StatusProblem {
  const { code, severity, message, name = null, file = null, line = null, column = null, frame, remedy } = problem;
  return {
    code,
    severity,
    message: maskUrls(message),
    name,
    file,
    line,
    column,
    frame: frame === undefined ? null : maskUrls(frame),
    remedy: remedy === undefined ? null : maskUrls(remedy),
  };
}
