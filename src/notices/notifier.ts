import type { Logger } from 'pino';
import type { AccountStatus } from '../status/account-status.js';
import type { NoticeResult } from '../status/snapshot.js';
import { sleep, timerMs } from '../timers.js';
import { DELIVERY, Delivery, type DeliveryPorts } from './delivery.js';
import { advanceIncident, type Holds, NO_INCIDENT } from './incident.js';
import { payloadOf, type Sender } from './message.js';
import { createPoster, type PosterOptions } from './post.js';

export interface NotifierOptions {
  readonly target: Pick<PosterOptions, 'url' | 'proxy' | 'ca'>;
  readonly sender: Sender;
  readonly holds: Holds;
  readonly onResult: (result: NoticeResult) => void;
  readonly log: Logger;
  readonly redact: (text: string) => string;
  readonly now: () => Date;
  readonly random: () => number;
}

/**
 * Sends notices of how an account's status changes. Nothing waits for a notice: what has to be reported is decided at
 * once, and delivered beside everything else.
 */
export class Notifier {
  readonly #options: NotifierOptions;
  readonly #delivery: Delivery;
  #incident = NO_INCIDENT;
  #timer: NodeJS.Timeout | undefined;
  #isStopping = false;

  /** Throws ProductError of kind `input` for an impossible proxy. */
  constructor(options: NotifierOptions) {
    this.#options = options;
    this.#delivery = new Delivery(portsOf(options));
  }

  /** For the reporter's `onChange`. */
  readonly statusChanged = (status: AccountStatus): void => {
    if (this.#isStopping) return;
    const { holds, now, sender, redact } = this.#options;
    // What is waited for goes by a clock that nobody sets; only the message has the time of day.
    const at = Math.floor(performance.now());
    const toTimeOfDay = now().getTime() - at;
    const { incident, notices, lookAt } = advanceIncident(this.#incident, status, at, holds);
    this.#incident = incident;
    clearTimeout(this.#timer);
    if (lookAt !== null) this.#timer = setTimeout(() => this.statusChanged(status), timerMs(lookAt - at));
    for (const { since, ...rest } of notices) {
      const notice = { ...rest, since: since + toTimeOfDay, at: rest.at + toTimeOfDay };
      const slot = notice.status === 'note' ? 'drift' : 'account';
      this.#delivery.offer(slot, JSON.stringify(payloadOf(notice, sender, redact)));
    }
  };

  /** The end was asked for: what ends from now on was cut short, and says nothing. */
  stopping(): void {
    this.#isStopping = true;
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
}

function portsOf({ target, sender, onResult, log, now, random }: NotifierOptions): DeliveryPorts {
  const userAgent = `copernica-webhooks/${sender.version}`;
  return {
    ...createPoster({ ...target, userAgent, timeoutMs: DELIVERY.timeoutMs, now: () => now().getTime() }),
    now: () => performance.now(),
    random,
    wait: sleep,
    onResult,
    onFailing: (reason) =>
      log.warn({ reason }, 'notices can’t be delivered: each is tried again for 5 minutes at most'),
    onDeliveredAgain: () => log.info('notices are delivered again'),
  };
}
