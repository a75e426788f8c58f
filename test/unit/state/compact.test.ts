import { describe, expect, it } from 'vitest';
import { compact } from '../../../src/state/compact.js';
import { fold } from '../../../src/state/fold.js';
import type { StateRecord } from '../../../src/state/records.js';
import { AT, aWebhook, HEADER, intent, LATER, lost, made } from './histories.js';

const closed = (number: number, more: object = {}): StateRecord => {
  return { type: 'closed', intent: number, at: LATER, witness: 20, ...more };
};

const STATES: [string, StateRecord[]][] = [
  ['nothing', []],
  ['entries', [...made('a', 10, 1), { type: 'protected', name: 'a', at: AT, isProtected: true }]],
  [
    'an entry that is being updated',
    [...made('a', 10, 1), { type: 'updating', name: 'a', at: AT, webhook: aWebhook() }],
  ],
  [
    'an entry that was found, of unknown scope',
    [
      ...lost(1, 'a', 7),
      {
        type: 'matched',
        name: 'a',
        at: AT,
        intents: [1],
        id: 8,
        webhook: aWebhook(),
        others: [9],
        isScopeUnknown: true,
      },
    ],
  ],
  [
    'an entry that was taken over as it was read',
    [{ type: 'imported', name: 'a', id: 8, at: AT, webhook: aWebhook() }],
  ],
  ['something to be deleted', [...made('a', 10, 1), ...made('a', 11, 2)]],
  ['an intent that is under way', [intent(1, 'a', 7)]],
  ['an intent that was given up on', lost(1, 'a', 7)],
  [
    'two that were lost together',
    [intent(1, 'a'), intent(2, 'b'), ...lost(3, 'c'), { type: 'unknown', intent: 1, at: LATER, reason: '' }],
  ],
  ['several losses in a row', [...lost(1, 'a'), ...lost(2, 'b', null, LATER), ...lost(3, 'c', null, LATER)]],
  ['losses that an answer ended, while one is open', [...lost(1, 'a', 7), ...made('b', 20, 2)]],
  ['losses of which nothing is open', [...lost(1, 'a', 7), { type: 'cancelled', intent: 1, at: AT, reason: '' }]],
  ['what may be it', [...lost(1, 'a', 7), { type: 'suspected', intent: 1, ids: [8, 9], at: AT }]],
  ['a proof that is missing', [...lost(1, 'a', 7), { type: 'unproved', intent: 1, runs: 2, at: AT }]],
  [
    'what was read, at several times',
    [
      ...lost(1, 'a', 7),
      { type: 'read', from: 8, to: 20, at: AT },
      { type: 'read', from: 10, to: 12, at: LATER },
      { type: 'read', from: 30, to: 40, at: LATER },
    ],
  ],
  [
    'a closed intent, its loss ended by the answer that closed it',
    [...lost(1, 'a', 7), ...made('a', 20, 2), closed(1)],
  ],
  ['a closed intent whose loss is the last', [...lost(1, 'a', 7), closed(1)]],
  ['a closed intent beside an open one', [...lost(1, 'a', 7), ...lost(2, 'b', 7), closed(1)]],
  ['a closed intent with ids that were not read', [...lost(1, 'a', 7), closed(1, { unread: [{ from: 8, to: 9 }] })]],
  [
    'a second look that could not be taken',
    [...lost(1, 'a', 7), closed(1), { type: 'unproved', intent: 1, runs: 2, at: AT }],
  ],
  [
    'marks of names with and without an entry',
    [
      ...made('a', 10, 1),
      {
        type: 'possiblyDuplicated',
        name: 'a',
        ranges: [
          { from: 1, to: 2 },
          { from: 5, to: 9 },
        ],
        at: AT,
      },
      { type: 'possiblyDuplicated', name: 'b', ranges: [{ from: 3, to: 3 }], at: AT },
    ],
  ],
  ['ids that were ours', [...made('a', 10, 1), ...lost(2, 'b', 7), { type: 'removed', id: 10, at: AT }]],
  ['ids that do not rise', [intent(1, 'a', 20), { type: 'created', intent: 1, id: 10, at: AT }]],
];

describe('a state file that is written anew', () => {
  it.each(STATES)('says the same with %s', (_title, records) => {
    const state = fold([HEADER, ...records]);
    const compacted = [...compact(state)];
    expect(fold(compacted)).toEqual(state);
  });

  it('says the same with all of that at once', () => {
    const state = fold([
      HEADER,
      ...made('a', 10, 1),
      ...made('a', 11, 2),
      ...made('gone', 12, 3),
      ...lost(4, 'b', 12),
      ...lost(5, 'b', 12, LATER),
      ...lost(6, 'c', 12),
      { type: 'removed', id: 12, at: AT },
      { type: 'suspected', intent: 5, ids: [13, 14], at: AT },
      { type: 'unproved', intent: 4, runs: 1, at: AT },
      { type: 'read', from: 13, to: 60, at: AT },
      closed(6, { unread: [{ from: 61, to: 70 }] }),
      { type: 'unproved', intent: 6, runs: 3, at: LATER },
      { type: 'updating', name: 'a', at: AT, webhook: aWebhook('new') },
    ]);
    expect(fold(compact(state))).toEqual(state);
  });

  it('is of this version, and of the same lineage', () => {
    const [header] = compact(fold([{ ...HEADER, version: 1, lineage: 'x-1' }]));
    expect(header).toMatchObject({ type: 'header', version: 2, lineage: 'x-1' });
  });
});
