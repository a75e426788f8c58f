import { describe, expect, it } from 'vitest';
import type { AccountOptions } from '../../src/sandbox/model/options.js';
import { Workplace } from '../helpers/cli.js';
import { atNight } from '../helpers/night.js';
import { openSandbox } from '../helpers/sandbox.js';

const MANIFEST = [
  {
    name: 'orders',
    handler: 'https://a.example/orders',
    trigger: 'create',
    database: 'Customers',
    collection: 'Orders 2024',
  },
  { name: 'leads', handler: 'https://a.example/leads', trigger: 'update', database: 'Leads' },
];

/** An account with the databases that the manifest names, more than one page of them, from this id on. */
function anAccount(firstId: number): AccountOptions {
  const others = Array.from({ length: 130 }, (_, index) => ({ id: firstId + 10 + index, name: `Other ${index}` }));
  return {
    token: `access-token-${firstId}`,
    identity: { id: String(firstId), name: `Account ${firstId}`, description: '', company: 'Test' },
    databases: [
      { id: firstId, name: 'Customers', collections: [{ id: firstId + 5, name: 'Orders 2024' }] },
      ...others,
      { id: firstId + 1, name: 'Leads' },
    ],
  };
}

async function placeFor(firstId: number, manifest: readonly object[] = MANIFEST) {
  const sandbox = await openSandbox({ accounts: [anAccount(firstId)] });
  const place = await Workplace.open(sandbox);
  await place.manifest(manifest);
  const paths = () => sandbox.requests().map(({ method, path }) => `${method} ${path.split('?')[0]}`);
  return { sandbox, place, paths };
}

describe('a manifest with names', () => {
  it.each([1_000, 7_000])('works unchanged in each account: ids from %i on', async (firstId) => {
    const { sandbox, place } = await placeFor(firstId);
    const { code, stderr } = await place.run('apply', '--init');
    expect([code, stderr]).toEqual([0, '']);
    expect(sandbox.account()).toMatchObject([
      { database: firstId, collection: firstId + 5 },
      { database: firstId + 1, collection: null },
    ]);
    expect(await place.json('apply')).toMatchObject({ code: 0, document: { summary: { none: 2 } } });
    expect((await place.json('list')).document[0]).toMatchObject({ name: 'leads', database: firstId + 1 });
  });

  it('is looked up once a run, and only where names are used', async () => {
    const { place, paths } = await placeFor(1_000);
    await place.run('apply', '--init');
    const databases = paths().filter((path) => path === 'GET /v3/databases').length;
    const collections = paths().filter((path) => path === 'GET /v3/database/1000/collections').length;
    // 132 databases are two pages.
    expect([databases, collections]).toEqual([2, 1]);

    const withIds = await placeFor(1_000, [{ ...MANIFEST[1], database: 1_001 }]);
    await withIds.place.run('apply', '--init');
    expect(withIds.paths().filter((path) => path.includes('database'))).toEqual([]);
  });

  it('shows names and ids in a plan, and takes an id for the name it stands for', async () => {
    const { place } = await placeFor(1_000);
    const { stdout } = await place.run('plan');
    expect(stdout).toContain('(database Customers (1000); collection Orders 2024 (1005))');
    await place.run('apply', '--init');
    await place.manifest([
      { ...MANIFEST[0], database: 1_000, collection: 1_005 },
      { ...MANIFEST[1], database: 1_000 },
    ]);
    const { stdout: changed } = await place.run('plan');
    expect(changed).toContain('database: 1001 → 1000');
    expect(changed).toContain('1 to replace, 1 unchanged');
  });

  it('that an account does not know is refused with its place, before anything is sent', async () => {
    const { sandbox, place } = await placeFor(1_000, [{ ...MANIFEST[1], database: 'Laeds' }, { ...MANIFEST[0] }]);
    const { code, stderr } = await place.run('apply', '--init');
    expect(code).toBe(3);
    expect(stderr).toMatch(
      /webhooks\.yaml:2:\d+: error: there is no database "Laeds" in the account\n.*Laeds.*\n.*\^{5}/,
    );
    expect(stderr).toContain('did you mean "Leads"?');
    expect(sandbox.account()).toEqual([]);
    const validated = await place.run('validate');
    expect(validated.code).toBe(0);
  });

  it('is compared with another one by name, where there is no account', async () => {
    const place = await Workplace.open();
    await place.manifest(MANIFEST);
    await place.write('before.yaml', await place.read('webhooks.yaml'));
    await place.manifest([MANIFEST[0] ?? {}, { ...MANIFEST[1], database: 'Customers' }]);
    const { code, stdout } = await place.run('plan', '--against', 'before.yaml');
    expect(code).toBe(0);
    expect(stdout).toContain('database: Leads → Customers\n');
    expect(stdout).toContain('1 to replace, 1 unchanged');
  });

  atNight('sends nothing while the names can’t be looked up', async () => {
    const { sandbox, place } = await placeFor(1_000);
    for (let count = 0; count < 20; count += 1) sandbox.orderFault('databases:before:502');
    const { code, stderr } = await place.run('apply', '--init');
    expect(code).toBe(1);
    expect(stderr).toContain('could not be looked up');
    expect(sandbox.account()).toEqual([]);
  });

  it('takes over a webhook whose limits the account does not show', async () => {
    const { sandbox, place } = await placeFor(1_000);
    await place.run('apply', '--init');
    await place.run('forget', 'orders');
    const { code, stderr } = await place.run('import', 'orders', '1894');
    expect([code, stderr]).toEqual([
      0,
      expect.stringContaining('it could not be checked that 1894 has database 1000 and collection 1005'),
    ]);
    expect(await place.json('apply')).toMatchObject({ document: { summary: { none: 2 } } });
    expect(sandbox.account()).toHaveLength(2);
  });
});
