import { describe, expect, it } from 'vitest';
import { type Change, idOf } from '../../../src/plan/change.js';
import type { LiveView } from '../../../src/plan/live.js';
import { makePlan } from '../../../src/plan/plan.js';
import type { DesiredWebhook, WebhookSpec } from '../../../src/webhook.js';
import { anEntry, anIntent, aState } from '../../helpers/state.js';

const SPEC: WebhookSpec = { handler: 'https://a.example/x', trigger: 'create', callers: ['ms'], database: 7 };

function wanted(name: string, spec: WebhookSpec = SPEC, line = 2): DesiredWebhook {
  return { name, spec, line, column: 5 };
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
  /** `action name id` for each change, in order. */
  readonly expected: readonly string[];
}

const a = anEntry({ name: 'a', id: 10, spec: SPEC });
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
    expected: ['move b 10'],
  },
  {
    title: 'moves each orphan once, in the order of names',
    desired: [wanted('x'), wanted('y'), wanted('z')],
    state: aState({ entries: [anEntry({ name: 'b', id: 11, spec: SPEC }), a] }),
    expected: ['move x 10', 'move y 11', 'create z null'],
  },
  {
    title: 'recovers an entry with an open intent before anything else',
    desired: [wanted('a', { ...SPEC, trigger: 'update' })],
    state: aState({ entries: [a], intents: [anIntent({ intent: 1, name: 'a', spec: SPEC })] }),
    expected: ['recover a null'],
  },
  {
    title: 'recovers an open intent that the manifest no longer names',
    desired: [],
    state: aState({ intents: [anIntent({ intent: 1, name: 'a', spec: SPEC })] }),
    expected: ['recover a null'],
  },
  {
    title: 'goes on once an intent was looked for and not found',
    desired: [wanted('a')],
    state: aState({
      intents: [anIntent({ intent: 1, name: 'a', spec: SPEC, absentSince: '2026-01-01T00:00:00.000Z' })],
    }),
    expected: ['create a null'],
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
    state: aState({ entries: [a], doomed: [{ id: 9, name: 'a', spec: SPEC }] }),
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
];

describe('the plan', () => {
  it('says for the last time where a double may be, when it deletes the entry that it may be one of', () => {
    const doubted = { ...a, possiblyDuplicated: { from: 1, to: 9 } };
    const { changes } = makePlan([], aState({ entries: [doubted] }), new Map(), { prune: true });
    expect(changes[0]?.reason).toBe('not in the manifest; a second one like it may be among the ids 1 to 9');
  });

  it.each(ROWS)('$title', ({ desired, state, live, prune, expected }) => {
    const { changes } = makePlan(desired, state, new Map(live), { prune: prune === true });
    expect(changes.map((change) => `${change.action} ${change.name} ${idOf(change)}`)).toEqual(expected);
  });

  it('creates nothing that would match an uncertain create of another name', () => {
    const state = aState({ intents: [anIntent({ intent: 4, name: 'old-name', spec: SPEC })] });
    const { changes } = makePlan([wanted('new-name')], state);
    expect(changes).toMatchObject([
      { action: 'create', name: 'new-name', waitsFor: [4] },
      { action: 'recover', name: 'old-name', desired: null },
    ]);
  });

  it('says field by field what differs, the old and the new', () => {
    const desired = [wanted('a', { handler: 'https://b.example', trigger: 'create', database: 7 })];
    const [change] = makePlan(desired, aState({ entries: [a] })).changes as [Extract<Change, { action: 'update' }>];
    expect(change.differences).toEqual([
      { field: 'handler', from: 'https://a.example/x', to: 'https://b.example/' },
      { field: 'callers', from: 'ms', to: 'ms,publisher' },
    ]);
  });
});
