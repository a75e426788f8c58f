import { stat, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { Workplace } from '../helpers/cli.js';
import { callApi, openSandbox } from '../helpers/sandbox.js';

const A = { name: 'a', handler: 'https://a.example/x', trigger: 'create' };
const B = { name: 'b', handler: 'https://b.example/x', trigger: 'update' };
const C = { name: 'c', handler: 'https://c.example/x', trigger: 'open' };

/** An account with `a` and `b`, and a manifest that updates one, deletes the other and makes a third. */
async function openPlace() {
  const sandbox = await openSandbox({});
  const place = await Workplace.open(sandbox);
  await place.manifest([A, B]);
  expect((await place.run('apply', '--init')).code).toBe(0);
  await place.manifest([{ ...A, trigger: 'click' }, C]);
  const sent = () => sandbox.requests().filter(({ method }) => method !== 'GET');
  return { sandbox, place, sent };
}

describe('a saved plan', () => {
  it('is done as it was planned', async () => {
    const { sandbox, place } = await openPlace();
    const planned = await place.run('plan', '--prune', '--out', 'plan.json');
    expect(planned).toMatchObject({ code: 0, stdout: expect.stringContaining('"copernica-webhooks apply plan.json"') });
    expect((await stat(place.path('plan.json'))).mode & 0o777).toBe(0o600);
    const { code, document } = await place.json('apply', 'plan.json');
    const saved = JSON.parse(await place.read('plan.json')) as { plans: { digest: string }[] };
    expect(document).toMatchObject({
      digest: saved.plans[0]?.digest,
      account: { id: '34', name: 'Sandbox', api: sandbox.url },
    });
    expect(code).toBe(0);
    expect(document.changes).toMatchObject([
      { action: 'update', before: { trigger: 'create' }, after: { trigger: 'click' }, file: 'webhooks.yaml', line: 2 },
      { action: 'create', name: 'c', before: null, after: { handler: C.handler, database: null } },
      { action: 'delete', name: 'b', before: { handler: B.handler }, after: null, file: null },
    ]);
    expect(sandbox.account()).toMatchObject([{ trigger: 'click' }, { handler: C.handler }]);
  });

  it('stays good through a run that changed nothing', async () => {
    const { place, sandbox } = await openPlace();
    const meant = await place.read('webhooks.yaml');
    await place.run('plan', '--out', 'plan.json');
    await place.manifest([A, B]);
    expect((await place.run('apply')).code).toBe(0);
    await place.write('webhooks.yaml', meant);
    expect((await place.run('apply', 'plan.json')).code).toBe(0);
    expect(sandbox.account()).toMatchObject([{ trigger: 'click' }, { handler: B.handler }, { handler: C.handler }]);
  });

  it('is refused, with what differs, and nothing is sent, after an edit', async () => {
    const { place, sent } = await openPlace();
    await place.run('plan', '--out', 'plan.json');
    await place.manifest([{ ...A, trigger: 'bounce' }, C]);
    const before = [sent(), await place.read('webhooks.state.jsonl')];
    const { code, stderr } = await place.run('apply', 'plan.json');
    expect(code).toBe(4);
    expect(stderr).toContain(
      'the saved plan plan.json is out of date, so nothing was done: 1 change is not as planned',
    );
    expect(stderr).toMatch(/a: planned: update of webhook \d+ \(trigger: "create" → "click"\); now: .*"bounce"/);
    expect([sent(), await place.read('webhooks.state.jsonl')]).toEqual(before);
    const { document } = await place.json('apply', 'plan.json');
    expect(document.errors).toMatchObject([{ code: 'stale-plan' }, { code: 'stale-plan', name: 'a' }]);
  });

  it('is refused after somebody changed the account, where it looked at that', async () => {
    const { place, sandbox } = await openPlace();
    await place.manifest([{ ...A, trigger: 'click' }, B]);
    await place.run('plan', '--out', 'plan.json');
    const [, second] = sandbox.account();
    await callApi(sandbox, 'PUT', `/v3/webhook/${second?.id}`, {
      handler: 'https://other.example/',
      trigger: 'create',
    });
    expect((await place.run('apply', 'plan.json')).code).toBe(4);
  });

  it('is refused with another state', async () => {
    const { place } = await openPlace();
    await place.run('plan', '--out', 'plan.json');
    await place.remove('webhooks.state.jsonl');
    const { code, stderr } = await place.run('apply', 'plan.json', '--init');
    expect([code, stderr]).toEqual([4, expect.stringContaining('out of date')]);
  });

  it('of the first run is done with --init', async () => {
    const sandbox = await openSandbox({});
    const place = await Workplace.open(sandbox);
    await place.manifest([A]);
    await place.run('plan', '--out', 'plan.json');
    expect((await place.run('apply', 'plan.json')).code).toBe(4);
    expect((await place.run('apply', 'plan.json', '--init')).code).toBe(0);
    expect(sandbox.account()).toHaveLength(1);
  });

  it('is not saved where a guard refuses it or something could not be read', async () => {
    const { place } = await openPlace();
    await place.write('webhooks.yaml', 'webhooks: []\n');
    const { code, stdout } = await place.run('plan', '--prune', '--out', 'plan.json');
    expect([code, stdout]).toEqual([4, expect.stringContaining('The plan is not saved')]);
    await expect(place.read('plan.json')).rejects.toThrow('ENOENT');
  });

  it.each([
    ['another manifest', ['-f', 'other.yaml']],
    ['--prune', ['--prune']],
    ['--no-refresh', ['--no-refresh']],
  ])('takes no flag that would make it another plan: %s', async (_what, flags) => {
    const { place, sent } = await openPlace();
    await place.run('plan', '--out', 'plan.json');
    const before = sent().length;
    const { code, document } = await place.json('apply', 'plan.json', ...flags);
    expect([code, document.errors]).toMatchObject([3, [{ code: 'flag-with-plan' }]]);
    expect(sent()).toHaveLength(before);
  });

  it.each([
    ['is not there', null, 'file-unreadable'],
    ['is no JSON', '{"version": 1', 'bad-plan'],
    ['is of a later version', '{"version": 2, "plans": []}', 'bad-plan'],
    ['is something else', '{"changes": []}', 'bad-plan'],
  ])('that %s is an error that says so', async (_what, text, code) => {
    const { place } = await openPlace();
    if (text !== null) await writeFile(place.path('plan.json'), text);
    expect(await place.json('apply', 'plan.json')).toMatchObject({ code: 3, document: { errors: [{ code }] } });
  });

  it('is written whole or not at all', async () => {
    const { place } = await openPlace();
    const { code, document } = await place.json('plan', '--out', 'no-such-folder/plan.json');
    expect([code, document.errors]).toMatchObject([3, [{ code: 'file-unwritable' }]]);
  });
});

describe('the first line of a plan and of an apply says whom it is about', () => {
  it('by name where the account was asked, by its id where only the state knows it', async () => {
    const { place, sandbox } = await openPlace();
    const { host } = new URL(sandbox.url);
    const asked = `Account 34 Sandbox (Sandbox) at ${host}`;
    const firstLine = async (...args: string[]) => (await place.run(...args)).stdout.split('\n', 1)[0];
    expect(await firstLine('plan')).toBe(asked);
    expect(await firstLine('plan', '--format', 'github')).toBe(asked);
    expect(await firstLine('plan', '--no-refresh')).toBe(`Account 34 at ${host}`);
    expect(await firstLine('apply')).toBe(asked);
    await place.remove('webhooks.state.jsonl');
    expect(await firstLine('plan')).toBe(`Account not known yet, at ${host}`);
    await place.write('other.yaml', 'webhooks: []\n');
    expect(await firstLine('plan', '--against', 'other.yaml')).toBe('Compared with other.yaml');
  });
});
