import { describe, expect, it } from 'vitest';
import { compact } from '../../../src/state/compact.js';
import { parseJournal } from '../../../src/state/file/parse.js';
import { fold } from '../../../src/state/fold.js';
import { asRecord } from '../../../src/state/records.js';
import { fromVersion1 } from '../../../src/state/version-1.js';
import { AT, aWebhook, fileOf, LATER } from './histories.js';

describe('a record of version 1', () => {
  it.each([
    [
      { type: 'doomed', name: 'a', at: AT },
      { type: 'deleting', name: 'a', at: AT },
    ],
    [
      { type: 'doomedWebhook', id: 5, name: 'a', webhook: aWebhook() },
      { type: 'pendingDelete', id: 5, name: 'a', webhook: aWebhook() },
    ],
    [
      { type: 'undoubted', name: 'a', at: AT },
      { type: 'cleared', name: 'a', at: AT },
    ],
    [
      { type: 'absent', intent: 1, at: AT },
      { type: 'closed', intent: 1, at: AT, witness: null },
    ],
    [
      { type: 'possiblyDuplicated', name: 'a', from: 2, to: 9, at: AT },
      { type: 'possiblyDuplicated', name: 'a', ranges: [{ from: 2, to: 9 }], at: AT },
    ],
  ])('%j is read', (old, today) => {
    expect(fromVersion1(old)).toEqual(today);
    expect(asRecord(old)).toEqual(today);
  });

  it.each([
    { type: 'removed', id: 5, at: AT },
    { type: 'suspected', intent: 1, ids: [7], at: AT },
    { type: 'possiblyDuplicated', name: 'a', ranges: [{ from: 2, to: 9 }], at: AT },
    { type: 'never heard of' },
  ])('%j, which it has in common with today, is as it was', (record) => {
    expect(fromVersion1(record)).toEqual(record);
  });

  it.each([
    { type: 'possiblyDuplicated', name: 'a', from: 9, to: 2, at: AT },
    { type: 'possiblyDuplicated', name: 'a', from: 9, at: AT },
    { type: 'doomed', at: AT },
    { type: 'absent', at: AT },
  ])('%j is refused, as one of today would be', (record) => {
    expect(typeof asRecord(record)).toBe('string');
  });
});

const WEBHOOK = aWebhook('x');
const open = (intent: number, name: string, above: number | null) => {
  return { type: 'intent', intent, name, above, at: AT, webhook: WEBHOOK };
};
const unknown = (intent: number) => ({ type: 'unknown', intent, at: AT, reason: 'no answer' });

/** With each thing that version 1 could say. */
const FILE = [
  { type: 'header', version: 1, account: '34', createdAt: AT, highestId: 9, nextIntent: 1, idsRise: true },
  { type: 'entry', name: 'old', id: 5, createdAt: AT, webhook: WEBHOOK, possiblyDuplicated: { from: 2, to: 4 } },
  { type: 'entry', name: 'plain', id: 6, createdAt: AT, webhook: WEBHOOK, updating: aWebhook('y') },
  { type: 'doomedWebhook', id: 4, name: 'old', webhook: WEBHOOK },
  open(1, 'answered', 9),
  { type: 'created', intent: 1, id: 10, at: AT },
  open(2, 'absent', 10),
  unknown(2),
  { type: 'absent', intent: 2, at: AT },
  { type: 'absent', intent: 2, at: LATER },
  open(3, 'open', null),
  unknown(3),
  { type: 'suspected', intent: 3, ids: [7, 8], at: AT },
  open(4, 'found', 10),
  unknown(4),
  { type: 'absent', intent: 4, at: AT },
  open(5, 'found', 10),
  { type: 'created', intent: 5, id: 12, at: AT },
  { type: 'created', intent: 4, id: 11, at: AT },
  open(6, 'gone', 12),
  { type: 'created', intent: 6, id: 13, at: AT },
  { type: 'doomed', name: 'gone', at: AT },
  { type: 'possiblyDuplicated', name: 'plain', from: 20, to: 29, at: AT },
  { type: 'possiblyDuplicated', name: 'answered', from: 30, to: 39, at: AT },
  { type: 'undoubted', name: 'answered', at: AT },
  open(7, 'settled', 13),
  unknown(7),
  { type: 'absent', intent: 7, at: AT },
  { type: 'cancelled', intent: 7, at: AT, reason: 'looked for twice' },
];

describe('a state file of version 1', () => {
  const reading = parseJournal(fileOf(FILE));
  const state = reading.kind === 'journal' ? reading.state : null;

  it('is read whole', () => {
    expect(reading).toMatchObject({ kind: 'journal', records: FILE.length, tornBytes: 0 });
  });

  it('has its entries, of which none says when its id was given, since it may have been found', () => {
    const ids = [...(state?.entries.values() ?? [])].map(({ name, id }) => [name, id]);
    expect(ids).toEqual([
      ['old', 5],
      ['plain', 6],
      ['answered', 10],
      ['found', 11],
    ]);
    for (const entry of state?.entries.values() ?? []) expect(entry.answered).toBeUndefined();
    expect(state?.entries.get('plain')?.updating).toEqual(aWebhook('y'));
  });

  it('has what was open, with what may be it', () => {
    expect([...(state?.intents.values() ?? [])]).toEqual([
      {
        intent: 3,
        name: 'open',
        above: null,
        at: AT,
        spec: WEBHOOK,
        gaveUp: { at: AT, reason: 'no answer', before: 4 },
        candidates: [7, 8],
      },
    ]);
  });

  it('has what was looked for once in vain among what awaits its second look', () => {
    expect([...(state?.closed.values() ?? [])]).toMatchObject([
      { intent: { intent: 2, name: 'absent', above: 10 }, at: LATER, witness: null },
    ]);
  });

  it('has its marks by name, and without those that were taken back', () => {
    expect([...(state?.possiblyDuplicated ?? [])]).toEqual([
      ['old', [{ from: 2, to: 4 }]],
      ['plain', [{ from: 20, to: 29 }]],
    ]);
  });

  it('has what is to be deleted', () => {
    expect([...(state?.pendingDeletes.keys() ?? [])].sort((a, b) => a - b)).toEqual([4, 12, 13]);
    expect(state).toMatchObject({ highestId: 13, nextIntent: 8, idsRise: true });
  });

  it('says the same when it is written anew, in the form of today', () => {
    if (state === null) throw new Error('not read');
    const records = [...compact(state)];
    expect(records[0]).toMatchObject({ type: 'header', version: 2, lineage: `34@${AT}` });
    expect(fold(records)).toEqual(state);
  });

  it('can go on with records of today', () => {
    const more = { type: 'matched', name: 'open', at: LATER, intents: [3], id: 8, webhook: WEBHOOK, others: [] };
    expect(parseJournal(fileOf([...FILE, more]))).toMatchObject({ kind: 'journal', records: FILE.length + 1 });
  });
});
