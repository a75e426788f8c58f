import type { Exchange } from './answer.js';
import { type DispatcherOptions, openDispatcher, targetOf } from './dispatcher.js';
import { ExchangeHandler } from './exchange.js';
import { type ProxySettings, proxyFor } from './proxy.js';

export interface TransportRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Path and query. The query holds the access token, so it appears in no message. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** `timeoutMs` is for one whole exchange, from connecting to the end of the body. */
export interface TransportOptions extends Omit<DispatcherOptions, 'proxy'> {
  readonly proxy?: ProxySettings;
  /** Milliseconds since 1970. */
  readonly now?: (() => number) | undefined;
}

/** HTTP to one origin. `send` never throws: whatever happens is in the exchange. */
export interface Transport {
  send(request: TransportRequest): Promise<Exchange>;
  /** Waits for the requests under way; what comes later is told as not sent. */
  close(): Promise<void>;
}

/**
 * What idle connections are ended with. It has its stack from the start: Node would make one, and for that read the
 * source maps of all that is loaded, which takes longer than a run.
 */
const CLOSED = Object.assign(new Error('the client was closed'), { stack: '' });

/** Makes a transport; it connects when the first request is sent. Throws ProductError for an impossible proxy. */
export function createTransport(options: TransportOptions): Transport {
  const { origin, timeoutMs, now = Date.now } = options;
  const proxy = proxyFor(origin, options.proxy);
  let opened: ReturnType<typeof openDispatcher> | undefined;
  const target = targetOf(origin);
  const underWay = new Set<Promise<Exchange>>();
  let isClosed = false;

  const send = async (request: TransportRequest): Promise<Exchange> => {
    opened ??= openDispatcher({ ...options, proxy });
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
      await (await opened)?.destroy(CLOSED);
    },
  };
}
