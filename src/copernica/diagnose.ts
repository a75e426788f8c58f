import type { Answer } from './answer.js';
import type { RequestsOptions } from './requests.js';
import { createTransport } from './transport.js';

/** The result of one request without a token: whether a host answers at all, whatever it says. */
export type Contact =
  | {
      readonly kind: 'answered';
      readonly ms: number;
      /** How far this machine's clock is ahead of the answer's `Date`, in milliseconds. Null: there is none. */
      readonly aheadMs: number | null;
    }
  | { readonly kind: 'no-answer'; readonly message: string };

export type ContactOptions = Pick<RequestsOptions, 'proxy' | 'ca' | 'timeoutMs' | 'userAgent'>;

/** Contacts a host in the way requests do. Throws ProductError of kind `input` for an impossible proxy. */
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

/** Compares the middle of the exchange with the middle of the second that the server names. */
function aheadOf({ headers, receivedAt }: Answer, sentAt: number): number | null {
  const told = typeof headers.date === 'string' ? Date.parse(headers.date) : Number.NaN;
  return Number.isNaN(told) ? null : (sentAt + receivedAt) / 2 - (told + 500);
}
