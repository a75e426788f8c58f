import type { Answer } from '../copernica/answer.js';
import { openDispatcher, targetOf } from '../copernica/dispatcher.js';
import { describeNetworkError } from '../copernica/network-error.js';
import { retryAfter } from '../copernica/outcome.js';
import { type ProxySettings, proxyFor } from '../copernica/proxy.js';

/** The result of POSTing a notice. `message` names only host and port of the URL. */
export type PostOutcome =
  | { readonly kind: 'delivered' }
  /** A retry may help, after `waitMs` at the earliest. */
  | { readonly kind: 'again'; readonly message: string; readonly waitMs: number }
  | { readonly kind: 'refused'; readonly message: string };

/** Never rejects: the outcome describes whatever happens. The signal breaks it off. */
export type Post = (body: string, broken: AbortSignal) => Promise<PostOutcome>;

export interface PostOptions {
  /** Contains a secret, so no message shows it. */
  readonly url: string;
  /** Product and version. */
  readonly userAgent: string;
  /** Time until the answer begins; left out: 10 s. */
  readonly timeoutMs?: number;
  readonly proxy: ProxySettings;
  /** PEM text of further certificate authorities. */
  readonly ca: string | undefined;
  readonly now: () => Date;
}

const TIMEOUT_MS = 10_000;

/**
 * POSTs to one address, on a new connection each time: notices are so rare that a kept one would be stale. Proxy and
 * certificates follow the same rules as for the API. Throws ProductError for an impossible proxy.
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
      // The content of the body, and whether it ends, do not matter: it goes with the connection.
      answer.body.on('error', () => {});
      return postOutcome({ status: answer.statusCode, headers: answer.headers, receivedAt: now().getTime() });
    } catch (error) {
      if (broken.aborted) return { kind: 'refused', message: 'the program ends' };
      const within = `no answer from ${target} within ${timeoutMs / 1_000} s`;
      const message = timeout.aborted ? within : describeNetworkError(error, { target, sent: false });
      return { kind: 'again', message, waitMs: 0 };
    } finally {
      // Nobody needs to know what becomes of the connection.
      dispatcher.destroy().catch(() => {});
    }
  };
}

/** Statuses, besides 5xx, of a receiver that may answer differently in a moment. */
const PASSING: ReadonlySet<number> = new Set([408, 425, 429]);

/**
 * Only the status decides. A notice that was not answered is sent again: receiving it twice does no harm.
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
