import * as z from 'zod';
import { HIGHEST_WEBHOOK_ID } from '../webhook.js';
import { type Answer, type Exchange, parseJson, saysBadToken, saysGone } from './answer.js';
import type { Identity, LiveWebhook, NamedEntity, Outcome, ReadOutcome } from './api.js';
import { contradictionIn, failure, unusable } from './outcome.js';

/** Some calls give ids and counts as strings, others as numbers: `"1894"` is 1894. */
const wholeNumber = z.preprocess(
  (raw) => (typeof raw === 'string' && /^\d{1,16}$/.test(raw) ? Number(raw) : raw),
  z.number('is not a number').int('is not a whole number that can be used').nonnegative('is negative'),
);
const id = wholeNumber.pipe(z.number().positive('is not an id'));
const webhookId = id.pipe(z.number().max(HIGHEST_WEBHOOK_ID, 'is too high an id'));

/** Absent, null, empty and 0 all occur for "no limit"; only if absent, there may still be one. */
const limitedTo = z.preprocess((raw) => (raw === '' || raw === '0' || raw === 0 ? null : raw), id.nullish());

const text = z.string('is not text');
const filled = text.min(1, 'is empty');

/** The documented fields, and the limits, which need not be shown. Other properties are ignored. */
const liveSchema = z
  .object({
    ID: webhookId,
    handler: filled,
    trigger: filled,
    callers: z.array(text, 'is not a list').nullish(),
    database: limitedTo,
    collection: limitedTo,
  })
  .transform(({ ID, handler, trigger, callers, database, collection }): ListedWebhook => {
    return { id: ID, live: { id: ID, handler, trigger, callers: callers ?? [], database, collection } };
  });
const removedSchema = z.object({ ID: webhookId }).transform(({ ID }): ListedWebhook => ({ id: ID, live: null }));
const identitySchema = z
  .object({ ID: id, name: text.nullish(), company: z.string().catch('') })
  .transform(({ ID, name, company }): Identity => ({ id: String(ID), name: name ?? '', company }));
const deliverySchema = z
  .object({
    response: wholeNumber.pipe(z.number().min(100).max(999)).nullable().catch(null),
    time: z
      .string()
      .regex(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/)
      .nullable()
      .catch(null),
  })
  .transform(({ response, time }): DeliveryError => ({ status: response, at: time }));
const namedSchema = z.object({ ID: id, name: text }).transform(({ ID, name }): NamedEntity => ({ id: ID, name }));
const envelopeSchema = z.object({
  start: wholeNumber.optional(),
  count: wholeNumber.optional(),
  total: wholeNumber,
  data: z.array(z.unknown(), 'is not a list'),
});

/** The content of the body, or why it can't be used, as the end of a sentence, after "but". */
type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly but: string };

/**
 * The outcome of a GET of a webhook.
 *
 *   200 with the webhook asked for                                  the webhook
 *   200 with `removed` filled: a removed entity still answers       gone
 *   400 or 404 with the API's own error, which says that there is
 *     no such webhook (any more)                                    gone
 *   200 with another id, wrong types, not JSON, HTML, nothing,
 *     a body that is encoded                                        unknown: neither a webhook nor none
 *   everything else                                                 as for a POST
 */
export function readOutcome(asked: number, exchange: Exchange): ReadOutcome {
  if (exchange.kind === 'answer' && saysGone(exchange, 'webhook')) return { ok: true, value: 'gone' };
  const webhook = outcomeOf(exchange, (raw) => {
    const parsed = parseWebhook(raw);
    if (!parsed.ok || parsed.value.id === asked) return parsed;
    return { ok: false, but: `answered for another id, ${parsed.value.id}` };
  });
  return webhook.ok ? { ok: true, value: webhook.value.live ?? 'gone' } : webhook;
}

/** The outcome of a GET of the identity. The account's id consists of digits, as text or as a number. */
export function identityOutcome(exchange: Exchange): Outcome<Identity> {
  return outcomeOf(exchange, (raw) => parseWith(identitySchema, raw));
}

/** A failed call of a handler. Null: the field holds no HTTP status, or no time. */
export interface DeliveryError {
  readonly status: number | null;
  /** `YYYY-MM-DD HH:MM:SS`, in an unknown time zone. */
  readonly at: string | null;
}

/** The outcome of a GET of log files: the names of a day's files. */
export function logfileNames(exchange: Exchange): Outcome<readonly string[]> {
  return outcomeOf(exchange, (raw) => parseWith(z.array(text, 'is not a list'), raw));
}

/** The outcome of a GET of a log file of failed deliveries. `too-large`: it exists, but was not read. */
export function deliveryErrors(exchange: Exchange): Outcome<readonly DeliveryError[] | 'too-large'> {
  const isLarge =
    exchange.kind === 'answer' && typeof exchange.body !== 'string' && exchange.body.broken === 'too-large';
  if (isLarge && exchange.status === 200) return { ok: true, value: 'too-large' };
  return outcomeOf(exchange, (raw) => parseWith(z.array(deliverySchema, 'is not a list'), raw));
}

/** An item of a list. `live` is null if the webhook was removed and is still listed. */
export interface ListedWebhook {
  readonly id: number;
  readonly live: LiveWebhook | null;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Of all pages. */
  readonly total: number;
}

/** One page of GET /webhooks. The call is undocumented: it may exist, be missing, or answer something else. */
export function webhookPage(exchange: Exchange): Outcome<Page<ListedWebhook>> {
  return pageOutcome(exchange, parseWebhook);
}

/** One page of GET /databases or of GET /database/$id/collections. */
export function namedPage(exchange: Exchange): Outcome<Page<NamedEntity>> {
  return pageOutcome(exchange, (item) => parseWith(namedSchema, item));
}

/**
 *                                                                          missing
 *   200 with the envelope, consistent counts and only valid items          (the page)
 *   200 with anything else, however long                                   call
 *   400 or 404 with the API's own error: there is no such database         database
 *   other 2xx, redirects, and 4xx that don't mention the token             call
 *   401, 403, 400 for the token, 408, 429, 5xx, no answer, a body that
 *     broke off or is encoded                                              nothing
 */
function pageOutcome<T>(exchange: Exchange, parseItem: (item: unknown) => Parsed<T>): Outcome<Page<T>> {
  const page = outcomeOf(exchange, (raw) => parsePage(raw, parseItem));
  if (page.ok || exchange.kind === 'no-answer') return page;
  const { status, body } = exchange;
  if (saysGone(exchange, 'database')) return { ...page, missing: 'database' };
  const passes = page.kind === 'turned-away' || status >= 500 || status === 408;
  const isAboutToken = status === 401 || status === 403 || saysBadToken(exchange);
  const wasRead = typeof body === 'string' || body.broken === 'too-large' || status !== 200;
  return { ...page, missing: passes || isAboutToken || !wasRead ? undefined : 'call' };
}

function parsePage<T>(raw: unknown, parseItem: (item: unknown) => Parsed<T>): Parsed<Page<T>> {
  const envelope = parseWith(envelopeSchema, raw);
  if (!envelope.ok) return envelope;
  const { total, data, count = data.length } = envelope.value;
  if (count !== data.length) return { ok: false, but: `with ${data.length} items where it says ${count}` };
  const items: T[] = [];
  for (const [index, item] of data.entries()) {
    const parsed = parseItem(item);
    if (!parsed.ok) return { ok: false, but: `with an item ${index} that can't be used: ${parsed.but}` };
    items.push(parsed.value);
  }
  return { ok: true, value: { items, total } };
}

function parseWebhook(raw: unknown): Parsed<ListedWebhook> {
  return parseWith(isRemoved(raw) ? removedSchema : liveSchema, raw);
}

/** `removed` holds a date, or a time as a number. Databases write "none" as null, empty, 0, or a date of zeros. */
function isRemoved(raw: unknown): boolean {
  const removed = typeof raw === 'object' && raw !== null && 'removed' in raw ? raw.removed : null;
  if (typeof removed === 'string') return /[1-9a-z]/i.test(removed);
  return removed === true || (typeof removed === 'number' && removed > 0);
}

/** The content of a 200; any other answer is a failure. */
function outcomeOf<T>(exchange: Exchange, parse: (json: unknown) => Parsed<T>): Outcome<T> {
  if (exchange.kind === 'no-answer' || exchange.status !== 200) return failure(exchange);
  const parsed = parseBody(exchange, parse);
  return parsed.ok ? parsed : unusable(exchange, parsed.but);
}

function parseBody<T>(answer: Answer, parse: (json: unknown) => Parsed<T>): Parsed<T> {
  const contradiction = contradictionIn(answer);
  if (contradiction !== null) return { ok: false, but: contradiction };
  const body = typeof answer.body === 'string' ? answer.body : '';
  if (body.trim() === '') return { ok: false, but: 'with an empty body' };
  const json = parseJson(body);
  return json === undefined ? { ok: false, but: 'with a body that is not JSON' } : parse(json);
}

function parseWith<T>(schema: z.ZodType<T>, raw: unknown): Parsed<T> {
  const parsed = schema.safeParse(withId(raw));
  if (parsed.success) return { ok: true, value: parsed.data };
  const [issue] = parsed.error.issues;
  const place = issue === undefined || issue.path.length === 0 ? 'it' : issue.path.join('.');
  return { ok: false, but: `"${place}" ${issue?.message ?? 'is wrong'}` };
}

/** Webhooks and databases have `ID`, the identity has `id`: either is accepted everywhere. */
function withId(raw: unknown): unknown {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw) || 'ID' in raw || !('id' in raw)) return raw;
  return { ...raw, ID: raw.id };
}
