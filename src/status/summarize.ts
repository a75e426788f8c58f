import { adviceFor } from './advice.js';
import type { AccountBoard } from './board.js';
import { notReadyBecause, staleAt } from './ready.js';
import type { Row } from './rows.js';
import type {
  AccountSnapshot,
  Health,
  HealthKind,
  StatusCounts,
  StatusSnapshot,
  WebhookSnapshot,
  WebhookStatus,
} from './snapshot.js';

/** An account with what does not change, or is not told but asked for. Times: milliseconds since 1970. */
export interface AccountNow {
  readonly name: string | null;
  readonly target: string;
  readonly file: string;
  readonly schedule: string;
  readonly nextAt: number | null;
  /** The longest wait between two scheduled runs; null without schedule. */
  readonly longestWaitMs: number | null;
  readonly board: AccountBoard;
}

export interface ProcessNow {
  readonly version: string;
  readonly startedAt: number;
  readonly now: number;
}

/** Everything that is told, at one moment. */
export function snapshotOf(accounts: readonly AccountNow[], { version, startedAt, now }: ProcessNow): StatusSnapshot {
  const unready = accounts.flatMap(({ name, board, longestWaitMs }) =>
    notReadyBecause(board, longestWaitMs, now).map((reason) => (name === null ? reason : `${name}: ${reason}`)),
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
  const { board, name, target, file, schedule } = account;
  const counts = countsOf(board);
  return {
    name,
    target,
    health: healthOf(account, counts, now),
    manifest: {
      file,
      valid: board.manifestProblems.total === 0 && board.desired !== null,
      loadedAt: isoOrNull(board.loadedAt),
      problems: board.manifestProblems.shown,
    },
    counts,
    schedule: { expression: schedule, nextAt: isoOrNull(account.nextAt) },
    running: board.running && {
      startedAt: new Date(board.running.startedAt).toISOString(),
      triggers: board.running.triggers,
    },
    lastSuccessAt: isoOrNull(board.lastSuccessAt),
    runs: board.runs,
    webhooks: board.rows.map(withoutKey),
  };
}

/** How many webhooks are in each status, and how many there should be. */
export function countsOf({ rows, desired, managed, drifted }: AccountBoard): StatusCounts {
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
    drifted,
  };
}

function healthOf({ board, longestWaitMs }: AccountNow, counts: StatusCounts, now: number): Health {
  const limit = staleAt(board, longestWaitMs);
  const stale = limit !== null && now > limit;
  // Only time makes stale: nothing happened that could have been told.
  const quiet = board.health.kind === 'ok' || board.health.kind === 'pending' || board.health.kind === 'starting';
  const { kind, since } = stale && quiet ? ({ kind: 'stale', since: limit } as const) : board.health;
  return {
    kind,
    since: new Date(since).toISOString(),
    headline: headline(kind, counts),
    advice: adviceFor(board, counts, stale),
  };
}

function headline(kind: HealthKind, { failed, uncertain, possiblyDuplicated, desired }: StatusCounts): string {
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
      return `${failed.toLocaleString('en')} of ${desired.toLocaleString('en')} webhooks are not as the file says`;
    case 'uncertain':
      return uncertain === 1 ? 'One create is of unknown outcome' : `${uncertain} creates are of unknown outcome`;
    case 'possibly-duplicated':
      return possiblyDuplicated === 1
        ? 'One webhook may exist twice'
        : `${possiblyDuplicated} webhooks may exist twice`;
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

function withoutKey({ key: _key, ...row }: Row): WebhookSnapshot {
  return row;
}

function isoOrNull(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}
