import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Answer, Exchange } from '../../../src/copernica/answer.js';
import { createOutcome, failure, safeText, writeOutcome } from '../../../src/copernica/outcome.js';
import { redactor } from '../../../src/copernica/redact.js';
import { HIGHEST_WEBHOOK_ID } from '../../../src/webhook.js';
import { growth, MOST_GROWTH } from '../../helpers/growth.js';
import { LOAD_BALANCER_PAGE } from '../../helpers/raw-server.js';

const TOKEN = 'secret-token-0123456789';
const redact = redactor([TOKEN]);
const NOW = Date.parse('2026-11-23T10:00:00Z');

function answered(status: number, headers: Answer['headers'] = {}, body: Answer['body'] = ''): Answer {
  return { kind: 'answer', status, headers, body, receivedAt: NOW };
}

function noAnswer(sent: boolean): Exchange {
  return { kind: 'no-answer', sent, message: 'the connection was closed' };
}

const refusal = (message: string) => JSON.stringify({ error: { message } });
const LOST = { broken: 'lost', message: 'the answer broke off' } as const;
const ENCODED = { broken: 'encoded', message: 'with a body that is encoded' } as const;

const REFUSED = [400, 401, 402, 403, 404, 405, 410, 411, 413, 414, 415, 422, 426, 431, 451];

/** What a refusal of Copernica never is: a proxy or a balancer on the way can answer so. */
const FOREIGN: readonly [what: string, Answer['body']][] = [
  ['a page', '<html><title>Access denied</title>'],
  ['text', 'Forbidden'],
  ['other JSON', '{"message":"Forbidden"}'],
  ['an error that is text', '{"error":"forbidden"}'],
  ['an error without a message', '{"error":{"code":403}}'],
  ['an empty list of errors', '{"error":{"errors":[]}}'],
  ['broken JSON', '{"error":{"message":"No'],
  ['a body that broke off', LOST],
  ['a body that is encoded', ENCODED],
];

describe('what a POST came to', () => {
  const rows: readonly [what: string, Exchange, expected: object][] = [
    ['nothing was sent', noAnswer(false), { kind: 'not-sent' }],
    ['201 with X-Created', answered(201, { 'x-created': '1894' }), { ok: true, value: 1894 }],
    ['200 with X-Created', answered(200, { 'x-created': ' 7 ' }), { ok: true, value: 7 }],
    ['201 with X-Location', answered(201, { 'x-location': 'https://h/v3/webhook/1894' }), { ok: true, value: 1894 }],
    ['201 with Location', answered(201, { location: '/v3/webhook/5/?a=6#7' }), { ok: true, value: 5 }],
    ['X-Created goes first', answered(201, { 'x-created': '3', location: '/webhook/4' }), { ok: true, value: 3 }],
    ['X-Created twice, alike', answered(201, { 'x-created': ['3', '3'] }), { ok: true, value: 3 }],
    ['an id, and a body that broke off', answered(201, { 'x-created': '9' }, LOST), { ok: true, value: 9 }],
    ['201 without an id', answered(201), { kind: 'unknown', status: 201 }],
    ['X-Created twice, different', answered(201, { 'x-created': ['3', '4'] }), { kind: 'unknown' }],
    ['an id of 0', answered(201, { 'x-created': '0' }), { kind: 'unknown' }],
    ['an id below 0', answered(201, { 'x-created': '-5' }), { kind: 'unknown' }],
    ['an id with a fraction', answered(201, { 'x-created': '1.5' }), { kind: 'unknown' }],
    ['an id in hexadecimal', answered(201, { 'x-created': '0x10' }), { kind: 'unknown' }],
    ['an id beyond counting', answered(201, { 'x-created': '9007199254740993' }), { kind: 'unknown' }],
    ['an id too high to count on from', answered(201, { 'x-created': '9007199254740991' }), { kind: 'unknown' }],
    [
      'the lowest id that is too high, in a Location',
      answered(201, { location: `/v3/webhook/${HIGHEST_WEBHOOK_ID + 1}` }),
      { kind: 'unknown' },
    ],
    [
      'an id that is too high, and a good one beside it',
      answered(201, { 'x-created': '9007199254740991', location: '/v3/webhook/5' }),
      { kind: 'unknown' },
    ],
    [
      'the highest id',
      answered(201, { 'x-created': String(HIGHEST_WEBHOOK_ID) }),
      { ok: true, value: HIGHEST_WEBHOOK_ID },
    ],
    ['a Location without an id', answered(201, { location: '/v3/webhook/?id=5' }), { kind: 'unknown' }],
    [
      'a Location with a number elsewhere in its path',
      answered(201, { location: '/v3/1894/webhook' }),
      { kind: 'unknown' },
    ],
    ['200 with an HTML page', answered(200, { 'content-type': 'text/html' }, '<html>'), { kind: 'unknown' }],
    ...REFUSED.flatMap((status): [string, Exchange, object][] => [
      [`${status} in the API’s own words`, answered(status, {}, refusal('No')), { kind: 'refused', status }],
      [`${status} without a body`, answered(status), { kind: 'unknown', status }],
    ]),
    ...FOREIGN.map(([what, body]): [string, Exchange, object] => [
      `403 with ${what}`,
      answered(403, {}, body),
      { kind: 'unknown', status: 403 },
    ]),
    ['400 with a list of errors', answered(400, {}, '{"error":{"errors":["No"]}}'), { kind: 'refused', status: 400 }],
    ['409 in the API’s own words', answered(409, {}, refusal('No')), { kind: 'unknown', status: 409 }],
    ['503 with a body that is encoded', answered(503, {}, ENCODED), { kind: 'unknown', status: 503 }],
    ['503 with a body that broke off', answered(503, {}, LOST), { kind: 'turned-away', status: 503 }],
    ['429 with a body that is encoded', answered(429, {}, ENCODED), { kind: 'turned-away', status: 429 }],
    ['an id, and a body that is encoded', answered(201, { 'x-created': '9' }, ENCODED), { ok: true, value: 9 }],
    [
      'an id in a redirect',
      answered(303, { 'x-created': '5', location: '/webhook/5' }),
      { kind: 'unknown', status: 303 },
    ],
    ['an id in a refusal', answered(400, { 'x-created': '5' }, refusal('No')), { kind: 'refused' }],
    ['429', answered(429), { kind: 'turned-away', status: 429 }],
    ['503 from the load balancer', answered(503, {}, LOAD_BALANCER_PAGE), { kind: 'turned-away', status: 503 }],
    ['503 without a body', answered(503), { kind: 'turned-away' }],
    ['503 from the API itself', answered(503, {}, refusal('Try later')), { kind: 'unknown', status: 503 }],
    ...[300, 301, 302, 303, 304, 307, 308, 406, 408, 409, 418, 425, 499, 500, 501, 502, 504, 505, 507, 520, 599].map(
      (status): [string, Exchange, object] => [`${status}`, answered(status), { kind: 'unknown', status }],
    ),
    ['504 from the load balancer', answered(504, {}, LOAD_BALANCER_PAGE), { kind: 'unknown', status: 504 }],
    ['sent, and no answer', noAnswer(true), { kind: 'unknown' }],
  ];

  it.each(rows)('%s', (_, exchange, expected) => {
    expect(createOutcome(exchange)).toMatchObject(expected);
  });

  it('takes nothing for made that has no id in a success', () => {
    const headers = fc.dictionary(fc.constantFrom('x-created', 'location', 'x-location', 'date'), fc.string());
    fc.assert(
      fc.property(fc.integer({ min: 200, max: 599 }), headers, fc.string(), (status, given, body) => {
        const outcome = createOutcome(answered(status, given, body));
        if (!outcome.ok) return;
        expect(status).toBeLessThan(300);
        expect(Object.values(given).join(' ')).toContain(String(outcome.value));
        expect(Number.isSafeInteger(outcome.value) && outcome.value > 0).toBe(true);
      }),
    );
  });
});

describe('what a PUT or a DELETE came to', () => {
  const location = `https://api.copernica.com/v3/webhook/5?access_token=${TOKEN}`;
  const rows: readonly [what: string, 'update' | 'delete', Exchange, expected: object][] = [
    ['PUT 204', 'update', answered(204), { ok: true, value: 'done' }],
    ['PUT 303 with the token in Location', 'update', answered(303, { location }), { ok: true, value: 'done' }],
    ['PUT 200', 'update', answered(200), { ok: true, value: 'done' }],
    ['DELETE 200', 'delete', answered(200, { 'x-deleted': 'webhook 5' }), { ok: true, value: 'done' }],
    ['DELETE 204', 'delete', answered(204), { ok: true, value: 'done' }],
    [
      'PUT of an unknown id',
      'update',
      answered(400, {}, refusal('No entity with supplied ID')),
      { ok: true, value: 'gone' },
    ],
    [
      'DELETE of an unknown id',
      'delete',
      answered(404, {}, refusal('No entity with supplied ID')),
      { ok: true, value: 'gone' },
    ],
    [
      'a second DELETE',
      'delete',
      answered(400, {}, refusal('This webhook has already been removed')),
      { ok: true, value: 'gone' },
    ],
    [
      'a 500 that speaks of no entity',
      'delete',
      answered(500, {}, refusal('No entity with supplied ID')),
      { kind: 'unknown', status: 500 },
    ],
    ['a bare 404', 'delete', answered(404), { kind: 'unknown', status: 404 }],
    [
      'DELETE of an unknown id, in other words',
      'delete',
      answered(400, {}, refusal('No webhook with given ID')),
      { ok: true, value: 'gone' },
    ],
    [
      'DELETE of an unknown id, as a list of errors',
      'delete',
      answered(400, {}, '{"error":{"errors":[{"message":"No webhook with supplied ID"}]}}'),
      { ok: true, value: 'gone' },
    ],
    [
      'DELETE of a webhook whose database is unknown',
      'delete',
      answered(400, {}, refusal('No database with supplied ID')),
      { kind: 'refused' },
    ],
    [
      'DELETE with a bad token, whatever else is said',
      'delete',
      answered(400, {}, refusal('Invalid access token: no entity with supplied ID')),
      { kind: 'refused', tokenRejected: true },
    ],
    [
      'DELETE 404 with a page that says so',
      'delete',
      answered(404, {}, 'No entity with supplied ID'),
      { kind: 'unknown' },
    ],
    ['PUT 403 with a page', 'update', answered(403, {}, '<html>'), { kind: 'unknown', status: 403 }],
    ['PUT 200 with a body that is encoded', 'update', answered(200, {}, ENCODED), { kind: 'unknown', status: 200 }],
    ['PUT 303 with a body that is encoded', 'update', answered(303, {}, ENCODED), { ok: true, value: 'done' }],
    ['another 400', 'update', answered(400, {}, refusal('Invalid data provided')), { kind: 'refused' }],
    ['DELETE 303', 'delete', answered(303, { location }), { kind: 'unknown', status: 303 }],
    ['PUT 302', 'update', answered(302, { location }), { kind: 'unknown', status: 302 }],
    ['PUT 200 with a page', 'update', answered(200, {}, '<!doctype html><p>Log in'), { kind: 'unknown' }],
    ['DELETE 200 with an error in it', 'delete', answered(200, {}, refusal('Nope')), { kind: 'unknown' }],
    [
      'DELETE 200 with JSON that cannot be read',
      'delete',
      answered(200, {}, '{"ID":"18\u0000<html>'),
      { kind: 'unknown' },
    ],
    ['PUT 200 with other JSON', 'update', answered(200, {}, '{"status":"ok"}'), { ok: true, value: 'done' }],
    ['200 with a body that broke off', 'delete', answered(200, {}, LOST), { kind: 'unknown' }],
    ['429', 'update', answered(429), { kind: 'turned-away' }],
    ['502', 'delete', answered(502), { kind: 'unknown', status: 502 }],
    ['nothing was sent', 'update', noAnswer(false), { kind: 'not-sent' }],
    ['no answer', 'delete', noAnswer(true), { kind: 'unknown' }],
  ];

  it.each(rows)('%s', (_, call, exchange, expected) => {
    const outcome = writeOutcome(call, exchange);
    expect(outcome).toMatchObject(expected);
    expect(JSON.stringify(outcome)).not.toContain(TOKEN);
  });
});

describe('what a failure says', () => {
  const message = (exchange: Exchange) => safeText(failure(exchange).message, redact);

  it.each([
    [answered(400, {}, refusal('Invalid data provided')), 'Copernica answered 400: Invalid data provided'],
    [answered(400, {}, '{"error":"no"}'), 'answered 400: no'],
    [answered(400, {}, '{"error":{"errors":["no",{"message":"nor that"}]}}'), 'Copernica answered 400: no; nor that'],
    [answered(403, {}, ENCODED), 'answered 403, with a body that is encoded'],
    [answered(503, {}, LOAD_BALANCER_PAGE), 'the load balancer answered 503 (too many requests)'],
    [answered(504, {}, LOAD_BALANCER_PAGE), 'the load balancer answered 504'],
    [answered(502, {}, '<html><body>Bad Gateway'), 'answered 502 with an HTML page'],
    [answered(302, { location: 'https://evil.example' }), 'answered 302, a redirect, which is not followed'],
    [answered(500, {}, '{"error":'), 'answered 500'],
  ])('tells in words what was answered: %#', (exchange, expected) => {
    expect(message(exchange)).toBe(expected);
  });

  it('bounds the words of others, and takes control characters and secrets out of them', () => {
    expect(message(answered(400, {}, refusal('\u001b[31mred\u001b[0m\r\nline\u202e two')))).toBe(
      'Copernica answered 400: [31mred[0m line two',
    );
    expect(message(answered(400, {}, refusal('x'.repeat(10_000)))).length).toBeLessThan(310);
    // The token stands where the text is cut: half of it would not be recognised any more.
    expect(message(answered(400, {}, refusal(`${'x'.repeat(265)}${TOKEN}`)))).not.toContain('secret');
    expect(message(answered(400, {}, refusal(`t\u0000${TOKEN.slice(0, 5)}\u0007${TOKEN.slice(5)}`)))).toBe(
      'Copernica answered 400: t***',
    );
  });

  it.each(['a?', 'invalid ', '://', 'eyJaaaaa-', ' '])('takes no longer than the answer is long, of %j', (piece) => {
    const make = (size: number) => refusal(piece.repeat(size / piece.length));
    expect(growth(make, (body) => message(answered(400, {}, body)))).toBeLessThan(MOST_GROWTH);
  });

  it('looks only at the beginning of a page for who wrote it', () => {
    const page = LOAD_BALANCER_PAGE.replace('<title>', `<!--${'x'.repeat(5_000)}--><title>`);
    expect(message(answered(504, {}, page))).toBe('answered 504 with an HTML page');
    expect(message(answered(504, {}, `${' '.repeat(5_000)}${LOAD_BALANCER_PAGE}`))).toBe(
      'the load balancer answered 504',
    );
  });

  it('quotes an error in part, and hides a secret that the cut goes through', () => {
    for (const before of [240, 265, 290, 4060, 4075, 4090]) {
      const told = message(answered(400, {}, refusal(`${' '.repeat(before)}${TOKEN}${'y'.repeat(10_000)}`)));
      expect(told).not.toContain(TOKEN.slice(0, 9));
    }
  });

  it.each([
    ['30', 30_000],
    ['0', 0],
    ['Mon, 23 Nov 2026 10:01:00 GMT', 60_000],
    ['Mon, 23 Nov 2026 09:00:00 GMT', 0],
    ['99999999999', 24 * 60 * 60_000],
    ['soon', undefined],
    ['', undefined],
    ['-5x', undefined],
  ])('reads Retry-After %j', (value, expected) => {
    expect(failure(answered(503, { 'retry-after': value })).retryAfterMs).toBe(expected);
  });
});
