import type { Logger } from 'pino';
import type { Host } from '../host.js';

/** The first signal stops new requests, the second ends at once: what was sent is on disk as an intent either way. */
export function stopOnSignal(host: Host, log: Logger): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  const onSignal = () => {
    if (controller.signal.aborted) host.exitNow(1);
    log.warn('stopping: requests under way are finished and recorded');
    controller.abort();
  };
  const releases = [host.onSignal('SIGTERM', onSignal), host.onSignal('SIGINT', onSignal)];
  const release = () => {
    for (const off of releases) off();
  };
  return { signal: controller.signal, release };
}
