import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Answer } from '../../../src/copernica/answer.js';
import { identityOutcome, namedPage, readOutcome, webhookPage } from '../../../src/copernica/answers.js';
import { LOAD_BALANCER_PAGE } from '../../helpers/raw-server.js';

function answered(body: unknown, status = 200, headers: Answer['headers'] = {}): Answer {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { kind: 'answer', status, headers, body: text, receivedAt: 0 };
}

const refusal = (message: string) => ({ error: { message } });
const SEED = { ID: '1894', handler: 'https://my-webhook-url.com', trigger: 'create', callers: ['ms', 'publisher'] };

describe('what a GET of a webhook came to', () => {
  const read = (body: unknown, status = 200) => readOutcome(1894, answered(body, status));

  it('reads the documented answer, in which the id is text and the limits are absent', () => {
    expect(read(SEED)).toEqual({
      ok: true,
      value: {
        id: 1894,
        handler: 'https://my-webhook-url.com',
        trigger: 'create',
        callers: ['ms', 'publisher'],
        database: undefined,
        collection: undefined,
      },
    });
  });

  it.each([
    [
      { database: '1017', collection: 42 },
      { database: 1017, collection: 42 },
    ],
    [
      { database: null, collection: '' },
      { database: null, collection: null },
    ],
    [
      { database: 0, collection: '0' },
      { database: null, collection: null },
    ],
    [{ callers: null }, { callers: [] }],
    [{ ID: 1894, made: { by: 'us' } }, { id: 1894 }],
    [{ removed: null }, { id: 1894 }],
    [{ removed: '' }, { id: 1894 }],
    [{ removed: '0000-00-00 00:00:00' }, { id: 1894 }],
  ])('takes %j', (extra, expected) => {
    expect(read({ ...SEED, ...extra })).toMatchObject({ ok: true, value: expected });
  });

  it.each([
    [
      'a removed webhook, its fields empty',
      { ID: '1894', handler: '', trigger: '', removed: '2026-11-23 10:00:00' },
      200,
    ],
    ['a removed webhook, its fields kept', { ...SEED, removed: '2026-11-23' }, 200],
    ['an unknown id', refusal('No entity with supplied ID'), 400],
    ['an unknown id, as others answer', refusal('No entity with supplied ID'), 404],
    ['an unknown id, in words of its own', refusal('No webhook with supplied ID'), 400],
    ['an unknown id, in words of another entity', refusal('No webhook with given ID'), 400],
  ])('is gone: %s', (_, body, status) => {
    expect(read(body, status)).toEqual({ ok: true, value: 'gone' });
  });

  it.each([
    ['another id', { ...SEED, ID: '1895' }, /answered for another id, 1895/],
    ['another, removed id', { ID: '1895', removed: '2026-11-23' }, /answered for another id, 1895/],
    ['no id', { ...SEED, ID: undefined }, /"ID" is not a number/],
    ['an id that is no number', { ...SEED, ID: 'abc' }, /"ID" is not a number/],
    ['an id too high to count on from', { ...SEED, ID: '9007199254740991' }, /"ID" is too high an id/],
    ['an id below zero', { ...SEED, ID: -1894 }, /"ID"/],
    ['a handler that is a number', { ...SEED, handler: 5 }, /"handler" is not text/],
    ['an empty trigger', { ...SEED, trigger: '' }, /"trigger" is empty/],
    ['callers as text', { ...SEED, callers: 'ms' }, /"callers" is not a list/],
    ['a caller that is a number', { ...SEED, callers: ['ms', 1] }, /"callers.1" is not text/],
    ['a database that is a list', { ...SEED, database: [1017] }, /"database" is not a number/],
    ['a list', [SEED], /"it"/],
    ['null', 'null', /"it"/],
    ['an error', refusal('Something'), /with an error: Something/],
    ['nothing', '', /empty body/],
    ['half an answer', '{"ID":"1894","handler"', /not JSON/],
    ['a page', LOAD_BALANCER_PAGE, /an HTML page/],
    ['a deep nest', `${'['.repeat(100_000)}`, /not JSON/],
  ])('is unknown, and says what is wrong with it: %s', (_, body, expected) => {
    const outcome = read(body);
    expect(outcome).toMatchObject({ kind: 'unknown', status: 200, message: expect.stringMatching(expected) });
  });

  it('never takes a body that broke off for anything', () => {
    const broken = { ...answered(''), body: { broken: 'lost', message: 'the answer broke off' } as const };
    expect(readOutcome(1894, broken)).toEqual({
      ok: false,
      kind: 'unknown',
      message: 'Copernica answered 200, but the answer broke off',
    });
  });

  it.each([400, 401, 403, 404, 422])('does not take %d for gone', (status) => {
    expect(read(refusal('Invalid access token'), status)).toMatchObject({ kind: 'refused', status });
  });

  it.each([
    ['an empty 404', '', 404],
    ['a 404 of a web server', '<html><title>404 Not Found</title>', 404],
    ['a 400 that is no JSON', 'No entity with supplied ID', 400],
    ['a 403 of a proxy', '<html><title>Access denied</title>', 403],
  ])('is unknown, and not gone: %s', (_, body, status) => {
    expect(read(body, status)).toMatchObject({ kind: 'unknown', status });
  });

  it.each([
    ['a bad token', 'Invalid access token'],
    ['a bad token, whatever else is said', 'Invalid access token: no entity with supplied ID'],
    ['an unknown database', 'No database with supplied ID'],
    ['a removed database', 'This database has already been removed'],
    ['an unknown path', 'Invalid method'],
    ['words that nobody has seen', 'The webhook is not for you'],
  ])('is refused, and not gone: %s', (_, message) => {
    expect(read(refusal(message), 400)).toMatchObject({ kind: 'refused', status: 400 });
  });

  it('finds a webhook only with the id asked for, whatever the answer holds', () => {
    const field = fc.oneof(fc.jsonValue(), fc.constantFrom('1894', 1894, 'https://h', 'create', ['ms'], '2026'));
    const body = fc.record(
      { ID: field, handler: field, trigger: field, callers: field, database: field, removed: field },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(body, fc.jsonValue()), (value) => {
        const outcome = read(value);
        if (!outcome.ok) expect(outcome.kind).toBe('unknown');
        else if (outcome.value !== 'gone') expect(outcome.value.id).toBe(1894);
      }),
      { numRuns: 500 },
    );
  });
});

describe('what a GET of the identity came to', () => {
  it.each([
    [
      { id: '34', name: 'Development', company: 'Copernica BV' },
      { id: '34', name: 'Development', company: 'Copernica BV' },
    ],
    [
      { ID: 34, name: null },
      { id: '34', name: '', company: '' },
    ],
  ])('reads %j', (body, identity) => {
    expect(identityOutcome(answered(body))).toEqual({ ok: true, value: identity });
  });

  it.each([{ id: '' }, { id: 'x' }, { id: 0 }, { id: '12345678901234567890' }, {}, [], '', 'null', '<html>'])(
    'knows no account from %j',
    (body) => {
      expect(identityOutcome(answered(body))).toMatchObject({ kind: 'unknown' });
    },
  );
});

describe('what a page of a list came to', () => {
  const envelope = (data: unknown, more: object = {}) => ({ start: 0, limit: 100, count: 1, total: 1, data, ...more });

  it('reads the envelope, counts as text too, and keeps removed webhooks apart', () => {
    expect(webhookPage(answered(envelope([SEED], { total: '7' })))).toMatchObject({
      ok: true,
      value: { total: 7 },
    });
    const removed = { ID: 5, removed: '2026-11-23' };
    expect(webhookPage(answered(envelope([removed])))).toMatchObject({
      value: { items: [{ id: 5, live: null }] },
    });
    expect(namedPage(answered(envelope([{ ID: '1017', name: 'Customers', fields: {} }])))).toEqual({
      ok: true,
      value: { total: 1, items: [{ id: 1017, name: 'Customers' }] },
    });
  });

  it.each([
    ['a list without an envelope', [SEED], 200, 'unknown', 'call'],
    ['no total', { start: 0, count: 1, data: [SEED] }, 200, 'unknown', 'call'],
    ['a count that is not the length', envelope([SEED], { count: 2 }), 200, 'unknown', 'call'],
    ['a total below zero', envelope([SEED], { total: -1 }), 200, 'unknown', 'call'],
    ['an item that can not be used', envelope([{ ...SEED, handler: null }]), 200, 'unknown', 'call'],
    ['HTML', '<html>', 200, 'unknown', 'call'],
    ['400', refusal('Invalid method'), 400, 'refused', 'call'],
    ['404', '', 404, 'unknown', 'call'],
    ['405', '', 405, 'unknown', 'call'],
    ['204', '', 204, 'unknown', 'call'],
    ['a redirect', '', 302, 'unknown', 'call'],
    ['400 for the token', refusal('Invalid access token'), 400, 'refused'],
    ['401', refusal('No'), 401, 'refused'],
    ['403', refusal('No'), 403, 'refused'],
    ['an empty 401', '', 401, 'unknown'],
    ['a page with 403', '<html>', 403, 'unknown'],
    ['503', LOAD_BALANCER_PAGE, 503, 'turned-away'],
    ['500', '', 500, 'unknown'],
  ])('%s', (_, body, status, kind, missing?: string) => {
    expect(webhookPage(answered(body, status))).toMatchObject({ ok: false, kind, missing });
  });

  it('knows a database that is unknown by its own words', () => {
    for (const message of ['No database with supplied ID', 'No entity with supplied ID']) {
      expect(namedPage(answered(refusal(message), 400))).toMatchObject({ kind: 'refused', missing: 'database' });
    }
  });

  it('can not be told where its body is encoded', () => {
    const body = { broken: 'encoded', message: 'with a body that is encoded' } as const;
    expect(webhookPage({ ...answered(''), body })).toMatchObject({ kind: 'unknown', status: 200 });
  });
});
