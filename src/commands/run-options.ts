import type { RunOptions } from '../reconcile/run-once.js';
import type { Settings } from '../settings/schema.js';

/** The options of a run, from the settings and from the command itself. */
export function runOptions(
  settings: Settings,
  own: Pick<RunOptions, 'init' | 'refresh' | 'force' | 'retry' | 'waitToSettle' | 'stop'> &
    Partial<
      Pick<
        RunOptions,
        'onProgress' | 'onBegin' | 'onResult' | 'onStateOpened' | 'assertNotBehind' | 'savedPlan' | 'unfinished'
      >
    >,
): RunOptions {
  return {
    concurrency: settings.concurrency,
    timeoutMs: settings.timeoutMs,
    prune: settings.prune,
    onUncertain: settings.onUncertain,
    settling: { settleMs: settings.settleMs, scanLimit: settings.scanLimit },
    onProgress: () => {},
    ...own,
  };
}
