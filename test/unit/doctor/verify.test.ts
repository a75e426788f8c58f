import { describe, expect, it } from 'vitest';
import type { AnswerFacts } from '../../../src/copernica/answer-facts.js';
import type { CallFailure, LiveWebhook } from '../../../src/copernica/api.js';
import { type Observations, type Seen, verified } from '../../../src/doctor/verify.js';
import { formatVerified, verifyProblems } from '../../../src/output/verify.js';
import type { WebhookSpec } from '../../../src/webhook.js';

const FIRST: WebhookSpec = { handler: 'https://a.example/x', trigger: 'failure' };
const SENT = {
  first: FIRST,
  updated: { ...FIRST, callers: ['ms'] },
  second: { ...FIRST, database: 1017 },
  knownBefore: 7,
} as const;

const FACTS: AnswerFacts = {
  status: 200,
  durationMs: 12,
  idHeaders: [],
  database: 'missing',
  collection: 'missing',
  removed: 'missing',
  echoesToken: false,
};
const seen = <T>(value: T, facts: Partial<AnswerFacts> = {}): Seen<T> => {
  return { outcome: { ok: true, value }, facts: { ...FACTS, ...facts } };
};
const failed = (failure: Omit<CallFailure, 'ok'>, facts: Partial<AnswerFacts> | null = null): Seen<never> => {
  return { outcome: { ok: false, ...failure }, facts: facts === null ? null : { ...FACTS, ...facts } };
};
const live = (more: Partial<LiveWebhook> = {}): LiveWebhook => {
  return { id: 8, ...FIRST, callers: [], database: undefined, collection: undefined, ...more };
};

/** As the documents have it. */
const USUAL: Observations = {
  create: seen(8, { status: 201, idHeaders: ['X-Created'] }),
  read: seen(live()),
  list: seen('unavailable', { status: 400 }),
  update: seen('done', { status: 204 }),
  readUpdated: seen(live({ callers: ['ms'] })),
  updateWithoutCallers: seen('done'),
  readWithoutCallers: seen(live({ callers: ['publisher', 'ms'] })),
  delete: seen('done'),
  readRemoved: seen('gone', { removed: 'text' }),
  deleteAgain: seen('gone', { status: 400 }),
  createSecond: seen(9, { status: 201 }),
  readSecond: seen(live({ id: 9, database: 1017 }), { database: 'text' }),
};

function rowOf(check: string, observations: Observations) {
  const row = verified({ ...USUAL, ...observations }, SENT).find((each) => each.check === check);
  return row === undefined ? 'no such row' : `${row.status}: ${row.seen}`;
}

const DOWN = { kind: 'unknown', message: 'no answer within 30 s' } as const;
const BUSY = { kind: 'turned-away', status: 429, message: 'too many' } as const;
const REFUSED = { kind: 'refused', status: 400, message: 'no' } as const;

describe('what verify says of what it saw', () => {
  it.each<[string, string, Observations]>([
    ['new-id', 'ok: X-Created', {}],
    ['new-id', 'ok: X-Location', { create: seen(8, { idHeaders: ['X-Location'] }) }],
    [
      'new-id',
      'otherwise: no id',
      { create: failed({ kind: 'unknown', status: 201, message: 'no id' }, { status: 201 }) },
    ],
    ['new-id', 'unseen: no', { create: failed(REFUSED, { status: 400 }) }],
    ['new-id', 'unseen: no answer within 30 s', { create: failed(DOWN) }],
    ['read-new', 'ok: as sent', {}],
    ['read-new', 'otherwise: another trigger', { read: seen(live({ trigger: 'open' })) }],
    ['read-new', 'otherwise: no such webhook', { read: seen('gone') }],
    ['read-new', 'otherwise: no', { read: failed(REFUSED) }],
    ['read-new', 'unseen: too many', { read: failed(BUSY) }],
    ['callers-left-out', 'ok: no callers', {}],
    ['callers-left-out', 'otherwise: ms, others', { read: seen(live({ callers: ['ms', 'x'] })) }],
    ['scope-left-out', 'ok: both null', { read: seen(live(), { database: 'null', collection: 'null' }) }],
    [
      'scope-left-out',
      'otherwise: database number, collection not shown',
      {
        read: seen(live({ database: 5 }), { database: 'number' }),
      },
    ],
    ['list', 'ok: there is none: 400', {}],
    ['list', 'ok: there is one, without ours', { list: seen([live({ id: 3 })]) }],
    ['list', 'ok: there is one, with ours', { list: seen([live()]) }],
    ['list', 'unseen: too many', { list: failed(BUSY) }],
    ['update', 'ok: 204', {}],
    ['update', 'otherwise: 400: no such webhook', { update: seen('gone', { status: 400 }) }],
    ['token-echo', 'ok: the token is in it', { update: seen('done', { idHeaders: ['Location'], echoesToken: true }) }],
    ['token-echo', 'ok: the token is not in it', { update: seen('done', { idHeaders: ['Location'] }) }],
    ['token-echo', 'ok: there is no Location', {}],
    ['read-updated', 'otherwise: no callers', { readUpdated: seen(live()) }],
    ['update-callers-left-out', 'ok: ms, publisher', {}],
    ['update-callers-left-out', 'ok: no', { updateWithoutCallers: failed(REFUSED) }],
    ['delete', 'ok: 400: no such webhook', { delete: seen('gone', { status: 400 }) }],
    ['read-removed', 'ok: 200 with "removed"', {}],
    ['read-removed', 'ok: 400: no such webhook', { readRemoved: seen('gone', { status: 400 }) }],
    ['read-removed', 'otherwise: it is shown as if it was there', { readRemoved: seen(live()) }],
    ['delete-again', 'ok: 204', { deleteAgain: seen('done', { status: 204 }) }],
    ['delete-again', 'otherwise: no', { deleteAgain: failed(REFUSED) }],
    ['ids-rise', 'ok: 8, then 9', {}],
    ['ids-rise', 'otherwise: 8, then 5', { createSecond: seen(5) }],
    ['ids-rise', 'otherwise: 7 was known, then 6, then 8', { create: seen(6), createSecond: seen(8) }],
    ['database', 'ok: 1017, as text', {}],
    ['database', 'ok: not shown', { readSecond: seen(live()) }],
    ['database', 'otherwise: 5, as number', { readSecond: seen(live({ database: 5 }), { database: 'number' }) }],
  ])('%s is %s', (check, expected, observations) => {
    expect(rowOf(check, observations)).toBe(expected);
  });

  it('has a line about the database only where one was sent', () => {
    const checks = verified(USUAL, { ...SENT, second: FIRST }).map(({ check }) => check);
    expect([checks.length, checks.includes('database')]).toEqual([13, false]);
  });

  it('says what it means exactly where something is otherwise, and how many were not seen', () => {
    const rows = verified({ create: USUAL.create, read: seen('gone') }, SENT);
    expect(rows.filter(({ means }) => means !== null).every(({ status }) => status === 'otherwise')).toBe(true);
    expect(verifyProblems(rows).map(({ code, message }) => `${code}: ${message}`)).toEqual([
      expect.stringMatching(/^verify-otherwise: .*It means: a lost create may not be found/),
      expect.stringMatching(/^verify-otherwise: .*It means: a lost create without callers/),
      expect.stringMatching(/^verify-otherwise: .*It means: a refresh replaces/),
      expect.stringMatching(/^verify-unseen: 10 of 14 could not be seen; the first: a list of webhooks/),
    ]);
  });
});

describe('the table of verify', () => {
  const account = { id: '34', name: 'Dev', company: '', api: 'https://api.copernica.com', isSandbox: false };
  const target = { account, apiVersion: '3', version: '0.1.0' };

  it('shows texts from outside as they are safe, and counts what is not as relied on', () => {
    const rows = verified({ ...USUAL, list: failed({ ...BUSY, message: '\u001b[31m##[command]' }) }, SENT);
    const text = formatVerified(target, rows, { color: false, leavesNothing: false });
    expect(text).not.toContain('\u001b');
    expect(text).toMatch(/^Account 34 Dev at api\.copernica\.com, version 3 of the API\n/);
    expect(text).toMatch(/\n1 could not be seen, 13 as relied on; something may be left behind\n$/);
  });
});
