import type { Answer } from '../copernica/answer.js';
import { openDispatcher, targetOf } from '../copernica/dispatcher.js';
import { describeNetworkError } from '../copernica/network-error.js';
import { retryAfter } from '../copernica/outcome.js';
import { type ProxySettings, proxyFor } from '../copernica/proxy.js';

/** What a POST of a notice came to. `message` names no URL but host and port. */
export type PostOutcome =
  | { readonly kind: 'delivered' }
  /** It can help to try again, after `waitMs` at least. */
  | { readonly kind: 'again'; readonly message: string; readonly waitMs: number }
  | { readonly kind: 'refused'; readonly message: string };

/** Never rejects: whatever happens is in the outcome. The signal breaks it off. */
export type Post = (body: string, broken: AbortSignal) => Promise<PostOutcome>;

export interface PostOptions {
  /** Holds a secret: it is in no message. */
  readonly url: string;
  /** Product and version. */
  readonly userAgent: string;
  /** Until the answer begins; left out: 10 s. */
  readonly timeoutMs?: number;
  readonly proxy: ProxySettings;
  /** PEM text of further certificate authorities. */
  readonly ca: string | undefined;
  readonly now: () => Date;
}

const TIMEOUT_MS = 10_000;

/**
 * POSTs to one address, each time on a connection of its own: notices are so few that a kept one would be stale. By the
 * same rules for proxy and certificates as the API. Throws ProductError for an impossible proxy.
 */
export function makePost({ url, userAgent, timeoutMs = TIMEOUT_MS, ca, now, ...options }: PostOptions): Post {
  const { origin, pathname, search } = new URL(url);
  const target = targetOf(origin);
  const proxy = proxyFor(origin, options.proxy);
  const headers = { 'content-type': 'application/json; charset=utf-8', 'user-agent': userAgent };
  return async (body, broken) => {
    const dispatcher = await openDispatcher({ origin, connections: 1, timeoutMs, proxy, ca });
    const timeout = AbortSignal.timeout(timeoutMs);
    const signal = AbortSignal.any([broken, timeout]);
    try {
      const path = pathname + search;
      const answer = await dispatcher.request({ origin, path, method: 'POST', headers, body, signal });
      // What is in the body, and whether it ends, is of no interest: it goes with the connection.
      answer.body.on('error', () => {});
      return postOutcome({ status: answer.statusCode, headers: answer.headers, receivedAt: now().getTime() });
    } catch (error) {
      if (broken.aborted) return { kind: 'refused', message: 'the program ends' };
      const within = `no answer from ${target} within ${timeoutMs / 1_000} s`;
      const message = timeout.aborted ? within : describeNetworkError(error, { target, sent: false });
      return { kind: 'again', message, waitMs: 0 };
    } finally {
      // There is nobody to tell what becomes of the connection.
      dispatcher.destroy().catch(() => {});
    }
  };
}

/** Statuses of a receiver that may say otherwise in a moment, besides 5xx. */
const PASSING: ReadonlySet<number> = new Set([408, 425, 429]);

/**
 * The status alone decides. A notice that was not answered is sent again: one that comes twice does no harm.
 *
 *     2xx                                      delivered
 *     408 425 429, 5xx                         again, not before Retry-After
 *     3xx: redirects are not followed          refused
 *     any other                                refused
 */
export function postOutcome(answer: Pick<Answer, 'status' | 'headers' | 'receivedAt'>): PostOutcome {
  const { status } = answer;
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  if (PASSING.has(status) || status >= 500) {
    return { kind: 'again', message: `the answer was ${status}`, waitMs: retryAfter(answer) ?? 0 };
  }
  const redirects = status >= 300 && status < 400 ? ', and redirects are not followed' : '';
  return { kind: 'refused', message: `the answer was ${status}${redirects}` };
}
