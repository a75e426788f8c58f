import type { Dispatcher } from 'undici';
import { timerMs } from '../timers.js';
import type { AnswerHeaders, BrokenBody, Exchange } from './answer.js';
import { describeNetworkError } from './network-error.js';

/** A page of 1,000 webhooks with long handlers, or of 100 databases with all their fields, is much smaller. */
export const ANSWER_BODY_BYTES = 4 * 1024 * 1024;

export interface ExchangeOptions {
  /** For everything: connecting if necessary, sending, waiting, and reading the whole body. */
  readonly timeoutMs: number;
  /** `host:port`, for messages. */
  readonly target: string;
  /** Milliseconds since 1970. */
  now(): number;
}

/**
 * One request and its answer, as undici reports them. Settles exactly once, whatever happens.
 *
 * undici calls `onRequestStart` when a connection is up and it is about to write the request: before that nothing has
 * left, after that some of it may have.
 */
export class ExchangeHandler implements Dispatcher.DispatchHandler {
  readonly #options: ExchangeOptions;
  readonly #settle: (exchange: Exchange) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #controller: Dispatcher.DispatchController | null = null;
  #head: { readonly status: number; readonly headers: AnswerHeaders } | null = null;
  #settled = false;

  constructor(options: ExchangeOptions, settle: (exchange: Exchange) => void) {
    this.#options = options;
    this.#settle = settle;
    this.#timer = setTimeout(() => this.#giveUp(), timerMs(options.timeoutMs));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // It was given up on while waiting for a connection and reported as not sent, so it must not be sent now. If it was
    // started before: undici sometimes puts a request back into its queue, but a POST must not go out twice.
    if (this.#settled || this.#controller !== null) controller.abort(new Error('not to be sent'));
    else this.#controller = controller;
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: AnswerHeaders): void {
    // 1xx only announces the answer.
    if (status >= 200) this.#head = { status, headers };
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes <= ANSWER_BODY_BYTES) {
      this.#chunks.push(chunk);
      return;
    }
    const message = `with more than ${ANSWER_BODY_BYTES} bytes`;
    this.#answer({ broken: 'too-large', message });
    this.#abort();
  }

  onResponseEnd(): void {
    if (this.#bytes === 0) this.#answer('');
    else this.#answer(encodedBody(this.#head?.headers) ?? Buffer.concat(this.#chunks).toString('utf8'));
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.fail(error);
  }

  /** Ends the exchange without an answer; whether something was sent is known here. */
  fail(error: unknown): void {
    const sent = this.#controller !== null;
    const message = describeNetworkError(error, { target: this.#options.target, sent });
    if (this.#head === null) this.#finish({ kind: 'no-answer', sent, message });
    else this.#answer({ broken: 'lost', message: `the answer broke off: ${message}` });
  }

  #giveUp(): void {
    const within = `within ${this.#options.timeoutMs / 1000} s`;
    if (this.#head !== null) {
      this.#answer({ broken: 'time-out', message: `the answer did not end ${within}` });
    } else if (this.#controller !== null) {
      this.#finish({ kind: 'no-answer', sent: true, message: `no answer ${within}` });
    } else {
      this.#finish({ kind: 'no-answer', sent: false, message: `no connection to ${this.#options.target} ${within}` });
    }
    this.#abort();
  }

  #answer(body: string | BrokenBody): void {
    if (this.#head === null) return;
    this.#finish({ kind: 'answer', ...this.#head, body, receivedAt: this.#options.now() });
  }

  #finish(exchange: Exchange): void {
    if (this.#settled) return;
    this.#settled = true;
    clearTimeout(this.#timer);
    this.#settle(exchange);
  }

  #abort(): void {
    this.#controller?.abort(new Error('given up'));
  }
}

/** We only ask for `identity`: a body in gzip or the like is not read, and may be anything. */
function encodedBody(headers: AnswerHeaders = {}): BrokenBody | null {
  const encodings = [headers['content-encoding'] ?? []].flat().map((text) => text.trim().toLowerCase());
  const other = encodings.find((encoding) => encoding !== '' && encoding !== 'identity');
  if (other === undefined) return null;
  const name = /^[\w.-]{1,20}$/.test(other) ? other : 'something else';
  return { broken: 'encoded', message: `with a body that is encoded as ${name}, which was not asked for` };
}
