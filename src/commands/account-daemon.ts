import { createReconciler } from '../create-reconciler.js';
import { startSchedule } from '../daemon/cron.js';
import { runDaemon } from '../daemon/daemon.js';
import { LastGoodManifest } from '../daemon/last-good.js';
import { manifestFile } from '../daemon/manifest-file.js';
import { mountedFileOf } from '../daemon/mounts.js';
import { watchManifest } from '../daemon/watch.js';
import type { ProblemCode } from '../error-codes.js';
import type { Host } from '../host.js';
import type { AccountSettings } from '../settings/resolve.js';
import type { AccountReporter } from '../status/reporter.js';
import { makeRun } from './daemon-run.js';
import { type BreakerFor, openAccount } from './session.js';

export interface DaemonParts {
  readonly breakerFor: BreakerFor;
  readonly status: AccountReporter;
  /** Told when the first signal comes. */
  readonly onStopping: () => void;
}

/**
 * Keeps one account until a signal ends it; several of these live in one process and know nothing of each other.
 * Resolves with how it ended. Throws ProductError when it can't begin.
 */
export async function runAccount(
  host: Host,
  account: AccountSettings,
  { breakerFor, status, onStopping }: DaemonParts,
): Promise<'finished' | 'cut-short'> {
  const { settings } = account;
  const { token, log, processLog } = await openAccount(host, account, host.stdout);
  const stopping = new AbortController();
  const stop = stopping.signal;
  const source = manifestFile({ file: settings.file, env: host.environment, hidden: host.secrets });
  const manifest = new LastGoodManifest(source, log);
  const reload = () => status.observeReload(manifest);
  // A run may have waited for the lock, and the watcher may be slower than it.
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
    loadManifest,
    onRequest,
  });
  const { run, onWaiting } = makeRun({ reconciler, settings, manifest, log, status });
  let ended: 'finished' | 'cut-short' = 'finished';
  try {
    log.info({ version: host.version, file: settings.file, target: reconciler.apiUrl }, 'started');
    if (settings.sandbox) {
      log.warn('this is the built-in sandbox: nothing reaches Copernica, and its state ends with this process');
      log.warn('to go live: set COPERNICA_ACCESS_TOKEN, leave out --sandbox, and say --init the first time');
    }
    const mounted = await mountedFileOf(settings.file);
    if (mounted !== null) {
      const hint = 'the manifest is itself a mount: replacing it outside can’t be seen; mount its folder instead';
      log.warn({ code: 'manifest-mounted' satisfies ProblemCode, file: mounted }, hint);
    }
    ended = await runDaemon({
      run,
      onWaiting,
      reload,
      startWatching: (onMaybeChanged) => watchManifest(source, { poll: settings.poll, log, onMaybeChanged }),
      startSchedule: (onDue) =>
        settings.schedule === 'off'
          ? null
          : status.observeSchedule(startSchedule(settings.schedule, { timezone: settings.timezone, onDue })),
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
    log.info(ended === 'finished' ? 'ended' : 'ended at once: what was not finished is looked for at the next start');
    return ended;
  } finally {
    // A request that hangs would be waited for until it times out.
    await (ended === 'cut-short' ? reconciler.abandon() : reconciler.close());
  }
}
