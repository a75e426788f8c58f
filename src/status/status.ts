import { makeAnswers } from './answers.js';
import { createMetrics } from './metrics.js';
import { AccountReporter, type ReportedAccount } from './reporter.js';
import { type StatusServerOptions, startStatusServer } from './server.js';
import type { StatusSnapshot } from './snapshot.js';
import { snapshotOf } from './summarize.js';

/** The status of all accounts of this process. */
export interface Status {
  /** Adds an account: page, metrics and readiness are about all that were added. */
  account(about: ReportedAccount): AccountReporter;
  /** Where the page is; null: nowhere. */
  readonly url: string | null;
  /** Closes at once, answers under way included: nobody's shutdown waits for a reader. */
  close(): Promise<void>;
}

export interface StatusOptions extends Omit<StatusServerOptions, 'listen'> {
  readonly listen: StatusServerOptions['listen'] | 'off';
  readonly version: string;
  readonly now: () => Date;
  /** Takes secrets out of everything that is answered: the last net. */
  readonly redact: (text: string) => string;
}

/** Opens the status server; with `off` there is none. Throws ProductError of kind `input` when it can't listen. */
export async function openStatus({ listen, version, now, redact, ...options }: StatusOptions): Promise<Status> {
  if (listen === 'off') {
    return { account: (about) => new AccountReporter(about, { metrics: null, now }), url: null, close: async () => {} };
  }
  const startedAt = now().getTime();
  const reporters: AccountReporter[] = [];
  let changes = 0;
  const snapshot = (): StatusSnapshot => {
    const accounts = reporters.map((reporter) => reporter.now());
    return snapshotOf(accounts, { version, startedAt, now: now().getTime() });
  };
  const metrics = createMetrics(version);
  const answers = makeAnswers({
    snapshot,
    metrics: (at) => metrics.text(at),
    metricsType: metrics.contentType,
    redact,
    changes: () => changes,
    now: () => performance.now(),
  });
  const server = await startStatusServer({ ...options, listen, answers });
  return {
    url: server.url,
    close: () => server.close(),
    account: (about) => {
      const reporter = new AccountReporter(about, { metrics, now });
      reporter.onChange(() => {
        changes += 1;
      });
      reporters.push(reporter);
      changes += 1;
      return reporter;
    },
  };
}
