import { describe, expect, it } from 'vitest';
import type { Sandbox } from '../../src/sandbox/server.js';
import { Workplace } from '../helpers/cli.js';
import { atNight } from '../helpers/night.js';
import { openSandbox } from '../helpers/sandbox.js';

interface Entry {
  readonly name: string;
  readonly trigger?: string;
  readonly path?: string;
  readonly more?: string;
}

function manifestOf(entries: readonly Entry[], rest = ''): string {
  const lines = entries.map(({ name, trigger = 'create', path = name, more = '' }) => {
    return `  - {name: ${name}, handler: "https://a.example/${path}", trigger: ${trigger}${more}}\n`;
  });
  return `webhooks:${lines.length === 0 ? ' []' : ''}\n${lines.join('')}${rest}`;
}

/** An account that has what the manifest wants. */
async function applied(...entries: readonly Entry[]): Promise<{ place: Workplace; sandbox: Sandbox }> {
  const sandbox = await openSandbox();
  const place = await Workplace.open(sandbox);
  await place.write('webhooks.yaml', manifestOf(entries));
  expect((await place.run('apply', '--init')).code).toBe(0);
  return { place, sandbox };
}

const idsOf = (sandbox: Sandbox) => sandbox.model.webhooks().map(({ id }) => id);

describe('was', () => {
  it('renames and changes at once, and prints a notice from then on', async () => {
    const { place, sandbox } = await applied({ name: 'old' });
    const ids = idsOf(sandbox);
    await place.write('webhooks.yaml', manifestOf([{ name: 'new', trigger: 'open', more: ', was: old' }]));
    const plan = await place.run('plan', '--json');
    expect(JSON.parse(plan.stdout)).toMatchObject({
      changes: [
        { action: 'update', before: { name: 'old', trigger: 'create' }, after: { name: 'new', trigger: 'open' } },
      ],
      warnings: [],
    });
    const done = await place.run('apply');
    expect([done.code, done.stderr]).toEqual([0, '']);
    expect(sandbox.model.webhooks()).toMatchObject([{ id: ids[0], trigger: 'open' }]);
    const again = await place.run('apply');
    expect(again.code).toBe(0);
    expect(again.stderr).toContain('webhooks.yaml:2:71: notice: no webhook is called "old" any more');
  });

  it('replaces under the new name', async () => {
    const { place, sandbox } = await applied({ name: 'old' });
    const before = idsOf(sandbox);
    await place.write('webhooks.yaml', manifestOf([{ name: 'new', path: 'old', more: ', database: 1017, was: old' }]));
    expect((await place.run('apply')).code).toBe(0);
    expect(idsOf(sandbox)).toHaveLength(1);
    expect(idsOf(sandbox)).not.toEqual(before);
    expect(JSON.parse((await place.run('list', '--json')).stdout)).toMatchObject([{ name: 'new', database: 1017 }]);
  });

  atNight('settles a create of the old name, of which the answer was lost', async () => {
    const sandbox = await openSandbox({ faults: ['create@1:after:504', 'read:before:403*always'] });
    const place = await Workplace.open(sandbox);
    await place.write('webhooks.yaml', manifestOf([{ name: 'old' }]));
    expect((await place.run('apply', '--init', '--settle', '0', '--on-uncertain', 'hold')).code).toBe(4);
    sandbox.model.clearFaults();
    await place.write('webhooks.yaml', manifestOf([{ name: 'new', trigger: 'open', more: ', was: old' }]));
    expect((await place.run('apply', '--settle', '0')).code).toBe(0);
    expect(sandbox.model.webhooks()).toMatchObject([{ trigger: 'open' }]);
    expect(JSON.parse((await place.run('list', '--json')).stdout)).toMatchObject([{ name: 'new', status: 'created' }]);
  });
});

describe('removed', () => {
  it('deletes exactly what it names, without --prune and without the deletion guard, and may stay', async () => {
    const { place, sandbox } = await applied({ name: 'a' }, { name: 'b' });
    await place.write('webhooks.yaml', manifestOf([], 'removed: [a, b]\n'));
    const plan = await place.run('plan', '--json');
    expect(JSON.parse(plan.stdout).changes).toMatchObject([
      { name: 'a', action: 'delete', reason: 'removed in the manifest', file: 'webhooks.yaml', line: 2 },
      { name: 'b', action: 'delete' },
    ]);
    expect((await place.run('apply')).code).toBe(0);
    expect(idsOf(sandbox)).toEqual([]);
    const again = await place.run('apply', '--json');
    expect(again.code).toBe(0);
    expect(JSON.parse(again.stdout).warnings).toMatchObject([
      { code: 'removed-unknown', name: 'a', file: 'webhooks.yaml', line: 2 },
      { code: 'removed-unknown', name: 'b' },
    ]);
  });

  it('keeps what else left the manifest, and gives what it names to a new entry that is equal', async () => {
    const { place, sandbox } = await applied({ name: 'a' }, { name: 'b' }, { name: 'c' });
    const ids = idsOf(sandbox);
    await place.write('webhooks.yaml', manifestOf([{ name: 'new', path: 'a' }], 'removed: [a, b]\n'));
    const done = await place.run('apply', '--json');
    expect(JSON.parse(done.stdout).changes).toMatchObject([
      { name: 'new', action: 'move', result: 'done' },
      { name: 'b', action: 'delete', result: 'done' },
      { name: 'c', action: 'orphaned' },
    ]);
    expect(idsOf(sandbox)).toEqual([ids[0], ids[2]]);
  });

  it('is part of a saved plan', async () => {
    const { place, sandbox } = await applied({ name: 'a' }, { name: 'b' });
    await place.write('webhooks.yaml', manifestOf([{ name: 'a' }], 'removed: [b]\n'));
    expect((await place.run('plan', '--out', 'plan.json')).code).toBe(0);
    await place.write('webhooks.yaml', manifestOf([{ name: 'a' }]));
    expect((await place.run('apply', 'plan.json')).code).toBe(4);
    await place.write('webhooks.yaml', manifestOf([{ name: 'a' }], '\nremoved: [b]\n'));
    expect((await place.run('apply', 'plan.json')).code).toBe(0);
    expect(idsOf(sandbox)).toHaveLength(1);
  });

  it('deletes what is found of a create of that name, of which the answer was lost', async () => {
    const sandbox = await openSandbox({ faults: ['create@2:after:504', 'read:before:403*always'] });
    const place = await Workplace.open(sandbox);
    await place.write('webhooks.yaml', manifestOf([{ name: 'first' }, { name: 'a' }]));
    expect((await place.run('apply', '--init', '--settle', '0', '--on-uncertain', 'hold')).code).toBe(4);
    sandbox.model.clearFaults();
    await place.write('webhooks.yaml', manifestOf([{ name: 'first' }], 'removed: [a]\n'));
    await place.run('apply', '--settle', '0');
    expect(idsOf(sandbox)).toHaveLength(1);
  });

  it('of a name whose create is uncertain is a warning', async () => {
    const sandbox = await openSandbox({ faults: ['create@2:after:504', 'read:before:403*always'] });
    const place = await Workplace.open(sandbox);
    await place.write('webhooks.yaml', manifestOf([{ name: 'first' }, { name: 'a' }]));
    expect((await place.run('apply', '--init', '--settle', '0', '--on-uncertain', 'hold')).code).toBe(4);
    await place.write('webhooks.yaml', manifestOf([{ name: 'first' }], 'removed: [a]\n'));
    for (const command of ['plan', 'apply']) {
      const { code, stderr } = await place.run(command, '--no-refresh');
      const told = 'a: a POST of unknown outcome may have made a webhook, which was not found so far';
      expect([code, stderr]).toEqual([0, expect.stringContaining(told)]);
    }
    await place.run('forget', 'a');
    expect((await place.run('apply', '--no-refresh')).code).toBe(0);
  });
});

describe('protect', () => {
  const PROTECTED: Entry = { name: 'a', more: ', protect: true' };

  it('refuses to replace the webhook, with code 4, and the rest of the run goes on', async () => {
    const { place, sandbox } = await applied(PROTECTED);
    const ids = idsOf(sandbox);
    await place.write(
      'webhooks.yaml',
      manifestOf([{ ...PROTECTED, more: ', database: 1017, protect: true' }, { name: 'b' }]),
    );
    const plan = await place.run('plan');
    expect(plan.code).toBe(4);
    expect(plan.stdout).toContain(
      'changed in the manifest; refused, because the entry is protected  (webhooks.yaml:2)',
    );
    expect(plan.stdout).toContain('Plan: 1 to create, 1 refused');
    const done = await place.run('apply', '--json');
    expect(done.code).toBe(4);
    expect(JSON.parse(done.stdout)).toMatchObject({
      changes: [
        {
          name: 'a',
          action: 'replace',
          result: 'refused',
          error: { code: 'protected', file: 'webhooks.yaml', line: 2 },
        },
        { name: 'b', action: 'create', result: 'done' },
      ],
      errors: [{ code: 'protected', name: 'a' }],
    });
    expect(idsOf(sandbox)[0]).toBe(ids[0]);
    expect(idsOf(sandbox)).toHaveLength(2);
  });

  it('holds when the entry has left the manifest, against prune and removed, until forget', async () => {
    const { place, sandbox } = await applied(PROTECTED, { name: 'b' }, { name: 'c' });
    expect(JSON.parse((await place.run('list', '--json')).stdout)[0]).toMatchObject({ name: 'a', protected: true });
    await place.write('webhooks.yaml', manifestOf([{ name: 'c' }]));
    const pruned = await place.run('apply', '--prune');
    expect([pruned.code, pruned.stdout]).toEqual([4, expect.stringContaining('delete refused')]);
    expect(idsOf(sandbox)).toHaveLength(2);
    await place.write('webhooks.yaml', manifestOf([{ name: 'c' }], 'removed: [a]\n'));
    const removed = await place.run('apply');
    expect([removed.code, removed.stderr]).toEqual([
      4,
      expect.stringMatching(/webhooks\.yaml:3:11: error: a: not deleted, because the entry is protected/),
    ]);
    const plan = await place.run('plan', '--out', 'plan.json');
    expect([plan.code, plan.stdout]).toEqual([4, expect.stringContaining('The plan is not saved')]);
    await expect(place.read('plan.json')).rejects.toThrow();
    expect((await place.run('forget', 'a')).code).toBe(0);
    expect((await place.run('apply')).code).toBe(0);
    expect(idsOf(sandbox)).toHaveLength(2);
  });

  it('ends where the manifest lists the entry without it', async () => {
    const { place, sandbox } = await applied(PROTECTED, { name: 'b' });
    await place.write('webhooks.yaml', manifestOf([{ name: 'a' }, { name: 'b' }]));
    expect((await place.run('apply', '--no-refresh')).code).toBe(0);
    await place.write('webhooks.yaml', manifestOf([{ name: 'b' }]));
    expect((await place.run('apply', '--prune')).code).toBe(0);
    expect(idsOf(sandbox)).toHaveLength(1);
  });

  it('ends where the manifest lists the entry under another name without it', async () => {
    const { place, sandbox } = await applied(PROTECTED);
    const [old] = idsOf(sandbox);
    await place.write('webhooks.yaml', manifestOf([{ name: 'new', path: 'a', more: ', database: 1017, was: a' }]));
    expect((await place.run('apply')).code).toBe(0);
    expect(idsOf(sandbox)).toHaveLength(1);
    expect(idsOf(sandbox)).not.toContain(old);
    const [entry] = (await place.json('list')).document as unknown as readonly object[];
    expect(entry).toMatchObject({ name: 'new', id: idsOf(sandbox)[0], status: 'created', database: 1017 });
    expect((await place.run('plan', '--detailed-exitcode')).code).toBe(0);
  });

  it('keeps the webhook where an earlier replace, of which the answer was lost, has made another', async () => {
    const sandbox = await openSandbox({ faults: ['create@2:after:504', 'read:before:403*always'] });
    const place = await Workplace.open(sandbox);
    await place.write('webhooks.yaml', manifestOf([{ name: 'a' }]));
    expect((await place.run('apply', '--init')).code).toBe(0);
    await place.write('webhooks.yaml', manifestOf([{ name: 'a', more: ', database: 1017' }]));
    await place.run('apply', '--no-refresh', '--settle', '0', '--on-uncertain', 'hold');
    const [old, made] = idsOf(sandbox);
    sandbox.model.clearFaults();
    await place.write('webhooks.yaml', manifestOf([{ name: 'a', more: ', database: 1017, protect: true' }]));
    const imported = await place.run('import', 'a', String(made));
    expect([imported.code, imported.stderr]).toEqual([
      4,
      `error: webhook ${made} is not taken over: webhook ${old} would be deleted, but the entry is protected
  help: take \`protect\` out of the entry first; or delete webhook ${made} in the dashboard, and run "import a ${old}"\n`,
    ]);
    const done = await place.run('apply', '--settle', '0');
    expect([done.code, done.stderr]).toEqual([4, expect.stringContaining('a: not replaced')]);
    expect(idsOf(sandbox)).toEqual([old]);
  });

  it('is seen where two manifests are compared', async () => {
    const { place } = await applied({ name: 'b' });
    await place.write('base.yaml', manifestOf([PROTECTED, { name: 'b' }]));
    const { code, stdout } = await place.run('plan', '--against', 'base.yaml', '--prune', '--json');
    expect([code, JSON.parse(stdout).errors]).toMatchObject([4, [{ code: 'protected', name: 'a' }]]);
  });
});
