import { stat } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { Workplace } from '../helpers/cli.js';
import { byDay } from '../helpers/night.js';
import { openSandbox } from '../helpers/sandbox.js';

const SEED = {
  name: 'crm-profile-created',
  handler: 'https://my-webhook-url.com',
  trigger: 'create',
  callers: ['ms', 'publisher'],
  database: 1017,
};

function entries(count: number, from = 0) {
  return Array.from({ length: count }, (_, n) => ({
    name: `w${from + n}`,
    handler: `https://a.example/${from + n}`,
    trigger: 'create',
  }));
}

function sent(sandbox: { requests(): readonly { method: string; call: string }[] }, ...methods: string[]) {
  return sandbox.requests().filter(({ method }) => methods.includes(method));
}

describe('apply', () => {
  it('sends the vendor’s own example as exactly one POST, and nothing at the second time', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    await place.manifest([SEED]);
    const first = await place.json('apply', '--init');
    expect(first).toMatchObject({
      code: 0,
      document: { changes: [{ name: SEED.name, action: 'create', result: 'done', id: 1894 }], errors: [] },
    });
    const { name: _name, ...body } = SEED;
    const posts = sent(sandbox, 'POST');
    expect(posts).toMatchObject([
      { method: 'POST', path: '/v3/webhooks', query: 'access_token=***', body: JSON.stringify(body) },
    ]);
    const second = await place.json('apply');
    expect(second).toMatchObject({ code: 0, document: { changes: [{ action: 'none', id: 1894 }] } });
    expect(sent(sandbox, 'POST', 'PUT', 'DELETE')).toHaveLength(1);
  });

  it('needs to be told that it is the first time, so that a lost state does not double everything', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    await place.manifest([SEED]);
    const { code, stderr } = await place.run('apply');
    expect(code).toBe(4);
    expect(stderr).toContain('--init');
    expect(sent(sandbox, 'POST')).toEqual([]);
  });

  it('keeps the state file for its owner alone, and the token out of it', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    await place.manifest([SEED]);
    await place.run('apply', '--init');
    expect((await stat(place.path('webhooks.state.jsonl'))).mode & 0o777).toBe(0o600);
    expect(await place.read('webhooks.state.jsonl')).not.toContain(sandbox.token);
  });

  it('lets one entry’s failure hold up no other, and names its line', async () => {
    const sandbox = await openSandbox({ faults: [{ on: 'create', nth: 2, reply: { kind: 'answer', status: 400 } }] });
    const place = await Workplace.open(sandbox);
    await place.manifest(entries(3));
    const { code, document } = await place.json('apply', '--init', '--concurrency', '1');
    expect(code).toBe(1);
    expect(document.changes.map(({ result }) => result)).toEqual(['done', 'failed', 'done']);
    expect(document.changes[1]?.error).toMatchObject({ code: 'api-refused', line: 3 });
    expect(await place.json('apply')).toMatchObject({ code: 0, document: { summary: { create: 1, none: 2 } } });
    expect(sandbox.account()).toHaveLength(3);
  });

  it('refuses the token of another account before anything is sent', async () => {
    const accounts = [
      { token: 'token-of-the-first', identity: { id: '34', name: 'First', description: '', company: '' } },
      { token: 'token-of-the-second', identity: { id: '35', name: 'Second', description: '', company: '' } },
    ] as const;
    const sandbox = await openSandbox({ accounts: [...accounts] });
    const place = await Workplace.open(sandbox);
    await place.manifest(entries(1));
    expect((await place.run('apply', '--init')).code).toBe(0);
    await place.manifest(entries(2));
    place.environment.COPERNICA_ACCESS_TOKEN = 'token-of-the-second';
    const { code, document } = await place.json('apply');
    expect(code).toBe(4);
    expect(document.errors).toMatchObject([{ code: 'wrong-account' }]);
    expect(sent(sandbox, 'POST')).toHaveLength(1);
  });

  it('works against a sandbox of its own without account or state', async () => {
    const place = await Workplace.open();
    await place.manifest([SEED]);
    for (const _time of [1, 2]) {
      const { code, stdout } = await place.run('apply', '--sandbox');
      expect(code).toBe(0);
      expect(stdout).toContain('created');
    }
    await expect(stat(place.path('webhooks.state.jsonl'))).rejects.toThrow('ENOENT');
  });

  it('writes one JSON document whatever goes wrong', async () => {
    const place = await Workplace.open();
    await place.write('webhooks.yaml', 'webhooks: [{name: a}]');
    for (const args of [
      ['apply'],
      ['plan'],
      ['validate'],
      ['apply', '--timeout', 'soon'],
      ['apply', '--no-such-flag'],
    ]) {
      const { code, document } = await place.json(...args);
      expect(code).toBe(3);
      expect(document.errors.length).toBeGreaterThan(0);
    }
  });

  it('updates, replaces, moves and prunes, each with the calls that the API allows', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    const base = { handler: 'https://a.example/x', trigger: 'create' };
    const old = [
      { name: 'updated', ...base },
      { name: 'replaced', ...base, database: 1 },
      { name: 'old-name', ...base, database: 2 },
      { name: 'dropped', ...base, database: 3 },
    ];
    await place.manifest(old);
    await place.run('apply', '--init', '--concurrency', '1');
    await place.manifest([
      { name: 'updated', ...base, trigger: 'update' },
      { name: 'replaced', ...base, database: 9 },
      { name: 'new-name', ...base, database: 2 },
    ]);
    const { code, document } = await place.json('apply', '--prune', '--concurrency', '1');
    expect(code).toBe(0);
    expect(document.changes.map(({ name, action, result, id }) => `${action} ${name} ${id} ${result}`)).toEqual([
      'update updated 1894 done',
      'replace replaced 1898 done',
      'move new-name 1896 done',
      'delete dropped 1897 done',
    ]);
    expect(sandbox.account().map(({ id, trigger, database }) => [id, trigger, database ?? null])).toEqual([
      [1894, 'update', null],
      [1896, 'create', 2],
      [1898, 'create', 9],
    ]);
    expect(await place.json('plan', '--detailed-exitcode')).toMatchObject({
      code: 0,
      document: { summary: { none: 3 } },
    });
  });

  it('keeps and reports what left the manifest unless told to prune', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    await place.manifest(entries(2));
    await place.run('apply', '--init');
    await place.manifest(entries(1));
    const { code, document } = await place.json('apply');
    expect(code).toBe(0);
    expect(document.summary).toMatchObject({ none: 1, orphaned: 1, delete: 0 });
    expect(sandbox.account()).toHaveLength(2);
  });

  it('refuses to delete everything unless forced', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    await place.manifest(entries(3));
    await place.run('apply', '--init');
    await place.write('webhooks.yaml', 'webhooks: []\n');
    const { code, document } = await place.json('apply', '--prune');
    expect(code).toBe(4);
    expect(document.errors).toMatchObject([{ code: 'deletion-limit' }]);
    expect(sandbox.account()).toHaveLength(3);
    expect((await place.run('apply', '--prune', '--force')).code).toBe(0);
    expect(sandbox.account()).toHaveLength(0);
  });

  it('shows in a plan what the deletion guard would refuse, with a remedy that works', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    await place.manifest(entries(10));
    await place.run('apply', '--init');
    await place.manifest([...entries(6), { name: 'new', handler: 'https://a.example/new', trigger: 'open' }]);
    const planned = await place.run('plan', '--prune', '--detailed-exitcode');
    expect(planned.code).toBe(4);
    expect(planned.stdout).toContain('1 to create, 4 to delete');
    expect(planned.stderr).toContain('would delete 4 of 10 managed webhooks (40 %), more than 30 %');
    expect(await place.json('plan', '--prune')).toMatchObject({
      code: 4,
      document: { summary: { create: 1, delete: 4 }, errors: [{ code: 'deletion-limit' }] },
    });
    const github = await place.run('plan', '--prune', '--format', 'github');
    expect([github.code, github.stdout]).toEqual([4, expect.stringMatching(/^::error .*deletion-limit/m)]);
    expect(await place.run('apply', '--prune')).toMatchObject({ code: 4 });
    expect(sandbox.account()).toHaveLength(10);
    const [, remedy = ''] = /`copernica-webhooks ([^`]*)`/.exec(planned.stderr) ?? [];
    expect((await place.run(...remedy.split(' '))).code).toBe(0);
    expect(sandbox.account()).toHaveLength(7);
    expect((await place.run('plan', '--prune', '--detailed-exitcode')).code).toBe(0);
  });

  it('creates again what is gone, and updates back what was changed, in the account', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    await place.manifest(entries(3));
    await place.run('apply', '--init', '--concurrency', '1');
    sandbox.model.removeByHand(1894, Date.now());
    const id = sandbox.account()[0]?.id ?? 0;
    sandbox.model.changeByHand(id, { trigger: 'open' });
    const { code, document } = await place.json('apply');
    expect(code).toBe(0);
    expect(document.changes.map(({ action, result }) => `${action} ${result}`)).toEqual([
      'create done',
      'update done',
      'none done',
    ]);
    expect(sandbox.account().map(({ trigger }) => trigger)).toEqual(['create', 'create', 'create']);
  });

  it('never takes what could not be read for drift, and says so', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    await place.manifest(entries(2));
    await place.run('apply', '--init');
    sandbox.orderFault('read:before:403*9');
    const { code, document } = await place.json('apply');
    expect([code, document.summary.none]).toEqual([1, 2]);
    expect(document.errors).toMatchObject([{ code: 'unread' }]);
    expect(sent(sandbox, 'POST', 'PUT', 'DELETE')).toHaveLength(2);
  });

  it('does not believe that everything is gone', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    await place.manifest(entries(2));
    await place.run('apply', '--init');
    for (const { id } of sandbox.account()) sandbox.model.removeByHand(id, Date.now());
    expect(await place.json('apply')).toMatchObject({ code: 4, document: { errors: [{ code: 'everything-gone' }] } });
    expect((await place.json('apply', '--force')).code).toBe(0);
    expect(sandbox.account()).toHaveLength(2);
  });

  it('keeps the old webhook of a replace to be deleted when that fails', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    await place.manifest([SEED]);
    await place.run('apply', '--init');
    await place.manifest([{ ...SEED, database: 1018 }]);
    sandbox.orderFault('delete:before:403*4');
    expect((await place.json('apply')).code).toBe(1);
    expect(sandbox.account()).toHaveLength(2);
    expect((await place.json('apply')).code).toBe(1);
    expect(await place.json('plan', '--no-refresh')).toMatchObject({ document: { summary: { none: 1, delete: 1 } } });
    sandbox.model.clearFaults();
    expect((await place.json('apply')).code).toBe(0);
    expect(sandbox.account()).toMatchObject([{ id: 1895, database: 1018 }]);
  });

  it('shows the token nowhere, whatever the API answers', async () => {
    const faults = byDay(1, [
      'create:before:400',
      'create:after:502',
      'identity:before:502',
      'update:after:slow:1',
      'any:before:close',
    ]);
    for (const fault of faults) {
      const sandbox = await openSandbox({ faults: [fault] });
      const place = await Workplace.open(sandbox);
      await place.manifest(entries(2));
      const outputs = [await place.run('apply', '--init', '--settle', '0', '--log-level', 'trace')];
      await place.manifest(entries(2).map((entry) => ({ ...entry, trigger: 'open' })));
      outputs.push(await place.run('apply', '--settle', '0', '--log-level', 'trace', '--json'));
      for (const { stdout, stderr } of outputs) expect(stdout + stderr).not.toContain(sandbox.token);
    }
  });
});
