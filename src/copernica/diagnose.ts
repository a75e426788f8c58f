import type { Answer } from './answer.js';
import { identityOutcome, webhookPage } from './answers.js';
import type { CallFailure, Identity } from './api.js';
import { parseUrl, Requests, type RequestsOptions } from './requests.js';
import { createTransport } from './transport.js';

/** What came of one request without a token: whether a host answers at all, whatever it says. */
export type Contact =
  | {
      readonly kind: 'answered';
      readonly ms: number;
      /** How far this machine's clock is ahead of the `Date` of the answer, in milliseconds; null: there is none. */
      readonly aheadMs: number | null;
    }
  | { readonly kind: 'no-answer'; readonly message: string };

export type ContactOptions = Pick<RequestsOptions, 'proxy' | 'ca' | 'timeoutMs' | 'userAgent'>;

/**
 * Contacts a host the way that requests go. Throws ProductError of kind `input` for an address or a proxy that can't be.
 */
export async function contactHost(address: string, options: ContactOptions): Promise<Contact> {
  const { proxy, ca, timeoutMs, userAgent } = options;
  const transport = createTransport({ origin: parseUrl(address).origin, connections: 1, timeoutMs, proxy, ca });
  try {
    const sentAt = Date.now();
    const exchange = await transport.send({ method: 'GET', path: '/', headers: { 'user-agent': userAgent } });
    if (exchange.kind === 'no-answer') return { kind: 'no-answer', message: exchange.message };
    return { kind: 'answered', ms: exchange.receivedAt - sentAt, aheadMs: aheadOf(exchange, sentAt) };
  } finally {
    await transport.close();
  }
}

/** Against the middle of the exchange, and of the second that the server tells. */
function aheadOf({ headers, receivedAt }: Answer, sentAt: number): number | null {
  const told = typeof headers.date === 'string' ? Date.parse(headers.date) : Number.NaN;
  return Number.isNaN(told) ? null : (sentAt + receivedAt) / 2 - (told + 500);
}

/** What the API answers to the token. */
export interface ApiAnswers {
  /** Version 4 trades the token for a JWT first. Null: it was traded, or it is another version. */
  readonly tradeFailure: CallFailure | null;
  /** GET /identity. Null: it was not asked, since there was no JWT. */
  readonly identity: IdentityAnswer | null;
  /** How long trade and identity took, in milliseconds. */
  readonly ms: number;
  /** Whether GET /webhooks answers a list; a text: why that could not be told. Null: it was not asked. */
  readonly list: boolean | string | null;
}

export type IdentityAnswer = ({ readonly kind: 'identity' } & Identity) | CallFailure;

/**
 * Asks more closely than a run has to: reads the identity and one webhook of the list, and changes nothing.
 * Throws ProductError of kind `input` for an address or a proxy that can't be.
 */
export async function askApi(options: RequestsOptions): Promise<ApiAnswers> {
  const requests = new Requests(options);
  try {
    const startedAt = performance.now();
    const spent = () => Math.round(performance.now() - startedAt);
    const access = await requests.access();
    if (!access.ok) return { tradeFailure: access, identity: null, ms: spent(), list: null };
    const exchange = await requests.send({ method: 'GET', resource: 'identity' });
    const ms = spent();
    // The JWT was taken back, and there is no other.
    if ('ok' in exchange) return { tradeFailure: exchange, identity: null, ms, list: null };
    const outcome = identityOutcome(exchange, requests.redact);
    if (!outcome.ok) return { tradeFailure: null, identity: outcome, ms, list: null };
    return { tradeFailure: null, identity: { kind: 'identity', ...outcome.value }, ms, list: await hasList(requests) };
  } finally {
    await requests.close();
  }
}

async function hasList(requests: Requests): Promise<boolean | string> {
  const exchange = await requests.send({ method: 'GET', resource: 'webhooks', query: 'start=0&limit=1' });
  const page = 'ok' in exchange ? exchange : webhookPage(exchange, requests.redact);
  return page.ok || (page.missing === undefined ? page.message : false);
}
