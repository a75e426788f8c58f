import type { Trigger as RunTrigger } from '../daemon/scheduler.js';
import type { ProblemCode } from '../error-codes.js';
import type { Problem } from '../errors.js';
import { maskUrls } from '../mask-urls.js';
import type { Counts } from '../output/summary.js';
import type { ChangeResult } from '../plan/applied.js';
import type { Action } from '../plan/change.js';
import type { IdRange } from '../state/state.js';

/**
 * What the status server tells, and all it tells: the body of /status.json, and what page and metrics are made from.
 * Times are ISO 8601 in UTC. Nothing in it is secret: handlers are masked, and so are URLs in messages and frames.
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

/** In the order of how much they matter: what is wrong hides what is only waited for. */
export const HEALTHS = [
  'no-manifest',
  'manifest-broken',
  'run-failed',
  'answers-lost',
  'webhooks-failed',
  'uncertain',
  'possibly-duplicated',
  'stale',
  'starting',
  'pending',
  'ok',
] as const;
export type HealthKind = (typeof HEALTHS)[number];

export interface Health {
  readonly kind: HealthKind;
  /** Since when it is so. */
  readonly since: string;
  /** In a sentence, for people. */
  readonly headline: string;
  /** What is wrong or worth knowing, with what to do about it: the gravest first. */
  readonly advice: readonly Advice[];
}

export interface Advice {
  readonly severity: 'error' | 'warning' | 'note';
  readonly title: string;
  /** What exactly: the manifest's problems, the run's, or those of the first webhooks. */
  readonly problems: readonly StatusProblem[];
  /** How many more there are than are in `problems`. */
  readonly more: number;
  readonly remedy: string | null;
  /** Shows the webhooks it is about in the table. */
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

/**
 * `partial`: to the end, but not everything is as the manifest says. `refused`: a guard said no. `failed`: it ended
 * before anything was changed. `manifest-broken`: there was none to go by.
 */
export const RUN_RESULTS = ['ok', 'partial', 'refused', 'failed', 'manifest-broken'] as const;
export type RunResultKind = (typeof RUN_RESULTS)[number];

/** `failed`: given up on; `replaced`: a newer one took its place before it was delivered. */
export const NOTICE_RESULTS = ['delivered', 'failed', 'replaced'] as const;
export type NoticeResult = (typeof NOTICE_RESULTS)[number];

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
  readonly changes: readonly { readonly name: string; readonly action: Action; readonly result: ChangeResult }[];
  /** Why it failed. */
  readonly problems: readonly StatusProblem[];
}

/** In the order of how much attention they need. */
export const WEBHOOK_STATUSES = [
  'failed',
  'uncertain',
  'possibly-duplicated',
  'pending',
  'deleting',
  'orphaned',
  'created',
] as const;
export type WebhookStatus = (typeof WEBHOOK_STATUSES)[number];

export interface WebhookSnapshot {
  readonly name: string;
  readonly trigger: string;
  /** Masked. */
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
export interface StatusProblem {
  readonly code: ProblemCode;
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly name: string | null;
  readonly file: string | null;
  readonly line: number | null;
  readonly column: number | null;
  readonly frame: string | null;
  readonly remedy: string | null;
}

/** Of one manifest or run: a broken file of 10,000 entries must not make a page of 10,000 frames. */
const MOST_PROBLEMS_KEPT = 20;

/** The first of them, as the status server may show them. */
export function safeProblems(problems: readonly Problem[]): StatusProblem[] {
  return problems.slice(0, MOST_PROBLEMS_KEPT).map(safeProblem);
}

export function safeProblem(problem: Problem): StatusProblem {
  const { code, severity, message, name, file, line, column, frame, remedy } = problem;
  return {
    code,
    severity,
    message: maskUrls(message),
    name: name ?? null,
    file: file ?? null,
    line: line ?? null,
    column: column ?? null,
    frame: frame === undefined ? null : maskUrls(frame),
    remedy: remedy === undefined ? null : maskUrls(remedy),
  };
}
