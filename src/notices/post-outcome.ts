import type { Exchange } from '../copernica/answer.js';
import { retryAfter } from '../copernica/outcome.js';

/** What a POST of a notice came to. `message` names no URL but host and port. */
export type PostOutcome =
  | { readonly kind: 'delivered' }
  /** It can help to try again, after `waitMs` at least. */
  | { readonly kind: 'again'; readonly message: string; readonly waitMs: number }
  | { readonly kind: 'refused'; readonly message: string };

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
