import type { RequestEvent } from '../copernica/client.js';
import type { Trigger } from '../daemon/scheduler.js';
import { ProductError } from '../errors.js';
import type { RunReport } from '../reconcile/run-once.js';
import type { ListenAddress } from '../settings/values.js';
import { makeAnswers } from './answers.js';
import { type AccountBoard, advanceBoard, emptyBoard, type RunOutcome, type StatusEvent } from './board.js';
import { createMetrics, type Metrics } from './metrics.js';
import type {
  AccountReporter,
  ObservedManifest,
  ObservedSchedule,
  ReportedAccount,
  Status,
  StatusOptions,
} from './reporter.js';
import { startStatusServer } from './server.js';
import type { NoticeResult } from './snapshot.js';
import { type AccountNow, snapshotOf } from './summarize.js';

/** Boards and metrics of all accounts, behind one server. */
export async function serveStatus(options: StatusOptions & { readonly listen: ListenAddress }): Promise<Status> {
  const { version, now, redact } = options;
  const startedAt = now().getTime();
  const reporters: Reporter[] = [];
  const accounts = () => reporters.map((reporter) => reporter.now());
  const metrics = createMetrics({ version, accounts });
  let changes = 0;
  const onChange = () => {
    changes += 1;
  };
  const answers = makeAnswers({
    redact,
    snapshot: () => snapshotOf(accounts(), { version, startedAt, now: now().getTime() }),
    metrics: () => metrics.text(),
    metricsType: metrics.contentType,
    changes: () => changes,
    now: () => performance.now(),
  });
  const server = await startStatusServer({ ...options, answers });
  return {
    url: server.url,
    close: () => server.close(),
    account: (about) => {
      onChange();
      metrics.prepare(about.name);
      const reporter = new Reporter(about, { metrics, now, onChange });
      reporters.push(reporter);
      return reporter;
    },
  };
}

const UNEXPECTED = { kind: 'failed', problems: [] } as const;

interface ReporterEdges {
  readonly metrics: Metrics;
  readonly now: () => Date;
  readonly onChange: () => void;
}

/** One account's board, kept up to date by what is reported. */
class Reporter implements AccountReporter {
  readonly #about: ReportedAccount;
  readonly #metrics: Metrics;
  readonly #now: () => Date;
  readonly #onChange: () => void;
  #board: AccountBoard;
  #schedule: ObservedSchedule | null = null;

  constructor(about: ReportedAccount, { metrics, now, onChange }: ReporterEdges) {
    this.#about = about;
    this.#metrics = metrics;
    this.#now = now;
    this.#onChange = onChange;
    this.#board = emptyBoard(now().getTime());
  }

  now(): AccountNow {
    return {
      ...this.#about,
      board: this.#board,
      nextAt: this.#schedule?.nextAt()?.getTime() ?? null,
      longestWaitMs: this.#schedule?.longestWaitMs ?? null,
    };
  }

  async observeReload(manifest: ObservedManifest): Promise<boolean> {
    const changed = await manifest.reload();
    this.#tell({ kind: 'manifest-read', entries: manifest.good?.entries ?? null, problems: manifest.problems });
    return changed;
  }

  async observeRun(
    triggers: readonly Trigger[],
    refreshed: boolean,
    run: () => Promise<RunReport>,
  ): Promise<RunReport> {
    this.#tell({ kind: 'run-began', triggers });
    try {
      const report = await run();
      const { warnings } = report;
      this.#ended(triggers, { kind: 'report', view: report, warnings, refreshed });
      return report;
    } catch (error) {
      // An error that nobody expected ends the program, which says more about it than a page should.
      const { kind: failure, problems } = error instanceof ProductError ? error : UNEXPECTED;
      this.#ended(triggers, { kind: 'error', failure, problems });
      throw error;
    }
  }

  couldNotBegin({ kind, problems }: ProductError): void {
    this.#tell({ kind: 'run-began', triggers: ['start'] });
    this.#ended(['start'], { kind: 'error', failure: kind, problems });
  }

  // Passed on as a function.
  readonly requestMade = (event: RequestEvent): void => this.#metrics.requestMade(this.#about.name, event);

  // Passed on as a function.
  readonly noticeEnded = (result: NoticeResult): void => this.#metrics.noticeEnded(this.#about.name, result);

  observeSchedule<T extends ObservedSchedule>(schedule: T): T {
    this.#schedule = schedule;
    return schedule;
  }

  #ended(triggers: readonly Trigger[], outcome: RunOutcome): void {
    this.#tell({ kind: 'run-ended', outcome });
    const [run] = this.#board.runs;
    if (run === undefined) return;
    const changes = outcome.kind === 'report' ? outcome.view.changes : [];
    this.#metrics.runEnded(this.#about.name, { trigger: triggers[0] ?? 'start', run, changes });
  }

  #tell(event: StatusEvent): void {
    this.#board = advanceBoard(this.#board, event, this.#now().getTime());
    this.#onChange();
  }
}
