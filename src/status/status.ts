import type { AccountReporter, Status, StatusOptions } from './reporter.js';

/**
 * Opens the status server, or with `off` nothing: then everything that is reported goes nowhere.
 * Throws ProductError when it can't listen.
 */
export async function openStatus(options: StatusOptions): Promise<Status> {
  const { listen } = options;
  if (listen === 'off') return NO_STATUS;
  const { serveStatus } = await import('./serve.js');
  return serveStatus({ ...options, listen });
}

const NO_REPORTER: AccountReporter = {
  observeReload: (manifest) => manifest.reload(),
  observeRun: (_triggers, _refreshed, run) => run(),
  requestMade: () => {},
  couldNotBegin: () => {},
  noticeEnded: () => {},
  observeSchedule: (schedule) => schedule,
};

const NO_STATUS: Status = { account: () => NO_REPORTER, url: null, close: async () => {} };
