import type { Logger } from 'pino';
import type { RequestEvent } from '../copernica/client.js';
import type { Trigger } from '../daemon/scheduler.js';
import { ProductError } from '../errors.js';
import type { RunReport } from '../reconcile/run-once.js';
import type { AccountReporter, ObservedManifest, ObservedSchedule } from '../status/reporter.js';
import type { NoticeResult } from '../status/snapshot.js';
import { sleep, timerMs } from '../timers.js';
import { DELIVERY, Delivery, type DeliveryEdges } from './delivery.js';
import { payloadOf, type Sender } from './message.js';
import { createPoster, type PosterOptions } from './post.js';
import { ALL_QUIET, advanceNotices, type Holds, type NoticeEvent } from './spell.js';

export interface NoticesOptions {
  readonly target: Pick<PosterOptions, 'url' | 'proxy' | 'ca'>;
  readonly sender: Sender;
  readonly holds: Holds;
  /** Is told everything, too. */
  readonly inner: AccountReporter;
  readonly log: Logger;
  readonly redact: (text: string) => string;
  readonly now: () => Date;
  readonly random: () => number;
}

/**
 * A reporter that sends notices of what is reported to it. Nothing that is reported waits for a notice: what has to be
 * told is decided at once, and delivered beside everything else.
 */
export class NoticingReporter implements AccountReporter {
  readonly #options: NoticesOptions;
  readonly #delivery: Delivery;
  #state = ALL_QUIET;
  #timer: NodeJS.Timeout | undefined;
  #stopping = false;

  /** Throws ProductError of kind `input` for an impossible proxy. */
  constructor(options: NoticesOptions) {
    this.#options = options;
    this.#delivery = new Delivery(edgesOf(options));
  }

  /** Told to stop: what ends from now on was cut short, and says nothing. */
  stopping(): void {
    this.#stopping = true;
    clearTimeout(this.#timer);
    this.#delivery.hurry();
  }

  /** Waits for what is under way until `enough` resolves. True: nothing was broken off. */
  async close(enough: Promise<unknown>): Promise<boolean> {
    this.stopping();
    const finished = await this.#delivery.close(enough);
    if (!finished) this.#options.log.warn('a notice under way was broken off: the program ends');
    return finished;
  }

  async observeReload(manifest: ObservedManifest): Promise<boolean> {
    const changed = await this.#options.inner.observeReload(manifest);
    this.#tell({ kind: 'manifest-read', problems: manifest.problems, inForce: manifest.good !== null });
    return changed;
  }

  async observeRun(
    triggers: readonly Trigger[],
    refreshed: boolean,
    run: () => Promise<RunReport>,
  ): Promise<RunReport> {
    this.#tell({ kind: 'run-began' });
    try {
      const report = await this.#options.inner.observeRun(triggers, refreshed, run);
      const { warnings } = report;
      this.#tell({ kind: 'run-ended', outcome: { kind: 'report', view: report, warnings, refreshed } });
      return report;
    } catch (error) {
      if (error instanceof ProductError) {
        const { kind: failure, problems } = error;
        this.#tell({ kind: 'run-ended', outcome: { kind: 'error', failure, problems } });
      }
      throw error;
    }
  }

  couldNotBegin(error: ProductError): void {
    this.#options.inner.couldNotBegin(error);
    this.#tell({ kind: 'could-not-begin', problems: error.problems });
  }

  // Passed on as functions.
  readonly requestMade = (event: RequestEvent): void => this.#options.inner.requestMade(event);
  readonly noticeEnded = (result: NoticeResult): void => this.#options.inner.noticeEnded(result);

  observeSchedule<T extends ObservedSchedule>(schedule: T): T {
    return this.#options.inner.observeSchedule(schedule);
  }

  #tell(event: NoticeEvent): void {
    if (this.#stopping) return;
    const { holds, now, sender, redact } = this.#options;
    // What is waited for goes by a clock that nobody sets; only the message has the time of day.
    const at = Math.floor(performance.now());
    const toTimeOfDay = now().getTime() - at;
    const { state, notices, lookAt } = advanceNotices(this.#state, event, at, holds);
    this.#state = state;
    clearTimeout(this.#timer);
    if (lookAt !== null) {
      this.#timer = setTimeout(() => this.#tell({ kind: 'looked' }), timerMs(lookAt - at));
    }
    for (const { since, ...rest } of notices) {
      const notice = { ...rest, since: since + toTimeOfDay, at: rest.at + toTimeOfDay };
      const slot = notice.status === 'note' ? 'drift' : 'account';
      this.#delivery.offer(slot, JSON.stringify(payloadOf(notice, sender, redact)));
    }
  }
}

function edgesOf({ target, sender, inner, log, now, random }: NoticesOptions): DeliveryEdges {
  const userAgent = `copernica-webhooks/${sender.version}`;
  return {
    ...createPoster({ ...target, userAgent, timeoutMs: DELIVERY.timeoutMs, now: () => now().getTime() }),
    now: () => performance.now(),
    random,
    wait: sleep,
    onResult: (result) => inner.noticeEnded(result),
    onFailing: (reason) =>
      log.warn({ reason }, 'notices can’t be delivered: each is tried again for 5 minutes at most'),
    onDeliveredAgain: () => log.info('notices are delivered again'),
  };
}
