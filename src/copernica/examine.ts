import type { Answer, Exchange } from './answer.js';
import { identityOutcome, webhookPage } from './answers.js';
import type { CallFailure } from './api.js';
import { type CopernicaClientOptions, credentialsFor, parseUrl, transportOptions } from './client.js';
import type { Access } from './credentials.js';
import { safeText } from './outcome.js';
import { type Redact, redactor } from './redact.js';
import { createTransport, type Transport } from './transport.js';

export interface Examination {
  /** Version 4 trades the token for a JWT first. Null: it was traded, or it is another version. */
  readonly tradeFailure: CallFailure | null;
  /** GET /identity. Null: it was not asked, since there was no JWT. */
  readonly identity: ExaminedIdentity | null;
  /** How long trade and identity took, in milliseconds. */
  readonly ms: number;
  /** How far this machine's clock is ahead of the `Date` of the answer, in milliseconds; null: there is none. */
  readonly aheadMs: number | null;
  /** Whether GET /webhooks answers a list; a text: why that could not be told. Null: it was not asked. */
  readonly list: boolean | string | null;
}

type ExaminedIdentity =
  | { readonly kind: 'identity'; readonly id: string; readonly name: string; readonly company: string }
  | CallFailure;

/**
 * Looks at the API more closely than a run has to: reads the identity and one webhook of the list, and changes nothing.
 * Throws ProductError of kind `input` for an address or a proxy that can't be.
 */
export async function examineApi(options: CopernicaClientOptions): Promise<Examination> {
  const url = parseUrl(options.apiUrl);
  const now = options.now ?? Date.now;
  const credentials = credentialsFor(options, now);
  const transport = createTransport(transportOptions(options, url, 1));
  try {
    const startedAt = now();
    const access = await credentials.access();
    const spent = () => now() - startedAt;
    if ('kind' in access) return { tradeFailure: access, identity: null, ms: spent(), aheadMs: null, list: null };
    const redact = redactor(credentials.secrets());
    const get = getter(
      transport,
      `${url.pathname.replace(/\/+$/, '')}/v${options.version}/`,
      access,
      options.userAgent,
    );
    const sentAt = now();
    const exchange = await get('identity', '');
    const ms = spent();
    const identity = examined(exchange, redact);
    const list = identity.kind === 'identity' ? await hasList(get, redact) : null;
    return { tradeFailure: null, identity, ms, aheadMs: aheadOf(exchange, sentAt), list };
  } finally {
    await Promise.all([transport.close(), credentials.close()]);
  }
}

type Get = (resource: string, query: string) => Promise<Exchange>;

function getter(transport: Transport, basePath: string, access: Access, userAgent: string): Get {
  const headers = { accept: 'application/json', 'user-agent': userAgent, ...access.headers };
  return (resource, query) => {
    const queries = [access.query, query].filter((part) => part !== '').join('&');
    return transport.send({
      method: 'GET',
      path: `${basePath}${resource}${queries === '' ? '' : `?${queries}`}`,
      headers,
    });
  };
}

function examined(exchange: Exchange, redact: Redact): ExaminedIdentity {
  const outcome = identityOutcome(exchange, redact);
  if (outcome.kind !== 'identity') return outcome;
  const { id, name } = outcome.identity;
  const company = exchange.kind === 'answer' ? safeText(companyIn(exchange.body), redact) : '';
  return { kind: 'identity', id, name: safeText(name, redact), company };
}

/** For people alone, so that anything odd is just not told. */
function companyIn(body: Answer['body']): string {
  if (typeof body !== 'string') return '';
  const { company }: { company?: unknown } = JSON.parse(body);
  return typeof company === 'string' ? company : '';
}

/** Against the middle of the exchange, and of the second that the server tells. */
function aheadOf(exchange: Exchange, sentAt: number): number | null {
  if (exchange.kind === 'no-answer') return null;
  const { date } = exchange.headers;
  const told = typeof date === 'string' ? Date.parse(date) : Number.NaN;
  return Number.isNaN(told) ? null : (sentAt + exchange.receivedAt) / 2 - (told + 500);
}

async function hasList(get: Get, redact: Redact): Promise<boolean | string> {
  const page = webhookPage(await get('webhooks', 'start=0&limit=1'), redact);
  switch (page.kind) {
    case 'page':
      return true;
    case 'no-envelope':
    case 'no-call':
    case 'gone':
      return false;
    case 'not-sent':
    case 'turned-away':
    case 'refused':
    case 'unknown':
      return page.message;
  }
}
