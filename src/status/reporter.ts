import type { RequestEvent } from '../copernica/client.js';
import type { Schedule } from '../daemon/cron.js';
import type { LastGoodManifest } from '../daemon/last-good.js';
import type { Leadership } from '../daemon/leadership.js';
import type { Trigger } from '../daemon/scheduler.js';
import { type Problem, ProductError } from '../errors.js';
import type { RunReport } from '../reconcile/run-once.js';
import { type AccountStatus, advanceStatus, initialStatus, type StatusEvent } from './account-status.js';
import type { NoticeResult } from './kinds.js';
import type { AccountCounters } from './metrics.js';
import type { AccountNow, ReportedAccount } from './summarize.js';

/** Everybody who does something for an account reports it here; it is folded into the account's status and counted. */
export class AccountReporter {
  readonly #about: ReportedAccount;
  readonly #counters: AccountCounters;
  readonly #clock: () => Date;
  readonly #listeners: ((status: AccountStatus) => void)[] = [];
  #status: AccountStatus;
  #read: Pick<LastGoodManifest, 'good' | 'commit' | 'problems'> | null = null;
  #schedule: Pick<Schedule, 'nextAt' | 'longestWaitMs'> | null = null;

  constructor(about: ReportedAccount, counters: AccountCounters, clock: () => Date) {
    this.#about = about;
    this.#counters = counters;
    this.#clock = clock;
    this.#status = initialStatus(clock());
  }

  /** Calls the listener with the status after each event. The listener must not throw. */
  onChange(listener: (status: AccountStatus) => void): void {
    this.#listeners.push(listener);
  }

  now(): AccountNow {
    const schedule = this.#schedule;
    const times = { nextAt: schedule?.nextAt() ?? null, longestWaitMs: schedule?.longestWaitMs ?? null };
    return { ...this.#about, ...times, status: this.#status };
  }

  /** Rereads the manifest, as `reload` does, and reports the result if it is new. */
  async observeReload(manifest: Pick<LastGoodManifest, 'reload' | 'good' | 'commit' | 'problems'>): Promise<boolean> {
    const changed = await manifest.reload();
    const { good, commit, problems } = manifest;
    const read = this.#read;
    if (read?.good === good && read.commit === commit && read.problems === problems) return changed;
    this.#read = { good, commit, problems };
    this.#report({ kind: 'manifest-read', entries: good?.entries ?? null, commit, problems });
    return changed;
  }

  /** Which of several replicas this one is; `problems`: why that could not be found out. */
  leadershipFound(leadership: Leadership, problems: readonly Problem[] | null): void {
    this.#report({ kind: 'leadership-found', leadership, problems: problems ?? [] });
  }

  /** Carries out and reports one run. Returns its report, or throws its error. */
  async observeRun(triggers: readonly Trigger[], run: () => Promise<RunReport>): Promise<RunReport> {
    this.#report({ kind: 'run-began', triggers });
    try {
      const report = await run();
      const { warnings, refreshed } = report;
      this.#report({ kind: 'run-ended', view: report, warnings, refreshed });
      return report;
    } catch (error) {
      // An unexpected error ends the program, which says more about it than a page should.
      const { kind: failure, problems } = error instanceof ProductError ? error : UNEXPECTED;
      this.#report({ kind: 'run-failed', failure, problems });
      throw error;
    }
  }

  /** The account never began, and is not tried again. */
  couldNotBegin({ kind: failure, problems }: ProductError): void {
    this.#report({ kind: 'could-not-begin', failure, problems });
  }

  /** For the client's `onRequest`. */
  readonly requestMade = (event: RequestEvent): void => this.#counters.requestMade(event);

  /** The result of a notice. */
  readonly noticeEnded = (result: NoticeResult): void => this.#counters.noticeEnded(result);

  /** Remembers the schedule, to ask it for its times. Returns it. */
  observeSchedule<T extends Schedule>(schedule: T): T {
    this.#schedule = schedule;
    return schedule;
  }

  #report(event: StatusEvent): void {
    this.#status = advanceStatus(this.#status, event, this.#clock());
    for (const listener of this.#listeners) listener(this.#status);
    const [run] = this.#status.runs;
    const isOver = event.kind === 'run-ended' || event.kind === 'run-failed' || event.kind === 'could-not-begin';
    if (isOver && run) this.#counters.runEnded(run, event.kind === 'run-ended' ? event.view.changes : []);
  }
}

const UNEXPECTED = { kind: 'failed', problems: [] } as const;
