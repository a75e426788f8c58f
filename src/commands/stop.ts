import type { Host } from '../host.js';
import { EXIT } from '../output/exit-code.js';
import type { AccountSettings } from '../settings/resolve.js';
import { onAbort } from '../stop-signals.js';
import { openLog } from './session.js';

/**
 * Does the work with a signal that SIGTERM or SIGINT aborts, or has aborted already: nothing new is sent then. The
 * second one ends the process at once; what was sent is on disk as an intent either way.
 */
export async function withStopOnSignal<T>(
  host: Host,
  accounts: readonly AccountSettings[],
  work: (stop: AbortSignal) => Promise<T>,
): Promise<T> {
  const [first] = accounts;
  const log = first === undefined ? null : await openLog(host, first.settings, host.stderr);
  const { asked, again } = host.stopSignals();
  const onAgain = () => {
    log?.warn('ended at once: what was not finished is looked for at the next run');
    host.exitNow(EXIT.failed);
  };
  const releases = [
    onAbort(asked, () => log?.warn('stopping: requests under way are finished and recorded')),
    onAbort(again, onAgain),
  ];
  try {
    return await work(asked);
  } finally {
    for (const release of releases) release();
  }
}
