import type { Answer } from './answer.js';
import type { CallFailure, CopernicaApi, Identity } from './api.js';
import { createCopernicaClient } from './client.js';
import type { RequestsOptions } from './requests.js';
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

/** Contacts a host the way that requests go. Throws ProductError of kind `input` for a proxy that can't be. */
export async function contactHost(address: string, options: ContactOptions): Promise<Contact> {
  const transport = createTransport({ ...options, origin: new URL(address).origin, connections: 1 });
  try {
    const sentAt = Date.now();
    const exchange = await transport.send({ method: 'GET', path: '/', headers: { 'user-agent': options.userAgent } });
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
 * Asks more than a run has to, and changes nothing. Throws ProductError of kind `input` for a proxy that can't be.
 */
export async function askApi(options: RequestsOptions): Promise<ApiAnswers> {
  const api = createCopernicaClient(options);
  try {
    const startedAt = performance.now();
    const outcome = await api.identity();
    const ms = Math.round(performance.now() - startedAt);
    if (outcome.ok) {
      const identity = { kind: 'identity', ...outcome.value } as const;
      return { tradeFailure: null, identity, ms, list: await hasList(api) };
    }
    if (outcome.withoutJwt === true) return { tradeFailure: outcome, identity: null, ms, list: null };
    return { tradeFailure: null, identity: outcome, ms, list: null };
  } finally {
    await api.close();
  }
}

async function hasList(api: CopernicaApi): Promise<boolean | string> {
  const all = await api.listWebhooks();
  return all.ok ? all.value !== 'unavailable' : all.message;
}
