import type { Logger } from 'pino';
import type { RequestEvent } from '../copernica/client.js';
import type { Trigger } from '../daemon/scheduler.js';
import type { Problem, ProductError } from '../errors.js';
import type { ValidManifest } from '../reconcile/edges.js';
import type { RunReport } from '../reconcile/run-once.js';
import type { ListenAddress } from '../settings/values.js';
import type { NoticeResult } from './snapshot.js';

/** Where everybody who does something for an account says so. */
export interface AccountReporter {
  /** Reads the manifest again, as `reload` does, and tells what came of it. */
  observeReload(manifest: ObservedManifest): Promise<boolean>;
  /** Carries out one run, and tells what came of it: its report is passed on, its error thrown. */
  observeRun(triggers: readonly Trigger[], refreshed: boolean, run: () => Promise<RunReport>): Promise<RunReport>;
  /** For the client's `onRequest`. */
  requestMade(event: RequestEvent): void;
  /** It never began, and is not tried again. */
  couldNotBegin(error: ProductError): void;
  /** What became of a notice. */
  noticeEnded(result: NoticeResult): void;
  /** Remembers the schedule, to be asked for its times. Gives it back. */
  observeSchedule<T extends ObservedSchedule>(schedule: T): T;
}

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

export interface Status {
  /** Adds an account: page, metrics and readiness are about all that were added. */
  account(about: ReportedAccount): AccountReporter;
  /** Where the page is; null: nowhere. */
  readonly url: string | null;
  /** Closes at once, answers under way included: nobody's shutdown waits for a reader. */
  close(): Promise<void>;
}

export interface StatusOptions {
  readonly listen: ListenAddress | 'off';
  readonly allowedHosts: readonly string[];
  /** Take a free port where the wanted one is in use, as for a demonstration. */
  readonly anyPort: boolean;
  readonly version: string;
  readonly now: () => Date;
  readonly log: Logger;
  /** Takes secrets out of everything that is answered: the last net. */
  readonly redact: (text: string) => string;
}
