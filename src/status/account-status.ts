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
 * What is known about one account: all events, folded. Page, metrics and readiness are made from it, and notices from
 * its changes. Times are ISO 8601, as in the snapshot.
 */
export interface AccountStatus extends Pick<AccountSnapshot, 'running' | 'runs' | 'lastSuccessAt'> {
  /** Since when this process is responsible for the account. */
  readonly startedAt: string;
  /** Entries of the manifest in force. Null: there has been none. */
  readonly desired: readonly ManifestEntry[] | null;
  readonly loadedAt: string | null;
  /** The commit checked out where the manifest in force lies. Null: unknown. */
  readonly commit: string | null;
  /** The first problems of the file as it is now. Empty: it is in force. */
  readonly manifestProblems: readonly StatusProblem[];
  /** Whether a whole run has used a manifest that was broken before. */
  readonly manifestTrial: 'needed' | 'under-way' | 'done';
  readonly rows: readonly Row[];
  /** Entries of the state after the last run. */
  readonly managed: number;
  /** Webhooks that the last check of the account found gone or changed. */
  readonly drifted: readonly string[];
  /** What is wrong until it is fixed, by the part that shows whether it still is; the gravest first. */
  readonly wrong: Readonly<Record<'start' | 'manifest' | 'state' | 'run' | 'webhooks', readonly Issue[]>>;
  /** Other messages of the last run that came to its end. */
  readonly warnings: readonly Issue[];
  /** Null: no other process has this state. Unless it is null or leading, other processes report on the account. */
  readonly leadership: Leadership | null;
  /** A run came to its end, though perhaps not everything is as it should be. */
  readonly isComplete: boolean;
  /** Its health, and since when. */
  readonly health: { readonly kind: HealthKind; readonly since: string };
}

interface ManifestRead {
  readonly kind: 'manifest-read';
  /** Entries of the manifest in force after it. */
  readonly entries: readonly ManifestEntry[] | null;
  readonly commit: string | null;
  /** Problems of the file as it is now. */
  readonly problems: readonly Problem[];
}

/** A run came to its end. */
interface RunEnded {
  readonly kind: 'run-ended';
  readonly view: RunView;
  readonly warnings: readonly Problem[];
  /** The whole account was checked, so drift would have been seen. */
  readonly refreshed: boolean;
}

/**
 * A run ended before anything was changed, or could not even begin: then nothing is done for this account until the
 * program is restarted.
 */
interface RunFailed {
  readonly kind: 'run-failed' | 'could-not-begin';
  readonly failure: FailureKind;
  readonly problems: readonly Problem[];
}

/** The result of finding out who leads. */
interface LeadershipFound {
  readonly kind: 'leadership-found';
  readonly leadership: Leadership;
  /** Why that failed. Empty: it did not. */
  readonly problems: readonly Problem[];
}

export type StatusEvent =
  | ManifestRead
  | LeadershipFound
  | { readonly kind: 'run-began'; readonly triggers: readonly Trigger[] }
  | RunEnded
  | RunFailed;

const MOST_RUNS_KEPT = 20;
/** For one run; the rest is only counted. */
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

/** What is wrong until it is fixed, the gravest first, one for each code. */
export function issuesOf({ wrong }: AccountStatus): readonly Issue[] {
  return [...wrong.start, ...wrong.manifest, ...wrong.state, ...wrong.run, ...wrong.webhooks];
}

/** The status after an event. */
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
      // Leadership was lost during the run: the leader reports on the account.
      if (status.leadership === 'standing-by') return ended;
      const after = event.kind === 'run-ended' ? afterRun(status, event, run.result, now) : {};
      const wrong = wrongAfter(status.wrong, event, run.result);
      return { ...after, ...ended, wrong };
    }
  }
}

/** A process that stands by, or begins to lead, knows of the account only what the manifest says. */
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
  // There was no manifest to use, which the manifest's own issues report.
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
  // An incomplete check adds to what was seen before.
  const isAllSeen = refreshed && !isUnchecked(warnings);
  return {
    // They do not reflect a manifest that was read during the run.
    rows: desired === null || desired === view.manifest.entries ? rows : rowsAfterManifest(desired, rows),
    managed: view.state.entries.size,
    drifted: isAllSeen ? seen : [...new Set([...status.drifted, ...seen])],
    warnings: warningIssues(warnings),
    isComplete: true,
    lastSuccessAt: result === 'ok' ? now : status.lastSuccessAt,
    ...(status.manifestTrial === 'under-way' ? { manifestTrial: 'done' } : {}),
  };
}

/** Something in the account could not be checked. */
function isUnchecked(warnings: readonly Problem[]): boolean {
  return warnings.some(({ severity }) => severity === 'error');
}

/** A run that never began counts as one that failed at its start. */
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

/** The health of the gravest issue. `stale` depends on time alone, and is decided where the time is known. */
function kindOfHealth(status: AccountStatus): HealthKind {
  const code = issuesOf(status)[0]?.code;
  if (code === 'manifest-broken' && status.desired === null) return 'no-manifest';
  if (code === 'not-begun' || code === 'run-refused') return 'run-failed';
  if (code !== undefined) return code;
  if (status.leadership === 'standing-by') return 'standing-by';
  if (!status.isComplete) return 'starting';
  return status.rows.some((row) => row.status === 'pending' || row.status === 'deleting') ? 'pending' : 'ok';
}
