import { describe, expect, it } from 'vitest';
import type { NamedEntity } from '../../../src/copernica/api.js';
import { withStandIns } from '../../../src/plan/against.js';
import { isResolved, lookUpNames, namesOf, sameWebhooks } from '../../../src/plan/names.js';
import type { ManifestEntry, ScopeName } from '../../../src/webhook.js';
import { anEntry, aState } from '../../helpers/state.js';

const FRAME = '5 | database: …';

function aName(name: string, shown = name): ScopeName {
  return { name, shown, line: 5, column: 15, frame: FRAME };
}

function entry(name: string, limits: Pick<ManifestEntry['spec'], 'database' | 'collection'>): ManifestEntry {
  return {
    name,
    file: 'w.yaml',
    line: 2,
    column: 11,
    spec: { handler: `https://a.example/${name}`, trigger: 'create', ...limits },
  };
}

const DATABASES: readonly NamedEntity[] = [
  { id: 1017, name: 'Customers' },
  { id: 1018, name: 'Leads' },
  { id: 1019, name: 'Twice' },
  { id: 1020, name: 'Twice' },
];

function databaseOf(name: ScopeName, state = aState({})) {
  const before = [entry('a', { database: name })];
  const { entries, problems } = lookUpNames('database', before, () => DATABASES, state);
  const [problem] = problems;
  return entries[0]?.spec.database ?? `${problem?.code}: ${problem?.message} / ${problem?.remedy}`;
}

describe('a name', () => {
  const known = aState({
    entries: [
      anEntry({ name: 'a', id: 1, spec: { handler: 'https://a.example/a', trigger: 'create', database: 1018 } }),
    ],
  });

  it.each([
    ['is the id of the one that is called so', aName('Leads'), undefined, 1018],
    [
      'in other letters is asked about, and not taken for it',
      aName('customers'),
      undefined,
      'unknown-database: there is no database "customers" in the account / did you mean "Customers"?',
    ],
    [
      'that is not there is told with those that are',
      aName('Orders'),
      undefined,
      'unknown-database: there is no database "Orders" in the account / use one of Customers, Leads, Twice, Twice',
    ],
    [
      'that is that of two is told with their ids',
      aName('Twice'),
      undefined,
      'ambiguous-database: there are 2 databases called "Twice": 1019, 1020 / write the id of the one that is meant',
    ],
    [
      'that was changed in the account is told with the new one',
      aName('Prospects'),
      known,
      'unknown-database: there is no database "Prospects" in the account / database 1018, which this webhook is limited to, is now called "Leads": write that',
    ],
    [
      'out of a variable is neither shown nor compared',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the notation of the manifest.
      aName('customers', '${DB}'),
      undefined,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the notation of the manifest.
      'unknown-database: there is no database "${DB}" in the account / use one of Customers, Leads, Twice, Twice',
    ],
  ])('%s', (_title, name, state, expected) => {
    expect(databaseOf(name, state)).toBe(expected);
  });

  it('that can’t be used is told at its place', () => {
    const { problems } = lookUpNames('database', [entry('a', { database: aName('Orders') })], () => [], null);
    expect(problems).toMatchObject([
      {
        name: 'a',
        file: 'w.yaml',
        line: 5,
        column: 15,
        frame: FRAME,
        remedy: 'there are no databases at all in the account: create it in Copernica first',
      },
    ]);
  });

  it('of a collection is looked for in its own database, which may be missing', () => {
    const entries = [
      entry('a', { database: 1, collection: aName('Orders') }),
      entry('b', { database: 2, collection: aName('Orders') }),
      entry('c', { database: 3, collection: aName('Orders') }),
    ];
    const collections = new Map<unknown, readonly NamedEntity[] | null>([
      [1, [{ id: 41, name: 'Orders' }]],
      [2, [{ id: 42, name: 'Orders' }]],
      [3, null],
    ]);
    const looked = lookUpNames('collection', entries, ({ spec }) => collections.get(spec.database) ?? null, null);
    expect(looked.entries.map(({ spec }) => spec.collection)).toEqual([41, 42]);
    expect(looked.problems).toMatchObject([{ message: 'the account has no database 3' }]);
    expect([...namesOf(entries.slice(0, 2), looked.entries.filter(isResolved))]).toEqual([
      ['collection 41', 'Orders'],
      ['collection 42', 'Orders'],
    ]);
  });
});

describe('two entries', () => {
  it('that are one webhook once their names are ids are told with both places', () => {
    const one = { ...entry('a', { database: 1017 }), line: 2 };
    const other = { ...one, name: 'b', line: 9 };
    expect(sameWebhooks([one, other].filter(isResolved))).toMatchObject([
      { code: 'duplicate-webhook', name: 'b', line: 9, message: expect.stringContaining('"a", at w.yaml:2:11') },
    ]);
  });
});

describe('stand-ins for names', () => {
  it('are the same for the same name in both manifests, and differ by database for collections', () => {
    const before = [entry('a', { database: aName('Customers'), collection: aName('Orders') })];
    const after = [...before, entry('b', { database: aName('Leads'), collection: aName('Orders') })];
    const { manifests, names } = withStandIns([after, before]);
    const limits = manifests.map((entries) => entries.map(({ spec }) => [spec.database, spec.collection]));
    expect(limits).toEqual([
      [
        [-1, -2],
        [-3, -4],
      ],
      [[-1, -2]],
    ]);
    expect([...names]).toEqual([
      ['database -1', 'Customers'],
      ['collection -2', 'Orders'],
      ['database -3', 'Leads'],
      ['collection -4', 'Orders'],
    ]);
  });
});
