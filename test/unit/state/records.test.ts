import { describe, expect, it } from 'vitest';
import { asRecord, type RecordType, type StateRecord } from '../../../src/state/records.js';
import { AT, aWebhook } from './histories.js';

const whole = aWebhook('a', { callers: ['ms', 'publisher'], database: 1017, collection: 42 });

/** One of each type, with every field. */
const RECORDS: { readonly [Type in RecordType]: Extract<StateRecord, { type: Type }> } = {
  seen: { type: 'seen', id: 2_000, at: AT },
  header: {
    type: 'header',
    version: 2,
    account: '34',
    createdAt: AT,
    lineage: 'x-1',
    highestId: 9,
    nextIntent: 3,
    idsRise: false,
  },
  intent: {
    type: 'intent',
    intent: 1,
    name: 'a',
    above: 7,
    at: AT,
    webhook: whole,
    handlerAsWritten: '*',
    timeoutMs: 30_000,
  },
  unknown: { type: 'unknown', intent: 1, at: AT, reason: 'no answer' },
  cancelled: { type: 'cancelled', intent: 1, at: AT, reason: 'refused' },
  created: { type: 'created', intent: 1, id: 1894, at: AT },
  late: { type: 'late', intent: 1, name: 'a', id: 1894, at: AT, webhook: whole },
  matched: {
    type: 'matched',
    name: 'a',
    at: AT,
    intents: [1, 2],
    id: 1894,
    webhook: whole,
    others: [1895],
    isScopeUnknown: true,
  },
  suspected: { type: 'suspected', intent: 1, ids: [7, 9], at: AT },
  read: { type: 'read', from: 8, to: 20, at: AT },
  readsVoid: { type: 'readsVoid', at: AT },
  unproved: { type: 'unproved', intent: 1, runs: 2, at: AT },
  closed: { type: 'closed', intent: 1, at: AT, witness: 21, unread: [{ from: 8, to: 9 }] },
  lookedAgain: { type: 'lookedAgain', intent: 1, at: AT, found: [{ from: 22, to: 22 }] },
  imported: {
    type: 'imported',
    name: 'a',
    id: 1894,
    at: AT,
    webhook: whole,
    handlerAsWritten: '*',
    intent: 1,
    from: 'b',
    isScopeKnown: true,
  },
  updating: { type: 'updating', name: 'a', at: AT, webhook: whole },
  updated: { type: 'updated', name: 'a', at: AT, webhook: whole, handlerAsWritten: '*' },
  protected: { type: 'protected', name: 'a', at: AT, isProtected: false },
  renamed: { type: 'renamed', from: 'a', to: 'b', at: AT },
  forgotten: { type: 'forgotten', name: 'a', at: AT },
  deleting: { type: 'deleting', name: 'a', at: AT },
  removed: { type: 'removed', id: 1894, at: AT },
  possiblyDuplicated: { type: 'possiblyDuplicated', name: 'a', ranges: [{ from: 1, to: 2 }], at: AT },
  cleared: { type: 'cleared', name: 'a', at: AT },
  entry: {
    type: 'entry',
    name: 'a',
    id: 1894,
    createdAt: AT,
    webhook: whole,
    handlerAsWritten: '*',
    answered: { intent: 1, at: AT },
    found: true,
    updating: whole,
    isScopeUnknown: true,
    isScopeNotShown: true,
    isProtected: true,
    possiblyDuplicated: { from: 1, to: 1 },
  },
  pendingDelete: { type: 'pendingDelete', id: 1894, name: 'a', webhook: whole, handlerAsWritten: '*' },
  former: { type: 'former', ids: [7, 9] },
  losses: { type: 'losses', count: 2, lastAt: AT, upTo: 3 },
  moved: { type: 'moved', to: '/elsewhere', copy: 'c-1', at: AT },
  arrived: { type: 'arrived', at: AT },
};
const OPTIONAL: readonly string[] = [
  'header.lineage',
  'header.highestId',
  'header.nextIntent',
  'header.idsRise',
  'intent.handlerAsWritten',
  'intent.timeoutMs',
  'matched.isScopeUnknown',
  'closed.unread',
  'lookedAgain.found',
  'imported.handlerAsWritten',
  'imported.intent',
  'imported.from',
  'imported.isScopeKnown',
  'updated.handlerAsWritten',
  'entry.handlerAsWritten',
  'entry.answered',
  'entry.found',
  'entry.updating',
  'entry.isScopeUnknown',
  'entry.isScopeNotShown',
  'entry.isProtected',
  'entry.possiblyDuplicated',
  'pendingDelete.handlerAsWritten',
];
const NULLABLE: readonly string[] = ['intent.above', 'closed.witness', 'losses.lastAt'];
/** Of these, 0 is a number like any other. */
const COUNTS: readonly string[] = ['losses.count', 'losses.upTo'];

describe.each(Object.values(RECORDS))('a record of type $type', (record) => {
  const fields = Object.keys(record).filter((field) => field !== 'type');

  it('is taken as it is', () => {
    expect(asRecord(JSON.parse(JSON.stringify(record)))).toEqual(record);
  });

  it.each(fields)('needs its field %s, unless that is optional', (field) => {
    const { [field]: _, ...rest } = record as unknown as Record<string, unknown>;
    const isOptional = OPTIONAL.includes(`${record.type}.${field}`);
    expect(asRecord(rest)).toEqual(isOptional ? rest : `(${record.type}) has no field "${field}"`);
  });

  it.each(fields)('refuses values of another kind in its field %s', (field) => {
    const place = `${record.type}.${field}`;
    const before = (record as unknown as Record<string, unknown>)[field];
    for (const wrong of [null, [], {}, -1, 0, 1.5, 2 ** 53, Number.NaN, 'x'.repeat(3), '', true]) {
      const fits = typeof wrong === typeof before && typeof before === 'string' && !/at$/i.test(field);
      const isNone = Array.isArray(wrong) && Array.isArray(before);
      const isNull = wrong === null && NULLABLE.includes(place);
      const isCount = wrong === 0 && COUNTS.includes(place);
      const isBoolean = wrong === true && typeof before === 'boolean';
      if (fits || isNone || isNull || isCount || isBoolean) continue;
      const why = asRecord({ ...record, [field]: wrong });
      expect(why).toMatch(
        new RegExp(`^\\(${record.type}\\) has (a|no) field "${field}(\\.[\\w.]+)?"( that is not (a|an|true|one)\\b|$)`),
      );
    }
  });

  it('refuses a field that it does not know', () => {
    expect(asRecord({ ...record, extra: 1 })).toBe(`(${record.type}) has an unknown field "extra"`);
    const inherited: unknown = JSON.parse(`${JSON.stringify(record).slice(0, -1)},"__proto__":{}}`);
    expect(asRecord(inherited)).toBe(`(${record.type}) has an unknown field "__proto__"`);
  });
});

describe('anything else', () => {
  it.each([null, undefined, 1, 'x', [], [RECORDS.header]])('%j is no record', (value) => {
    expect(asRecord(value)).toBe('is not a JSON object');
  });

  it.each(['toString', '__proto__', 'Intent', '', undefined, 3])('a type of %j is no type', (type) => {
    expect(asRecord({ type })).toContain('unknown type');
  });

  it.each([
    ['names', { type: 'forgotten', name: '', at: AT }],
    ['times in another zone', { type: 'forgotten', name: 'a', at: '2026-11-23T10:00:00+01:00' }],
    ['times that are none', { type: 'forgotten', name: 'a', at: '2026-13-45T99:00:00Z' }],
    ['triggers', { type: 'updated', name: 'a', at: AT, webhook: { ...whole, trigger: 'explode' } }],
    ['callers', { type: 'updated', name: 'a', at: AT, webhook: { ...whole, callers: ['ms', 'x'] } }],
    ['extra fields of a webhook', { type: 'updated', name: 'a', at: AT, webhook: { ...whole, extra: 1 } }],
    ['versions', { ...RECORDS.header, version: 3 }],
    ['ranges that go backwards', { ...RECORDS.possiblyDuplicated, ranges: [{ from: 2, to: 1 }] }],
    ['ranges without an end', { ...RECORDS.closed, unread: [{ from: 2 }] }],
    ['when an id was answered', { ...RECORDS.entry, answered: { intent: 1 } }],
  ])('%s are checked', (_, value) => {
    expect(typeof asRecord(value)).toBe('string');
  });
});
