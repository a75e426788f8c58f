import type { Trigger } from '../daemon/scheduler.js';
import type { FailureKind, Problem } from '../errors.js';
import { countActions } from '../output/summary.js';
import { isDrift, isPending } from '../plan/change.js';
import type { ManifestEntry } from '../webhook.js';
import {
  type Issue,
  manifestIssue,
  notBegunIssue,
  REASON_CODES,
  type ReasonCode,
  reportIssues,
  runIssue,
} from './issues.js';
import { type Row, type RunView, rowsAfterManifest, rowsAfterRun } from './rows.js';
import { type HealthKind, type RunResultKind, type RunSnapshot, type StatusProblem, safeProblems } from './snapshot.js';

/**
 * What is known about one account: everything that happened, folded. The page, the metrics and readiness are made from
 * it, and notices from its changes. Times: milliseconds since 1970.
 */
export interface AccountStatus {
  readonly startedAt: number;
  /** Entries of the manifest in force; null: there has been none. */
  readonly desired: readonly ManifestEntry[] | null;
  readonly loadedAt: number | null;
  /** The first problems of the file as it is now; empty: it is in force. */
  readonly manifestProblems: readonly StatusProblem[];
  /** Whether a run from beginning to end has had a manifest that was broken before. */
  readonly manifestTrial: 'needed' | 'under-way' | 'done';
  readonly running: { readonly startedAt: number; readonly triggers: readonly Trigger[] } | null;
  /** The newest first. */
  readonly runs: readonly RunSnapshot[];
  readonly rows: readonly Row[];
  /** Entries of the state after the last run. */
  readonly managed: number;
  /** Webhooks that the last check of the account found gone or changed. */
  readonly drifted: readonly string[];
  /** Of the last run to the end. */
  readonly warnings: readonly StatusProblem[];
  /** What is wrong, the gravest first; one of each code. */
  readonly issues: readonly Issue[];
  /** A run came to its end, if not with everything as it should be. */
  readonly lastCompleteAt: number | null;
  readonly lastSuccessAt: number | null;
  /** Since when it is in the health it is in. */
  readonly health: { readonly kind: HealthKind; readonly since: number };
}

export type RunOutcome =
  | {
      readonly kind: 'report';
      readonly view: RunView;
      readonly warnings: readonly Problem[];
      /** The account was looked at too, so that drift would have been seen. */
      readonly refreshed: boolean;
    }
  | { readonly kind: 'error'; readonly failure: FailureKind; readonly problems: readonly Problem[] };

export type StatusEvent =
  | {
      /** `entries`: of the manifest in force after it. `problems`: of the file as it is now. */
      readonly kind: 'manifest-read';
      readonly entries: readonly ManifestEntry[] | null;
      readonly problems: readonly Problem[];
    }
  | { readonly kind: 'run-began'; readonly triggers: readonly Trigger[] }
  | { readonly kind: 'run-ended'; readonly outcome: RunOutcome }
  /** Nothing is done for this account until the program is started anew. */
  | { readonly kind: 'could-not-begin'; readonly failure: FailureKind; readonly problems: readonly Problem[] };

const MOST_RUNS_KEPT = 20;
/** Of one run; the rest is counted. */
const MOST_CHANGES_KEPT = 10;

export function initialStatus(startedAt: number): AccountStatus {
  return {
    startedAt,
    desired: null,
    loadedAt: null,
    manifestProblems: [],
    manifestTrial: 'done',
    running: null,
    runs: [],
    rows: [],
    managed: 0,
    drifted: [],
    warnings: [],
    issues: [],
    lastCompleteAt: null,
    lastSuccessAt: null,
    health: { kind: 'starting', since: startedAt },
  };
}

/** What is known after something happened. */
export function advanceStatus(status: AccountStatus, event: StatusEvent, at: number): AccountStatus {
  const next = { ...status, ...changed(status, event, at) };
  const kind = kindOfHealth(next);
  return kind === status.health.kind ? next : { ...next, health: { kind, since: at } };
}

function changed(status: AccountStatus, event: StatusEvent, at: number): Partial<AccountStatus> {
  switch (event.kind) {
    case 'manifest-read':
      return afterManifest(status, event, at);
    case 'run-began': {
      const isTried = status.manifestTrial === 'needed' && !isManifestBroken(status);
      const running = { startedAt: at, triggers: event.triggers };
      return { running, ...(isTried ? { manifestTrial: 'under-way' } : {}) };
    }
    case 'run-ended':
      return { ...afterRun(status, event.outcome, at), running: null };
    case 'could-not-begin': {
      const { failure, problems } = event;
      const runs = runsWith(status, { kind: 'error', failure, problems }, at, ['start']);
      return { runs, issues: replaced(status.issues, ['not-begun'], [notBegunIssue(problems)]) };
    }
  }
}

function afterManifest(
  status: AccountStatus,
  { entries, problems }: Extract<StatusEvent, { kind: 'manifest-read' }>,
  at: number,
): Partial<AccountStatus> {
  const isBroken = problems.length > 0;
  const found = isBroken ? [manifestIssue(problems, entries !== null)] : [];
  const next = {
    manifestProblems: safeProblems(problems),
    issues: replaced(status.issues, ['manifest-broken'], found),
    ...(isBroken ? { manifestTrial: 'needed' as const } : {}),
  };
  if (entries === null || entries === status.desired) return next;
  return { ...next, desired: entries, loadedAt: at, rows: rowsAfterManifest(entries, status.rows) };
}

function afterRun(status: AccountStatus, outcome: RunOutcome, at: number): Partial<AccountStatus> {
  const runs = runsWith(status, outcome, at, status.running?.triggers ?? []);
  const result = resultOf(status, outcome);
  if (outcome.kind === 'error') {
    // It had no manifest to go by, which is said of the manifest.
    if (result === 'manifest-broken') return { runs };
    const found = runIssue(outcome.failure, outcome.problems);
    return { runs, issues: replaced(status.issues, ['run-failed', 'run-refused'], [found]) };
  }
  const { view, warnings } = outcome;
  const rows = rowsAfterRun(view, status.rows, new Date(at).toISOString());
  return {
    runs,
    // What was read while it ran is not in it.
    rows: status.desired === null ? rows : rowsAfterManifest(status.desired, rows),
    managed: view.state.entries.size,
    drifted: driftAfter(status, outcome),
    warnings: safeProblems(warnings),
    issues: replaced(status.issues, OF_RUNS, reportIssues(view)),
    lastCompleteAt: at,
    lastSuccessAt: result === 'ok' ? at : status.lastSuccessAt,
    ...(status.manifestTrial === 'under-way' ? { manifestTrial: 'done' } : {}),
  };
}

/** A check that could not see everything adds to what was seen before. */
function driftAfter(
  { drifted }: AccountStatus,
  { view, warnings, refreshed }: Extract<RunOutcome, { kind: 'report' }>,
): readonly string[] {
  if (!refreshed) return drifted;
  const seen = view.changes.flatMap(({ change }) => (isDrift(change) ? [change.name] : []));
  return isUnchecked(warnings) ? [...new Set([...drifted, ...seen])] : seen;
}

/** What was to be checked in the account could not be. */
function isUnchecked(warnings: readonly Problem[]): boolean {
  return warnings.some(({ severity }) => severity === 'error');
}

/** A run that came to its end says of each of these whether it is still so. */
const OF_RUNS: readonly ReasonCode[] = [
  'run-failed',
  'run-refused',
  'answers-lost',
  'webhooks-failed',
  'uncertain',
  'possibly-duplicated',
];

function replaced(issues: readonly Issue[], codes: readonly ReasonCode[], found: readonly Issue[]): Issue[] {
  const others = issues.filter(({ reason }) => !codes.includes(reason.code));
  const rank = ({ reason }: Issue) => REASON_CODES.indexOf(reason.code);
  return [...others, ...found].sort((a, b) => rank(a) - rank(b));
}

function runsWith(
  status: AccountStatus,
  outcome: RunOutcome,
  at: number,
  triggers: readonly Trigger[],
): readonly RunSnapshot[] {
  const startedAt = status.running?.startedAt ?? at;
  const run: RunSnapshot = {
    startedAt: new Date(startedAt).toISOString(),
    durationMs: Math.max(0, at - startedAt),
    triggers,
    result: resultOf(status, outcome),
    ...(outcome.kind === 'report'
      ? { ...changesOf(outcome.view), problems: [] }
      : { counts: null, notDone: 0, changes: [], problems: safeProblems(outcome.problems) }),
  };
  return [run, ...status.runs].slice(0, MOST_RUNS_KEPT);
}

function resultOf(status: AccountStatus, outcome: RunOutcome): RunResultKind {
  if (outcome.kind === 'report') {
    const allDone = outcome.view.changes.every(({ result }) => result === 'done');
    return allDone && !isUnchecked(outcome.warnings) ? 'ok' : 'partial';
  }
  switch (outcome.failure) {
    case 'input':
      return isManifestBroken(status) ? 'manifest-broken' : 'failed';
    case 'refused':
      return 'refused';
    case 'failed':
      return 'failed';
  }
}

function changesOf({ changes }: RunView): Pick<RunSnapshot, 'counts' | 'notDone' | 'changes'> {
  const done = changes.filter(({ result }) => result === 'done');
  const pending = changes.filter(({ change }) => isPending(change));
  return {
    counts: countActions(done.map(({ change }) => change)),
    notDone: changes.length - done.length,
    changes: pending
      .slice(0, MOST_CHANGES_KEPT)
      .map(({ change: { name, action }, result }) => ({ name, action, result })),
  };
}

/** That of the gravest issue; `stale`, which time alone makes, is seen where the time is known. */
function kindOfHealth({ issues, desired, lastCompleteAt, rows }: AccountStatus): HealthKind {
  const [gravest] = issues;
  switch (gravest?.reason.code) {
    case 'manifest-broken':
      return desired === null ? 'no-manifest' : 'manifest-broken';
    case 'not-begun':
    case 'run-failed':
    case 'run-refused':
      return 'run-failed';
    case 'answers-lost':
    case 'webhooks-failed':
    case 'uncertain':
    case 'possibly-duplicated':
      return gravest.reason.code;
    case 'drift':
    case undefined: {
      if (lastCompleteAt === null) return 'starting';
      return rows.some(({ status }) => status === 'pending' || status === 'deleting') ? 'pending' : 'ok';
    }
  }
}

export function isManifestBroken({ manifestProblems }: Pick<AccountStatus, 'manifestProblems'>): boolean {
  return manifestProblems.length > 0;
}
