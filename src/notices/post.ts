import type { Exchange } from '../copernica/answer.js';
import { openDispatcher, type ProxySettings, usableProxy } from '../copernica/dispatcher.js';
import { ExchangeHandler } from '../copernica/exchange.js';
import { describeNetworkError } from '../copernica/network-error.js';
import { retryAfter } from '../copernica/outcome.js';

/** What a POST of a notice came to. `message` names no URL but host and port. */
export type PostOutcome =
  | { readonly kind: 'delivered' }
  /** It can help to try again, after `waitMs` at least. */
  | { readonly kind: 'again'; readonly message: string; readonly waitMs: number }
  | { readonly kind: 'refused'; readonly message: string };

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
  const proxy = usableProxy(options.proxy);
  const { origin, hostname, port, protocol, pathname, search } = new URL(url);
  const target = `${hostname}:${port === '' ? (protocol === 'https:' ? 443 : 80) : port}`;
  const underWay = new Set<OpenDispatcher>();
  let abandoned = false;
  const open = async () => {
    const optional = { ...(proxy === undefined ? {} : { proxy }), ...(ca === undefined ? {} : { ca }) };
    const dispatcher = await openDispatcher({ origin, connections: 1, timeoutMs, ...optional });
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

/** Statuses of a receiver that may say otherwise in a moment, besides 5xx. */
const PASSING: ReadonlySet<number> = new Set([408, 425, 429]);

/**
 * The status alone decides; what is in the body, and whether it ended, is of no interest.
 *
 *     2xx                                      delivered
 *     408 425 429, 5xx                         again, not before Retry-After
 *     no answer, whatever the network says     again: a notice that comes twice does no harm
 *     3xx: redirects are not followed          refused
 *     any other                                refused
 */
export function postOutcome(exchange: Exchange): PostOutcome {
  if (exchange.kind === 'no-answer') return { kind: 'again', message: exchange.message, waitMs: 0 };
  const { status } = exchange;
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  if (PASSING.has(status) || status >= 500) {
    return { kind: 'again', message: `the answer was ${status}`, waitMs: retryAfter(exchange) ?? 0 };
  }
  const redirects = status >= 300 && status < 400 ? ', and redirects are not followed' : '';
  return { kind: 'refused', message: `the answer was ${status}${redirects}` };
}
