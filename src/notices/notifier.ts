import type { Logger } from 'pino';
import type { AccountStatus } from '../status/account-status.js';
import type { NoticeResult } from '../status/kinds.js';
import { sleep, timerMs } from '../timers.js';
import { Delivery } from './delivery.js';
import { advanceIncident, type Holds, NO_INCIDENT } from './incident.js';
import { payloadOf, type Sender } from './message.js';
import { makePost, type PostOptions } from './post.js';

export interface NotifierOptions {
  readonly target: Pick<PostOptions, 'url' | 'proxy' | 'ca'>;
  readonly sender: Omit<Sender, 'at'>;
  readonly holds: Holds;
  readonly onResult: (result: NoticeResult) => void;
  readonly log: Logger;
  readonly redact: (text: string) => string;
  readonly now: () => Date;
}

/**
 * Sends notices when an account's status changes. Nothing waits for a notice: what to report is decided at once, and
 * delivered in the background.
 */
export class Notifier {
  readonly #options: NotifierOptions;
  readonly #delivery: Delivery;
  #incident = NO_INCIDENT;
  #timer: NodeJS.Timeout | undefined;
  #isStopping = false;

  /** Throws ProductError of kind `input` for an impossible proxy. */
  constructor(options: NotifierOptions) {
    const { target, sender, onResult, log, now } = options;
    this.#options = options;
    this.#delivery = new Delivery({
      post: makePost({ ...target, userAgent: `copernica-webhooks/${sender.version}`, now }),
      now: () => performance.now(),
      wait: sleep,
      onResult,
      log,
    });
  }

  /** For the reporter's `onChange`. */
  readonly statusChanged = (status: AccountStatus): void => {
    if (this.#isStopping) return;
    if (status.leadership === 'standing-by') {
      this.#standBy();
      return;
    }
    const { holds, now, sender, redact } = this.#options;
    // Waits use a monotonic clock; only the message has the time of day.
    const at = performance.now();
    const { incident, notices, lookAt } = advanceIncident(this.#incident, status, at, holds);
    this.#incident = incident;
    clearTimeout(this.#timer);
    // Timers can be a moment early.
    if (lookAt !== null) this.#timer = setTimeout(() => this.statusChanged(status), timerMs(Math.ceil(lookAt - at)));
    for (const notice of notices) {
      const payload = payloadOf(notice, { ...sender, at: now() }, redact);
      this.#delivery.offer(notice.status === 'note' ? 'drift' : 'account', JSON.stringify(payload));
    }
  };

  /** The leader reports on the account, starting from scratch. */
  #standBy(): void {
    this.#incident = NO_INCIDENT;
    clearTimeout(this.#timer);
  }

  /** The end was asked for: a run that ends from now on was cut short, which means nothing. */
  stopping(): void {
    this.#isStopping = true;
    clearTimeout(this.#timer);
    this.#delivery.hurry();
  }

  /** Waits for what is under way until `enough` resolves. True: nothing was broken off. */
  async close(enough: Promise<unknown>): Promise<boolean> {
    this.stopping();
    const finished = await this.#delivery.close(enough);
    if (!finished) this.#options.log.warn('a notice was not delivered, because the program ended');
    return finished;
  }
}
