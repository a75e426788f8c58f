import * as z from 'zod';
import { HIGHEST_WEBHOOK_ID } from '../webhook.js';
import { type Answer, type Exchange, saysBadToken, saysGone } from './answer.js';
import type { CallFailure, Identity, LiveWebhook, NamedEntity, Outcome, ReadOutcome } from './api.js';
import { contradictionIn, failure, safeText, unusable } from './outcome.js';
import type { Redact } from './redact.js';

/** Ids and counts come as strings from some calls and as numbers from others: `"1894"` is 1894. */
const wholeNumber = z
  .union(
    [
      z.number(),
      z
        .string()
        .regex(/^\d{1,16}$/)
        .transform(Number),
    ],
    { error: 'is not a number' },
  )
  .pipe(z.int('is not a whole number that can be used').nonnegative('is negative'));
const id = wholeNumber.pipe(z.number().positive('is not an id'));
const webhookId = id.pipe(z.number().max(HIGHEST_WEBHOOK_ID, 'is too high an id'));

/** Absent, null, empty and 0 all occur for "no limit"; only absent leaves it open whether there is one. */
const limitedTo = z.union([z.enum(['', '0']).transform(() => null), z.literal(0).transform(() => null), z.null(), id], {
  error: 'is not an id',
});

const filled = z.string('is not text').min(1, 'is empty');

/** The documented fields, and the limits, which may or may not be shown. Further properties are let pass. */
const webhookSchema = z.looseObject({
  ID: webhookId,
  handler: filled,
  trigger: filled,
  callers: z.array(z.string('is not text'), 'is not a list').nullish(),
  database: limitedTo.optional(),
  collection: limitedTo.optional(),
});
/** A date, or a time as a number. Databases write "none" as null, nothing, 0, or a date of zeros. */
const filledDate = z.union([z.string().regex(/[1-9a-z]/i), z.number().positive()]);
const removedSchema = z.looseObject({
  ID: webhookId,
  removed: z.union([filledDate, z.literal(true)]),
});
const forPeople = z.string().catch('');
const identitySchema = z.looseObject({ ID: id, name: z.string('is not text').nullish(), company: forPeople });
const namedSchema = z.looseObject({ ID: id, name: z.string('is not text') });
const envelopeSchema = z.looseObject({
  start: wholeNumber.optional(),
  count: wholeNumber.optional(),
  total: wholeNumber,
  data: z.array(z.unknown(), 'is not a list'),
});

/** What the body holds, or why it can't be used: to follow "but". */
type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly but: string };

/**
 * What a GET of a webhook came to.
 *
 *   200 with the webhook asked for                                  the webhook
 *   200 with `removed` filled: a removed entity still answers       gone
 *   400 or 404 with the API's own error, which says that there is
 *     no such webhook (any more)                                    gone
 *   200 with another id, wrong types, not JSON, HTML, nothing,
 *     a body that is encoded                                        unknown: never taken for a webhook, nor for none
 *   everything else                                                 as for a POST
 */
export function readOutcome(asked: number, exchange: Exchange, redact: Redact): ReadOutcome {
  if (exchange.kind === 'answer' && saysGone(exchange, 'webhook')) return { ok: true, value: 'gone' };
  if (exchange.kind === 'no-answer' || exchange.status !== 200) return failureOf(exchange, redact);
  const body = parseBody(exchange);
  const webhook = body.ok ? parseWebhook(body.value) : body;
  if (!webhook.ok) return unusable(exchange, webhook.but, redact);
  if (webhook.value.id !== asked) return unusable(exchange, `answered for another id, ${webhook.value.id}`, redact);
  return { ok: true, value: webhook.value.live ?? 'gone' };
}

/** What a GET of the identity came to. The account's id is digits, whether it comes as text or as a number. */
export function identityOutcome(exchange: Exchange, redact: Redact): Outcome<Identity> {
  if (exchange.kind === 'no-answer' || exchange.status !== 200) return failureOf(exchange, redact);
  const body = parseBody(exchange);
  const identity = body.ok ? parseWith(identitySchema, body.value) : body;
  if (!identity.ok) return unusable(exchange, identity.but, redact);
  const { ID, name, company } = identity.value;
  const forPeople = (text: string) => safeText(text, redact);
  return { ok: true, value: { id: String(ID), name: forPeople(name ?? ''), company: forPeople(company) } };
}

/** An item of a list. `live` is null where the webhook is removed and still listed. */
export interface ListedWebhook {
  readonly id: number;
  readonly live: LiveWebhook | null;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Of all pages. */
  readonly total: number;
}

export type PageOutcome<T> = Outcome<Page<T>>;

/** One page of GET /webhooks, which is not documented: it may be there, be missing, or answer something else. */
export function webhookPage(exchange: Exchange, redact: Redact): PageOutcome<ListedWebhook> {
  return pageOutcome(exchange, parseWebhook, redact);
}

/** One page of GET /databases or of GET /database/$id/collections. */
export function namedPage(exchange: Exchange, redact: Redact): PageOutcome<NamedEntity> {
  return pageOutcome(exchange, parseNamed, redact);
}

/**
 *                                                                          missing
 *   200 with the envelope, its counts adding up and each item right        (the page)
 *   200 with anything else, however long                                   call
 *   400 or 404 with the API's own error: there is no such database         database
 *   other 2xx, redirects, and 4xx that don't speak of the token            call
 *   401, 403, 400 for the token, 408, 429, 5xx, no answer, a body that
 *     broke off or is encoded                                              nothing
 */
function pageOutcome<T>(exchange: Exchange, parseItem: (item: unknown) => Parsed<T>, redact: Redact): PageOutcome<T> {
  if (exchange.kind === 'no-answer') return failureOf(exchange, redact);
  const { status, body } = exchange;
  if (status === 200) {
    const page = parsePage(exchange, parseItem);
    if (page.ok) return page;
    const wasRead = typeof body === 'string' || body.broken === 'too-large';
    return { ...unusable(exchange, page.but, redact), missing: wasRead ? 'call' : undefined };
  }
  const failed = failureOf(exchange, redact);
  if (saysGone(exchange, 'database')) return { ...failed, missing: 'database' };
  const passes = failed.kind === 'turned-away' || status >= 500 || status === 408;
  const isAboutToken = status === 401 || status === 403 || saysBadToken(exchange);
  return { ...failed, missing: passes || isAboutToken ? undefined : 'call' };
}

function parsePage<T>(answer: Answer, parseItem: (item: unknown) => Parsed<T>): Parsed<Page<T>> {
  const body = parseBody(answer);
  const envelope = body.ok ? parseWith(envelopeSchema, body.value) : body;
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
  const removed = removedSchema.safeParse(withId(raw));
  if (removed.success) return { ok: true, value: { id: removed.data.ID, live: null } };
  const parsed = parseWith(webhookSchema, raw);
  if (!parsed.ok) return parsed;
  const { ID, handler, trigger, callers, database, collection } = parsed.value;
  return {
    ok: true,
    value: { id: ID, live: { id: ID, handler, trigger, callers: callers ?? [], database, collection } },
  };
}

function parseNamed(raw: unknown): Parsed<NamedEntity> {
  const parsed = parseWith(namedSchema, raw);
  return parsed.ok ? { ok: true, value: { id: parsed.value.ID, name: parsed.value.name } } : parsed;
}

function parseBody(answer: Answer): Parsed<unknown> {
  const contradiction = contradictionIn(answer);
  if (contradiction !== null) return { ok: false, but: contradiction };
  const text = typeof answer.body === 'string' ? answer.body : '';
  if (text.trim() === '') return { ok: false, but: 'with an empty body' };
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    return { ok: false, but: 'with a body that is not JSON' };
  }
}

function parseWith<T>(schema: z.ZodType<T>, raw: unknown): Parsed<T> {
  const parsed = schema.safeParse(withId(raw));
  if (parsed.success) return { ok: true, value: parsed.data };
  const [issue] = parsed.error.issues;
  const place = issue === undefined || issue.path.length === 0 ? 'it' : issue.path.join('.');
  return { ok: false, but: `"${place}" ${issue?.message ?? 'is wrong'}` };
}

/** Webhooks and databases say `ID`, the identity says `id`: either will do everywhere. */
function withId(raw: unknown): unknown {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw) || 'ID' in raw || !('id' in raw)) return raw;
  return { ...raw, ID: raw.id };
}

/** A status of success other than 200 has no answer in it. */
function failureOf(exchange: Exchange, redact: Redact): CallFailure {
  if (exchange.kind === 'answer' && exchange.status < 300) return unusable(exchange, 'nothing to read', redact);
  return failure(exchange, redact);
}
