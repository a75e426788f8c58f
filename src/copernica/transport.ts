import type { Exchange } from './answer.js';
import { CLOSED, type DispatcherOptions, openDispatcher, type SharedDispatchers, targetOf } from './dispatcher.js';
import { ExchangeHandler } from './exchange.js';
import { type ProxySettings, proxyFor } from './proxy.js';

export interface TransportRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Path and query. The query contains the access token, so no message shows it. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** `timeoutMs` applies to a whole exchange, from connecting to the end of the body. */
export interface TransportOptions extends Omit<DispatcherOptions, 'proxy'> {
  readonly proxy?: ProxySettings;
  /** Left out: it has its own connections and ends them when it is closed. */
  readonly dispatchers?: SharedDispatchers | undefined;
  /** Milliseconds since 1970. */
  readonly now?: (() => number) | undefined;
}

/** HTTP to one origin. `send` never throws: the exchange describes whatever happens. */
export interface Transport {
  send(request: TransportRequest): Promise<Exchange>;
  /** Waits for requests under way; any later one is reported as not sent. */
  close(): Promise<void>;
}

/** Makes a transport, which connects at the first request. Throws ProductError for an impossible proxy. */
export function createTransport(options: TransportOptions): Transport {
  const { origin, timeoutMs, dispatchers, now = Date.now } = options;
  const proxy = proxyFor(origin, options.proxy);
  let opened: ReturnType<typeof openDispatcher> | undefined;
  const target = targetOf(origin);
  const underWay = new Set<Promise<Exchange>>();
  let isClosed = false;

  const send = async (request: TransportRequest): Promise<Exchange> => {
    opened ??= (dispatchers?.open ?? openDispatcher)({ ...options, proxy });
    const dispatcher = await opened;
    return new Promise((settle) => {
      const handler = new ExchangeHandler({ timeoutMs, target, now }, settle);
      const headers = { 'accept-encoding': 'identity', ...request.headers };
      try {
        dispatcher.dispatch({ origin, ...request, body: request.body ?? null, headers }, handler);
      } catch (error) {
        handler.fail(error);
      }
    });
  };
  return {
    send: async (request) => {
      if (isClosed) return { kind: 'no-answer', sent: false, message: 'the client was closed' };
      const sending = send(request);
      underWay.add(sending);
      return sending.finally(() => underWay.delete(sending));
    },
    close: async () => {
      isClosed = true;
      await Promise.all(underWay);
      if (dispatchers === undefined) await (await opened)?.destroy(CLOSED);
    },
  };
}
