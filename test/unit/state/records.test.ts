import { describe, expect, it } from 'vitest';
import { asRecord, type RecordType, type StateRecord } from '../../../src/state/records.js';
import { AT, aWebhook } from './histories.js';

const whole = aWebhook('a', { callers: ['ms', 'publisher'], database: 1017, collection: 42 });

/** One of each type, with every field. */
const RECORDS: { readonly [Type in RecordType]: Extract<StateRecord, { type: Type }> } = {
  header: { type: 'header', version: 1, account: '34', createdAt: AT, highestId: 9, nextIntent: 3, idsRise: false },
  intent: { type: 'intent', intent: 1, name: 'a', above: 7, at: AT, webhook: whole },
  unknown: { type: 'unknown', intent: 1, at: AT, reason: 'no answer' },
  absent: { type: 'absent', intent: 1, at: AT },
  suspected: { type: 'suspected', intent: 1, ids: [7, 9], at: AT },
  cancelled: { type: 'cancelled', intent: 1, at: AT, reason: 'refused' },
  created: { type: 'created', intent: 1, id: 1894, at: AT },
  imported: { type: 'imported', name: 'a', id: 1894, at: AT, webhook: whole },
  updating: { type: 'updating', name: 'a', at: AT, webhook: whole },
  updated: { type: 'updated', name: 'a', at: AT, webhook: whole },
  renamed: { type: 'renamed', from: 'a', to: 'b', at: AT },
  forgotten: { type: 'forgotten', name: 'a', at: AT },
  doomed: { type: 'doomed', name: 'a', at: AT },
  removed: { type: 'removed', id: 1894, at: AT },
  possiblyDuplicated: { type: 'possiblyDuplicated', name: 'a', from: 1, to: 2, at: AT },
  undoubted: { type: 'undoubted', name: 'a', at: AT },
  entry: {
    type: 'entry',
    name: 'a',
    id: 1894,
    createdAt: AT,
    webhook: whole,
    updating: whole,
    possiblyDuplicated: { from: 1, to: 1 },
  },
  doomedWebhook: { type: 'doomedWebhook', id: 1894, name: 'a', webhook: whole },
};
const OPTIONAL: readonly string[] = [
  'header.highestId',
  'header.nextIntent',
  'header.idsRise',
  'entry.updating',
  'entry.possiblyDuplicated',
];

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
    for (const wrong of [null, [], {}, -1, 0, 1.5, 2 ** 53, Number.NaN, 'x'.repeat(3), '', true]) {
      const before = (record as unknown as Record<string, unknown>)[field];
      const fits = typeof wrong === typeof before && typeof before === 'string' && !/at$/i.test(field);
      const isNone = field === 'ids' && Array.isArray(wrong);
      const isAllowed =
        fits || isNone || (field === 'above' && wrong === null) || (field === 'idsRise' && wrong === true);
      if (isAllowed) continue;
      expect(asRecord({ ...record, [field]: wrong })).toContain(`has a field "${field}" that is not`);
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
    ['versions', { ...RECORDS.header, version: 2 }],
  ])('%s are checked', (_, value) => {
    expect(typeof asRecord(value)).toBe('string');
  });
});
