import { describe, expect, it } from 'vitest';
import type { Sandbox } from '../../src/sandbox/server.js';
import { Workplace } from '../helpers/cli.js';
import { atNight, byDay } from '../helpers/night.js';
import { makeWebhook, openSandbox } from '../helpers/sandbox.js';

const A = { handler: 'https://a.example/x', trigger: 'create' };
const B = { handler: 'https://a.example/y', trigger: 'open' };

/** `b` is webhook 2895, and a webhook like it may be among the ids between that were not looked at. */
async function doubted(): Promise<{ sandbox: Sandbox; place: Workplace }> {
  const sandbox = await openSandbox({ faults: ['create@2:before:504'] });
  const place = await Workplace.open(sandbox);
  place.environment.COPERNICA_WEBHOOKS_SCAN_LIMIT = '500';
  await place.manifest([
    { name: 'a', ...A },
    { name: 'b', ...B },
  ]);
  await place.run('apply', '--init', '--on-uncertain', 'hold', '--settle', '0');
  sandbox.takeIds(700);
  return { sandbox, place };
}

/** What a text tells to type: what is between double quotes, with `ID` filled in. */
function told(text: string, id: number): string[][] {
  return [...text.matchAll(/"((?:discover|import|forget) [^"]*)"/g)].map(([, command = '']) =>
    command.replace(/\bID\b/, String(id)).split(' '),
  );
}

function namesOf(sandbox: Sandbox, handler: string): number[] {
  return sandbox
    .account()
    .filter((webhook) => webhook.handler === handler)
    .map(({ id }) => id);
}

async function remedyOf(place: Workplace): Promise<string> {
  const { stdout } = await place.run('plan', '--json');
  const { warnings } = JSON.parse(stdout) as { warnings: { code: string; remedy: string | null }[] };
  return warnings.find(({ code }) => code === 'possibly-duplicated')?.remedy ?? '';
}

async function expectUndoubted(place: Workplace): Promise<void> {
  expect(JSON.stringify((await place.json('list')).document)).not.toContain('possiblyDuplicated');
  expect(await place.json('plan')).toMatchObject({ code: 0, document: { summary: { none: 2 }, warnings: [] } });
}

describe('an entry that may exist twice', () => {
  atNight('is undoubted by what its remedy says for none found, and nothing is sent', async () => {
    const { sandbox, place } = await doubted();
    expect((await place.run('apply', '--settle', '0')).code).toBe(0);
    const [own = 0] = namesOf(sandbox, B.handler);
    const [look = [], clear = []] = told(await remedyOf(place), 0);
    const looked = await place.run(...look);
    expect(looked.code).toBe(0);
    expect(looked.stdout).not.toContain(B.handler);
    expect(clear).toEqual(['import', 'b', String(own)]);
    expect(await place.run(...clear)).toMatchObject({ code: 0, stderr: '' });
    await expectUndoubted(place);
    expect((await place.run('apply')).code).toBe(0);
    expect(namesOf(sandbox, B.handler)).toEqual([own]);
  });

  it('is one webhook after what its remedy says for one found', async () => {
    const { sandbox, place } = await doubted();
    const double = await makeWebhook(sandbox, B);
    sandbox.takeIds(700);
    expect((await place.run('apply', '--settle', '0')).code).toBe(0);
    const [look = [], , takeOver = []] = told(await remedyOf(place), double);
    const looked = await place.run(...look);
    expect(looked.stdout).toContain(B.handler);
    expect(await place.run(...takeOver)).toMatchObject({ code: 0, stderr: '' });
    expect(namesOf(sandbox, B.handler)).toHaveLength(2);
    expect((await place.run('apply')).code).toBe(0);
    expect(namesOf(sandbox, B.handler)).toEqual([double]);
    await expectUndoubted(place);
  });

  it.each(
    byDay(1, [
      ['is outside of the range', B, 'after'],
      ['is not like it', { ...B, trigger: 'click' }, 'between'],
    ]),
  )('keeps its webhook and its mark when the webhook pointed at %s', async (_title, webhook, when) => {
    const { sandbox, place } = await doubted();
    const early = when === 'between' ? await makeWebhook(sandbox, webhook) : 0;
    sandbox.takeIds(700);
    await place.run('apply', '--settle', '0');
    // Out of reach of the second look, too.
    sandbox.takeIds(100);
    const other = early || (await makeWebhook(sandbox, webhook));
    const { code, stderr } = await place.run('import', 'b', String(other));
    expect([code, stderr]).toEqual([4, expect.stringContaining(`webhook ${other} is not a lost webhook of b`)]);
    await place.run('apply');
    expect(sandbox.account()).toHaveLength(3);
    expect((await place.json('list')).document[1]).toMatchObject({ possiblyDuplicated: true });
  });
});

describe('what shows an entry that may exist twice', () => {
  atNight('is plan, apply, list and the log of run, each with the range and what to type', async () => {
    const { sandbox, place } = await doubted();
    const applied = await place.run('apply', '--settle', '0');
    const range = /ids (\d+) to (\d+), which could not be ruled out/;
    const [, from = '', to = ''] = range.exec(applied.stderr) ?? [];
    const [own = 0] = namesOf(sandbox, B.handler);
    const wayOut = `"discover --from ${from} --to ${to}"; if it shows none that is equal to b, "import b ${own}"`;
    expect(applied.stderr).toContain(wayOut);
    for (const [command, stream] of [
      ['plan', 'stderr'],
      ['list', 'stderr'],
    ] as const) {
      expect((await place.run(command))[stream]).toContain(wayOut);
    }
    expect((await place.run('list')).stdout).toContain(`possibly duplicated (ids ${from} to ${to})`);
    const github = await place.run('plan', '--format', 'github');
    expect(github.stdout).toMatch(/^::warning .*possibly-duplicated/m);
    expect((await place.json('plan')).document.warnings).toMatchObject([{ code: 'possibly-duplicated', name: 'b' }]);
    expect((await place.json('list')).document[1]).toMatchObject({
      possiblyDuplicated: true,
      possiblyDuplicatedRange: { from: Number(from), to: Number(to) },
    });
    const daemon = place.begin('run', '--schedule', 'off', '--log-format', 'json');
    const log = await daemon.waitForOutput(/"msg":"reconciled/);
    expect(log).toContain('but some webhooks may exist twice');
    expect(log).toContain(JSON.stringify(wayOut).slice(1, -1));
    daemon.kill('SIGTERM');
    expect((await daemon.finished).code).toBe(0);
  });
});

describe('webhooks of which one may be what was lost', () => {
  it('are named with their ways out by plan and list, without looking again', async () => {
    const sandbox = await openSandbox({ faults: ['create@2:after:504', 'read:before:403*always'] });
    const place = await Workplace.open(sandbox);
    await place.manifest([
      { name: 'a', ...A },
      { name: 'b', ...B },
    ]);
    expect((await place.run('apply', '--init', '--settle', '0', '--on-uncertain', 'hold')).code).toBe(4);
    sandbox.model.createByHand({ ...B }, Date.now());
    sandbox.model.clearFaults();
    expect((await place.run('apply', '--settle', '0')).code).toBe(4);
    for (const args of [['plan', '--no-refresh'], ['list']]) {
      const { stderr } = await place.run(...args);
      expect(stderr).toContain('b: webhook 1895 or 1896 may be what a POST of unknown outcome made');
      expect(stderr).toContain('"import b ID"');
      expect(stderr).toContain('"forget b"');
    }
    expect((await place.json('list')).document[1]).toMatchObject({ name: 'b', candidates: [1895, 1896] });
    expect((await place.run('import', 'b', '1895')).code).toBe(0);
    expect((await place.run('list')).stderr).toBe('');
  });
});

const MADE_OR_NOT = [
  ['was made', true],
  ['was not made', false],
] as const;

describe('an uncertain create', () => {
  const HOLD = ['apply', '--on-uncertain', 'hold', '--settle', '0'];

  async function remedyOnHold(place: Workplace): Promise<string> {
    const { document } = await place.json(...HOLD);
    return (document.errors as readonly { remedy?: string }[])[0]?.remedy ?? '';
  }

  it.each(byDay(1, MADE_OR_NOT))('ends in one webhook by what its remedy says when it %s', async (_title, made) => {
    const sandbox = await openSandbox({ faults: ['create@2:before:504'] });
    const place = await Workplace.open(sandbox);
    await place.manifest([
      { name: 'a', ...A },
      { name: 'b', ...B },
    ]);
    await place.run(...HOLD, '--init');
    // Further away than is looked by itself.
    sandbox.takeIds(100);
    const id = made ? await makeWebhook(sandbox, B) : 0;
    const [found = [], none = []] = told(await remedyOnHold(place), id);
    expect(await place.run(...(made ? found : none))).toMatchObject({ code: 0, stderr: '' });
    expect((await place.run('apply')).code).toBe(0);
    expect(namesOf(sandbox, B.handler)).toHaveLength(1);
    await expectUndoubted(place);
  });

  it.each(byDay(1, MADE_OR_NOT))(
    'that was to replace one ends in one webhook by its remedy when it %s',
    async (_title, made) => {
      const sandbox = await openSandbox({ faults: ['create@3:before:504'] });
      const place = await Workplace.open(sandbox);
      const a = { name: 'a', ...A };
      await place.manifest([a, { name: 'b', ...B, database: 7 }]);
      expect((await place.run('apply', '--init')).code).toBe(0);
      await place.manifest([a, { name: 'b', ...B, database: 8 }]);
      await place.run(...HOLD);
      sandbox.takeIds(100);
      const id = made ? await makeWebhook(sandbox, { ...B, database: 8 }) : 0;
      const [found = [], none = []] = told(await remedyOnHold(place), id);
      expect(await place.run(...(made ? found : none))).toMatchObject({ code: 0 });
      expect((await place.run('apply')).code).toBe(0);
      const live = sandbox.account().filter(({ handler }) => handler === B.handler);
      expect(live).toMatchObject([{ database: 8 }]);
      await expectUndoubted(place);
    },
  );
});
