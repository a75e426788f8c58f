import type { Host } from '../host.js';
import { EXIT } from '../output/exit-code.js';
import type { AccountSettings } from '../settings/resolve.js';
import { openLog } from './session.js';

/**
 * Does the work with a signal that SIGTERM or SIGINT aborts: nothing new is sent then. The second one ends the process
 * at once; what was sent is on disk as an intent either way.
 */
export async function withStopOnSignal<T>(
  host: Host,
  accounts: readonly AccountSettings[],
  work: (stop: AbortSignal) => Promise<T>,
): Promise<T> {
  const [first] = accounts;
  const log = first === undefined ? null : await openLog(host, first.settings, host.stderr);
  const controller = new AbortController();
  const onSignal = () => {
    if (controller.signal.aborted) {
      log?.warn('ended at once: what was not finished is looked for at the next run');
      host.exitNow(EXIT.failed);
    }
    log?.warn('stopping: requests under way are finished and recorded');
    controller.abort();
  };
  const releases = [host.onSignal('SIGTERM', onSignal), host.onSignal('SIGINT', onSignal)];
  try {
    return await work(controller.signal);
  } finally {
    for (const release of releases) release();
  }
}
