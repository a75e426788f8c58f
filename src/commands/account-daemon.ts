import type { Logger } from 'pino';
import type { Semaphore } from '../concurrent.js';
import type { SharedDispatchers } from '../copernica/dispatcher.js';
import { createReconciler } from '../create-reconciler.js';
import { CatchUp } from '../daemon/catch-up.js';
import type { Commits } from '../daemon/commit.js';
import type { Schedules } from '../daemon/cron.js';
import { runDaemon } from '../daemon/daemon.js';
import type { Candidacy, Elections, Found } from '../daemon/elections.js';
import type { FolderEvents } from '../daemon/folder-events.js';
import { LastGoodManifest } from '../daemon/last-good.js';
import type { Leadership } from '../daemon/leadership.js';
import { manifestFile } from '../daemon/manifest-file.js';
import { mountedFileOf } from '../daemon/mounts.js';
import { watchManifest } from '../daemon/watch.js';
import type { ProblemCode } from '../error-codes.js';
import type { Host } from '../host.js';
import { logProblem } from '../log.js';
import { manifestDigest } from '../plan/digest.js';
import type { AccountSettings } from '../settings/resolve.js';
import type { AccountReporter } from '../status/reporter.js';
import { makeRun } from './daemon-run.js';
import { type BreakerFor, openAccount } from './session.js';

export interface DaemonParts extends SharedParts {
  readonly status: AccountReporter;
  /** Called at the first signal. */
  readonly onStopping: () => void;
}

/** What all accounts of a process share. */
export interface SharedParts {
  readonly breakerFor: BreakerFor;
  readonly dispatchers: SharedDispatchers;
  /** Limits how many runs are made at a time. */
  readonly runs: Semaphore;
  /** Limits looks at manifests: even if all of them are new, requests are answered in between. */
  readonly looks: Semaphore;
  /** The elections of all accounts with states in the same place. Null: no other process has this account's state. */
  readonly electionsFor: (account: AccountSettings) => Promise<Elections | null>;
  readonly events: FolderEvents;
  readonly commits: Commits;
  readonly schedules: Schedules;
}

/**
 * Manages one account until a signal ends it. Several of these live in one process and know nothing of each other.
 * Resolves with how it ended. Throws ProductError if it can't begin.
 */
export async function runAccount(
  host: Host,
  account: AccountSettings,
  { status, onStopping, ...shared }: DaemonParts,
): Promise<'finished' | 'cut-short'> {
  const { settings } = account;
  const { breakerFor, dispatchers, runs, looks, electionsFor, events, commits, schedules } = shared;
  const { token, log, processLog } = await openAccount(host, account, host.stdout);
  const stopping = new AbortController();
  const stop = stopping.signal;
  const source = manifestFile({ file: settings.file, env: host.environment, hidden: host.secrets, commits });
  const manifest = new LastGoodManifest(source, log);
  const elections = await electionsFor(account);
  const catchUp = new CatchUp();
  const reload = async () => {
    const changed = await status.observeReload(manifest);
    // If nobody else applies a manifest to the state, none can be outdated.
    if (changed && elections !== null && manifest.good !== null) catchUp.has(manifestDigest(manifest.good));
    return changed;
  };
  // A run may have waited for the lock, and may be ahead of the watcher.
  const loadManifest = async () => {
    await reload();
    return { ...manifest.current(), commit: manifest.commit, mayPrune: manifest.pruneInMs === 0 };
  };
  const onRequest = status.requestMade;
  const reconciler = await createReconciler({
    host,
    account,
    command: 'run',
    token,
    log,
    stop,
    breakerFor: (apiUrl) => breakerFor(apiUrl, processLog),
    dispatchers,
    loadManifest,
    onRequest,
  });
  let candidacy: Candidacy | null = null;
  const standForLeading = (onChange: (leadership: Leadership) => void) => {
    if (elections === null || account.statePlace.kind === 'file') return null;
    status.leadershipFound('unknown', null);
    candidacy = elections.stand({
      name: account.statePlace.address.name,
      mayBegin: settings.init,
      onChange: (found) => {
        logFound(found, log);
        status.leadershipFound(found.leadership, found.problems);
        onChange(found.leadership);
      },
    });
    return candidacy;
  };
  const { run, onWaiting } = makeRun({
    runs,
    reconciler,
    settings,
    manifest,
    log,
    status,
    candidacy: () => candidacy,
    catchUp,
  });
  let ended: 'finished' | 'cut-short' = 'finished';
  try {
    log.info({ version: host.version, file: settings.file, target: reconciler.apiUrl }, 'started');
    if (settings.sandbox) {
      log.warn(
        'this is the built-in sandbox: nothing is sent to Copernica, and its state is gone when this process ends',
      );
      log.warn('to go live: set COPERNICA_ACCESS_TOKEN, leave out --sandbox, and use --init the first time');
    }
    const mounted = await mountedFileOf(settings.file);
    if (mounted !== null) {
      const hint = 'the manifest itself is a mount, so replacing it outside goes unnoticed; mount its folder instead';
      log.warn({ code: 'manifest-mounted' satisfies ProblemCode, file: mounted }, hint);
    }
    ended = await runDaemon({
      standForLeading,
      run,
      onWaiting,
      reload: () => looks(reload),
      startWatching: (onMaybeChanged) =>
        watchManifest(source, { events: settings.poll ? null : events, log, onMaybeChanged }),
      startSchedule: (onDue) =>
        settings.schedule === 'off'
          ? null
          : status.observeSchedule(schedules.start(settings.schedule, { timezone: settings.timezone, onDue })),
      stops: host.stopSignals(),
      onHangup: (listener) => host.onSignal('SIGHUP', listener),
      random: Math.random,
      graceMs: settings.graceMs,
      onStopping: () => {
        log.info('stopping: requests under way are finished and recorded');
        stopping.abort();
        onStopping();
      },
    });
    log.info(
      ended === 'finished' ? 'ended' : 'stopped at once: whatever was not finished is looked for at the next start',
    );
    return ended;
  } finally {
    // Otherwise a request that hangs would be waited for until it times out.
    await (ended === 'cut-short' ? reconciler.abandon() : reconciler.close());
  }
}

function logFound({ leadership, problems, by }: Found, log: Logger): void {
  for (const problem of problems ?? []) logProblem(log, problem, { leadership });
  if (problems !== null) return;
  switch (leadership) {
    case 'leading':
      log.info({ leadership }, 'this replica leads and does the runs');
      return;
    case 'standing-by':
      log.info({ leadership, leader: by }, 'standing by: another replica leads');
      return;
    case 'unknown':
      log.warn({ leadership }, 'the lease could not be renewed in time: another replica may lead');
      return;
  }
}
