import type { RequestEvent } from '../copernica/client.js';
import type { Trigger } from '../daemon/scheduler.js';
import { type Problem, ProductError } from '../errors.js';
import type { ValidManifest } from '../reconcile/edges.js';
import type { RunReport } from '../reconcile/run-once.js';
import {
  type AccountStatus,
  advanceStatus,
  initialStatus,
  type RunOutcome,
  type StatusEvent,
} from './account-status.js';
import type { Metrics } from './metrics.js';
import type { NoticeResult } from './snapshot.js';
import type { AccountNow } from './summarize.js';

export interface ObservedManifest {
  reload(): Promise<boolean>;
  readonly problems: readonly Problem[];
  /** The one in force; null: there has been none. */
  readonly good: ValidManifest | null;
}

export interface ObservedSchedule {
  nextAt(): Date | null;
  /** Of the times to come, the longest wait from one to the next, in milliseconds. */
  readonly longestWaitMs: number | null;
}

export interface ReportedAccount {
  /** Null where there is only one, without a name. */
  readonly name: string | null;
  /** Where its webhooks go, for people. */
  readonly target: string;
  readonly file: string;
  /** As the settings have it: cron fields, or `off`. */
  readonly schedule: string;
}

/** Where everybody who does something for an account says so: folds it into the account's status, and counts it. */
export class AccountReporter {
  readonly #about: ReportedAccount;
  /** Null: nobody can ask for them. */
  readonly #metrics: Metrics | null;
  readonly #now: () => Date;
  readonly #listeners: ((status: AccountStatus) => void)[] = [];
  #status: AccountStatus;
  #schedule: ObservedSchedule | null = null;

  constructor(
    about: ReportedAccount,
    { metrics, now }: { readonly metrics: Metrics | null; readonly now: () => Date },
  ) {
    this.#about = about;
    this.#metrics = metrics;
    this.#now = now;
    this.#status = initialStatus(now().getTime());
    metrics?.prepare(about.name);
  }

  /** Calls the listener with the status after each thing that happens. It must not throw. */
  onChange(listener: (status: AccountStatus) => void): void {
    this.#listeners.push(listener);
  }

  now(): AccountNow {
    return {
      ...this.#about,
      status: this.#status,
      nextAt: this.#schedule?.nextAt()?.getTime() ?? null,
      longestWaitMs: this.#schedule?.longestWaitMs ?? null,
    };
  }

  /** Reads the manifest again, as `reload` does, and reports what came of it. */
  async observeReload(manifest: ObservedManifest): Promise<boolean> {
    const changed = await manifest.reload();
    this.#report({ kind: 'manifest-read', entries: manifest.good?.entries ?? null, problems: manifest.problems });
    return changed;
  }

  /** Carries out one run, and reports what came of it: its report is passed on, its error thrown. */
  async observeRun(
    triggers: readonly Trigger[],
    refreshed: boolean,
    run: () => Promise<RunReport>,
  ): Promise<RunReport> {
    this.#report({ kind: 'run-began', triggers });
    try {
      const report = await run();
      const { warnings } = report;
      this.#runEnded(triggers, { kind: 'report', view: report, warnings, refreshed });
      return report;
    } catch (error) {
      // An error that nobody expected ends the program, which says more about it than a page should.
      const { kind: failure, problems } = error instanceof ProductError ? error : UNEXPECTED;
      this.#runEnded(triggers, { kind: 'error', failure, problems });
      throw error;
    }
  }

  /** It never began, and is not tried again. */
  couldNotBegin({ kind: failure, problems }: ProductError): void {
    this.#report({ kind: 'could-not-begin', failure, problems });
    this.#countRun('start', []);
  }

  /** For the client's `onRequest`. */
  readonly requestMade = (event: RequestEvent): void => this.#metrics?.requestMade(this.#about.name, event);

  /** What became of a notice. */
  readonly noticeEnded = (result: NoticeResult): void => this.#metrics?.noticeEnded(this.#about.name, result);

  /** Remembers the schedule, to be asked for its times. Gives it back. */
  observeSchedule<T extends ObservedSchedule>(schedule: T): T {
    this.#schedule = schedule;
    return schedule;
  }

  #runEnded(triggers: readonly Trigger[], outcome: RunOutcome): void {
    this.#report({ kind: 'run-ended', outcome });
    this.#countRun(triggers[0] ?? 'start', outcome.kind === 'report' ? outcome.view.changes : []);
  }

  #countRun(trigger: Trigger, changes: RunReport['changes']): void {
    const [run] = this.#status.runs;
    if (run !== undefined) this.#metrics?.runEnded(this.#about.name, { trigger, run, changes });
  }

  #report(event: StatusEvent): void {
    this.#status = advanceStatus(this.#status, event, this.#now().getTime());
    for (const listener of this.#listeners) listener(this.#status);
  }
}

const UNEXPECTED = { kind: 'failed', problems: [] } as const;
