import { describe, expect, it } from 'vitest';
import type { LiveWebhook } from '../../../src/copernica/api.js';
import { discoveredManifest, nameDiscovered } from '../../../src/plan/discovered.js';
import { matchUnscoped } from '../../../src/plan/scope-unknown.js';
import type { ManifestEntry, WebhookSpec } from '../../../src/webhook.js';
import { anEntry, anIntent, aState } from '../../helpers/state.js';

const LOOK = { handler: 'https://a.example/x', trigger: 'create' } as const;

interface NewEntry {
  readonly name: string;
  readonly spec: WebhookSpec;
}

const all: NewEntry = { name: 'all', spec: LOOK };
const limited: NewEntry = { name: 'limited', spec: { ...LOOK, database: 1017 } };
const narrow: NewEntry = { name: 'narrow', spec: { ...LOOK, database: 1017, collection: 42 } };
const other: NewEntry = { name: 'other', spec: { ...LOOK, trigger: 'open' as const } };

describe('webhooks of unknown scope, compared with new entries', () => {
  it.each([
    ['an entry without a scope and the one webhook that looks like it', [all], [1], { all: 1 }, {}],
    ['an entry with a database', [limited], [1], {}, { limited: [1] }],
    ['an entry without a scope, and two webhooks', [all], [1, 2], {}, { all: [1, 2] }],
    ['two entries, and one webhook', [all, limited], [1], {}, { all: [1], limited: [1] }],
    ['two entries, and two webhooks', [limited, narrow], [1, 2], {}, { limited: [1, 2], narrow: [1, 2] }],
    ['an entry that looks otherwise', [other], [1], {}, {}],
    ['an entry, and no webhook', [limited], [], {}, {}],
  ])('%s', (_title, entries, ids, taken, mayBe) => {
    const webhooks = ids.map((id) => ({ webhook: id, shown: LOOK, mayBeTaken: true }));
    const result = matchUnscoped(entries, webhooks);
    expect([Object.fromEntries(result.taken), Object.fromEntries(result.mayBe)]).toEqual([taken, mayBe]);
  });

  it('leave to a person what may not be taken without asking', () => {
    const result = matchUnscoped([all], [{ webhook: 1, shown: LOOK, mayBeTaken: false }]);
    expect(Object.fromEntries(result.mayBe)).toEqual({ all: [1] });
  });
});

function live(id: number, more: Partial<LiveWebhook> = {}): LiveWebhook {
  return { id, callers: ['ms', 'publisher'], database: undefined, collection: undefined, ...LOOK, ...more };
}

function entry(name: string, spec: ManifestEntry['spec']): ManifestEntry {
  return { name, spec, file: 'webhooks.yaml', line: 1, column: 1 };
}

const ENTRIES: readonly ManifestEntry[] = [all, limited, narrow, other].map(({ name, spec }) => entry(name, spec));
const [ALL, LIMITED] = ENTRIES as [ManifestEntry, ManifestEntry];

describe('what is discovered', () => {
  it.each<[string, LiveWebhook, Parameters<typeof nameDiscovered>[1], ManifestEntry[], string, string[]]>([
    ['has the name of its entry', live(7), null, [ALL], 'all', []],
    ['has it where it shows its database', live(7, { database: 1017 }), null, [LIMITED], 'limited', []],
    ['has another where that shows another one', live(7, { database: 9 }), null, [LIMITED], 'create-a.example', []],
    ['may be an entry with a database', live(7), null, [LIMITED], 'create-a.example', ['limited']],
    [
      'may say that it has none, which may mean that it is not shown',
      live(7, { database: null }),
      null,
      [LIMITED],
      'create-a.example',
      ['limited'],
    ],
    ['may be either of two entries', live(7), null, [ALL, LIMITED], 'create-a.example', ['all', 'limited']],
    [
      'never has the name of an entry that it is not',
      live(7),
      null,
      [entry('create-a.example', { ...LOOK, trigger: 'open' })],
      'create-a.example-2',
      [],
    ],
    [
      'is no entry’s that has a webhook',
      live(7),
      aState({ entries: [anEntry({ name: 'all', id: 5, spec: LOOK })] }),
      [ALL],
      'create-a.example',
      [],
    ],
    [
      'is no entry’s of which a create is open',
      live(7),
      aState({ intents: [anIntent({ intent: 1, name: 'all', spec: LOOK })] }),
      [ALL],
      'create-a.example',
      [],
    ],
    [
      'may be an entry’s while an orphaned entry has it',
      live(7),
      aState({ entries: [anEntry({ name: 'old', id: 7, spec: LOOK, isScopeNotShown: true })] }),
      [LIMITED],
      'old',
      ['limited'],
    ],
    [
      'may be an entry’s that an orphan out of sight may be too',
      live(7),
      aState({ entries: [anEntry({ name: 'old', id: 9, spec: LOOK, isScopeNotShown: true })] }),
      [ALL],
      'create-a.example',
      ['all'],
    ],
    [
      'is nobody’s while it is to be deleted',
      live(7),
      aState({ pendingDeletes: [{ id: 7, name: 'old', spec: LOOK }] }),
      [ALL],
      'old',
      [],
    ],
  ])('%s', (_title, webhook, state, entries, name, mayBe) => {
    const [found] = nameDiscovered([webhook], state, entries);
    expect([found?.name, found?.mayBe.map((one) => one.name)]).toEqual([name, mayBe]);
  });

  it('has of its scope what the state knows, and is no double of what differs in it', () => {
    const spec: WebhookSpec = { ...LOOK, database: 1017 };
    const state = aState({ entries: [anEntry({ name: 'a', id: 7, spec }), anEntry({ name: 'b', id: 8, spec: LOOK })] });
    const found = nameDiscovered([live(7), live(8)], state);
    expect(found).toMatchObject([
      { scopeUnknown: false, webhook: { database: 1017 }, equalTo: null },
      { scopeUnknown: false, equalTo: null },
    ]);
    expect(discoveredManifest(found)).toContain('    database: 1017\n');
  });

  it('is printed with what could not be read, and with the import that says what it is', () => {
    const byName = { name: 'Customers', shown: 'Customers', line: 1, column: 1, frame: '' };
    const text = discoveredManifest(nameDiscovered([live(7)], null, [entry('limited', { ...LOOK, database: byName })]));
    expect(text).toBe(`webhooks:
  # webhook 7; the account does not show whether it is limited to a database or collection
  # if it is limited (database Customers): copernica-webhooks import limited 7
  - name: create-a.example
    handler: https://a.example/x
    trigger: create
`);
  });
});
