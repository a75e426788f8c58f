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
    // What is waited for goes by a clock that nobody sets; only the message has the time of day.
    const at = performance.now();
    const { incident, notices, lookAt } = advanceIncident(this.#incident, status, at, holds);
    this.#incident = incident;
    clearTimeout(this.#timer);
    // Timers can be due a moment too early.
    if (lookAt !== null) this.#timer = setTimeout(() => this.statusChanged(status), timerMs(Math.ceil(lookAt - at)));
    for (const notice of notices) {
      const payload = payloadOf(notice, { ...sender, at: now() }, redact);
      this.#delivery.offer(notice.status === 'note' ? 'drift' : 'account', JSON.stringify(payload));
    }
  };

  /** The leader tells of the account, and begins with nothing told. */
  #standBy(): void {
    this.#incident = NO_INCIDENT;
    clearTimeout(this.#timer);
  }

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
    if (!finished) this.#options.log.warn('a notice was not delivered, because the program ended');
    return finished;
  }
}
