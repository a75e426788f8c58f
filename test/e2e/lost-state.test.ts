import { describe, expect, it } from 'vitest';
import type { Sandbox } from '../../src/sandbox/server.js';
import { Workplace } from '../helpers/cli.js';
import { makeWebhook, openSandbox } from '../helpers/sandbox.js';
import { startWithStatus } from '../helpers/status.js';

const LOOK = { handler: 'https://a.example/x', trigger: 'create' };
const ALL = { name: 'all', ...LOOK };
const LIMITED = { name: 'limited', ...LOOK, database: 1017 };
const OTHER = { name: 'other', handler: 'https://a.example/other', trigger: 'open' };
const DISCOVER = ['discover', '--from', '1894', '--to', '1910', '--write-state', '--init'] as const;

/** What these entries made is there, and the state is not. The account shows no database, as the reference has it. */
async function lost(...entries: object[]): Promise<{ sandbox: Sandbox; place: Workplace }> {
  const sandbox = await openSandbox();
  const place = await Workplace.open(sandbox);
  await place.manifest(entries);
  expect((await place.run('apply', '--init')).code).toBe(0);
  await place.remove('webhooks.state.jsonl');
  return { sandbox, place };
}

describe('an entry that may be a webhook of unknown scope', () => {
  it('is not created, and the rest of the run goes on', async () => {
    const { sandbox, place } = await lost(LIMITED);
    await place.run(...DISCOVER);
    await place.manifest([LIMITED, OTHER]);
    const planned = await place.json('plan', '--detailed-exitcode');
    expect(planned).toMatchObject({ code: 4, document: { errors: [{ code: 'scope-unknown', line: 2 }] } });
    const { code, document } = await place.json('apply');
    expect(code).toBe(4);
    expect(document).toMatchObject({
      changes: [
        { name: 'limited', action: 'create', result: 'refused', error: { code: 'scope-unknown', line: 2 } },
        { name: 'other', action: 'create', result: 'done', id: 1895 },
        { name: 'create-a.example', action: 'orphaned', id: 1894 },
      ],
      summary: { create: 2, orphaned: 1, failed: 1 },
      errors: [{ code: 'scope-unknown' }],
    });
    expect(sandbox.account()).toHaveLength(2);
  });

  it('takes it over from the orphaned entry by an import, in one record', async () => {
    const { sandbox, place } = await lost(LIMITED);
    await place.run(...DISCOVER);
    expect((await place.run('import', 'limited', '1894')).code).toBe(0);
    expect(await place.json('plan')).toMatchObject({ code: 0, document: { summary: { none: 1, orphaned: 0 } } });
    expect((await place.json('list')).document).toMatchObject([{ name: 'limited', id: 1894, database: 1017 }]);
    expect((await place.run('apply')).code).toBe(0);
    expect(sandbox.account()).toHaveLength(1);
  });

  it('is created once the orphaned one is forgotten', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    await makeWebhook(sandbox, { ...LOOK, database: 7 });
    await place.manifest([LIMITED]);
    await place.run(...DISCOVER);
    expect((await place.run('apply')).code).toBe(4);
    expect((await place.run('forget', 'create-a.example')).code).toBe(0);
    expect(await place.json('apply')).toMatchObject({ code: 0, document: { summary: { create: 1 } } });
    expect(sandbox.account().map(({ database }) => database)).toEqual([7, 1017]);
  });

  it('is one of several that look the same: all are taken over, and none is created until each is settled', async () => {
    const { sandbox, place } = await lost(ALL, LIMITED);
    const { stdout, stderr } = await place.run(...DISCOVER);
    expect(stdout).toContain('  # if it is limited (database 1017): copernica-webhooks import limited 1895\n');
    expect(stderr).not.toContain('not taken over');
    expect(await place.json('apply')).toMatchObject({ code: 4, document: { summary: { create: 2, failed: 2 } } });
    await place.run('import', 'all', '1894');
    expect(await place.json('apply')).toMatchObject({ code: 4, document: { summary: { create: 1, none: 1 } } });
    await place.run('import', 'limited', '1895');
    expect(await place.json('apply')).toMatchObject({ code: 0, document: { summary: { none: 2 } } });
    expect(sandbox.account()).toHaveLength(2);
  });

  it('is found by its database where the account shows that, and nothing is in doubt', async () => {
    const sandbox = await openSandbox({ quirks: { limits: 'string' } });
    const place = await Workplace.open(sandbox);
    await makeWebhook(sandbox, LOOK);
    await makeWebhook(sandbox, { ...LOOK, database: 1017 });
    await place.manifest([{ ...LIMITED, database: 'Customers' }, ALL]);
    await place.run(...DISCOVER);
    expect(await place.json('apply')).toMatchObject({ code: 0, document: { summary: { none: 2 } } });
    expect((await place.json('list')).document).toMatchObject([
      { name: 'all', id: 1894 },
      { name: 'limited', id: 1895 },
    ]);
  });

  it('is an issue of the daemon, which does not create it either', async () => {
    const { sandbox, place } = await lost(LIMITED);
    await place.run(...DISCOVER);
    const { until, daemon } = await startWithStatus(place, '--schedule', 'off', '--prune');
    const snapshot = await until(({ accounts }) => accounts[0]?.health.kind === 'webhooks-failed');
    expect(snapshot.accounts[0]?.health.advice[0]).toMatchObject({
      code: 'webhooks-failed',
      names: ['limited'],
      problems: [{ code: 'scope-unknown', remedy: expect.stringContaining('"import limited 1894"') }],
      remedy: null,
    });
    daemon.kill('SIGTERM');
    expect((await daemon.finished).code).toBe(0);
    expect(sandbox.account()).toHaveLength(1);
  });
});

describe('an import', () => {
  it('says of an entry’s own webhook of unknown scope what its scope is, and nothing is replaced', async () => {
    const { sandbox, place } = await lost(ALL);
    await place.run(...DISCOVER);
    await place.manifest([{ ...ALL, database: 1017 }]);
    const planned = await place.run('plan');
    expect(planned.stdout).toMatch(/± replace .* "import all 1894" says so/);
    expect(planned.stdout).toContain('database: ? → 1017');
    expect((await place.run('import', 'all', '1894')).code).toBe(0);
    expect(await place.json('apply')).toMatchObject({ code: 0, document: { summary: { none: 1 } } });
    expect(sandbox.account()).toHaveLength(1);
  });

  it('of an orphaned entry’s webhook keeps the database that the state knows, and the next run replaces it', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    await place.manifest([LIMITED]);
    await place.run('apply', '--init');
    await place.manifest([{ ...ALL, database: 7 }]);
    expect((await place.run('import', 'all', '1894')).code).toBe(0);
    expect(await place.json('apply')).toMatchObject({ code: 0, document: { summary: { replace: 1, orphaned: 0 } } });
    expect(sandbox.account().map(({ database }) => database)).toEqual([7]);
  });
});

describe('discover', () => {
  it('says that it could not compare with a manifest that is broken, and goes on', async () => {
    const { place } = await lost(LIMITED);
    await place.write('webhooks.yaml', 'webhooks: [');
    const { code, document } = await place.json(...DISCOVER);
    expect([code, document.warnings]).toMatchObject([0, [{ code: 'discover-uncompared' }]]);
    expect((await place.json('list')).document.length).toBe(1);
  });

  it.each([
    ['there is no manifest', null],
    ['the shell has emptied the file that its output goes to', ''],
  ])('says nothing of the manifest when %s', async (_title, text) => {
    const { place } = await lost(LIMITED);
    if (text === null) await place.remove('webhooks.yaml');
    else await place.write('webhooks.yaml', text);
    expect(await place.json(...DISCOVER)).toMatchObject({ code: 0, document: { warnings: [] } });
  });
});
