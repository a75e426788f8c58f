import { proxyOf } from '../create-reconciler.js';
import type { Host } from '../host.js';
import { Notifier } from '../notices/notifier.js';
import type { AccountSettings } from '../settings/resolve.js';
import { loadNotifyUrl } from '../settings/secrets.js';
import { loadCertificates } from '../settings/small-file.js';
import { formatDuration } from '../settings/values.js';
import type { AccountReporter } from '../status/reporter.js';
import { sleep } from '../timers.js';
import { openLog } from './session.js';

/** How long to wait at the end for a notice that is being delivered. */
const MOST_WAIT_AT_END_MS = 1_000;

/** The notices of one account. */
export interface Notices {
  /** To be called when the end was asked for. */
  readonly stopping: () => void;
  /**
   * Waits for what is under way: only for a moment, within the grace time, and not after a second signal. False:
   * something was broken off.
   */
  close(): Promise<boolean>;
}

/**
 * Sends notices of what is reported about an account; does nothing without the setting. Throws ProductError of kind
 * `input` if its settings can't be used.
 */
export async function openNotices(host: Host, account: AccountSettings, reporter: AccountReporter): Promise<Notices> {
  const { settings, name } = account;
  const url = await loadNotifyUrl(settings);
  if (url === null) return { stopping: () => {}, close: async () => true };
  const common = openLog(host, settings, host.stdout);
  const log = name === null ? common : common.child({ account: name });
  log.info({ to: new URL(url).host, after: formatDuration(settings.notifyAfterMs) }, 'notices are on');
  const notifier = new Notifier({
    target: {
      url,
      proxy: proxyOf(host.environment),
      ca: settings.caFile === undefined ? undefined : await loadCertificates(settings.caFile),
    },
    sender: { version: host.version, account: name },
    holds: { afterMs: settings.notifyAfterMs, settleMs: settings.settleMs },
    onResult: reporter.noticeEnded,
    log,
    redact: host.secrets.redact,
    now: () => host.now(),
  });
  reporter.onChange(notifier.statusChanged);
  let graceUntil = Number.POSITIVE_INFINITY;
  return {
    stopping: () => {
      graceUntil = performance.now() + settings.graceMs;
      notifier.stopping();
    },
    close: async () => {
      const waitMs = Math.min(MOST_WAIT_AT_END_MS, Math.max(0, graceUntil - performance.now()));
      const { asked, again } = host.stopSignals();
      const isClosed = new AbortController();
      const enough = AbortSignal.any([isClosed.signal, asked.aborted ? again : asked]);
      try {
        return await notifier.close(sleep(waitMs, enough));
      } finally {
        isClosed.abort();
      }
    },
  };
}
