import { openDispatcher } from '../copernica/dispatcher.js';
import { ExchangeHandler } from '../copernica/exchange.js';
import { describeNetworkError } from '../copernica/network-error.js';
import { type ProxySettings, proxyFor } from '../copernica/proxy.js';
import { targetOf } from '../copernica/transport.js';
import { type PostOutcome, postOutcome } from './post-outcome.js';

export interface PosterOptions {
  /** Holds a secret: it is in no message. */
  readonly url: string;
  /** Product and version. */
  readonly userAgent: string;
  /** For one whole exchange. */
  readonly timeoutMs: number;
  readonly proxy: ProxySettings;
  /** PEM text of further certificate authorities. */
  readonly ca: string | undefined;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface Poster {
  /** Never rejects: whatever happens is in the outcome. */
  post(body: string): Promise<PostOutcome>;
  /** Breaks off what is under way, and sends nothing more. */
  abandon(): void;
}

type OpenDispatcher = Awaited<ReturnType<typeof openDispatcher>>;

/** Of an answer's body nothing is read but its end. */
const ANSWER_BODY_BYTES = 64 * 1024;

/**
 * POSTs to one address, each time on a connection of its own: notices are so few that a kept one would be stale. By the
 * same rules for proxy and certificates as the API. Throws ProductError for an impossible proxy.
 */
export function createPoster(options: PosterOptions): Poster {
  const { url, userAgent, timeoutMs, ca, now } = options;
  const { origin, pathname, search } = new URL(url);
  const proxy = proxyFor(origin, options.proxy);
  const target = targetOf(origin);
  const underWay = new Set<OpenDispatcher>();
  let abandoned = false;
  const open = async () => {
    const dispatcher = await openDispatcher({ origin, connections: 1, timeoutMs, proxy, ca });
    underWay.add(dispatcher);
    return dispatcher;
  };
  const close = (dispatcher: OpenDispatcher) => {
    underWay.delete(dispatcher);
    // What is still under way on it hears of it; there is nobody to tell anything else.
    dispatcher.destroy().catch(() => {});
  };
  const exchange = async (dispatcher: OpenDispatcher, body: string) => {
    const headers = { 'content-type': 'application/json; charset=utf-8', 'user-agent': userAgent };
    return new Promise<PostOutcome>((settle) => {
      const limits = { timeoutMs, bodyBytes: ANSWER_BODY_BYTES, target, now };
      const handler = new ExchangeHandler(limits, (result) => settle(postOutcome(result)));
      try {
        dispatcher.dispatch({ origin, method: 'POST', path: pathname + search, headers, body }, handler);
      } catch (error) {
        handler.fail(error);
      }
    });
  };
  const post = async (body: string): Promise<PostOutcome> => {
    try {
      const dispatcher = await open();
      try {
        return abandoned ? ABANDONED : await exchange(dispatcher, body);
      } finally {
        close(dispatcher);
      }
    } catch (error) {
      return { kind: 'again', message: describeNetworkError(error, { target, sent: false }), waitMs: 0 };
    }
  };
  return {
    post,
    abandon: () => {
      abandoned = true;
      for (const dispatcher of underWay) close(dispatcher);
    },
  };
}

const ABANDONED: PostOutcome = { kind: 'refused', message: 'the program ends' };
