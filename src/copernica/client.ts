import { semaphore } from '../concurrent.js';
import { CALLERS } from '../webhook.js';
import type { Exchange } from './answer.js';
import { type AnswerFacts, factsOf } from './answer-facts.js';
import { identityOutcome, namedPage, type Page, readOutcome, webhookPage } from './answers.js';
import type { CopernicaApi, Outcome } from './api.js';
import { createOutcome, safeText, writeOutcome } from './outcome.js';
import type { Redact } from './redact.js';
import { type ApiRequest, Requests, type RequestsOptions } from './requests.js';
import { type RetryOptions, retrier } from './retry.js';
import type { Transport } from './transport.js';

export type ApiCall = Exclude<keyof CopernicaApi, 'close'>;

/** One request, for logs and metrics: each attempt, and each page of a list, is one. */
export interface RequestEvent {
  readonly call: ApiCall;
  /** The result, or the `kind` of its failure. */
  readonly outcome: string;
  /** HTTP status of a failure, if there was an answer. */
  readonly status?: number;
  readonly durationMs: number;
}

export type OnAnswer = (call: ApiCall, facts: AnswerFacts) => void;

export interface CopernicaClientOptions extends RequestsOptions {
  /** Left out: every call is sent once. */
  readonly retry?: RetryOptions;
  /** Called before each request. If it throws, the request is not sent, and the call throws the same. */
  readonly beforeSend?: (() => void) | undefined;
  readonly onRequest?: ((event: RequestEvent) => void) | undefined;
  /** Called with what each answer looked like. */
  readonly onAnswer?: OnAnswer | undefined;
  /** Removes values in handlers from the API's messages, which may quote one. Left out: only the token is removed. */
  readonly hideValues?: Redact;
  /** Replaces HTTP. */
  readonly transport?: Transport;
}

interface Call<T> extends ApiRequest {
  readonly call: ApiCall;
  readonly decide: (exchange: Exchange) => Outcome<T>;
}

/** The name in metrics for a success that has no name of its own. */
const SUCCESS: Readonly<Record<ApiCall, string>> = {
  identity: 'identity',
  createWebhook: 'made',
  readWebhook: 'found',
  updateWebhook: 'done',
  deleteWebhook: 'done',
  listWebhooks: 'page',
  databases: 'page',
  collections: 'page',
};

/** Items on a page: as many as the API allows; fewer for databases, which come with all their fields. */
const PAGE_ITEMS = { webhooks: 1000, databases: 100, collections: 1000 } as const;
const PAGES_MAX = 1000;

/**
 * The API over HTTP, with a limited number of requests at a time. The token must have been checked, or nothing could
 * remove it from messages. Throws ProductError of kind `input` for an impossible proxy.
 */
export function createCopernicaClient(options: CopernicaClientOptions): CopernicaApi {
  const requests = new Requests(options, options.transport);
  const run = runner(requests, options);
  const list = <T extends { readonly id: number }>(call: Omit<Call<Page<T>>, 'method' | 'query'>, limit: number) =>
    readAllPages((start) => run({ ...call, method: 'GET', query: `start=${start}&limit=${limit}` }));
  return {
    identity: async () => {
      const outcome = await run({ call: 'identity', method: 'GET', resource: 'identity', decide: identityOutcome });
      if (!outcome.ok) return outcome;
      const { id, name, company } = outcome.value;
      return {
        ok: true,
        value: { id, name: safeText(name, requests.redact), company: safeText(company, requests.redact) },
      };
    },

    createWebhook: ({ handler, trigger, callers, database, collection }) => {
      // Undefined fields are left out.
      const body = JSON.stringify({ handler, trigger, callers, database, collection });
      return run({ call: 'createWebhook', method: 'POST', resource: 'webhooks', body, decide: createOutcome });
    },

    readWebhook: (id) => {
      const decide = (exchange: Exchange) => readOutcome(id, exchange);
      return run({ call: 'readWebhook', method: 'GET', resource: `webhook/${id}`, decide });
    },

    updateWebhook: (id, { handler, trigger, callers = [] }, { leavesCallersOut } = { leavesCallersOut: false }) => {
      // Callers left out of a PUT stay as they are, but in the manifest no callers means both.
      const named = callers.length === 0 ? CALLERS : callers;
      const body = JSON.stringify({ handler, trigger, ...(leavesCallersOut ? {} : { callers: named }) });
      const decide = (exchange: Exchange) => writeOutcome('update', exchange);
      return run({ call: 'updateWebhook', method: 'PUT', resource: `webhook/${id}`, body, decide });
    },

    deleteWebhook: (id) => {
      const decide = (exchange: Exchange) => writeOutcome('delete', exchange);
      return run({ call: 'deleteWebhook', method: 'DELETE', resource: `webhook/${id}`, decide });
    },

    /** The call is undocumented: anything but a consistent list or a passing failure means that there is none. */
    listWebhooks: async () => {
      const all = await list({ call: 'listWebhooks', resource: 'webhooks', decide: webhookPage }, PAGE_ITEMS.webhooks);
      if (!all.ok) return all.missing === undefined ? all : { ok: true, value: 'unavailable' };
      return { ok: true, value: all.value.flatMap(({ live }) => (live === null ? [] : [live])) };
    },

    databases: () => list({ call: 'databases', resource: 'databases', decide: namedPage }, PAGE_ITEMS.databases),

    collections: async (databaseId) => {
      const resource = `database/${databaseId}/collections`;
      const all = await list({ call: 'collections', resource, decide: namedPage }, PAGE_ITEMS.collections);
      return !all.ok && all.missing === 'database' ? { ok: true, value: 'gone' } : all;
    },

    close: () => requests.close(),
  };
}

/** Makes calls: each waits for its turn, and is repeated if that helps and does no harm. */
function runner(requests: Requests, options: CopernicaClientOptions) {
  const { concurrency, now = Date.now, beforeSend = () => {} } = options;
  const { onRequest = () => {}, onAnswer, hideValues = (text) => text } = options;
  const redact: Redact = (text) => requests.redact(hideValues(text));
  const limited = semaphore(concurrency);
  const patiently = options.retry === undefined ? null : retrier(options.retry);

  const once = async <T>(call: Call<T>): Promise<Outcome<T>> => {
    beforeSend();
    const startedAt = now();
    const exchange = await requests.send(call);
    const outcome = 'ok' in exchange ? exchange : call.decide(exchange);
    const status = outcome.ok ? undefined : outcome.status;
    const durationMs = now() - startedAt;
    onRequest({ call: call.call, outcome: nameOf(call.call, outcome), status, durationMs });
    // Only if asked for: examining each answer a second time takes longer than reading it.
    if (onAnswer !== undefined && !('ok' in exchange))
      onAnswer(call.call, factsOf(exchange, durationMs, requests.redact));
    return outcome.ok ? outcome : { ...outcome, message: safeText(outcome.message, redact) };
  };
  // The turn comes first: a waiting call must not have passed a breaker that opens meanwhile.
  return <T>(call: Call<T>): Promise<Outcome<T>> =>
    limited(() => (patiently === null ? once(call) : patiently(call.method, () => once(call))));
}

function nameOf(call: ApiCall, outcome: Outcome<unknown>): string {
  if (outcome.ok) return typeof outcome.value === 'string' ? outcome.value : SUCCESS[call];
  if (outcome.missing === undefined) return outcome.kind;
  return outcome.missing === 'database' ? 'gone' : 'no-call';
}

/**
 * Reads a list page by page until it has as many items as it says. Completely or not at all: whatever half a list lacks
 * would seem not to exist. If a server repeats its pages, stops early or never ends, or the list changes while it is
 * read, there is no usable list.
 */
async function readAllPages<T extends { readonly id: number }>(
  readPage: (start: number) => Promise<Outcome<Page<T>>>,
): Promise<Outcome<readonly T[]>> {
  const items = new Map<number, T>();
  let start = 0;
  for (let pages = 0; pages < PAGES_MAX; pages += 1) {
    const page = await readPage(start);
    if (!page.ok) return page;
    const { items: more, total } = page.value;
    const before = items.size;
    for (const item of more) items.set(item.id, item);
    start += more.length;
    if (items.size === total && start === total) return { ok: true, value: [...items.values()] };
    if (items.size === before || start >= total) {
      return incomplete(`the list says that it has ${total} items, but shows ${items.size}`);
    }
  }
  return incomplete(`the list has more than ${PAGES_MAX} pages`);
}

function incomplete(message: string): Outcome<never> {
  return { ok: false, kind: 'unknown', message, missing: 'call' };
}
