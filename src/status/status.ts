import { makeAnswers } from './answers.js';
import { createMetrics } from './metrics.js';
import { AccountReporter } from './reporter.js';
import { type StatusServerOptions, startStatusServer } from './server.js';
import { type ReportedAccount, snapshotOf } from './summarize.js';

/** The status of all accounts of this process. */
export interface Status {
  /** Adds an account: page, metrics and readiness cover all added accounts. */
  account(about: ReportedAccount): AccountReporter;
  /** Where the page is. Null: there is none. */
  readonly url: string | null;
  /** Closes at once, even during answers: nobody's shutdown waits for a reader. */
  close(): Promise<void>;
}

export interface StatusOptions extends Omit<StatusServerOptions, 'listen'> {
  readonly listen: StatusServerOptions['listen'] | 'off';
  readonly version: string;
  readonly now: () => Date;
  /** Removes secrets from all answers: the last safeguard. */
  readonly redact: (text: string) => string;
}

/** Opens the status server; `off` means none. Throws ProductError of kind `input` if it can't listen. */
export async function openStatus({ listen, version, now, redact, ...options }: StatusOptions): Promise<Status> {
  const startedAt = now();
  const reporters: AccountReporter[] = [];
  const metrics = createMetrics(version);
  const snapshot = () => {
    const accounts = reporters.map((reporter) => reporter.now());
    return snapshotOf(accounts, { version, startedAt, now: now() });
  };
  const answers = makeAnswers({ snapshot, metrics, redact, now: () => performance.now() });
  const server = listen === 'off' ? null : await startStatusServer({ ...options, listen, answer: answers.answer });
  return {
    url: server?.url ?? null,
    close: async () => server?.close(),
    account: (about) => {
      const reporter = new AccountReporter(about, metrics.countersOf(about.name), now);
      reporter.onChange(answers.forget);
      reporters.push(reporter);
      answers.forget();
      return reporter;
    },
  };
}
