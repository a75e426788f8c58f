import { describe, expect, it } from 'vitest';
import { type Change, idOf, placeOf } from '../../../src/plan/change.js';
import { plannedChanges } from '../../../src/plan/digest.js';
import type { LiveView } from '../../../src/plan/live.js';
import { makePlan } from '../../../src/plan/plan.js';
import type { DesiredWebhook, WebhookSpec } from '../../../src/webhook.js';
import { anEntry, anIntent, aState } from '../../helpers/state.js';

const SPEC: WebhookSpec = { handler: 'https://a.example/x', trigger: 'create', callers: ['ms'], database: 7 };

function wanted(name: string, spec: WebhookSpec = SPEC, line = 2): DesiredWebhook {
  return { name, spec, file: 'webhooks.yaml', line, column: 5 };
}

function was(name: string, entry: DesiredWebhook): DesiredWebhook {
  return { ...entry, was: { name, file: 'webhooks.yaml', line: 9, column: 10 } };
}

function found(spec: Partial<WebhookSpec> & { database?: number | undefined }): LiveView {
  const { handler, trigger, callers } = { ...SPEC, ...spec };
  const webhook = { id: 10, handler, trigger, callers: callers ?? [], database: spec.database, collection: undefined };
  return { kind: 'found', webhook };
}

interface Row {
  readonly title: string;
  readonly desired: readonly DesiredWebhook[];
  readonly state: Parameters<typeof makePlan>[1];
  readonly live?: readonly [number, LiveView][];
  readonly prune?: boolean;
  readonly removed?: readonly string[];
  /** `action name id` for each change, in order; `from` another name, and `refused`. */
  readonly expected: readonly string[];
}

const a = anEntry({ name: 'a', id: 10, spec: SPEC });
const UNLIMITED: WebhookSpec = { handler: 'https://a.example/x', trigger: 'create', callers: ['ms'] };
/** Taken over as it was read, which showed no scope. */
const NOT_SHOWN = anEntry({ name: 'old', id: 20, spec: UNLIMITED, isScopeNotShown: true });
const lost = anIntent({ intent: 1, name: 'a', spec: SPEC });
const ROWS: readonly Row[] = [
  { title: 'creates what no state knows', desired: [wanted('a')], state: null, expected: ['create a null'] },
  {
    title: 'leaves what is as wanted',
    desired: [wanted('a')],
    state: aState({ entries: [a] }),
    expected: ['none a 10'],
  },
  {
    title: 'sees the same webhook however it is written',
    desired: [wanted('a', { ...SPEC, handler: 'https://A.example:443/x', callers: ['ms', 'ms'] })],
    state: aState({ entries: [a] }),
    expected: ['none a 10'],
  },
  {
    title: 'reports what left the manifest',
    desired: [],
    state: aState({ entries: [a] }),
    expected: ['orphaned a 10'],
  },
  {
    title: 'deletes what left the manifest with prune',
    desired: [],
    state: aState({ entries: [a] }),
    prune: true,
    expected: ['delete a 10'],
  },
  {
    title: 'updates in place what PUT can set',
    desired: [wanted('a', { ...SPEC, trigger: 'update' })],
    state: aState({ entries: [a] }),
    expected: ['update a 10'],
  },
  {
    title: 'replaces when the database differs, which PUT cannot set',
    desired: [wanted('a', { ...SPEC, trigger: 'update', database: 8 })],
    state: aState({ entries: [a] }),
    expected: ['replace a 10'],
  },
  {
    title: 'replaces when a collection is added',
    desired: [wanted('a', { ...SPEC, collection: 1 })],
    state: aState({ entries: [a] }),
    expected: ['replace a 10'],
  },
  {
    title: 'moves an equal orphan to its new name',
    desired: [wanted('b')],
    state: aState({ entries: [a] }),
    expected: ['move b 10 from a'],
  },
  {
    title: 'moves each orphan once, in the order of names',
    desired: [wanted('x'), wanted('y'), wanted('z')],
    state: aState({ entries: [anEntry({ name: 'b', id: 11, spec: SPEC }), a] }),
    expected: ['move x 10 from a', 'move y 11 from b', 'create z null'],
  },
  {
    title: 'settles what was sent before it creates',
    desired: [wanted('a')],
    state: aState({ intents: [lost] }),
    expected: ['recover a null'],
  },
  {
    title: 'settles what was sent before it replaces',
    desired: [wanted('a', { ...SPEC, database: 8 })],
    state: aState({ entries: [a], intents: [lost] }),
    expected: ['recover a null'],
  },
  {
    title: 'settles what was sent before it creates again what is gone from the account',
    desired: [wanted('a')],
    state: aState({ entries: [a], intents: [lost] }),
    live: [[10, { kind: 'gone' }]],
    expected: ['recover a null'],
  },
  {
    title: 'updates an entry that has a webhook, whatever is open of it',
    desired: [wanted('a', { ...SPEC, trigger: 'update' })],
    state: aState({ entries: [a], intents: [lost] }),
    expected: ['update a 10'],
  },
  {
    title: 'leaves an entry that has what it wants, whatever is open of it',
    desired: [wanted('a')],
    state: aState({ entries: [a], intents: [lost] }),
    expected: ['none a 10'],
  },
  {
    title: 'has nothing to do for an open intent that the manifest no longer names',
    desired: [],
    state: aState({ intents: [lost] }),
    expected: [],
  },
  {
    title: 'takes over no orphan while a create of the entry is open',
    desired: [wanted('b')],
    state: aState({ entries: [a], intents: [{ ...lost, name: 'b' }] }),
    expected: ['recover b null', 'orphaned a 10'],
  },
  {
    title: 'takes over no orphan of which a create is open',
    desired: [wanted('b')],
    state: aState({ entries: [a], intents: [lost] }),
    expected: ['create b null', 'orphaned a 10'],
  },
  {
    title: 'goes on once an intent was looked for and not found',
    desired: [wanted('a')],
    state: aState({ closed: [{ intent: lost, at: lost.at, witness: 20 }] }),
    expected: ['create a null'],
  },
  {
    title: 'creates again, under its new name, what was renamed and is gone from the account',
    desired: [wanted('b')],
    state: aState({ entries: [a] }),
    live: [[10, { kind: 'gone' }]],
    expected: ['create b null'],
  },
  {
    title: 'updates back, under its new name, what was renamed and changed in the account',
    desired: [wanted('b')],
    state: aState({ entries: [a] }),
    live: [[10, found({ trigger: 'open' })]],
    expected: ['update b 10 from a'],
  },
  {
    title: 'replaces, under its new name, what was renamed and reads back with another database',
    desired: [wanted('b')],
    state: aState({ entries: [a] }),
    live: [[10, found({ database: 9 })]],
    expected: ['replace b 10 from a'],
  },
  {
    title: 'replaces what has a database that nobody knows',
    desired: [wanted('a')],
    state: aState({ entries: [{ ...a, isScopeUnknown: true }] }),
    expected: ['replace a 10'],
  },
  {
    title: 'creates again what has a database that nobody knows, and is gone',
    desired: [wanted('a')],
    state: aState({ entries: [{ ...a, isScopeUnknown: true }] }),
    live: [[10, { kind: 'gone' }]],
    expected: ['create a null'],
  },
  {
    title: 'takes over no orphan that has a database that nobody knows, and does not create what it may be',
    desired: [wanted('b')],
    state: aState({ entries: [{ ...a, isScopeUnknown: true }] }),
    expected: ['create b null refused', 'orphaned a 10'],
  },
  {
    title: 'takes over no orphan that is being updated',
    desired: [wanted('b')],
    state: aState({ entries: [{ ...a, updating: { ...SPEC, trigger: 'open' } }] }),
    expected: ['create b null', 'orphaned a 10'],
  },
  {
    title: 'creates again what is gone from the account',
    desired: [wanted('a')],
    state: aState({ entries: [a] }),
    live: [[10, { kind: 'gone' }]],
    expected: ['create a null'],
  },
  {
    title: 'updates back what was changed in the account',
    desired: [wanted('a')],
    state: aState({ entries: [a] }),
    live: [[10, found({ trigger: 'open' })]],
    expected: ['update a 10'],
  },
  {
    title: 'replaces what reads back with another database',
    desired: [wanted('a')],
    state: aState({ entries: [a] }),
    live: [[10, found({ database: 9 })]],
    expected: ['replace a 10'],
  },
  {
    title: 'takes a database that the answer does not show as it should be',
    desired: [wanted('a')],
    state: aState({ entries: [a] }),
    live: [[10, found({})]],
    expected: ['none a 10'],
  },
  {
    title: 'never takes what could not be read for drift',
    desired: [wanted('a')],
    state: aState({ entries: [a] }),
    live: [[10, { kind: 'unread', reason: '503' }]],
    expected: ['none a 10'],
  },
  {
    title: 'updates again when an earlier update may be lost',
    desired: [wanted('a')],
    state: aState({ entries: [{ ...a, updating: { ...SPEC, trigger: 'open' } }] }),
    expected: ['update a 10'],
  },
  {
    title: 'deletes what is still to be deleted, whatever the manifest says',
    desired: [wanted('a')],
    state: aState({ entries: [a], pendingDeletes: [{ id: 9, name: 'a', spec: SPEC }] }),
    expected: ['none a 10', 'delete a 9'],
  },
  {
    title: 'keeps the manifest’s order, then what is left by name',
    desired: [wanted('z'), wanted('m', { ...SPEC, trigger: 'open' })],
    state: aState({
      entries: [
        anEntry({ name: 'q', id: 3, spec: { ...SPEC, database: 1 } }),
        anEntry({ name: 'c', id: 4, spec: { ...SPEC, database: 2 } }),
      ],
    }),
    expected: ['create z null', 'create m null', 'orphaned c 4', 'orphaned q 3'],
  },
  {
    title: 'moves an entry to what it was',
    desired: [was('a', wanted('b'))],
    state: aState({ entries: [a] }),
    expected: ['move b 10 from a'],
  },
  {
    title: 'updates what an entry was, under its new name',
    desired: [was('a', wanted('b', { ...SPEC, trigger: 'open' }))],
    state: aState({ entries: [a] }),
    expected: ['update b 10 from a'],
  },
  {
    title: 'replaces what an entry was, under its new name',
    desired: [was('a', wanted('b', { ...SPEC, database: 8 }))],
    state: aState({ entries: [a] }),
    expected: ['replace b 10 from a'],
  },
  {
    title: 'makes again what an entry was and is gone',
    desired: [was('a', wanted('b'))],
    state: aState({ entries: [a] }),
    live: [[10, { kind: 'gone' }]],
    expected: ['create b null'],
  },
  {
    title: 'creates an entry where nothing has the name that it was',
    desired: [was('x', wanted('b', { ...SPEC, trigger: 'open' }))],
    state: aState({ entries: [a] }),
    expected: ['create b null', 'orphaned a 10'],
  },
  {
    title: 'lets an entry keep the webhook that it has, whatever it was',
    desired: [was('b', wanted('a'))],
    state: aState({ entries: [a, anEntry({ name: 'b', id: 11, spec: { ...SPEC, database: 8 } })] }),
    expected: ['none a 10', 'orphaned b 11'],
  },
  {
    title: 'keeps a webhook for the entry that was it, although another is equal',
    desired: [wanted('c'), was('a', wanted('b', { ...SPEC, trigger: 'open' }))],
    state: aState({ entries: [a] }),
    expected: ['create c null', 'update b 10 from a'],
  },
  {
    title: 'settles first what is open of the name that an entry was',
    desired: [was('a', wanted('b'))],
    state: aState({ intents: [lost] }),
    expected: ['recover b null'],
  },
  {
    title: 'settles first a replace of the name that an entry was',
    desired: [was('a', wanted('b', { ...SPEC, database: 8 }))],
    state: aState({ entries: [a], intents: [lost] }),
    expected: ['recover b null'],
  },
  {
    title: 'deletes what is removed, and no more',
    desired: [],
    state: aState({ entries: [a, anEntry({ name: 'b', id: 11, spec: { ...SPEC, database: 8 } })] }),
    removed: ['a', 'x'],
    expected: ['delete a 10', 'orphaned b 11'],
  },
  {
    title: 'moves what is removed to a new entry that is equal',
    desired: [wanted('b')],
    state: aState({ entries: [a] }),
    removed: ['a'],
    expected: ['move b 10 from a'],
  },
  {
    title: 'refuses to replace what the manifest protects',
    desired: [{ ...wanted('a', { ...SPEC, database: 8 }), protect: true }],
    state: aState({ entries: [a] }),
    expected: ['replace a 10 refused'],
  },
  {
    title: 'refuses so too where what was to replace it is uncertain',
    desired: [{ ...wanted('a', { ...SPEC, database: 8 }), protect: true }],
    state: aState({ entries: [a], intents: [lost] }),
    expected: ['replace a 10 refused'],
  },
  {
    title: 'updates, moves and makes again what the manifest protects',
    desired: [
      { ...wanted('a', { ...SPEC, trigger: 'open' }), protect: true },
      { ...wanted('c', { ...SPEC, database: 8 }), protect: true },
      { ...wanted('d', { ...SPEC, database: 9 }), protect: true },
    ],
    state: aState({
      entries: [
        a,
        anEntry({ name: 'b', id: 11, spec: { ...SPEC, database: 8 } }),
        anEntry({ name: 'd', id: 12, spec: { ...SPEC, database: 9 } }),
      ],
    }),
    live: [[12, { kind: 'gone' }]],
    expected: ['update a 10', 'move c 11 from b', 'create d null'],
  },
  {
    title: 'refuses to delete what was protected when it left the manifest',
    desired: [],
    state: aState({ entries: [{ ...a, isProtected: true }] }),
    prune: true,
    expected: ['delete a 10 refused'],
  },
  {
    title: 'refuses to delete it where it is removed, too',
    desired: [],
    state: aState({ entries: [{ ...a, isProtected: true }] }),
    removed: ['a'],
    expected: ['delete a 10 refused'],
  },
  {
    title: 'replaces what the manifest does not protect any more',
    desired: [wanted('a', { ...SPEC, database: 8 })],
    state: aState({ entries: [{ ...a, isProtected: true }] }),
    expected: ['replace a 10'],
  },
];

describe('the plan', () => {
  it('says for the last time where a double may be, when it deletes the entry that it may be one of', () => {
    const ranges = [
      { from: 1, to: 4 },
      { from: 7, to: 9 },
    ];
    const state = aState({ entries: [a], possiblyDuplicated: { a: ranges } });
    const { changes } = makePlan([], state, new Map(), { prune: true });
    expect(changes[0]?.reason).toBe('not in the manifest; a second one like it may be among the ids 1 to 4 and 7 to 9');
  });

  it.each(ROWS)('$title', ({ desired, state, live, prune = false, removed = [], expected }) => {
    const places = removed.map((name, index) => ({ name, file: 'webhooks.yaml', line: 20 + index, column: 5 }));
    const { changes } = makePlan(desired, state, new Map(live), { prune, removed: places });
    const told = changes.map((change) => {
      const from = 'from' in change && change.from !== null ? ` from ${change.from}` : '';
      return `${change.action} ${change.name} ${idOf(change)}${from}${change.refused === undefined ? '' : ' refused'}`;
    });
    expect(told).toEqual(expected);
  });

  it('says where the manifest removes a webhook', () => {
    const removed = [{ name: 'a', file: 'b.yaml', line: 9, column: 4 }];
    const [change] = makePlan([], aState({ entries: [a] }), new Map(), { prune: false, removed }).changes;
    expect(change?.reason).toBe('removed in the manifest');
    expect(change && placeOf(change)).toEqual({ file: 'b.yaml', line: 9, column: 4 });
  });

  it('says why it refuses', () => {
    const state = aState({ entries: [{ ...a, isProtected: true }] });
    const { changes } = makePlan([], state, new Map(), { prune: true });
    expect(changes).toMatchObject([
      {
        reason: 'not in the manifest; refused, because the entry is protected',
        refused: { code: 'protected', message: 'not deleted, because the entry is protected' },
      },
    ]);
    expect(plannedChanges(changes)).toEqual([]);
  });

  it('says which webhook is to be replaced by what was sent, and how often it was', () => {
    const intents = [lost, { ...lost, intent: 2, gaveUp: { at: lost.at, reason: 'no answer' } }];
    const limited = [wanted('a', { ...SPEC, database: 8 })];
    expect(makePlan(limited, aState({ entries: [a], intents })).changes).toMatchObject([
      { action: 'recover', replaces: 10, intents: [{ intent: 1 }, { intent: 2 }], desired: { name: 'a' } },
    ]);
    expect(makePlan([wanted('a')], aState({ intents })).changes).toMatchObject([
      {
        action: 'recover',
        replaces: null,
        reason: `2 POSTs, the last of ${lost.at}, were sent and never confirmed (no answer)`,
      },
    ]);
  });

  it('says from which name an entry takes its webhook over that is not as wanted', () => {
    const live = new Map([[10, found({ trigger: 'open' })]]);
    expect(makePlan([wanted('b')], aState({ entries: [a] }), live).changes).toMatchObject([{ from: 'a' }]);
    expect(makePlan([wanted('a')], aState({ entries: [a] }), live).changes).toMatchObject([{ from: null }]);
  });

  it('refuses to create what an orphan of unknown scope may be, names both, and keeps the orphan with prune too', () => {
    const { changes } = makePlan([wanted('b')], aState({ entries: [NOT_SHOWN] }), new Map(), { prune: true });
    expect(changes).toMatchObject([
      {
        action: 'create',
        refused: { code: 'scope-unknown' },
        reason: 'webhook 20 (old) may be it, so it is not created',
      },
      { action: 'orphaned', id: 20, mayBe: ['b'], reason: 'not in the manifest, but may be b' },
    ]);
    expect(plannedChanges(changes)).toEqual([]);
  });

  it('says of an orphan that it takes for one without a scope that the account did not show it', () => {
    const [change] = makePlan([wanted('b', UNLIMITED)], aState({ entries: [NOT_SHOWN] })).changes;
    const reason = 'was old, of which the account showed no database or collection';
    expect(change).toMatchObject({ action: 'move', id: 20, reason });
  });

  it('replaces an entry whose scope nobody knows by what the manifest says, and names the import that spares it', () => {
    const [change] = makePlan([wanted('old')], aState({ entries: [NOT_SHOWN] })).changes;
    expect(change).toMatchObject({
      action: 'replace',
      id: 20,
      differences: [{ field: 'database', from: '?', to: '7' }],
      reason: expect.stringContaining('"import old 20"'),
    });
    expect(makePlan([wanted('old', UNLIMITED)], aState({ entries: [NOT_SHOWN] })).changes).toMatchObject([
      { action: 'none' },
    ]);
  });

  it('says of a database that nobody knows what it is to be', () => {
    const [change] = makePlan([wanted('a')], aState({ entries: [{ ...a, isScopeUnknown: true }] })).changes;
    expect(change).toMatchObject({
      differences: [
        { field: 'database', from: '?', to: '7' },
        { field: 'collection', from: '?', to: '' },
      ],
    });
  });

  it('says field by field what differs, the old and the new', () => {
    const desired = [wanted('a', { handler: 'https://b.example', trigger: 'create', database: 7 })];
    const [change] = makePlan(desired, aState({ entries: [a] })).changes as [
      Extract<Change, { action: 'update' | 'replace' }>,
    ];
    expect(change.differences).toEqual([
      { field: 'handler', from: 'https://a.example/x', to: 'https://b.example' },
      { field: 'callers', from: 'ms', to: 'ms,publisher' },
    ]);
  });
});
