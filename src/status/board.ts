import type { Trigger } from '../daemon/scheduler.js';
import type { FailureKind, Problem } from '../errors.js';
import { countActions } from '../output/summary.js';
import { isDrift, isPending } from '../plan/change.js';
import type { ManifestEntry } from '../webhook.js';
import { safeProblem } from './mask.js';
import { type Row, type RunView, rowsAfterManifest, rowsAfterRun } from './rows.js';
import type { HealthKind, RunResultKind, RunSnapshot, StatusProblem } from './snapshot.js';

/** The first problems, and how many there are: a broken file of 10,000 entries must not make a page of 10,000 frames. */
export interface SomeProblems {
  readonly shown: readonly StatusProblem[];
  readonly total: number;
}

/** What the status server knows about one account: everything that happened, folded. Times: milliseconds since 1970. */
export interface AccountBoard {
  readonly startedAt: number;
  /** Entries of the manifest in force; null: there has been none. */
  readonly desired: readonly ManifestEntry[] | null;
  readonly loadedAt: number | null;
  /** Problems of the file as it is now; empty: it is in force. */
  readonly manifestProblems: SomeProblems;
  readonly running: { readonly startedAt: number; readonly triggers: readonly Trigger[] } | null;
  /** The newest first. */
  readonly runs: readonly RunSnapshot[];
  readonly rows: readonly Row[];
  /** Entries of the state after the last run. */
  readonly managed: number;
  readonly drifted: number;
  /** Of the last run to the end. */
  readonly warnings: readonly StatusProblem[];
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
      /** `entries`: of the manifest in force after it. */
      readonly kind: 'manifest-read';
      readonly entries: readonly ManifestEntry[] | null;
      readonly problems: readonly Problem[];
    }
  | { readonly kind: 'run-began'; readonly triggers: readonly Trigger[] }
  | { readonly kind: 'run-ended'; readonly outcome: RunOutcome };

const MOST_RUNS_KEPT = 20;
/** Of one run; the rest is counted. */
const MOST_CHANGES_KEPT = 10;
/** Of one manifest or run. */
const MOST_PROBLEMS_KEPT = 20;
const NO_PROBLEMS: SomeProblems = { shown: [], total: 0 };

export function emptyBoard(startedAt: number): AccountBoard {
  return {
    startedAt,
    desired: null,
    loadedAt: null,
    manifestProblems: NO_PROBLEMS,
    running: null,
    runs: [],
    rows: [],
    managed: 0,
    drifted: 0,
    warnings: [],
    lastCompleteAt: null,
    lastSuccessAt: null,
    health: { kind: 'starting', since: startedAt },
  };
}

/** What is known after something happened. */
export function advanceBoard(board: AccountBoard, event: StatusEvent, at: number): AccountBoard {
  const next = { ...board, ...changed(board, event, at) };
  const kind = kindOfHealth(next);
  return kind === board.health.kind ? next : { ...next, health: { kind, since: at } };
}

function changed(board: AccountBoard, event: StatusEvent, at: number): Partial<AccountBoard> {
  switch (event.kind) {
    case 'manifest-read': {
      const manifestProblems = { shown: safeProblems(event.problems), total: event.problems.length };
      if (event.entries === null || event.entries === board.desired) return { manifestProblems };
      const rows = rowsAfterManifest(event.entries, board.rows);
      return { manifestProblems, desired: event.entries, loadedAt: at, rows };
    }
    case 'run-began':
      return { running: { startedAt: at, triggers: event.triggers } };
    case 'run-ended':
      return { ...afterRun(board, event.outcome, at), running: null };
  }
}

function afterRun(board: AccountBoard, outcome: RunOutcome, at: number): Partial<AccountBoard> {
  const { startedAt, triggers } = board.running ?? { startedAt: at, triggers: [] };
  const result = resultOf(board, outcome);
  const run: RunSnapshot = {
    startedAt: new Date(startedAt).toISOString(),
    durationMs: Math.max(0, at - startedAt),
    triggers,
    result,
    ...(outcome.kind === 'report'
      ? { ...changesOf(outcome.view), problems: [] }
      : { counts: null, notDone: 0, changes: [], problems: safeProblems(outcome.problems) }),
  };
  const runs = [run, ...board.runs].slice(0, MOST_RUNS_KEPT);
  if (outcome.kind === 'error') return { runs };
  const { view, warnings, refreshed } = outcome;
  const rows = rowsAfterRun(view, board.rows, new Date(at).toISOString());
  return {
    runs,
    // What was read while it ran is not in it.
    rows: board.desired === null ? rows : rowsAfterManifest(board.desired, rows),
    managed: view.state.entries.size,
    drifted:
      refreshed && !isUnchecked(warnings) ? view.changes.filter(({ change }) => isDrift(change)).length : board.drifted,
    warnings: safeProblems(warnings),
    lastCompleteAt: at,
    lastSuccessAt: result === 'ok' ? at : board.lastSuccessAt,
  };
}

function resultOf(board: AccountBoard, outcome: RunOutcome): RunResultKind {
  if (outcome.kind === 'report') {
    const allDone = outcome.view.changes.every(({ result }) => result === 'done');
    return allDone && !isUnchecked(outcome.warnings) ? 'ok' : 'partial';
  }
  switch (outcome.failure) {
    case 'input':
      return board.manifestProblems.total > 0 ? 'manifest-broken' : 'failed';
    case 'refused':
      return 'refused';
    case 'failed':
      return 'failed';
  }
}

/** What was to be checked in the account could not be: what was seen of drift before still stands. */
function isUnchecked(warnings: readonly Problem[]): boolean {
  return warnings.some(({ severity }) => severity === 'error');
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

/** The first row that fits, in the order of HEALTHS; `stale`, which time alone makes, is seen where the time is known. */
function kindOfHealth(board: AccountBoard): HealthKind {
  const has = (status: Row['status']) => board.rows.some((row) => row.status === status);
  const [last] = board.runs;
  if (board.manifestProblems.total > 0) return board.desired === null ? 'no-manifest' : 'manifest-broken';
  if (last !== undefined && (last.result === 'failed' || last.result === 'refused')) return 'run-failed';
  if (board.warnings.some(({ code }) => code === 'answers-lost')) return 'answers-lost';
  if (has('failed')) return 'webhooks-failed';
  if (has('uncertain')) return 'uncertain';
  if (has('possibly-duplicated')) return 'possibly-duplicated';
  if (board.lastCompleteAt === null) return 'starting';
  if (has('pending') || has('deleting')) return 'pending';
  return 'ok';
}

function safeProblems(problems: readonly Problem[]): StatusProblem[] {
  return problems.slice(0, MOST_PROBLEMS_KEPT).map(safeProblem);
}
