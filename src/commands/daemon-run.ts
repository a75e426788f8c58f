import type { Logger } from 'pino';
import type { Semaphore } from '../concurrent.js';
import type { Reconciler } from '../create-reconciler.js';
import type { CatchUp } from '../daemon/catch-up.js';
import type { DaemonPorts, RunOutcome } from '../daemon/daemon.js';
import type { Candidacy } from '../daemon/elections.js';
import type { LastGoodManifest } from '../daemon/last-good.js';
import { isRepetition, type RunResult, refreshes, type Trigger } from '../daemon/scheduler.js';
import { ProductError } from '../errors.js';
import { logProblem } from '../log.js';
import { countActions } from '../output/summary.js';
import type { AppliedChange } from '../plan/applied.js';
import { isPending } from '../plan/change.js';
import { untoldWarnings } from '../reconcile/open.js';
import { STATE_MISSING } from '../reconcile/open-state.js';
import { type RunReport, runOnce } from '../reconcile/run-once.js';
import type { Unfinished } from '../reconcile/unfinished.js';
import { duplicateWarnings } from '../recovery/duplicates.js';
import type { Settings } from '../settings/schema.js';
import type { AccountReporter } from '../status/reporter.js';
import { roughDuration } from '../text/rough-duration.js';
import { runOptions } from './run-options.js';

/**
 * Makes the daemon's runs: each reconciles with the manifest in force and logs the result. A run started by time alone
 * only tries again what the one before left. Throws ProductError of kind `refused` if there is no state and never was
 * one.
 */
export function makeRun(parts: {
  /** Limits the runs of all accounts. */
  readonly runs: Semaphore;
  readonly reconciler: Reconciler;
  readonly settings: Settings;
  readonly manifest: LastGoodManifest;
  readonly log: Logger;
  readonly status: AccountReporter;
  /** Null: no other process has this state. */
  readonly candidacy: () => Candidacy | null;
  readonly catchUp: CatchUp;
}): Pick<DaemonPorts, 'run' | 'onWaiting'> {
  const { runs, reconciler, settings, manifest, log, status, candidacy, catchUp } = parts;
  let hasState = false;
  /** Of the last run that came to its end. */
  let unfinished: Unfinished | undefined;
  /** For people. Null: nothing is retried. */
  let retried: string | null = null;
  const assertNotBehind = (digest: string, applied: readonly string[]) => {
    const waitMs = catchUp.waitMs(digest, applied);
    if (waitMs > 0) throw new ManifestBehind(settings.file, waitMs);
  };
  const leadRun = async (triggers: readonly Trigger[], stop: AbortSignal): Promise<RunOutcome> => {
    const replica = candidacy();
    if (replica === null) return run(triggers, stop);
    const led = await replica.beginRun();
    if (led === null) return NOTHING_TO_DO;
    try {
      return await run(triggers, stop);
    } finally {
      led.end();
    }
  };
  const run = async (triggers: readonly Trigger[], stop: AbortSignal): Promise<RunOutcome> => {
    const isAnyToRead = unfinished !== undefined && unfinished.toRead.size > 0;
    const refresh = isAnyToRead || refreshes(triggers, settings.refresh);
    const options = runOptions(settings, {
      init: reconciler.init && !hasState && candidacy()?.hasState !== true,
      refresh,
      unfinished: isRepetition(triggers) ? unfinished : undefined,
      force: false,
      // The edit may have fixed what was wrong.
      retry: triggers.includes('manifest'),
      waitToSettle: false,
      stop,
      assertNotBehind,
      // Once there is a state, a missing one is no longer a first run.
      onStateOpened: () => {
        hasState = true;
      },
    });
    try {
      const report = await status.observeRun(triggers, () => runOnce(reconciler.ports, options));
      logReport(report, triggers, log);
      unfinished = report.unfinished;
      retried = whatIsRetried(report);
      const result: RunResult = retried === null ? 'ok' : 'in-part';
      const prunesInMs = settings.prune ? prunesIn(report, manifest, log) : null;
      return { result, comeBackInMs: earlier(report.comeBackInMs, prunesInMs) };
    } catch (error) {
      if (!(error instanceof ProductError)) throw error;
      // There is no manifest yet. Its problems were logged when it was read, and only a change of it can help.
      if (error.kind === 'input' && manifest.good === null) return { result: 'manifest-broken', comeBackInMs: null };
      // There is no state, and no retry brings one: whoever starts the program has to decide.
      if (!hasState && error.problems.some(({ code }) => code === STATE_MISSING)) throw error;
      for (const problem of error.problems) logProblem(log, problem, { triggers });
      retried = null;
      if (error instanceof ManifestBehind) return { result: 'manifest-behind', comeBackInMs: error.waitMs };
      retried = 'the run';
      return { result: 'failed', comeBackInMs: null };
    }
  };
  const onWaiting = (afterMs: number) => {
    if (retried !== null) log.info({ afterMs }, `retries ${retried} in ${roughDuration(afterMs)}`);
  };
  // The end may have been asked for while this run waited.
  const runInTurn: DaemonPorts['run'] = (triggers, stop) =>
    runs(async () => (stop.aborted ? NOTHING_TO_DO : leadRun(triggers, stop)));
  return { run: runInTurn, onWaiting };
}

const NOTHING_TO_DO: RunOutcome = { result: 'ok', comeBackInMs: null };

class ManifestBehind extends ProductError {
  readonly waitMs: number;

  constructor(file: string, waitMs: number) {
    super('refused', [
      {
        code: 'manifest-behind',
        severity: 'warning',
        message: `${file} was applied before the latest manifest: waiting ${roughDuration(waitMs)} for this copy to catch up, then applying it`,
        file,
        remedy: 'if a newer one is on its way here, do nothing; to go back to this one at once, run `apply` with it',
      },
    ]);
    this.waitMs = waitMs;
  }
}

function whatIsRetried({ unfinished: { toRetry }, lookFailure }: RunReport): string | null {
  if (toRetry.size > 0) return toRetry.size === 1 ? '1 entry' : `${toRetry.size} entries`;
  return lookFailure === null ? null : 'to look for what is uncertain';
}

/** Node's timers count from the beginning of a turn of the event loop: they can be a moment early. */
const TIMERS_ARE_EARLY_BY_MS = 100;

/** When to come back after a run that came too soon after a change of the manifest to delete anything. */
function prunesIn({ changes }: RunReport, { pruneInMs }: LastGoodManifest, log: Logger): number | null {
  const orphaned = changes.filter(({ change }) => change.action === 'orphaned' && change.mayBe === undefined).length;
  if (orphaned === 0 || pruneInMs === null) return null;
  log.info(
    { orphaned, pruneInMs },
    'entries that left the manifest are deleted once it has been unchanged for a while',
  );
  return pruneInMs + TIMERS_ARE_EARLY_BY_MS;
}

function earlier(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b);
}

function logReport(report: RunReport, triggers: readonly Trigger[], log: Logger): void {
  const duplicates = duplicateWarnings(report.state);
  // The manifest's own warnings were logged when it was read.
  const isRead = triggers.some((trigger) => trigger === 'start' || trigger === 'manifest' || trigger === 'hangup');
  const warnings = report.warnings
    .slice(report.manifest.warnings.length)
    .filter(({ severity }) => severity !== 'notice' || isRead);
  for (const problem of [...warnings, ...untoldWarnings(report), ...duplicates]) logProblem(log, problem);
  for (const applied of report.changes) logChange(applied, log);
  const counts = countActions(report.changes.map(({ change }) => change));
  const failed = report.changes.filter(({ result }) => result === 'failed').length;
  const refused = report.changes.filter(({ result }) => result === 'refused').length;
  const uncertain = report.changes.filter(({ result }) => result === 'uncertain').length;
  const summary = {
    triggers,
    ...(report.manifest.commit ? { commit: report.manifest.commit } : {}),
    ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
    failed,
    ...(refused > 0 ? { refused } : {}),
    uncertain,
    possiblyDuplicated: duplicates.length,
    ...(report.unread > 0 ? { unread: report.unread } : {}),
  };
  const skipped = report.changes.filter(({ result }) => result === 'skipped').length;
  if (failed + refused + uncertain + skipped + report.unread > 0)
    log.warn({ ...summary, skipped }, 'reconciled in part');
  else if (duplicates.length > 0) {
    log.warn(summary, 'reconciled: the account matches the manifest, but some webhooks may exist twice');
  } else log.info(summary, 'reconciled: the account matches the manifest');
}

/** A change that was refused before, and so not tried, was logged then. */
function logChange({ change, result, id, error, refusal }: AppliedChange, log: Logger): void {
  if (refusal === 'before') return;
  const about = { name: change.name, action: change.action, id, reason: change.reason };
  if (error !== null) {
    for (const problem of error.problems) logProblem(log, problem, about);
  } else if (isPending(change)) log.info({ ...about, result }, `${change.action} ${change.name}`);
}
