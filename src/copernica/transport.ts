import type { Dispatcher } from 'undici';
import type { Exchange } from './answer.js';
import { openDispatcher } from './dispatcher.js';
import { ExchangeHandler } from './exchange.js';
import { describeNetworkError } from './network-error.js';
import { type ProxySettings, proxyFor } from './proxy.js';

export interface TransportRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Path and query. The query holds the access token, so it appears in no message. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

export interface TransportOptions {
  /** Scheme, host and port, without a path. */
  readonly origin: string;
  /** Kept alive. Whoever sends more requests at a time has the rest wait, which counts against their time. */
  readonly connections: number;
  /** For one whole exchange, from connecting to the end of the body. */
  readonly timeoutMs: number;
  readonly proxy?: ProxySettings | undefined;
  /** PEM text of further certificate authorities. */
  readonly ca?: string | undefined;
  /** Milliseconds since 1970. */
  readonly now?: (() => number) | undefined;
}

/** HTTP to one origin. `send` never throws: whatever happens is in the exchange. */
export interface Transport {
  send(request: TransportRequest): Promise<Exchange>;
  /** Waits for the requests under way; what comes later is told as not sent. */
  close(): Promise<void>;
}

/** A page of 1,000 webhooks with long handlers, or of 100 databases with all their fields, is well below. */
export const ANSWER_BODY_BYTES = 4 * 1024 * 1024;

/** Makes a transport; it connects when the first request is sent. Throws ProductError for an impossible proxy. */
export function createTransport(options: TransportOptions): Transport {
  const { origin, connections, timeoutMs, ca, now = Date.now } = options;
  const proxy = proxyFor(origin, options.proxy);
  const target = targetOf(origin);
  const underWay = new Set<Promise<Exchange>>();
  let dispatcher: Promise<Dispatcher> | null = null;
  let isClosed = false;

  const exchange = async (request: TransportRequest): Promise<Exchange> => {
    dispatcher ??= openDispatcher({ origin, connections, timeoutMs, proxy, ca });
    const opened = await dispatcher;
    return new Promise((settle) => {
      const handler = new ExchangeHandler({ timeoutMs, bodyBytes: ANSWER_BODY_BYTES, target, now }, settle);
      try {
        const headers = { 'accept-encoding': 'identity', ...request.headers };
        opened.dispatch({ origin, ...request, body: request.body ?? null, headers }, handler);
      } catch (error) {
        handler.fail(error);
      }
    });
  };
  const notSent = (message: string): Exchange => ({ kind: 'no-answer', sent: false, message });
  return {
    send: async (request) => {
      if (isClosed) return notSent('the client was closed');
      // What fails here fails before there is a connection.
      const sending = exchange(request).catch((error: unknown) =>
        notSent(describeNetworkError(error, { target, sent: false })),
      );
      underWay.add(sending);
      return sending.finally(() => underWay.delete(sending));
    },
    close: async () => {
      isClosed = true;
      await Promise.all(underWay);
      const opened = await dispatcher?.catch(() => null);
      await opened?.destroy();
    },
  };
}

/** `host:port`, for messages. */
export function targetOf(origin: string): string {
  const { hostname, port, protocol } = new URL(origin);
  return `${hostname}:${port === '' ? (protocol === 'https:' ? 443 : 80) : port}`;
}
