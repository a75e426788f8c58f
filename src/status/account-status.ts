import type { Leadership } from '../daemon/leadership.js';
import type { Trigger } from '../daemon/scheduler.js';
import type { FailureKind, Problem } from '../errors.js';
import { countActions } from '../output/summary.js';
import { isDrift, isPending } from '../plan/change.js';
import { maskUrls } from '../text/mask-urls.js';
import type { ManifestEntry } from '../webhook.js';
import { type Issue, issue, reportIssues, type StatusProblem, safeProblems, warningIssues } from './issues.js';
import type { RunResultKind } from './kinds.js';
import { type Row, type RunView, rowsAfterManifest, rowsAfterRun } from './rows.js';
import type { AccountSnapshot, HealthKind, RunSnapshot } from './snapshot.js';

/**
 * What is known about one account: everything that happened, folded. The page, the metrics and readiness are made from
 * it, and notices from its changes. Times are ISO 8601, as in the snapshot.
 */
export interface AccountStatus extends Pick<AccountSnapshot, 'running' | 'runs' | 'lastSuccessAt'> {
  /** Since when this process has to bring it about that the account is as the manifest says. */
  readonly startedAt: string;
  /** Entries of the manifest in force; null: there has been none. */
  readonly desired: readonly ManifestEntry[] | null;
  readonly loadedAt: string | null;
  /** Checked out where the manifest in force lies; null: not known. */
  readonly commit: string | null;
  /** The first problems of the file as it is now; empty: it is in force. */
  readonly manifestProblems: readonly StatusProblem[];
  /** Whether a run from beginning to end has had a manifest that was broken before. */
  readonly manifestTrial: 'needed' | 'under-way' | 'done';
  readonly rows: readonly Row[];
  /** Entries of the state after the last run. */
  readonly managed: number;
  /** Webhooks that the last check of the account found gone or changed. */
  readonly drifted: readonly string[];
  /** What is wrong until it is fixed, by what says whether it still is: the gravest first. */
  readonly wrong: Readonly<Record<'start' | 'manifest' | 'state' | 'run' | 'webhooks', readonly Issue[]>>;
  /** What else the last run to the end had to say. */
  readonly warnings: readonly Issue[];
  /** Null: no other process has this state. Then, and where it is not leading, others tell of the account. */
  readonly leadership: Leadership | null;
  /** A run came to its end, if not with everything as it should be. */
  readonly isComplete: boolean;
  /** Since when it is in the health it is in. */
  readonly health: { readonly kind: HealthKind; readonly since: string };
}

interface ManifestRead {
  readonly kind: 'manifest-read';
  /** Of the manifest in force after it. */
  readonly entries: readonly ManifestEntry[] | null;
  readonly commit: string | null;
  /** Of the file as it is now. */
  readonly problems: readonly Problem[];
}

/** A run came to its end. */
interface RunEnded {
  readonly kind: 'run-ended';
  readonly view: RunView;
  readonly warnings: readonly Problem[];
  /** All of the account was looked at too, so that drift would have been seen. */
  readonly refreshed: boolean;
}

/**
 * A run ended before anything was changed, or could not even begin: then nothing is done for this account until the
 * program is started anew.
 */
interface RunFailed {
  readonly kind: 'run-failed' | 'could-not-begin';
  readonly failure: FailureKind;
  readonly problems: readonly Problem[];
}

/** Who leads was found out, or could not be. */
interface LeadershipFound {
  readonly kind: 'leadership-found';
  readonly leadership: Leadership;
  /** Why it could not be; empty: it was. */
  readonly problems: readonly Problem[];
}

export type StatusEvent =
  | ManifestRead
  | LeadershipFound
  | { readonly kind: 'run-began'; readonly triggers: readonly Trigger[] }
  | RunEnded
  | RunFailed;

const MOST_RUNS_KEPT = 20;
/** Of one run; the rest is counted. */
const MOST_CHANGES_KEPT = 10;

export function initialStatus(startedAt: Date): AccountStatus {
  return {
    startedAt: startedAt.toISOString(),
    desired: null,
    loadedAt: null,
    commit: null,
    manifestProblems: [],
    manifestTrial: 'done',
    running: null,
    runs: [],
    rows: [],
    managed: 0,
    drifted: [],
    wrong: { start: [], manifest: [], state: [], run: [], webhooks: [] },
    warnings: [],
    leadership: null,
    isComplete: false,
    lastSuccessAt: null,
    health: { kind: 'starting', since: startedAt.toISOString() },
  };
}

/** What is wrong until it is fixed, the gravest first; one of each code. */
export function issuesOf({ wrong }: AccountStatus): readonly Issue[] {
  return [...wrong.start, ...wrong.manifest, ...wrong.state, ...wrong.run, ...wrong.webhooks];
}

/** What is known after something happened. */
export function advanceStatus(status: AccountStatus, event: StatusEvent, at: Date): AccountStatus {
  const now = at.toISOString();
  const next = { ...status, ...changed(status, event, now) };
  const kind = kindOfHealth(next);
  return kind === status.health.kind ? next : { ...next, health: { kind, since: now } };
}

function changed(status: AccountStatus, event: StatusEvent, now: string): Partial<AccountStatus> {
  switch (event.kind) {
    case 'manifest-read':
      return afterManifest(status, event, now);
    case 'leadership-found':
      return afterLeadership(status, event, now);
    case 'run-began': {
      const isTried = status.manifestTrial === 'needed' && status.manifestProblems.length === 0;
      const running = { startedAt: now, triggers: event.triggers };
      return { running, ...(isTried ? { manifestTrial: 'under-way' } : {}) };
    }
    case 'run-ended':
    case 'run-failed':
    case 'could-not-begin': {
      const run = runOf(status, event, now);
      const ended = { running: null, runs: [run, ...status.runs].slice(0, MOST_RUNS_KEPT) };
      // It was lost in the middle: the leader tells how the account is.
      if (status.leadership === 'standing-by') return ended;
      const after = event.kind === 'run-ended' ? afterRun(status, event, run.result, now) : {};
      const wrong = wrongAfter(status.wrong, event, run.result);
      return { ...after, ...ended, wrong };
    }
  }
}

/** One that stands by knows of the account only what the manifest says, and one that begins to lead no more. */
function afterLeadership(
  status: AccountStatus,
  { leadership, problems }: LeadershipFound,
  now: string,
): Partial<AccountStatus> {
  const { wrong, desired } = status;
  const state = problems.length === 0 ? [] : [issue('state-away', { problems })];
  if (leadership === 'standing-by') {
    return {
      leadership,
      wrong: { ...wrong, state, run: [], webhooks: [] },
      rows: [],
      managed: 0,
      drifted: [],
      warnings: [],
      isComplete: false,
      lastSuccessAt: null,
    };
  }
  const takesOver = leadership === 'leading' && status.leadership === 'standing-by';
  const begun = takesOver ? { startedAt: now, rows: rowsAfterManifest(desired ?? [], []) } : {};
  return { leadership, wrong: { ...wrong, state }, ...begun };
}

function afterManifest(
  status: AccountStatus,
  { entries, commit, problems }: ManifestRead,
  now: string,
): Partial<AccountStatus> {
  const isBroken = problems.length > 0;
  const title = entries === null ? { title: 'there is no valid manifest to go by' } : {};
  const manifest = isBroken ? [issue('manifest-broken', { problems, ...title })] : [];
  const next = {
    commit,
    manifestProblems: safeProblems(problems),
    wrong: { ...status.wrong, manifest },
    ...(isBroken ? { manifestTrial: 'needed' as const } : {}),
  };
  if (entries === null || entries === status.desired) return next;
  return {
    ...next,
    desired: entries,
    loadedAt: now,
    rows: status.leadership === 'standing-by' ? [] : rowsAfterManifest(entries, status.rows),
  };
}

function wrongAfter(
  wrong: AccountStatus['wrong'],
  event: RunEnded | RunFailed,
  result: RunResultKind,
): AccountStatus['wrong'] {
  if (event.kind === 'run-ended') return { ...wrong, run: [], webhooks: reportIssues(event.view) };
  const { kind, problems } = event;
  if (kind === 'could-not-begin') return { ...wrong, start: [issue('not-begun', { problems })] };
  // It had no manifest to go by, which is said of the manifest.
  if (result === 'manifest-broken') return wrong;
  if (problems.some(({ code }) => code === 'manifest-behind')) {
    return { ...wrong, run: [issue('manifest-behind', { problems })] };
  }
  return { ...wrong, run: [issue(result === 'refused' ? 'run-refused' : 'run-failed', { problems })] };
}

function afterRun(
  status: AccountStatus,
  { view, warnings, refreshed }: RunEnded,
  result: RunResultKind,
  now: string,
): Partial<AccountStatus> {
  const { desired } = status;
  const rows = rowsAfterRun(view, status.rows, now);
  const seen = view.changes.flatMap(({ change }) => (isDrift(change) ? [change.name] : []));
  // A check that did not see everything adds to what was seen before.
  const isAllSeen = refreshed && !isUnchecked(warnings);
  return {
    // What was read while it ran is not in it.
    rows: desired === null || desired === view.manifest.entries ? rows : rowsAfterManifest(desired, rows),
    managed: view.state.entries.size,
    drifted: isAllSeen ? seen : [...new Set([...status.drifted, ...seen])],
    warnings: warningIssues(warnings),
    isComplete: true,
    lastSuccessAt: result === 'ok' ? now : status.lastSuccessAt,
    ...(status.manifestTrial === 'under-way' ? { manifestTrial: 'done' } : {}),
  };
}

/** What was to be checked in the account could not be. */
function isUnchecked(warnings: readonly Problem[]): boolean {
  return warnings.some(({ severity }) => severity === 'error');
}

/** One that never began is a run too, which failed at its start. */
function runOf({ running, manifestProblems }: AccountStatus, event: RunEnded | RunFailed, now: string): RunSnapshot {
  const { startedAt, triggers } = running ?? { startedAt: now, triggers: ['start' as const] };
  const common = { startedAt, durationMs: Math.max(0, Date.parse(now) - Date.parse(startedAt)), triggers };
  if (event.kind !== 'run-ended') {
    const result = failureOf(event.failure, manifestProblems.length > 0);
    return { ...common, result, counts: null, notDone: 0, changes: [], problems: safeProblems(event.problems) };
  }
  const { changes } = event.view;
  const done = changes.filter(({ result }) => result === 'done');
  const tried = changes.filter(({ change, refusal }) => isPending(change) && refusal !== 'before');
  return {
    ...common,
    result: done.length === changes.length && !isUnchecked(event.warnings) ? 'ok' : 'partial',
    counts: countActions(done.map(({ change }) => change)),
    notDone: changes.length - done.length,
    changes: tried
      .slice(0, MOST_CHANGES_KEPT)
      .map(({ change: { name, action, reason }, result }) => ({ name, action, reason: maskUrls(reason), result })),
    problems: [],
  };
}

function failureOf(failure: FailureKind, isManifestBroken: boolean): RunResultKind {
  if (failure === 'refused') return 'refused';
  return failure === 'input' && isManifestBroken ? 'manifest-broken' : 'failed';
}

/** That of the gravest issue; `stale`, which time alone makes, is seen where the time is known. */
function kindOfHealth(status: AccountStatus): HealthKind {
  const code = issuesOf(status)[0]?.code;
  if (code === 'manifest-broken' && status.desired === null) return 'no-manifest';
  if (code === 'not-begun' || code === 'run-refused') return 'run-failed';
  if (code !== undefined) return code;
  if (status.leadership === 'standing-by') return 'standing-by';
  if (!status.isComplete) return 'starting';
  return status.rows.some((row) => row.status === 'pending' || row.status === 'deleting') ? 'pending' : 'ok';
}
