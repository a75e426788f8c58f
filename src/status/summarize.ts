import { CHANGED_IN_ACCOUNT } from '../plan/change.js';
import { type AccountStatus, isManifestBroken } from './account-status.js';
import { counted } from './issues.js';
import type { Row } from './rows.js';
import type {
  AccountSnapshot,
  Advice,
  Health,
  HealthKind,
  StatusCounts,
  StatusProblem,
  StatusSnapshot,
  WebhookSnapshot,
  WebhookStatus,
} from './snapshot.js';

/** An account with what does not change, or is not reported but asked for. Times: milliseconds since 1970. */
export interface AccountNow {
  readonly name: string | null;
  readonly target: string;
  readonly file: string;
  readonly schedule: string;
  readonly nextAt: number | null;
  /** The longest wait between two scheduled runs; null without schedule. */
  readonly longestWaitMs: number | null;
  readonly status: AccountStatus;
}

export interface ProcessNow {
  readonly version: string;
  readonly startedAt: number;
  readonly now: number;
}

/** Everything that the status server says, at one moment. */
export function snapshotOf(accounts: readonly AccountNow[], { version, startedAt, now }: ProcessNow): StatusSnapshot {
  const unready = accounts.flatMap(({ name, status, longestWaitMs }) =>
    notReadyBecause(status, longestWaitMs, now).map((reason) => (name === null ? reason : `${name}: ${reason}`)),
  );
  const notReady = accounts.length === 0 ? ['it is still starting'] : unready;
  return {
    product: 'copernica-webhooks',
    version,
    startedAt: new Date(startedAt).toISOString(),
    at: new Date(now).toISOString(),
    ready: notReady.length === 0,
    notReadyBecause: notReady,
    accounts: accounts.map((account) => accountSnapshot(account, now)),
  };
}

function accountSnapshot(account: AccountNow, now: number): AccountSnapshot {
  const { status, name, target, file, schedule } = account;
  const { running } = status;
  const counts = countsOf(status);
  return {
    name,
    target,
    health: healthOf(account, counts, now),
    manifest: {
      file,
      valid: !isManifestBroken(status) && status.desired !== null,
      loadedAt: isoOrNull(status.loadedAt),
      problems: status.manifestProblems,
    },
    counts,
    schedule: { expression: schedule, nextAt: isoOrNull(account.nextAt) },
    running: running && { startedAt: new Date(running.startedAt).toISOString(), triggers: running.triggers },
    lastSuccessAt: isoOrNull(status.lastSuccessAt),
    runs: status.runs,
    webhooks: status.rows.map(withoutKey),
  };
}

/** How many webhooks are in each status, and how many there should be. */
function countsOf({ rows, desired, managed, drifted }: AccountStatus): StatusCounts {
  const inStatus = new Map<WebhookStatus, number>();
  for (const { status } of rows) inStatus.set(status, (inStatus.get(status) ?? 0) + 1);
  const count = (status: WebhookStatus) => inStatus.get(status) ?? 0;
  return {
    desired: desired?.length ?? 0,
    managed,
    orphaned: count('orphaned'),
    uncertain: count('uncertain'),
    possiblyDuplicated: rows.filter(({ possiblyDuplicated }) => possiblyDuplicated !== null).length,
    failed: count('failed'),
    pending: count('pending') + count('deleting'),
    drifted: drifted.length,
  };
}

/** A last success older than so many times the wait between two scheduled runs is too old. */
const STALE_AFTER_SCHEDULED_RUNS = 3;

/** From when on the last success is too old, or null where no schedule says how often there should be one. */
function staleAt({ lastSuccessAt, startedAt }: AccountStatus, longestWaitMs: number | null): number | null {
  if (longestWaitMs === null) return null;
  // Until there has been a success, the start counts: a daemon is given the same time to get there.
  return (lastSuccessAt ?? startedAt) + STALE_AFTER_SCHEDULED_RUNS * longestWaitMs;
}

/**
 * Why this account is not ready; empty when it is. `longestWaitMs`: between two scheduled runs; null without schedule.
 *
 *     no run came to its end yet                                not ready
 *     a run did, but none succeeded for three scheduled ones    not ready
 *     otherwise, a manifest that is broken now included         ready: the last good one is in force
 */
export function notReadyBecause(status: AccountStatus, longestWaitMs: number | null, now: number): string[] {
  const { lastCompleteAt, lastSuccessAt, runs } = status;
  if (lastCompleteAt === null) {
    const why = runs[0]?.problems[0]?.message;
    return [`no run has come to its end yet${why === undefined ? '' : `: ${why}`}`];
  }
  const limit = staleAt(status, longestWaitMs);
  if (limit === null || now <= limit) return [];
  const since = lastSuccessAt === null ? 'since the start' : `since ${new Date(lastSuccessAt).toISOString()}`;
  return [`no run has succeeded ${since}: more than ${STALE_AFTER_SCHEDULED_RUNS} scheduled runs`];
}

/** Only time makes stale: nothing happened that could have been reported. What is wrong anyway hides it. */
const HIDDEN_BY_STALE: readonly HealthKind[] = ['ok', 'pending', 'starting'];

function healthOf({ status, longestWaitMs }: AccountNow, counts: StatusCounts, now: number): Health {
  const limit = staleAt(status, longestWaitMs);
  const isStale = limit !== null && now > limit;
  const { kind, since } =
    isStale && HIDDEN_BY_STALE.includes(status.health.kind)
      ? ({ kind: 'stale', since: limit } as const)
      : status.health;
  return {
    kind,
    since: new Date(since).toISOString(),
    headline: headline(kind, status, counts),
    advice: adviceFor(status, counts, isStale),
  };
}

function headline(kind: HealthKind, { issues }: AccountStatus, { desired }: StatusCounts): string {
  const [gravest] = issues;
  const count = gravest === undefined ? 0 : gravest.reason.names.length + gravest.reason.more;
  switch (kind) {
    case 'no-manifest':
      return 'There is no valid manifest to go by';
    case 'manifest-broken':
      return 'The manifest is broken; the last good one stays in force';
    case 'run-failed':
      return 'The last run could not be carried out';
    case 'answers-lost':
      return 'Answers to creates are being lost';
    case 'webhooks-failed':
      return `${count.toLocaleString('en')} of ${desired.toLocaleString('en')} webhooks are not as the file says`;
    case 'uncertain':
      return count === 1 ? 'One create is of unknown outcome' : `${count} creates are of unknown outcome`;
    case 'possibly-duplicated':
      return count === 1 ? 'One webhook may exist twice' : `${count} webhooks may exist twice`;
    case 'stale':
      return 'No run has succeeded for too long';
    case 'starting':
      return 'The first run is under way';
    case 'pending':
      return 'The account is being made as the file says';
    case 'ok':
      return desired === 0 ? 'The manifest is empty, and so is what it manages' : 'Everything is as the file says';
  }
}

const GRAVEST_FIRST: readonly Advice['severity'][] = ['error', 'warning', 'note'];
/** Of the warnings of a run, so many are shown. */
const MOST_WARNINGS_SHOWN = 3;

/** What is wrong or worth knowing about an account, with what to do about it: the gravest first. */
function adviceFor({ issues, warnings }: AccountStatus, counts: StatusCounts, isStale: boolean): Advice[] {
  const advice = [
    ...issues.map((issue) => issue.advice),
    ...errorAdvice(warnings),
    ...(isStale ? [STALE] : []),
    ...warningAdvice(warnings.filter(({ severity }) => severity === 'warning')),
    ...driftAdvice(counts.drifted),
    ...orphanAdvice(counts.orphaned),
  ];
  return advice.sort((a, b) => GRAVEST_FIRST.indexOf(a.severity) - GRAVEST_FIRST.indexOf(b.severity));
}

const NOTHING_MORE = { problems: [], more: 0, remedy: null, filter: null } as const;

const STALE: Advice = {
  ...NOTHING_MORE,
  severity: 'warning',
  title: 'No run has succeeded for more than three scheduled ones',
  remedy: 'see what the last runs failed for, below and in the log',
};

/** What a run that came to its end found wrong beside the webhooks. Lost answers are an issue already. */
function errorAdvice(warnings: readonly StatusProblem[]): Advice[] {
  const errors = warnings.filter(({ severity, code }) => severity === 'error' && code !== 'answers-lost');
  return errors.map(({ message, remedy }) => ({ ...NOTHING_MORE, severity: 'error', title: message, remedy }));
}

function warningAdvice(warnings: readonly StatusProblem[]): Advice[] {
  if (warnings.length === 0) return [];
  const problems = warnings.slice(0, MOST_WARNINGS_SHOWN);
  const title = counted(warnings.length, 'warning', 'warnings');
  return [{ ...NOTHING_MORE, severity: 'note', title, problems, more: warnings.length - problems.length }];
}

function driftAdvice(count: number): Advice[] {
  if (count === 0) return [];
  const found = `found gone or ${CHANGED_IN_ACCOUNT} at the last check`;
  const title = `${counted(count, 'webhook was', 'webhooks were')} ${found}`;
  const remedy = 'they were put back as the manifest says; find out who else changes them';
  return [{ ...NOTHING_MORE, severity: 'note', title, remedy }];
}

function orphanAdvice(count: number): Advice[] {
  if (count === 0) return [];
  const title = `${counted(count, 'webhook is', 'webhooks are')} not in the manifest any more, and kept`;
  const remedy =
    '--prune deletes such webhooks, once the manifest has been the same for ten seconds; "forget NAME" lets go of one';
  return [{ ...NOTHING_MORE, severity: 'note', title, remedy, filter: 'orphaned' }];
}

function withoutKey({ key: _key, ...row }: Row): WebhookSnapshot {
  return row;
}

function isoOrNull(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}
