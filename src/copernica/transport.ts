import type { Dispatcher } from 'undici';
import { Turns } from '../turns.js';
import type { Exchange } from './answer.js';
import { openDispatcher, type ProxySettings, usableProxy } from './dispatcher.js';
import { ExchangeHandler, type ExchangeLimits } from './exchange.js';
import { describeNetworkError } from './network-error.js';

export interface TransportRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Path and query. The query holds the access token, so it appears in no message. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface TransportOptions {
  /** Scheme, host and port, without a path. */
  readonly origin: string;
  /** Requests at a time; each has a connection of its own, kept alive for the next one. */
  readonly connections: number;
  /** For one whole exchange, from connecting to the end of the body. Waiting for a turn does not count. */
  readonly timeoutMs: number;
  readonly proxy?: ProxySettings;
  /** PEM text of further certificate authorities. */
  readonly ca?: string;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** HTTP to one origin. `send` never throws: whatever happens is in the exchange. */
export interface Transport {
  send(request: TransportRequest): Promise<Exchange>;
  /** Waits for the requests under way; those that wait for their turn are told as not sent. */
  close(): Promise<void>;
}

/** A page of 1,000 webhooks with long handlers, or of 100 databases with all their fields, is well below. */
export const ANSWER_BODY_BYTES = 4 * 1024 * 1024;

/** Makes a transport; it connects when the first request is sent. Throws ProductError for an impossible proxy. */
export function createTransport(options: TransportOptions): Transport {
  return new PooledTransport(options, usableProxy(options.proxy));
}

class PooledTransport implements Transport {
  readonly #options: TransportOptions;
  readonly #proxy: ProxySettings | undefined;
  readonly #limits: ExchangeLimits;
  readonly #turns: Turns;
  readonly #underWay = new Set<Promise<Exchange>>();
  #dispatcher: Dispatcher | null = null;
  #opening: Promise<Dispatcher> | null = null;
  #closed = false;

  constructor(options: TransportOptions, proxy: ProxySettings | undefined) {
    this.#options = options;
    this.#proxy = proxy;
    this.#turns = new Turns(options.connections);
    const { hostname, port, protocol } = new URL(options.origin);
    const target = `${hostname}:${port === '' ? (protocol === 'https:' ? 443 : 80) : port}`;
    this.#limits = {
      timeoutMs: options.timeoutMs,
      bodyBytes: ANSWER_BODY_BYTES,
      target,
      now: options.now ?? Date.now,
    };
  }

  async send(request: TransportRequest): Promise<Exchange> {
    // A turn is waited for here and not in undici's queue, which would count against the deadline.
    await this.#turns.take();
    const exchange = this.#exchange(request);
    this.#underWay.add(exchange);
    try {
      return await exchange;
    } finally {
      this.#underWay.delete(exchange);
      this.#turns.giveBack();
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
    const dispatcher = await this.#opening?.catch(() => null);
    await dispatcher?.destroy();
  }

  async #exchange(request: TransportRequest): Promise<Exchange> {
    if (this.#closed) return { kind: 'no-answer', sent: false, message: 'the client was closed' };
    let dispatcher: Dispatcher;
    try {
      dispatcher = this.#dispatcher ?? (await this.#open());
    } catch (error) {
      const message = describeNetworkError(error, { target: this.#limits.target, sent: false });
      return { kind: 'no-answer', sent: false, message };
    }
    return new Promise((settle) => {
      const handler = new ExchangeHandler(this.#limits, settle);
      try {
        const headers = { 'accept-encoding': 'identity', ...request.headers };
        dispatcher.dispatch({ origin: this.#options.origin, ...request, headers }, handler);
      } catch (error) {
        handler.fail(error);
      }
    });
  }

  async #open(): Promise<Dispatcher> {
    const { origin, connections, timeoutMs, ca } = this.#options;
    this.#opening ??= openDispatcher({
      origin,
      connections,
      timeoutMs,
      ...(this.#proxy === undefined ? {} : { proxy: this.#proxy }),
      ...(ca === undefined ? {} : { ca }),
    });
    this.#dispatcher = await this.#opening;
    return this.#dispatcher;
  }
}
