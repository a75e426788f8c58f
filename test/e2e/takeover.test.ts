import { describe, expect, it } from 'vitest';
import { Workplace } from '../helpers/cli.js';
import { makeWebhook, openSandbox } from '../helpers/sandbox.js';

const A = { handler: 'https://a.example/x', trigger: 'create', callers: ['ms', 'publisher'] };
const B = { handler: 'https://a.example/y', trigger: 'create', callers: ['ms'] };

describe('import', () => {
  it('takes over a webhook that was made by hand, and the next apply changes nothing', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    const id = await makeWebhook(sandbox, { ...A, database: 7 });
    await place.manifest([{ name: 'a', ...A, database: 7 }]);
    const { code, stdout, stderr } = await place.run('import', 'a', String(id), '--init');
    // This account shows no databases: what is only the manifest's word is not told as known.
    expect([code, stdout]).toEqual([0, `a is now webhook ${id}: create → https://a.example/x\n`]);
    expect(stderr).toContain(`it could not be checked that ${id} has database 7`);
    expect(await place.json('apply')).toMatchObject({ code: 0, document: { summary: { none: 1 } } });
    expect(sandbox.account()).toHaveLength(1);
  });

  it('tells the database where the account shows it', async () => {
    const sandbox = await openSandbox({ quirks: { limits: 'string' } });
    const place = await Workplace.open(sandbox);
    const id = await makeWebhook(sandbox, { ...A, database: 7 });
    await place.manifest([{ name: 'a', ...A, database: 7 }]);
    const { stdout, stderr } = await place.run('import', 'a', String(id), '--init');
    expect([stdout, stderr]).toEqual([`a is now webhook ${id}: create → https://a.example/x (database 7)\n`, '']);
  });

  it.each([
    ['an id that another entry has', ['b', '1894'], 4, /belongs to a already/],
    ['a name that has a webhook', ['a', '1895'], 4, /a is webhook 1894 already/],
    ['an id that is not in the account', ['b', '4711'], 1, /no such webhook in this account/],
    ['a name that is not in the manifest', ['c', '1895'], 3, /has no entry "c"/],
    ['what is no id', ['b', '12x'], 3, /is not a webhook id/],
    ['an id too high to count on from', ['b', '9007199254740991'], 3, /an id is at most 9007199253740991/],
    ['an id that no number holds', ['b', '99999999999999999999'], 3, /an id is at most 9007199253740991/],
    ['a high id that is not in the account', ['b', '9007199253740991'], 1, /no such webhook in this account/],
  ])('refuses %s', async (_title, args, expected, message) => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    await makeWebhook(sandbox, A);
    await makeWebhook(sandbox, B);
    await place.manifest([
      { name: 'a', ...A },
      { name: 'b', ...B },
    ]);
    await place.run('import', 'a', '1894', '--init');
    const { code, stderr } = await place.run('import', ...args);
    expect(code).toBe(expected);
    expect(stderr).toMatch(message);
    expect(stderr).toContain('help:');
    expect((await place.json('list')).document.length).toBe(1);
  });
});

describe('what leads nowhere', () => {
  it('is a state file that is missing, and is named', async () => {
    const place = await Workplace.open(await openSandbox());
    await place.manifest([{ name: 'a', ...A }]);
    const { code, document } = await place.json('apply', '--state', 'lost.jsonl');
    expect(code).toBe(4);
    expect(document.errors).toMatchObject([{ code: 'state-missing', file: 'lost.jsonl' }]);
    expect(document.errors[0]?.message).toContain('no state at lost.jsonl');
    const imported = await place.run('import', 'a', '1894', '--state', 'lost.jsonl');
    expect([imported.code, imported.stderr]).toEqual([4, expect.stringContaining('no state at lost.jsonl')]);
  });

  it('names --api-url when it has a version in it', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    await place.manifest([{ name: 'a', ...A }]);
    const { code, stderr } = await place.run('apply', '--init', '--api-url', `${sandbox.url}/v3`);
    expect(code).toBe(1);
    expect(stderr).toMatch(/help: check --api-url: it is the host only/);
  });
});

describe('forget', () => {
  it('lets go of an entry and leaves its webhook alone', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    await place.manifest([{ name: 'a', ...A }]);
    await place.run('apply', '--init');
    const { code, stdout } = await place.run('forget', 'a');
    expect([code, stdout]).toEqual([0, 'forgot a; webhook 1894 is left alone\n']);
    expect(sandbox.account()).toHaveLength(1);
    expect((await place.json('list')).document.length).toBe(0);
  });

  it('says which name is near an unknown one', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    await place.manifest([{ name: 'orders', ...A }]);
    await place.run('apply', '--init');
    const { code, stderr } = await place.run('forget', 'order');
    expect(code).toBe(3);
    expect(stderr).toContain('did you mean orders?');
  });
});

describe('discover', () => {
  it.each([
    ['a range of ids', 'refused' as const, ['--from', '1890', '--to', '1900']],
    ['the list call', 'envelope' as const, []],
  ])('prints what %s shows as a valid manifest, and takes it over', async (_title, list, args) => {
    const sandbox = await openSandbox({ quirks: { list, limits: 'string' } });
    const place = await Workplace.open(sandbox);
    await makeWebhook(sandbox, { ...A, database: 7 });
    await makeWebhook(sandbox, B);
    const { code, stdout } = await place.run('discover', '--write-state', '--init', ...args);
    expect(code).toBe(0);
    await place.write('webhooks.yaml', stdout);
    expect(stdout).toContain('name: create-a.example\n');
    expect(stdout).toContain('name: create-a.example-2\n');
    expect(await place.json('apply')).toMatchObject({ code: 0, document: { summary: { none: 2, create: 0 } } });
    expect(sandbox.account()).toHaveLength(2);
    expect((await place.run('discover', ...args)).stdout).toBe(stdout);
  });

  it('prints one of two that show the same, says so, and takes over no more', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    await makeWebhook(sandbox, { ...A, database: 1 });
    await makeWebhook(sandbox, { ...A, database: 2 });
    const args = ['discover', '--from', '1890', '--to', '1900'];
    const { document } = await place.json(...args);
    expect(document).toMatchObject({
      webhooks: [
        { id: 1894, equalTo: null },
        { id: 1895, equalTo: { id: 1894, name: 'create-a.example' } },
      ],
      warnings: [{ code: 'discovered-double' }],
    });
    const { code, stdout, stderr } = await place.run(...args, '--write-state', '--init');
    expect([code, stderr]).toEqual([0, expect.stringContaining('webhook 1895 looks the same as webhook 1894')]);
    expect(stdout).toContain('# webhook 1895 looks the same as webhook 1894 (create-a.example).');
    await place.write('webhooks.yaml', stdout);
    expect((await place.run('validate')).code).toBe(0);
    expect((await place.json('list')).document.length).toBe(1);
    expect(await place.json('apply')).toMatchObject({ code: 0, document: { summary: { none: 1, create: 0 } } });
  });

  it('looks around what the state knows', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    await place.manifest([{ name: 'a', ...A }]);
    await place.run('apply', '--init');
    sandbox.takeIds(40);
    await makeWebhook(sandbox, B);
    const { stdout } = await place.run('discover');
    expect(stdout).toContain('name: a\n');
    expect(stdout).toContain('https://a.example/y');
  });

  it('says where to begin when there is nothing to go by', async () => {
    const place = await Workplace.open(await openSandbox());
    const { code, stderr } = await place.run('discover');
    expect(code).toBe(1);
    expect(stderr).toContain('--from');
  });

  it('keeps what was found when the account can’t be read any further', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    await makeWebhook(sandbox, A);
    sandbox.orderFault('read@3:before:403*9');
    const { code, stdout, stderr } = await place.run(
      'discover',
      '--from',
      '1894',
      '--to',
      '1910',
      '--concurrency',
      '1',
    );
    expect(code).toBe(1);
    expect(stdout).toContain('https://a.example/x');
    expect(stderr).toContain('not everything was looked at');
  });
});

describe('plan --against', () => {
  it('compares two manifests without state, token or network', async () => {
    const place = await Workplace.open();
    await place.write(
      'base.yaml',
      `webhooks: [${JSON.stringify({ name: 'a', ...A })}, ${JSON.stringify({ name: 'b', ...B })}]`,
    );
    await place.manifest([
      { name: 'a', ...A, trigger: 'update' },
      { name: 'c', ...A, trigger: 'open' },
    ]);
    const { code, document } = await place.json('plan', '--against', 'base.yaml', '--detailed-exitcode');
    expect(code).toBe(2);
    expect(document.changes.map(({ name, action, id }) => `${action} ${name} ${id}`)).toEqual([
      'update a null',
      'create c null',
      'orphaned b null',
    ]);
  });
});
