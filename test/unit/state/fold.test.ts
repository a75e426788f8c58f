import { describe, expect, it } from 'vitest';
import { applyRecord, fold } from '../../../src/state/fold.js';
import { ImpossibleRecord } from '../../../src/state/folded-state.js';
import type { StateRecord } from '../../../src/state/records.js';
import { VERIFY_NAME } from '../../../src/state/state.js';
import { AT, aWebhook, HEADER, intent, LATER, lost, made } from './histories.js';

function stateAfter(...records: StateRecord[]) {
  return fold([HEADER, ...records]);
}

const NO_LOSSES = { count: 0, lastAt: null, upTo: 0 };

describe('the header', () => {
  it('begins a state of its lineage, and where it gives none always of the same', () => {
    expect(fold([{ ...HEADER, lineage: 'x-1' }])).toMatchObject({ account: '34', lineage: 'x-1', highestId: null });
    expect(fold([{ ...HEADER, version: 1 }]).lineage).toBe(`34@${AT}`);
  });
});

describe('creates', () => {
  const writtenIntent = { type: 'intent', name: 'a', above: 7, at: AT, webhook: aWebhook('a'), timeoutMs: 1 } as const;

  it('an intent is open until an id confirms it, and the entry then has what was sent', () => {
    expect([...stateAfter(intent(1, 'a')).intents.values()]).toEqual([
      { intent: 1, name: 'a', spec: aWebhook('a'), above: null, at: AT, timeoutMs: 30_000 },
    ]);
    const state = stateAfter(...made('a', 1894, 1));
    expect(state.intents.size).toBe(0);
    expect(state.entries.get('a')).toEqual({
      name: 'a',
      id: 1894,
      spec: aWebhook('a'),
      createdAt: AT,
      answered: { intent: 1, at: AT },
    });
    expect(state).toMatchObject({ highestId: 1894, nextIntent: 2, idsRise: true });
    expect(state.owners.get(1894)).toBe('a');
  });

  it('an entry keeps the handler as the manifest writes it', () => {
    const written: StateRecord = { ...writtenIntent, intent: 1, handlerAsWritten: '*' };
    const created: StateRecord = { type: 'created', intent: 1, id: 8, at: AT };
    expect(stateAfter(written, created).entries.get('a')?.handlerAsWritten).toBe('*');
    const updated: StateRecord = { type: 'updated', name: 'a', at: AT, webhook: aWebhook() };
    expect(stateAfter(written, created, updated).entries.get('a')?.handlerAsWritten).toBeUndefined();
  });

  it('what is to be deleted keeps its handler as the manifest wrote it', () => {
    const written: StateRecord = { ...writtenIntent, intent: 1, handlerAsWritten: '*' };
    const created: StateRecord = { type: 'created', intent: 1, id: 8, at: AT };
    const state = stateAfter(written, created, { type: 'deleting', name: 'a', at: AT });
    expect(state.pendingDeletes.get(8)?.handlerAsWritten).toBe('*');
  });

  it('what was found has its handler as the manifest wrote it when it was sent', () => {
    const before: StateRecord = { ...writtenIntent, intent: 1, handlerAsWritten: 'before' };
    const webhook = { ...aWebhook('a'), handler: 'https://a.example/after' };
    const after: StateRecord = { ...writtenIntent, intent: 2, webhook, handlerAsWritten: 'after' };
    const found: StateRecord = { type: 'matched', name: 'a', at: AT, intents: [1, 2], id: 9, webhook, others: [8] };
    expect(stateAfter(before, after, found).entries.get('a')?.handlerAsWritten).toBe('after');
  });

  it('a cancelled intent leaves nothing but its number', () => {
    const state = stateAfter(intent(1, 'a', 7), { type: 'cancelled', intent: 1, at: AT, reason: 'refused' });
    expect([state.intents.size, state.entries.size, state.nextIntent]).toEqual([0, 0, 2]);
  });

  it('an id at or below what was known before the POST means that ids do not rise', () => {
    expect(stateAfter(intent(1, 'a', 7), { type: 'created', intent: 1, id: 7, at: AT }).idsRise).toBe(false);
    expect(stateAfter(intent(1, 'a', 7), { type: 'created', intent: 1, id: 8, at: AT }).idsRise).toBe(true);
  });

  it('of two POSTs under way together, the later answer may have the lower id', () => {
    const state = stateAfter(
      intent(1, 'a', 7),
      intent(2, 'b', 7),
      { type: 'created', intent: 1, id: 9, at: AT },
      { type: 'created', intent: 2, id: 8, at: AT },
    );
    expect(state).toMatchObject({ idsRise: true, highestId: 9 });
  });
});

describe('lost answers', () => {
  it.each<[string, StateRecord[], object]>([
    ['one', lost(1, 'a'), { count: 1, lastAt: AT, upTo: 1 }],
    [
      'two that were on the wire or on disk together are one',
      [
        intent(1, 'a'),
        intent(2, 'b'),
        { type: 'unknown', intent: 1, at: AT, reason: '' },
        { type: 'unknown', intent: 2, at: LATER, reason: '' },
      ],
      { count: 1, lastAt: LATER, upTo: 2 },
    ],
    [
      'one after the other are two',
      [...lost(1, 'a'), ...lost(2, 'b', null, LATER)],
      { count: 2, lastAt: LATER, upTo: 2 },
    ],
    [
      'one that is given up on anew is no other, but as late as that',
      [...lost(1, 'a'), { type: 'unknown', intent: 1, at: LATER, reason: '' }],
      { count: 1, lastAt: LATER, upTo: 1 },
    ],
    ['an answer ends the row', [...lost(1, 'a'), ...made('b', 9, 2)], NO_LOSSES],
    [
      'one that is found ends the row',
      [
        ...lost(1, 'a'),
        { type: 'matched', name: 'a', at: AT, intents: [1], id: 9, webhook: aWebhook('a'), others: [] },
      ],
      NO_LOSSES,
    ],
    [
      'a refusal does not',
      [...lost(1, 'a'), intent(2, 'b'), { type: 'cancelled', intent: 2, at: LATER, reason: 'refused' }],
      { count: 1, lastAt: AT, upTo: 1 },
    ],
    [
      'a proof of absence does not',
      [...lost(1, 'a'), { type: 'closed', intent: 1, at: LATER, witness: 9 }],
      { count: 1, lastAt: AT, upTo: 1 },
    ],
  ])('%s', (_title, records, losses) => {
    expect(stateAfter(...records).losses).toEqual(losses);
  });
});

describe('what was found', () => {
  const found = (intents: number[], id: number, others: number[] = []): StateRecord => {
    return { type: 'matched', name: 'a', at: LATER, intents, id, webhook: aWebhook('a'), others };
  };

  it('is the entry’s, and says nothing about the time at which its id was given', () => {
    const state = stateAfter(...lost(1, 'a', 7), found([1], 9));
    expect(state.entries.get('a')).toEqual({ name: 'a', id: 9, spec: aWebhook('a'), createdAt: LATER, found: true });
    expect([state.intents.size, state.highestId, state.owners.get(9)]).toEqual([0, 9, 'a']);
  });

  it('beyond one, and the webhook that the entry had, are to be deleted by the same record', () => {
    const before = [...made('a', 5, 1), ...lost(2, 'a', 7), ...lost(3, 'a', 7)];
    const state = stateAfter(...before, found([2, 3], 9, [8]));
    expect([state.entries.get('a')?.id, [...state.pendingDeletes.keys()]]).toEqual([9, [5, 8]]);
    expect([...state.owners]).toEqual([
      [5, 'a'],
      [9, 'a'],
      [8, 'a'],
    ]);
  });

  it('leaves the rest of the entry open with the lowest bound and the latest giving-up of all', () => {
    const state = stateAfter(...lost(1, 'a', 7, LATER), ...lost(2, 'a', 20), ...lost(3, 'b', 20), found([1], 9));
    expect([...state.intents.values()]).toMatchObject([
      { intent: 2, above: 7, gaveUp: { at: LATER, reason: 'no answer' } },
      { intent: 3, above: 20, gaveUp: { at: AT } },
    ]);
    expect(stateAfter(...lost(1, 'a', null), ...lost(2, 'a', 20), found([1], 9)).intents.get(2)?.above).toBeNull();
  });

  it('can be of unknown database and collection', () => {
    const record = { ...found([1], 9), isScopeUnknown: true } as StateRecord;
    expect(stateAfter(...lost(1, 'a', 7), record).entries.get('a')).toMatchObject({ isScopeUnknown: true });
  });
});

describe('what may be it', () => {
  it('is what was seen last, and nothing when nothing was', () => {
    const first: StateRecord = { type: 'suspected', intent: 1, ids: [8, 9], at: AT };
    expect(stateAfter(...lost(1, 'a'), first).intents.get(1)?.candidates).toEqual([8, 9]);
    const second: StateRecord = { ...first, ids: [9] };
    expect(stateAfter(...lost(1, 'a'), first, second).intents.get(1)?.candidates).toEqual([9]);
    const none: StateRecord = { ...first, ids: [] };
    expect(stateAfter(...lost(1, 'a'), first, none).intents.get(1)?.candidates).toBeUndefined();
  });
});

describe('what was read', () => {
  it('is kept while something is open, and goes with the last that is', () => {
    const read: StateRecord = { type: 'read', from: 8, to: 20, at: AT };
    const two = [...lost(1, 'a', 7), ...lost(2, 'b', 7), read];
    const first: StateRecord = { type: 'closed', intent: 1, at: LATER, witness: 21 };
    const second: StateRecord = { type: 'cancelled', intent: 2, at: LATER, reason: '' };
    expect(stateAfter(...two, first).reads).toEqual([{ from: 8, to: 20, at: AT }]);
    expect(stateAfter(...two, first, second).reads).toEqual([]);
    expect(stateAfter(...two, second, first).reads).toEqual([]);
  });

  it('is void when its time was wrong', () => {
    const read: StateRecord = { type: 'read', from: 8, to: 20, at: AT };
    expect(stateAfter(...lost(1, 'a', 7), read, { type: 'readsVoid', at: AT }).reads).toEqual([]);
  });

  it('in vain is counted on the intent, until that is closed', () => {
    const records: StateRecord[] = [...lost(1, 'a', 7), { type: 'unproved', intent: 1, runs: 2, at: AT }];
    expect(stateAfter(...records).intents.get(1)?.unproved).toEqual({ runs: 2, since: AT });
    const closed = stateAfter(...records, { type: 'closed', intent: 1, at: LATER, witness: 9 });
    expect(closed.closed.get(1)?.intent.unproved).toBeUndefined();
  });
});

describe('an intent that was closed without being found', () => {
  const closed: StateRecord[] = [...lost(1, 'a', 7), { type: 'closed', intent: 1, at: AT, witness: 20 }];

  it('awaits a second look, and nothing waits for it', () => {
    const state = stateAfter(...closed);
    expect(state.intents.size).toBe(0);
    expect([...state.closed.values()]).toMatchObject([
      { intent: { intent: 1, name: 'a', above: 7 }, at: AT, witness: 20 },
    ]);
  });

  it('marks its entry with the ids that were not read', () => {
    const unread = [{ from: 9, to: 12 }];
    const state = stateAfter(...lost(1, 'a', 7), { type: 'closed', intent: 1, at: AT, witness: 20, unread });
    expect([...state.possiblyDuplicated]).toEqual([['a', unread]]);
  });

  it('is closed since the time that was said last', () => {
    const state = stateAfter(...closed, { type: 'closed', intent: 1, at: LATER, witness: 20 });
    expect(state.closed.get(1)).toMatchObject({ at: LATER, witness: 20 });
  });

  it.each<[string, StateRecord, { open: number; closed: number; ids: number[]; marked: object }]>([
    ['a second look ends it', { type: 'lookedAgain', intent: 1, at: AT }, { open: 0, closed: 0, ids: [], marked: [] }],
    [
      'what that finds is marked, and not taken',
      { type: 'lookedAgain', intent: 1, at: AT, found: [{ from: 21, to: 22 }] },
      { open: 0, closed: 0, ids: [], marked: [['a', [{ from: 21, to: 22 }]]] },
    ],
    [
      '"unknown" opens it again',
      { type: 'unknown', intent: 1, at: LATER, reason: 'no answer' },
      { open: 1, closed: 0, ids: [], marked: [] },
    ],
    [
      'an id makes it ours',
      { type: 'created', intent: 1, id: 21, at: AT },
      { open: 0, closed: 0, ids: [21], marked: [] },
    ],
    [
      'a late id makes it ours',
      { type: 'late', intent: 1, name: 'a', id: 21, at: AT, webhook: aWebhook('a') },
      { open: 0, closed: 0, ids: [21], marked: [] },
    ],
    [
      'forgetting its entry ends it',
      { type: 'forgotten', name: 'a', at: AT },
      { open: 0, closed: 0, ids: [], marked: [] },
    ],
    [
      'renaming its entry takes it along',
      { type: 'renamed', from: 'a', to: 'b', at: AT },
      { open: 0, closed: 1, ids: [], marked: [] },
    ],
  ])('%s', (_title, record, expected) => {
    const entry: StateRecord[] = record.type === 'renamed' || record.type === 'forgotten' ? made('a', 20, 2) : [];
    const state = stateAfter(...closed, ...entry, record);
    const ids = [...state.owners.keys()].filter((id) => id !== 20);
    expect({
      open: state.intents.size,
      closed: state.closed.size,
      ids,
      marked: [...state.possiblyDuplicated],
    }).toEqual(expected);
    if (record.type === 'renamed') expect(state.closed.get(1)?.intent.name).toBe('b');
  });
});

describe('an answer that comes when others have gone on already', () => {
  const late = (id: number): StateRecord => {
    return { type: 'late', intent: 1, name: 'a', id, at: LATER, webhook: aWebhook('a') };
  };
  const closed: StateRecord = { type: 'closed', intent: 1, at: AT, witness: 20 };
  const cancelled: StateRecord = { type: 'cancelled', intent: 1, at: AT, reason: '' };

  it.each<[string, StateRecord[], number, { entry: number | null; deletes: number[]; marked: object }]>([
    ['is an answer in time where its intent is open', lost(1, 'a'), 9, { entry: 9, deletes: [], marked: [] }],
    [
      'is the entry’s where it was closed as not found',
      [...lost(1, 'a'), closed],
      9,
      { entry: 9, deletes: [], marked: [] },
    ],
    [
      'is to be deleted where it was closed, and the entry has another',
      [...lost(1, 'a'), ...made('a', 20, 2), closed],
      9,
      { entry: 20, deletes: [9], marked: [] },
    ],
    [
      'says nothing where the webhook is ours already: it was found',
      [
        ...lost(1, 'a'),
        { type: 'matched', name: 'a', at: AT, intents: [1], id: 9, webhook: aWebhook('a'), others: [] },
      ],
      9,
      { entry: 9, deletes: [], marked: [] },
    ],
    [
      'is marked where it was settled otherwise: nobody can tell any more',
      [...lost(1, 'a'), cancelled, ...made('a', 20, 2)],
      9,
      { entry: 20, deletes: [], marked: [['a', [{ from: 9, to: 9 }]]] },
    ],
    [
      'is only said where its entry was forgotten',
      [...lost(1, 'a'), { type: 'forgotten', name: 'a', at: AT }],
      9,
      { entry: null, deletes: [], marked: [] },
    ],
  ])('%s', (_title, records, id, expected) => {
    const state = stateAfter(...records, late(id));
    expect({
      entry: state.entries.get('a')?.id ?? null,
      deletes: [...state.pendingDeletes.keys()],
      marked: [...state.possiblyDuplicated],
    }).toEqual(expected);
    expect([state.intents.size, state.closed.size]).toEqual([0, 0]);
  });
});

describe('ids that were ours', () => {
  const gone: StateRecord = { type: 'removed', id: 20, at: AT };

  it.each<[string, StateRecord[], number[]]>([
    ['are of no use while nothing is looked for', [...made('b', 20, 1), gone], []],
    ['are kept while something is open', [...made('b', 20, 1), ...lost(2, 'a', 7), gone], [20]],
    [
      'are kept while something awaits its second look',
      [...made('b', 20, 1), ...lost(2, 'a', 7), { type: 'closed', intent: 2, at: AT, witness: 20 }, gone],
      [20],
    ],
    [
      'are kept of what is forgotten',
      [...made('b', 20, 1), ...lost(2, 'a', 7), { type: 'forgotten', name: 'b', at: AT }],
      [20],
    ],
    [
      'go with the last that is looked for',
      [...made('b', 20, 1), ...lost(2, 'a', 7), gone, { type: 'cancelled', intent: 2, at: AT, reason: '' }],
      [],
    ],
    [
      'go with it, too, when it is forgotten awaiting its second look',
      [
        ...made('b', 20, 1),
        ...lost(2, 'a', 7),
        ...made('a', 21, 3),
        { type: 'closed', intent: 2, at: AT, witness: 21 },
        gone,
        { type: 'forgotten', name: 'a', at: AT },
      ],
      [],
    ],
  ])('%s', (_title, records, ids) => {
    expect([...stateAfter(...records).formerIds]).toEqual(ids);
  });
});

describe('a second webhook of one entry', () => {
  it('a replace keeps the old webhook in mind until it is known to be gone', () => {
    const replaced = [...made('a', 10, 1), ...made('a', 11, 2, aWebhook('new'))];
    const state = stateAfter(...replaced);
    expect(state.entries.get('a')).toMatchObject({ id: 11, spec: aWebhook('new') });
    expect([...state.pendingDeletes.values()]).toEqual([{ id: 10, name: 'a', spec: aWebhook('a') }]);
    expect(state.owners.get(10)).toBe('a');
    const after = stateAfter(...replaced, { type: 'removed', id: 10, at: AT });
    expect(after.pendingDeletes.size).toBe(0);
    expect(after.entries.get('a')?.id).toBe(11);
    expect(after.owners.has(10)).toBe(false);
  });

  it('an import takes over the name, and the webhook that it had before is to be deleted', () => {
    const imported: StateRecord = { type: 'imported', name: 'a', id: 5, at: LATER, webhook: aWebhook('x') };
    const state = stateAfter(...made('a', 10, 1), imported);
    expect(state.entries.get('a')).toMatchObject({ name: 'a', id: 5, spec: aWebhook('x'), createdAt: LATER });
    expect([...state.pendingDeletes.keys()]).toEqual([10]);
  });

  it.each<[string, object, object, boolean]>([
    ['shows no scope, as discover and earlier versions write it', {}, {}, true],
    ['shows no scope, but somebody says that it has none', {}, { isScopeKnown: true }, false],
    ['shows a database', { database: 7 }, {}, false],
    ['shows a collection alone', { collection: 7 }, {}, false],
  ])('an import of what %s', (_title, scope, said, isNotShown) => {
    const webhook = { ...aWebhook('x'), ...scope };
    const state = stateAfter({ type: 'imported', name: 'a', id: 5, at: AT, webhook, ...said });
    expect(state.entries.get('a')?.isScopeNotShown).toBe(isNotShown ? true : undefined);
  });

  it('an import from another entry moves the webhook, its mark and what is true of it, in one record', () => {
    const webhook = aWebhook('x', { database: 7 });
    const state = stateAfter(
      ...made('old', 10, 1),
      { type: 'protected', name: 'old', at: AT, isProtected: true },
      { type: 'possiblyDuplicated', name: 'old', ranges: [{ from: 3, to: 4 }], at: AT },
      { type: 'imported', name: 'a', id: 10, at: LATER, webhook, from: 'old', isScopeKnown: true },
    );
    const answered = { intent: 1, at: AT };
    const entry = { name: 'a', id: 10, spec: webhook, createdAt: LATER, answered, isProtected: true };
    expect([...state.entries.values()]).toEqual([entry]);
    expect([...state.owners]).toEqual([[10, 'a']]);
    expect(state.pendingDeletes.size).toBe(0);
    expect(state.formerIds.size).toBe(0);
    expect(Object.fromEntries(state.possiblyDuplicated)).toEqual({ a: [{ from: 3, to: 4 }] });
  });

  it('an import of a double from another entry has the webhook deleted that the entry had before', () => {
    const state = stateAfter(
      ...made('a', 30, 1),
      ...made('old', 20, 2),
      { type: 'possiblyDuplicated', name: 'a', ranges: [{ from: 20, to: 20 }], at: AT },
      { type: 'imported', name: 'a', id: 20, at: AT, webhook: aWebhook('a'), from: 'old', isScopeKnown: true },
    );
    expect([...state.owners]).toEqual([
      [30, 'a'],
      [20, 'a'],
    ]);
    expect([...state.pendingDeletes.keys()]).toEqual([30]);
    expect(state.possiblyDuplicated.size).toBe(0);
  });

  it('an import from the entry itself says what its scope is, and changes nothing else', () => {
    const webhook = aWebhook('x');
    const state = stateAfter(
      { type: 'imported', name: 'a', id: 10, at: AT, webhook },
      { type: 'imported', name: 'a', id: 10, at: LATER, webhook: { ...webhook, database: 7 }, from: 'a' },
    );
    expect(state.entries.get('a')).toEqual({ name: 'a', id: 10, spec: { ...webhook, database: 7 }, createdAt: LATER });
    expect(state.pendingDeletes.size).toBe(0);
  });

  it('an import settles the intent that made it, and no other', () => {
    const open = [...lost(1, 'a', 7), ...lost(2, 'a', 20), ...lost(3, 'b')];
    const imported: StateRecord = { type: 'imported', name: 'a', id: 30, at: AT, webhook: aWebhook('a') };
    expect([...stateAfter(...open, imported).intents.keys()]).toEqual([1, 2, 3]);
    const state = stateAfter(...open, { ...imported, intent: 1 });
    expect([...state.intents.keys()]).toEqual([2, 3]);
    // Which of the two made it is not known.
    expect(state.intents.get(2)?.above).toBe(7);
  });

  it('a mark stays while webhooks come and go, keeps ranges apart, and ends when it is said to', () => {
    const marked: StateRecord[] = [
      ...made('a', 30, 1),
      { type: 'possiblyDuplicated', name: 'a', ranges: [{ from: 20, to: 22 }], at: AT },
      { type: 'possiblyDuplicated', name: 'a', ranges: [{ from: 10, to: 12 }], at: AT },
      { type: 'possiblyDuplicated', name: 'a', ranges: [{ from: 13, to: 14 }], at: AT },
      ...made('a', 31, 2),
    ];
    expect(stateAfter(...marked).possiblyDuplicated.get('a')).toEqual([
      { from: 10, to: 14 },
      { from: 20, to: 22 },
    ]);
    expect(stateAfter(...marked, { type: 'cleared', name: 'a', at: AT }).possiblyDuplicated.size).toBe(0);
  });
});

describe('what verify made', () => {
  const deleted = { id: 1894, name: VERIFY_NAME, spec: aWebhook(VERIFY_NAME) };

  it.each<[string, StateRecord[]]>([
    ['answered', made(VERIFY_NAME, 1894, 1)],
    [
      'found',
      [
        ...lost(1, VERIFY_NAME),
        {
          type: 'matched',
          name: VERIFY_NAME,
          at: LATER,
          intents: [1],
          id: 1894,
          webhook: aWebhook(VERIFY_NAME),
          others: [],
        },
      ],
    ],
    [
      'answered late',
      [
        ...lost(1, VERIFY_NAME),
        { type: 'closed', intent: 1, at: LATER, witness: 2000 },
        { type: 'late', intent: 1, name: VERIFY_NAME, id: 1894, at: LATER, webhook: aWebhook(VERIFY_NAME) },
      ],
    ],
  ])('is to be deleted from the moment its id is known: %s', (_title, records) => {
    const state = stateAfter(...records);
    expect([...state.pendingDeletes.values()]).toEqual([deleted]);
    expect(state).toMatchObject({ entries: new Map(), highestId: 1894, losses: NO_LOSSES });
    applyRecord(state, { type: 'removed', id: 1894, at: LATER });
    expect(state).toMatchObject({ pendingDeletes: new Map(), owners: new Map(), highestId: 1894 });
  });

  it('is to be deleted with each other of its name, and stays so when another is made', () => {
    const state = stateAfter(...made(VERIFY_NAME, 1894, 1), ...made(VERIFY_NAME, 1895, 2));
    expect([...state.pendingDeletes.keys()]).toEqual([1894, 1895]);
  });
});

describe('the life of an entry', () => {
  it('an update is marked before the PUT and set after it', () => {
    const updating: StateRecord = { type: 'updating', name: 'a', at: AT, webhook: aWebhook('n') };
    const before = stateAfter(...made('a', 10, 1), updating);
    expect(before.entries.get('a')).toMatchObject({ spec: aWebhook('a'), updating: aWebhook('n') });
    const after = stateAfter(...made('a', 10, 1), updating, { ...updating, type: 'updated' });
    expect(after.entries.get('a')).toMatchObject({ name: 'a', id: 10, spec: aWebhook('n'), createdAt: AT });
    expect(after.entries.get('a')?.updating).toBeUndefined();
  });

  it('protection stays with the entry, which keeps its webhook, until it is taken away', () => {
    const on: StateRecord = { type: 'protected', name: 'a', at: AT, isProtected: true };
    const state = stateAfter(...made('a', 10, 1), on, ...made('a', 11, 2));
    expect(state.entries.get('a')).toMatchObject({ id: 10, isProtected: true });
    expect([...state.pendingDeletes.keys()]).toEqual([11]);
    const off: StateRecord = { ...on, isProtected: false };
    expect(stateAfter(...made('a', 10, 1), on, off).entries.get('a')?.isProtected).toBeUndefined();
  });

  it('a rename takes the id, what is uncertain, and the mark along', () => {
    const state = stateAfter(
      ...made('a', 10, 1),
      intent(2, 'a', 10),
      { type: 'possiblyDuplicated', name: 'a', ranges: [{ from: 1, to: 9 }], at: AT },
      { type: 'renamed', from: 'a', to: 'b', at: AT },
    );
    expect([...state.entries]).toMatchObject([['b', { name: 'b', id: 10, spec: aWebhook('a'), createdAt: AT }]]);
    expect(state.intents.get(2)?.name).toBe('b');
    expect(state.owners.get(10)).toBe('b');
    expect([...state.possiblyDuplicated]).toEqual([['b', [{ from: 1, to: 9 }]]]);
  });

  it('an entry of which nothing is known but an intent can be renamed', () => {
    const state = stateAfter(...lost(1, 'a'), { type: 'renamed', from: 'a', to: 'b', at: AT });
    expect(state.intents.get(1)?.name).toBe('b');
  });

  it('forgetting drops the entry, its intents and its mark, and not what is to be deleted', () => {
    const records: StateRecord[] = [
      ...made('a', 10, 1),
      ...made('a', 11, 2),
      intent(3, 'a', 11),
      { type: 'possiblyDuplicated', name: 'a', ranges: [{ from: 1, to: 9 }], at: AT },
      { type: 'forgotten', name: 'a', at: AT },
    ];
    const state = stateAfter(...records);
    expect([state.entries.size, state.intents.size, state.possiblyDuplicated.size]).toEqual([0, 0, 0]);
    expect([...state.pendingDeletes.keys()]).toEqual([10]);
    const again = stateAfter(...records, { type: 'forgotten', name: 'a', at: AT });
    expect([again.pendingDeletes.size, again.owners.size]).toEqual([0, 0]);
  });

  it('forgetting clears a mark of which nothing else is left', () => {
    const marked: StateRecord = { type: 'possiblyDuplicated', name: 'a', ranges: [{ from: 1, to: 9 }], at: AT };
    expect(stateAfter(marked, { type: 'forgotten', name: 'a', at: AT }).possiblyDuplicated.size).toBe(0);
  });

  it('a pruned entry leaves at once and its webhook stays to be deleted', () => {
    const state = stateAfter(...made('a', 10, 1), { type: 'deleting', name: 'a', at: AT }, ...made('a', 11, 2));
    expect(state.entries.get('a')?.id).toBe(11);
    expect([...state.pendingDeletes.keys()]).toEqual([10]);
  });

  it('a webhook that is gone from the account takes its entry along', () => {
    const state = stateAfter(...made('a', 10, 1), { type: 'removed', id: 10, at: AT });
    expect([state.entries.size, state.owners.size, state.highestId]).toEqual([0, 0, 10]);
  });
});

describe('what cannot be', () => {
  const base = [...made('a', 10, 1), ...made('b', 20, 2)];
  const open = intent(3, 'c');
  const spec = { webhook: aWebhook() };
  const match = { type: 'matched', name: 'c', at: AT, id: 30, ...spec, others: [] } as const;
  const impossible: [string, StateRecord[]][] = [
    ['a second header', [HEADER]],
    ['an id for an intent that nobody wrote', [{ type: 'created', intent: 9, id: 30, at: AT }]],
    ['a second id for one intent', [{ type: 'created', intent: 1, id: 30, at: AT }]],
    ['a reason for an intent that nobody wrote', [{ type: 'unknown', intent: 9, at: AT, reason: '' }]],
    ['closing an intent that nobody wrote', [{ type: 'closed', intent: 9, at: AT, witness: null }]],
    ['cancelling an intent that nobody wrote', [{ type: 'cancelled', intent: 9, at: AT, reason: '' }]],
    ['what may be of an intent that nobody wrote', [{ type: 'suspected', intent: 9, at: AT, ids: [5] }]],
    ['a missing proof for an intent that nobody wrote', [{ type: 'unproved', intent: 9, at: AT, runs: 1 }]],
    ['a second look for one that is open', [open, { type: 'lookedAgain', intent: 3, at: AT }]],
    ['the number of an intent that is open', [open, open]],
    ['an id that another entry has', [open, { type: 'created', intent: 3, id: 10, at: AT }]],
    ['something found for an intent that nobody wrote', [{ ...match, intents: [9] }]],
    ['something found for an intent of another entry', [open, { ...match, name: 'a', intents: [3] }]],
    ['something found that an entry has', [open, { ...match, intents: [3], id: 10 }]],
    ['something found besides that an entry has', [open, { ...match, intents: [3], others: [20] }]],
    ['the very same found twice', [open, intent(4, 'c'), { ...match, intents: [3, 4], others: [30] }]],
    ['an import of an id that an entry has', [{ type: 'imported', name: 'a', id: 10, at: AT, ...spec }]],
    [
      'an import from an entry that has another id',
      [{ type: 'imported', name: 'a', id: 30, at: AT, ...spec, from: 'b' }],
    ],
    ['an import from nothing', [{ type: 'imported', name: 'a', id: 10, at: AT, ...spec, from: 'x' }]],
    [
      'an import of what an intent of another made',
      [open, { type: 'imported', name: 'a', id: 30, at: AT, ...spec, intent: 3 }],
    ],
    [
      'an id that is to be deleted',
      [open, { type: 'deleting', name: 'a', at: AT }, { type: 'created', intent: 3, id: 10, at: AT }],
    ],
    ['a rename onto a name that is taken', [{ type: 'renamed', from: 'a', to: 'b', at: AT }]],
    ['a rename of nothing', [{ type: 'renamed', from: 'x', to: 'y', at: AT }]],
    ['an update of nothing', [{ type: 'updating', name: 'x', at: AT, ...spec }]],
    ['protecting nothing', [{ type: 'protected', name: 'x', at: AT, isProtected: true }]],
    ['deleting nothing', [{ type: 'deleting', name: 'x', at: AT }]],
    ['forgetting nothing', [{ type: 'forgotten', name: 'x', at: AT }]],
    ['an unknown webhook gone', [{ type: 'removed', id: 30, at: AT }]],
    ['a name twice', [{ type: 'entry', name: 'a', id: 30, createdAt: AT, ...spec }]],
    ['a pending delete that an entry has', [{ type: 'pendingDelete', name: 'x', id: 10, ...spec }]],
  ];
  it.each(impossible)('%s is refused, and leaves the state as it was', (_, records) => {
    const state = stateAfter(...base, ...records.slice(0, -1));
    const before = structuredClone(state);
    const last = records.at(-1);
    expect(() => last && applyRecord(state, last)).toThrow(ImpossibleRecord);
    expect(state).toEqual(before);
  });

  it('a history without a header is refused', () => {
    expect(() => fold(made('a', 1, 1))).toThrow(ImpossibleRecord);
    expect(() => fold([])).toThrow(ImpossibleRecord);
  });
});

describe('an intent that a killed process left', () => {
  it('is not given up on because another of its entry was, when that one is imported', () => {
    const webhook = aWebhook('shared');
    const state = fold([
      { type: 'header', version: 2, account: '34', createdAt: AT, lineage: 'x', highestId: 10 },
      { type: 'intent', intent: 1, name: 'a', above: 10, at: AT, webhook, timeoutMs: 30_000 },
      { type: 'unknown', intent: 1, at: AT, reason: 'no answer' },
      { type: 'intent', intent: 2, name: 'a', above: 10, at: AT, webhook, timeoutMs: 30_000 },
      { type: 'imported', name: 'a', id: 11, at: AT, webhook, intent: 1 },
    ]);
    expect(state.intents.get(2)?.gaveUp).toBeUndefined();
  });
});
