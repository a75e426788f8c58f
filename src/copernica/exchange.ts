import type { Dispatcher } from 'undici';
import { timerMs } from '../timers.js';
import type { AnswerHeaders, BrokenBody, Exchange } from './answer.js';
import { describeNetworkError } from './network-error.js';

/** A page of 1,000 webhooks with long handlers, or of 100 databases with all their fields, is well below. */
export const ANSWER_BODY_BYTES = 4 * 1024 * 1024;

export interface ExchangeOptions {
  /** For the whole: connecting where it has to, sending, waiting, and reading the body to its end. */
  readonly timeoutMs: number;
  /** `host:port`, for messages. */
  readonly target: string;
  /** Milliseconds since 1970. */
  now(): number;
}

/**
 * One request and its answer, as undici reports them. Settles exactly once, whatever comes.
 *
 * undici calls `onRequestStart` when a connection is up and the next thing it does is to write the request: before
 * that nothing has left, after that some of it may have.
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
    // Given up while it waited for a connection: it was told as not sent, so it must not be sent now.
    // Started before: undici puts a request back into its queue in some cases, but a POST must not go out twice.
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

  /** The exchange came to nothing; whether something was sent is known here. */
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

/** Only `identity` is asked for: what comes in gzip or the like is not read, and may be anything. */
function encodedBody(headers: AnswerHeaders = {}): BrokenBody | null {
  const encodings = [headers['content-encoding'] ?? []].flat().map((text) => text.trim().toLowerCase());
  const other = encodings.find((encoding) => encoding !== '' && encoding !== 'identity');
  if (other === undefined) return null;
  const name = /^[\w.-]{1,20}$/.test(other) ? other : 'something else';
  return { broken: 'encoded', message: `with a body that is encoded as ${name}, which was not asked for` };
}
