import { maskUrls } from '../text/mask-urls.js';
import { HIGHEST_WEBHOOK_ID } from '../webhook.js';
import {
  type Answer,
  type AnswerHeaders,
  apiMessage,
  type BrokenBody,
  type Exchange,
  errorText,
  parseJson,
  saysBadToken,
  saysGone,
} from './answer.js';
import type { CallFailure, CreateOutcome, WriteOutcome } from './api.js';
import type { Redact } from './redact.js';

/**
 * Statuses with which the API says that it did not do what was asked. 408 is not one, since it can come from a proxy
 * whose server went on; nor is 409, which does not tell what made the conflict.
 */
const REFUSED_STATUSES: ReadonlySet<number> = new Set([
  400, 401, 402, 403, 404, 405, 410, 411, 413, 414, 415, 422, 426, 431, 451,
]);

const LONGEST_MESSAGE_CHARACTERS = 300;
/** How much of a text is examined before it is printed. A JWT, at most 8 KiB long, leaves room for the rest. */
const LOOKED_THROUGH_CHARACTERS = 16 * 1024;
const LONGEST_RETRY_AFTER_MS = 24 * 60 * 60_000;

/**
 * The outcome of a POST of a webhook.
 *
 *   nothing was sent (DNS, refused, TLS, connect time-out)          not-sent     nothing was made
 *   2xx with an id                                                  the id
 *   2xx without one                                                 unknown      may have been made
 *   400 401 403 404 422, and their like (REFUSED_STATUSES),
 *     with the API's own error in JSON                              refused      nothing was made
 *     with anything else: nothing, a page, text, other JSON,
 *     a body that is encoded or broke off                           unknown      may have been made
 *   429; 503 from the load balancer                                 turned-away  nothing was made
 *   503 with an error in JSON, or encoded: it may be the API's      unknown      may have been made
 *   408 409 500 502 504, any other status, redirects too            unknown      may have been made
 *   sent, and closed, reset, no answer in time, not HTTP            unknown      may have been made
 *
 * A proxy or a balancer can answer after it has passed the request on, so only the API's own words are believed. The
 * body of a success does not matter: status and headers hold the answer.
 */
export function createOutcome(exchange: Exchange): CreateOutcome {
  if (exchange.kind === 'no-answer' || !isSuccess(exchange)) return failure(exchange);
  const id = createdId(exchange.headers);
  return id === null ? unusable(exchange, 'without the id of the new webhook') : { ok: true, value: id };
}

/**
 * The outcome of a PUT or a DELETE.
 *
 *   PUT 204; 303, which is what the live API answers                done
 *   DELETE 204                                                      done
 *   both 200, unless it is a page, broken JSON, or tells of an error  done
 *   both 400 or 404 with the API's own error, which says that there
 *     is no such webhook (any more)                                 gone
 *   everything else                                                 as for a POST
 *
 * The Location of the 303 contains the access token: it is never read.
 */
export function writeOutcome(call: 'update' | 'delete', exchange: Exchange): WriteOutcome {
  if (exchange.kind === 'no-answer') return failure(exchange);
  if (saysGone(exchange, 'webhook')) return { ok: true, value: 'gone' };
  if (exchange.status === 204 || (call === 'update' && exchange.status === 303)) return { ok: true, value: 'done' };
  if (exchange.status !== 200) return failure(exchange);
  const contradiction =
    contradictionIn(exchange) ?? (isBrokenJson(exchange.body) ? 'with a body that is not JSON' : null);
  return contradiction === null ? { ok: true, value: 'done' } : unusable(exchange, contradiction);
}

/** The failure that an exchange without success means: the rows of the table above `createOutcome` without an id. */
export function failure(exchange: Exchange): CallFailure {
  if (exchange.kind === 'no-answer') {
    return { ok: false, kind: exchange.sent ? 'unknown' : 'not-sent', message: exchange.message };
  }
  return {
    ok: false,
    kind: kindOfStatus(exchange),
    status: exchange.status,
    message: told(exchange),
    retryAfterMs: retryAfter(exchange),
    tokenRejected: isRefusal(exchange) && (saysBadToken(exchange) || exchange.status === 403) ? true : undefined,
  };
}

function kindOfStatus(answer: Answer): CallFailure['kind'] {
  const { status, body } = answer;
  if (isRefusal(answer)) return 'refused';
  if (status === 429) return 'turned-away';
  const mayBeTheApis = errorText(body) !== null || (typeof body !== 'string' && body.broken === 'encoded');
  return status === 503 && !mayBeTheApis ? 'turned-away' : 'unknown';
}

/** The API itself says that it did not do what was asked. */
export function isRefusal(answer: Answer): boolean {
  return isRefusedStatus(answer.status) && apiMessage(answer.body) !== null;
}

/** Not enough to rely on if something may have been made: see `isRefusal`. */
export function isRefusedStatus(status: number): boolean {
  return REFUSED_STATUSES.has(status);
}

/** What would make the body unreadable every time. */
const COMES_AGAIN: ReadonlySet<BrokenBody['broken']> = new Set(['too-large', 'encoded']);

/** An answer that can't be used although its status means success. */
export function unusable(answer: Answer, but: string): CallFailure {
  const message = `Copernica answered ${answer.status}, but ${but}`;
  // Without a status, an answer that broke off counts as never received, unlike one that would always be the same.
  const cameWhole = typeof answer.body === 'string' || COMES_AGAIN.has(answer.body.broken);
  return { ok: false, kind: 'unknown', message, status: cameWhole ? answer.status : undefined };
}

function isSuccess({ status }: Answer): boolean {
  return status >= 200 && status < 300;
}

/** Why a 200 can't be believed, or null. A page instead of JSON comes from something on the way. */
export function contradictionIn(answer: Answer): string | null {
  if (typeof answer.body !== 'string') return answer.body.message;
  const message = errorText(answer.body);
  if (message !== null) return `with an error: ${message}`;
  return isHtml(answer) ? 'with an HTML page' : null;
}

/** How much of an answer is examined to see which page it is. */
const PAGE_BEGINNING_CHARACTERS = 4096;

function beginning(body: string): string {
  return body.trimStart().slice(0, PAGE_BEGINNING_CHARACTERS);
}

/** It begins like JSON but is not: whatever sent it, this is not the API saying what it did. */
function isBrokenJson(body: Answer['body']): boolean {
  return typeof body === 'string' && /^[{[]/.test(beginning(body)) && parseJson(body) === undefined;
}

/** What the answer says, for people: the API's own words if it has any, never a page. */
function told(answer: Answer): string {
  const { status, body } = answer;
  if (status >= 300 && status < 400) return `answered ${status}, a redirect, which is not followed`;
  const message = errorText(body);
  if (message !== null) return `${apiMessage(body) === null ? '' : 'Copernica '}answered ${status}: ${message}`;
  const why = status === 503 || status === 429 ? ' (too many requests)' : '';
  if (status === 503 || isLoadBalancerPage(body)) return `the load balancer answered ${status}${why}`;
  if (status === 429) return `answered 429${why}`;
  if (typeof body !== 'string') return `answered ${status}, ${body.message}`;
  return `answered ${status}${isHtml(answer) ? ' with an HTML page' : ''}`;
}

function isLoadBalancerPage(body: Answer['body']): boolean {
  return typeof body === 'string' && /<title>\s*load ?balancer error/i.test(beginning(body));
}

function isHtml({ headers, body }: Answer): boolean {
  if (/^\s*text\/html\b/i.test(headerValue(headers, 'content-type') ?? '')) return body !== '';
  return typeof body === 'string' && /^<(!doctype|html|head|body|title)\b/i.test(beginning(body));
}

/** The id of the new webhook: from X-Created, else the last part of the path in X-Location or Location. */
function createdId(headers: AnswerHeaders): number | null {
  if (headers['x-created'] !== undefined) return parseId(headerValue(headers, 'x-created')?.trim());
  return idInLocation(headerValue(headers, 'x-location')) ?? idInLocation(headerValue(headers, 'location'));
}

function idInLocation(location: string | undefined): number | null {
  return parseId(/^[^?#]*\/(\d+)\/?\s*(?:[?#]|$)/.exec(location ?? '')?.[1]);
}

function parseId(text: string | undefined): number | null {
  if (text === undefined || !/^\d+$/.test(text)) return null;
  const id = Number(text);
  return id > 0 && id <= HIGHEST_WEBHOOK_ID ? id : null;
}

/** A header that came several times with different values is ignored. */
function headerValue(headers: AnswerHeaders, name: string): string | undefined {
  const value = headers[name];
  if (value === undefined || typeof value === 'string') return value;
  return new Set(value).size === 1 ? value[0] : undefined;
}

/** Retry-After in milliseconds: a number of seconds, or a date. */
export function retryAfter({ headers, receivedAt }: Pick<Answer, 'headers' | 'receivedAt'>): number | undefined {
  const value = headerValue(headers, 'retry-after')?.trim() ?? '';
  const waitMs = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - receivedAt;
  return value === '' || Number.isNaN(waitMs) ? undefined : Math.min(Math.max(waitMs, 0), LONGEST_RETRY_AFTER_MS);
}

/**
 * Makes text from outside printable: one line of limited length, without control characters and invisible ones that
 * reverse text, without secrets (an answer may repeat a handler that contains some). Cut before it is examined, since
 * it may be megabytes long, and once more at the end, since removing what is hidden can lengthen it.
 */
export function safeText(text: string, redact: Redact): string {
  const looked = text.slice(0, LOOKED_THROUGH_CHARACTERS).replace(/\s+/g, ' ').replace(/\p{C}/gu, '');
  const plain = maskUrls(redact(looked));
  if (plain.length <= LONGEST_MESSAGE_CHARACTERS) return plain;
  return `${plain.slice(0, LONGEST_MESSAGE_CHARACTERS).replace(/[\ud800-\udbff]$/, '')}…`;
}
