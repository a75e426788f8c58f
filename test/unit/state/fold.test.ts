import { describe, expect, it } from 'vitest';
import { fold, ImpossibleRecord } from '../../../src/state/fold.js';
import type { StateRecord } from '../../../src/state/records.js';
import { AT, aWebhook, HEADER, made } from './histories.js';

const LATER = '2026-11-23T11:00:00.000Z';

function stateAfter(...records: StateRecord[]) {
  return fold([HEADER, ...records]);
}

describe('creates', () => {
  it('an intent is unconfirmed until an id confirms it, and the entry then has what was sent', () => {
    const [intent, created] = made('a', 1894, 1);
    if (intent === undefined || created === undefined) throw new Error('two records');
    expect([...stateAfter(intent).intents.values()]).toEqual([
      { intent: 1, name: 'a', spec: aWebhook('a'), above: null, at: AT },
    ]);
    const state = stateAfter(intent, created);
    expect(state.intents.size).toBe(0);
    expect(state.entries.get('a')).toEqual({ name: 'a', id: 1894, spec: aWebhook('a'), createdAt: AT });
    expect(state).toMatchObject({ highestId: 1894, nextIntent: 2, idsRise: true });
    expect(state.owners.get(1894)).toBe('a');
  });

  it('a cancelled intent leaves nothing but its number', () => {
    const state = stateAfter(
      { type: 'intent', intent: 1, name: 'a', above: 7, at: AT, webhook: aWebhook() },
      { type: 'cancelled', intent: 1, at: AT, reason: 'refused' },
    );
    expect(state.intents.size).toBe(0);
    expect(state.entries.size).toBe(0);
    expect(state.nextIntent).toBe(2);
  });

  it('an intent is absent since it was first looked for in vain', () => {
    const state = stateAfter(
      { type: 'intent', intent: 1, name: 'a', above: 7, at: AT, webhook: aWebhook() },
      { type: 'absent', intent: 1, at: AT },
      { type: 'absent', intent: 1, at: LATER },
    );
    expect(state.intents.get(1)?.absentSince).toBe(AT);
  });

  it('an intent that was given up on and looked for in vain stays unconfirmed', () => {
    const state = stateAfter(
      { type: 'intent', intent: 1, name: 'a', above: 7, at: AT, webhook: aWebhook() },
      { type: 'unknown', intent: 1, at: LATER, reason: 'no answer' },
      { type: 'absent', intent: 1, at: LATER },
    );
    expect(state.intents.get(1)).toMatchObject({ gaveUp: { at: LATER, reason: 'no answer' }, absentSince: LATER });
  });

  it('an id at or below what was known before the POST means that ids do not rise', () => {
    const intent: StateRecord = { type: 'intent', intent: 1, name: 'a', above: 7, at: AT, webhook: aWebhook() };
    expect(stateAfter(intent, { type: 'created', intent: 1, id: 7, at: AT }).idsRise).toBe(false);
    expect(stateAfter(intent, { type: 'created', intent: 1, id: 8, at: AT }).idsRise).toBe(true);
  });

  it('of two POSTs under way together, the later answer may have the lower id', () => {
    const state = stateAfter(
      { type: 'intent', intent: 1, name: 'a', above: 7, at: AT, webhook: aWebhook('a') },
      { type: 'intent', intent: 2, name: 'b', above: 7, at: AT, webhook: aWebhook('b') },
      { type: 'created', intent: 1, id: 9, at: AT },
      { type: 'created', intent: 2, id: 8, at: AT },
    );
    expect(state).toMatchObject({ idsRise: true, highestId: 9 });
  });
});

describe('a second webhook of one entry', () => {
  it('a replace keeps the old webhook in mind until it is known to be gone', () => {
    const replaced = [...made('a', 10, 1), ...made('a', 11, 2, aWebhook('new'))];
    const state = stateAfter(...replaced);
    expect(state.entries.get('a')).toMatchObject({ id: 11, spec: aWebhook('new') });
    expect([...state.doomed.values()]).toEqual([{ id: 10, name: 'a', spec: aWebhook('a') }]);
    expect(state.owners.get(10)).toBe('a');
    const after = stateAfter(...replaced, { type: 'removed', id: 10, at: AT });
    expect(after.doomed.size).toBe(0);
    expect(after.entries.get('a')?.id).toBe(11);
    expect(after.owners.has(10)).toBe(false);
  });

  it('a lost webhook that is found takes the place of the one that was sent after it', () => {
    const state = stateAfter(
      { type: 'intent', intent: 1, name: 'a', above: 9, at: AT, webhook: aWebhook('a') },
      { type: 'unknown', intent: 1, at: AT, reason: 'no answer' },
      ...made('a', 12, 2),
      { type: 'created', intent: 1, id: 11, at: LATER },
    );
    expect(state.entries.get('a')?.id).toBe(11);
    expect([...state.doomed.keys()]).toEqual([12]);
    expect(state.intents.size).toBe(0);
  });

  it('an import takes over the name, and the webhook that it had before is to be deleted', () => {
    const state = stateAfter(...made('a', 10, 1), {
      type: 'imported',
      name: 'a',
      id: 5,
      at: LATER,
      webhook: aWebhook('x'),
    });
    expect(state.entries.get('a')).toEqual({ name: 'a', id: 5, spec: aWebhook('x'), createdAt: LATER });
    expect([...state.doomed.keys()]).toEqual([10]);
  });

  it('an import settles what was uncertain about the name, and of no other', () => {
    const state = stateAfter(
      { type: 'intent', intent: 1, name: 'a', above: null, at: AT, webhook: aWebhook() },
      { type: 'intent', intent: 2, name: 'b', above: null, at: AT, webhook: aWebhook() },
      { type: 'imported', name: 'a', id: 5, at: AT, webhook: aWebhook() },
    );
    expect([...state.intents.keys()]).toEqual([2]);
  });

  it('a doubt stays while webhooks come and go, grows with another, and ends when it is said to', () => {
    const doubted: StateRecord[] = [
      ...made('a', 30, 1),
      { type: 'possiblyDuplicated', name: 'a', from: 10, to: 12, at: AT },
      { type: 'possiblyDuplicated', name: 'a', from: 20, to: 22, at: AT },
      ...made('a', 31, 2),
    ];
    expect(stateAfter(...doubted).entries.get('a')?.possiblyDuplicated).toEqual({ from: 10, to: 22 });
    const after = stateAfter(...doubted, { type: 'undoubted', name: 'a', at: AT });
    expect(after.entries.get('a')).not.toHaveProperty('possiblyDuplicated');
  });
});

describe('the life of an entry', () => {
  it('an update is marked before the PUT and set after it', () => {
    const before = stateAfter(...made('a', 10, 1), { type: 'updating', name: 'a', at: AT, webhook: aWebhook('n') });
    expect(before.entries.get('a')).toMatchObject({ spec: aWebhook('a'), updating: aWebhook('n') });
    const after = stateAfter(
      ...made('a', 10, 1),
      { type: 'updating', name: 'a', at: AT, webhook: aWebhook('n') },
      { type: 'updated', name: 'a', at: AT, webhook: aWebhook('n') },
    );
    expect(after.entries.get('a')).toEqual({ name: 'a', id: 10, spec: aWebhook('n'), createdAt: AT });
  });

  it('a rename takes the id, what is uncertain, and nothing of the account along', () => {
    const state = stateAfter(
      ...made('a', 10, 1),
      { type: 'intent', intent: 2, name: 'a', above: 10, at: AT, webhook: aWebhook('a') },
      { type: 'renamed', from: 'a', to: 'b', at: AT },
    );
    expect([...state.entries]).toEqual([['b', { name: 'b', id: 10, spec: aWebhook('a'), createdAt: AT }]]);
    expect(state.intents.get(2)?.name).toBe('b');
    expect(state.owners.get(10)).toBe('b');
  });

  it('forgetting drops the entry and its intents, and not what is to be deleted', () => {
    const records: StateRecord[] = [
      ...made('a', 10, 1),
      ...made('a', 11, 2),
      { type: 'intent', intent: 3, name: 'a', above: 11, at: AT, webhook: aWebhook('a') },
      { type: 'forgotten', name: 'a', at: AT },
    ];
    const state = stateAfter(...records);
    expect([state.entries.size, state.intents.size, [...state.doomed.keys()]]).toEqual([0, 0, [10]]);
    const again = stateAfter(...records, { type: 'forgotten', name: 'a', at: AT });
    expect([again.doomed.size, again.owners.size]).toEqual([0, 0]);
  });

  it('a pruned entry leaves at once and its webhook stays to be deleted', () => {
    const state = stateAfter(...made('a', 10, 1), { type: 'doomed', name: 'a', at: AT }, ...made('a', 11, 2));
    expect(state.entries.get('a')?.id).toBe(11);
    expect([...state.doomed.keys()]).toEqual([10]);
  });

  it('a webhook that is gone from the account takes its entry along', () => {
    const state = stateAfter(...made('a', 10, 1), { type: 'removed', id: 10, at: AT });
    expect([state.entries.size, state.owners.size, state.highestId]).toEqual([0, 0, 10]);
  });
});

describe('what cannot be', () => {
  const base = [...made('a', 10, 1), ...made('b', 20, 2)];
  const open: StateRecord = { type: 'intent', intent: 3, name: 'c', above: null, at: AT, webhook: aWebhook() };
  const impossible: [string, StateRecord[]][] = [
    ['a second header', [HEADER]],
    ['an id for an intent that nobody wrote', [{ type: 'created', intent: 9, id: 30, at: AT }]],
    ['a second id for one intent', [{ type: 'created', intent: 1, id: 30, at: AT }]],
    ['a reason for an intent that nobody wrote', [{ type: 'unknown', intent: 9, at: AT, reason: '' }]],
    ['absence for an intent that nobody wrote', [{ type: 'absent', intent: 9, at: AT }]],
    ['cancelling an intent that nobody wrote', [{ type: 'cancelled', intent: 9, at: AT, reason: '' }]],
    ['the number of an intent that is open', [open, open]],
    ['an id that another entry has', [open, { type: 'created', intent: 3, id: 10, at: AT }]],
    ['an import of an id that an entry has', [{ type: 'imported', name: 'a', id: 10, at: AT, webhook: aWebhook() }]],
    [
      'an id that is to be deleted',
      [open, { type: 'doomed', name: 'a', at: AT }, { type: 'created', intent: 3, id: 10, at: AT }],
    ],
    ['a rename onto a name that is taken', [{ type: 'renamed', from: 'a', to: 'b', at: AT }]],
    ['a rename of nothing', [{ type: 'renamed', from: 'x', to: 'y', at: AT }]],
    ['an update of nothing', [{ type: 'updating', name: 'x', at: AT, webhook: aWebhook() }]],
    ['deleting nothing', [{ type: 'doomed', name: 'x', at: AT }]],
    ['forgetting nothing', [{ type: 'forgotten', name: 'x', at: AT }]],
    ['an unknown webhook gone', [{ type: 'removed', id: 30, at: AT }]],
    ['a doubt about nothing', [{ type: 'possiblyDuplicated', name: 'x', from: 1, to: 2, at: AT }]],
    ['a range that goes backwards', [{ type: 'possiblyDuplicated', name: 'a', from: 2, to: 1, at: AT }]],
    ['a name twice', [{ type: 'entry', name: 'a', id: 30, createdAt: AT, webhook: aWebhook() }]],
    ['a doomed webhook that an entry has', [{ type: 'doomedWebhook', name: 'x', id: 10, webhook: aWebhook() }]],
  ];
  it.each(impossible)('%s is refused', (_, records) => {
    expect(() => stateAfter(...base, ...records)).toThrow(ImpossibleRecord);
  });

  it('a history without a header is refused', () => {
    expect(() => fold(made('a', 1, 1))).toThrow(ImpossibleRecord);
    expect(() => fold([])).toThrow(ImpossibleRecord);
  });
});
