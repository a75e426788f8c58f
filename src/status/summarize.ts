import { capitalized } from '../text/words.js';
import { type AccountStatus, issuesOf } from './account-status.js';
import { inOrder, issue, present } from './issues.js';
import type { Row } from './rows.js';
import type { AccountSnapshot, Health, HealthKind, StatusCounts, StatusSnapshot, WebhookSnapshot } from './snapshot.js';

/** The fixed facts about an account. */
export interface ReportedAccount {
  /** Null: there is only one account, without a name. */
  readonly name: string | null;
  /** The API that its webhooks are created in, for people. */
  readonly target: string;
  readonly file: string;
  /** As in the settings: cron fields, or `off`. */
  readonly schedule: string;
}

export interface AccountNow extends ReportedAccount {
  readonly status: AccountStatus;
  readonly nextAt: Date | null;
  /** The longest wait between two scheduled runs, in milliseconds. Null: there is no schedule. */
  readonly longestWaitMs: number | null;
}

export interface ProcessNow {
  readonly version: string;
  readonly startedAt: Date;
  readonly now: Date;
}

/** Everything that the status server reveals at one moment. */
export function snapshotOf(accounts: readonly AccountNow[], { version, startedAt, now }: ProcessNow): StatusSnapshot {
  const unready = accounts.flatMap((account) => {
    const why = notReadyBecause(account, now);
    if (why === null) return [];
    return [account.name === null ? why : `${account.name}: ${why}`];
  });
  const notReady = accounts.length === 0 ? ['it is still starting'] : unready;
  return {
    product: 'copernica-webhooks',
    version,
    startedAt: startedAt.toISOString(),
    at: now.toISOString(),
    ready: notReady.length === 0,
    notReadyBecause: notReady,
    accounts: accounts.map((account) => accountSnapshot(account, now)),
  };
}

function accountSnapshot(account: AccountNow, now: Date): AccountSnapshot {
  const { status, name, target, file, schedule, nextAt } = account;
  const { desired, manifestProblems, loadedAt, commit, running, lastSuccessAt, runs, rows } = status;
  return {
    name,
    target,
    health: healthOf(account, now),
    leadership: status.leadership,
    manifest: {
      file,
      valid: manifestProblems.length === 0 && desired !== null,
      loadedAt,
      commit,
      problems: manifestProblems,
    },
    counts: countsOf(status),
    schedule: { expression: schedule, nextAt: isStandby(status) ? null : (nextAt?.toISOString() ?? null) },
    running,
    lastSuccessAt,
    runs,
    webhooks: rows.map(asShown),
  };
}

function asShown({ wanted: _, ...row }: Row): WebhookSnapshot {
  return row;
}

/** How many webhooks have each status, and how many there should be. */
function countsOf({ rows, desired, managed, drifted }: AccountStatus): StatusCounts {
  const count = (isCounted: (row: Row) => boolean) => rows.filter(isCounted).length;
  return {
    desired: desired?.length ?? 0,
    managed,
    orphaned: count(({ status }) => status === 'orphaned'),
    uncertain: count(({ status }) => status === 'uncertain'),
    possiblyDuplicated: count(({ possiblyDuplicated }) => possiblyDuplicated !== null),
    failed: count(({ status }) => status === 'failed'),
    pending: count(({ status }) => status === 'pending' || status === 'deleting'),
    drifted: drifted.length,
  };
}

function isStandby({ leadership }: AccountStatus): boolean {
  return leadership === 'standing-by';
}

/** A last success older than this many waits between scheduled runs is too old. */
const STALE_AFTER_SCHEDULED_RUNS = 3;

/** Since when the last success is too old. Null: it is not, or there is no schedule to measure it by. */
function staleSince({ status, longestWaitMs }: AccountNow, now: Date): Date | null {
  if (longestWaitMs === null || isStandby(status)) return null;
  // Before the first success, the start counts: a daemon gets the same time to reach it.
  const lastMs = Date.parse(status.lastSuccessAt ?? status.startedAt);
  const limit = new Date(lastMs + STALE_AFTER_SCHEDULED_RUNS * longestWaitMs);
  return now > limit ? limit : null;
}

/**
 * Why this account is not ready. Null: it is.
 *
 *     another replica leads                                     ready: this one would take over
 *     no run has come to its end yet                            not ready
 *     one has, but none succeeded for three scheduled ones      not ready
 *     otherwise, even if the manifest is broken now             ready: the last good one is in force
 */
function notReadyBecause(account: AccountNow, now: Date): string | null {
  const { isComplete, lastSuccessAt, runs } = account.status;
  if (isStandby(account.status)) return null;
  if (!isComplete) {
    const why = runs[0]?.problems[0]?.message;
    return `no run has finished yet${why === undefined ? '' : `: ${why}`}`;
  }
  if (staleSince(account, now) === null) return null;
  const since = lastSuccessAt === null ? 'since the start' : `since ${lastSuccessAt}`;
  return `no run has succeeded ${since}: more than ${STALE_AFTER_SCHEDULED_RUNS} scheduled runs`;
}

/** `stale` comes with time alone: no event could have reported it. Anything else that is wrong hides it. */
const HIDDEN_BY_STALE: readonly HealthKind[] = ['ok', 'pending', 'starting'];

function healthOf(account: AccountNow, now: Date): Health {
  const { status } = account;
  const limit = staleSince(account, now);
  const orphaned = status.rows.filter((row) => row.status === 'orphaned').map(({ name }) => name);
  const notes = [issue('drift', { names: status.drifted }), issue('orphaned', { names: orphaned })];
  const stale = limit === null ? [] : [issue('stale', {})];
  const advice = inOrder([...issuesOf(status), ...status.warnings, ...stale, ...present(notes)]);
  const isStale = limit !== null && HIDDEN_BY_STALE.includes(status.health.kind);
  const { kind, since } = isStale ? { kind: 'stale' as const, since: limit.toISOString() } : status.health;
  return { kind, since, headline: headlineOf(kind, status), advice };
}

function headlineOf(kind: HealthKind, status: AccountStatus): string {
  switch (kind) {
    case 'stale':
      return 'No run has succeeded for too long';
    case 'standing-by':
      return 'Standing by: another replica leads';
    case 'starting':
      return 'The first run is under way';
    case 'pending':
      return 'The account is being updated to match the file';
    case 'ok':
      return status.desired?.length
        ? 'Everything is as the file says'
        : 'The manifest is empty, and so is what it manages';
    default:
      return capitalized(issuesOf(status)[0]?.title ?? kind);
  }
}
