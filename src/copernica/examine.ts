import type { Exchange } from './answer.js';
import { identityOutcome, webhookPage } from './answers.js';
import type { CallFailure, Identity } from './api.js';
import { Requests, type RequestsOptions } from './requests.js';

export interface Examination {
  /** Version 4 trades the token for a JWT first. Null: it was traded, or it is another version. */
  readonly tradeFailure: CallFailure | null;
  /** GET /identity. Null: it was not asked, since there was no JWT. */
  readonly identity: ({ readonly kind: 'identity' } & Identity) | CallFailure | null;
  /** How long trade and identity took, in milliseconds. */
  readonly ms: number;
  /** How far this machine's clock is ahead of the `Date` of the answer, in milliseconds; null: there is none. */
  readonly aheadMs: number | null;
  /** Whether GET /webhooks answers a list; a text: why that could not be told. Null: it was not asked. */
  readonly list: boolean | string | null;
}

/**
 * Looks at the API more closely than a run has to: reads the identity and one webhook of the list, and changes nothing.
 * Throws ProductError of kind `input` for an address or a proxy that can't be.
 */
export async function examineApi(options: RequestsOptions): Promise<Examination> {
  const now = options.now ?? Date.now;
  const requests = new Requests(options);
  try {
    const startedAt = now();
    const access = await requests.access();
    const sentAt = now();
    if (!access.ok) {
      return { tradeFailure: access, identity: null, ms: sentAt - startedAt, aheadMs: null, list: null };
    }
    const exchange = await requests.send({ method: 'GET', resource: 'identity' });
    const ms = now() - startedAt;
    // The JWT was taken back, and there is no other.
    if ('ok' in exchange) return { tradeFailure: exchange, identity: null, ms, aheadMs: null, list: null };
    const outcome = identityOutcome(exchange, requests.redact);
    const identity = outcome.ok ? { kind: 'identity' as const, ...outcome.value } : outcome;
    const list = outcome.ok ? await hasList(requests) : null;
    return { tradeFailure: null, identity, ms, aheadMs: aheadOf(exchange, sentAt), list };
  } finally {
    await requests.close();
  }
}

/** Against the middle of the exchange, and of the second that the server tells. */
function aheadOf(exchange: Exchange, sentAt: number): number | null {
  if (exchange.kind === 'no-answer') return null;
  const { date } = exchange.headers;
  const told = typeof date === 'string' ? Date.parse(date) : Number.NaN;
  return Number.isNaN(told) ? null : (sentAt + exchange.receivedAt) / 2 - (told + 500);
}

async function hasList(requests: Requests): Promise<boolean | string> {
  const exchange = await requests.send({ method: 'GET', resource: 'webhooks', query: 'start=0&limit=1' });
  const page = 'ok' in exchange ? exchange : webhookPage(exchange, requests.redact);
  return page.ok || (page.missing === undefined ? page.message : false);
}
