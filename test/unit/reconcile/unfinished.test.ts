import { describe, expect, it } from 'vitest';
import { productError } from '../../../src/errors.js';
import type { AppliedChange, ChangeResult } from '../../../src/plan/applied.js';
import { CHANGED_IN_ACCOUNT, type Change } from '../../../src/plan/change.js';
import type { LiveViews } from '../../../src/plan/live.js';
import { refusedBefore, type Unfinished, whatIsLeft } from '../../../src/reconcile/unfinished.js';
import { fold } from '../../../src/state/fold.js';

const AT = '2026-01-01T00:00:00.000Z';
const SPEC = { handler: 'https://a.example/a', trigger: 'create' } as const;
const DESIRED = { name: 'a', spec: SPEC, file: 'webhooks.yaml', line: 1, column: 1 };
const STATE = fold([
  { type: 'header', version: 2, account: '34', createdAt: AT, highestId: 10 },
  { type: 'entry', name: 'a', id: 7, createdAt: AT, webhook: SPEC },
]);
const ERROR = productError('failed', { code: 'api-refused', message: 'a: no', remedy: 'look at it' });

const wanted = { name: 'a', desired: DESIRED, reason: '' } as const;
const CREATE: Change = { ...wanted, action: 'create', goneId: null };
const GONE: Change = { ...wanted, action: 'create', goneId: 7 };
const UPDATE: Change = { ...wanted, action: 'update', id: 7, from: null, differences: [] };
const DRIFT: Change = { ...UPDATE, reason: CHANGED_IN_ACCOUNT };
const RECOVER: Change = { ...wanted, action: 'recover', intents: [], replaces: null };
const NONE: Change = { ...wanted, action: 'none', id: 7 };
const DELETE: Change = { name: 'a', action: 'delete', id: 5, spec: SPEC, cause: 'pending', reason: '' };
const OLDER: Change = { ...DELETE, id: 4 };

function applied(change: Change, result: ChangeResult, refusal?: 'now' | 'before'): AppliedChange {
  return { change, result, id: 7, error: result === 'done' ? null : ERROR, refusal };
}

/** What is left of the one entry `a`, which has webhook 7. */
function left(change: AppliedChange, views: LiveViews = new Map()): Unfinished {
  return whatIsLeft({
    entries: [DESIRED],
    desired: [DESIRED],
    changes: [change],
    views,
    known: new Map([[7, 'a']]),
    state: STATE,
  });
}

const UNREAD: LiveViews = new Map([[7, { kind: 'unread', reason: 'answered 503' }]]);

describe('what a run leaves for the next one', () => {
  it.each([
    ['one that is done', left(applied(UPDATE, 'done')), [], [], 0],
    ['one that failed', left(applied(CREATE, 'failed')), ['a'], [], 0],
    ['one that Copernica refused', left(applied(CREATE, 'failed', 'now')), [], [], 1],
    ['one that it refused before', left(applied(UPDATE, 'failed', 'before')), [], [], 1],
    ['one that could not be read', left(applied(NONE, 'done'), UNREAD), ['a'], [7], 0],
    ['one that failed and could not be read', left(applied(UPDATE, 'failed'), UNREAD), ['a'], [7], 0],
    ['one that was changed, and is not put back', left(applied(DRIFT, 'failed')), ['a'], [7], 0],
    ['one that was changed, and is put back', left(applied(DRIFT, 'done')), [], [], 0],
    ['one that is gone, and was held back', left(applied(GONE, 'skipped')), ['a'], [7], 0],
    ['one that is gone, and was lost when it was made anew', left(applied(RECOVER, 'uncertain')), ['a'], [7], 0],
    ['one that was changed, which Copernica refuses to undo', left(applied(DRIFT, 'failed', 'now')), [], [7], 1],
    ['one that a guard refused', left(applied(CREATE, 'refused')), [], [], 0],
    ['one that waits for what is uncertain', left(applied(CREATE, 'skipped')), [], [], 0],
  ])('of %s', (_what, unfinished, toRetry, toRead, refused) => {
    expect([...unfinished.toRetry]).toEqual(toRetry);
    expect([...unfinished.toRead]).toEqual(toRead);
    expect(unfinished.refused.size).toBe(refused);
  });
});

describe('what Copernica refused', () => {
  it('is told again with the error of then', () => {
    const unfinished = left(applied(CREATE, 'failed', 'now'));
    expect(refusedBefore(CREATE, unfinished)).toMatchObject({ result: 'failed', refusal: 'before', error: ERROR });
  });

  it.each([
    ['the same entry has something else to do by now', UPDATE, CREATE],
    ['another webhook of that name is to be deleted', OLDER, DELETE],
    ['its deletion was refused, and nothing that is sent now', CREATE, DELETE],
  ])('says nothing where %s', (_when, change, refused) => {
    expect(refusedBefore(change, left(applied(refused, 'failed', 'now')))).toBeNull();
  });
});
