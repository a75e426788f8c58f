import { describe, expect, it } from 'vitest';
import { Workplace } from '../helpers/cli.js';
import { atNight, byDay, NIGHT } from '../helpers/night.js';
import { openSandbox } from '../helpers/sandbox.js';

function entries(count: number) {
  return Array.from({ length: count }, (_, n) => ({
    name: `w${n}`,
    handler: `https://a.example/${n}`,
    trigger: 'create',
    database: 1017,
  }));
}

function handlers(sandbox: { account(): readonly { handler: string }[] }): string[] {
  return sandbox
    .account()
    .map(({ handler }) => handler)
    .sort();
}

function posts(sandbox: { requests(): readonly { call: string }[] }): number {
  return sandbox.requests().filter(({ call }) => call === 'create').length;
}

const MANY = NIGHT ? 200 : 40;

describe('apply that is killed', () => {
  it.each(NIGHT ? [1, 2, 40, 133, 199, 200] : [27])(
    `at POST %i of ${MANY}: every webhook is there exactly once after the next`,
    async (at) => {
      const sandbox = await openSandbox();
      const place = await Workplace.open(sandbox);
      const wanted = entries(MANY);
      await place.manifest(wanted);
      const first = place.start('apply', '--init');
      await sandbox.until((model) => model.webhooks().length >= at);
      first.kill('SIGKILL');
      await first.finished;
      const recorded = (await place.json('list')).document;

      // What the state had recorded is in it, and nothing of unknown outcome is sent again.
      const held = await place.json('apply', '--on-uncertain', 'hold', '--settle', '0');
      expect([0, 4]).toContain(held.code);
      expect(new Set(handlers(sandbox)).size).toBe(handlers(sandbox).length);
      const afterwards = (await place.json('list')).document;
      for (let index = 0; index < recorded.length; index += 1) {
        if (recorded[index]?.status !== 'created') continue;
        expect(Array.from({ length: afterwards.length }, (_, row) => afterwards[row])).toContainEqual(recorded[index]);
      }

      const { code, document } = await place.json('apply', '--settle', '0');
      expect(code).toBe(0);
      expect(document.errors).toEqual([]);
      expect(handlers(sandbox)).toEqual(wanted.map(({ handler }) => handler).sort());
      expect(await place.json('plan', '--detailed-exitcode')).toMatchObject({
        code: 0,
        document: { summary: { none: MANY } },
      });
    },
  );
});

describe('a POST of unknown outcome', () => {
  const FAULTS = [
    'create@2:after:close',
    'create@2:after:504',
    'create@2:after:502',
    'create@2:after:without-id',
    'create@2:after:reset',
  ];

  it.each(byDay(2, FAULTS))('is looked for and adopted in the same apply: %s', async (fault) => {
    const sandbox = await openSandbox({ faults: [`${fault}*2`] });
    const place = await Workplace.open(sandbox);
    await place.manifest(entries(4));
    const { code, document } = await place.json('apply', '--init', '--settle', '1s');
    expect(code).toBe(0);
    expect(document.changes.map(({ result }) => result)).toEqual(['done', 'done', 'done', 'done']);
    expect(handlers(sandbox)).toEqual(entries(4).map(({ handler }) => handler));
  });

  it('is sent again when it was never acted on, once it has settled', async () => {
    const sandbox = await openSandbox({ faults: ['create@2:before:504'] });
    const place = await Workplace.open(sandbox);
    await place.manifest(entries(3));
    const { code } = await place.json('apply', '--init', '--settle', '100ms');
    expect(code).toBe(0);
    expect(posts(sandbox)).toBe(4);
    expect(handlers(sandbox)).toEqual(entries(3).map(({ handler }) => handler));
  });

  it('that the server acts on later than it settles is found by the second look, and marked', async () => {
    const sandbox = await openSandbox({ faults: ['create@2:late:1000:close'] });
    const place = await Workplace.open(sandbox);
    await place.manifest(entries(2));
    // Settled too early on purpose: the second POST is sent before the server acts on the first.
    expect((await place.json('apply', '--init', '--settle', '0')).code).toBe(0);
    await sandbox.until((model) => model.webhooks().length === 3);
    const double = sandbox.account().at(-1)?.id ?? 0;
    const { code, document } = await place.json('apply', '--settle', '0');
    // It may be somebody's: it is said, and not deleted.
    expect([code, document.warnings]).toMatchObject([0, [{ code: 'possibly-duplicated' }]]);
    expect((await place.json('list')).document[1]).toMatchObject({
      possiblyDuplicatedRanges: [{ from: double, to: double }],
    });
    expect((await place.run('import', 'w1', String(double))).code).toBe(0);
    expect((await place.json('apply')).code).toBe(0);
    expect(handlers(sandbox)).toEqual(entries(2).map(({ handler }) => handler));
  });

  it('is never sent again on hold, and says how to get out', async () => {
    const sandbox = await openSandbox({ faults: ['create@2:before:504'] });
    const place = await Workplace.open(sandbox);
    await place.manifest(entries(2));
    for (const init of [['--init'], [], []]) {
      const { code, document } = await place.json('apply', '--on-uncertain', 'hold', '--settle', '0', ...init);
      expect(code).toBe(4);
      expect(document.errors).toMatchObject([{ code: 'uncertain-create', line: 3 }]);
      expect(document.errors[0]?.message).toContain('w1');
    }
    expect(posts(sandbox)).toBe(2);
    expect((await place.json('list')).document[1]).toMatchObject({ name: 'w1', id: null, status: 'uncertain' });
    expect((await place.run('forget', 'w1')).code).toBe(0);
    expect((await place.json('apply')).code).toBe(0);
    expect(sandbox.account()).toHaveLength(2);
  });

  it('is taken over by import where nothing tells it from a webhook that somebody made by hand', async () => {
    const sandbox = await openSandbox({ faults: ['create@2:after:504', 'read:before:403*always'] });
    const place = await Workplace.open(sandbox);
    await place.manifest(entries(2));
    expect((await place.json('apply', '--init', '--settle', '0', '--on-uncertain', 'hold')).code).toBe(4);
    sandbox.model.createByHand({ ...entries(2)[1] }, Date.now());
    sandbox.model.clearFaults();
    expect((await place.json('apply', '--settle', '0')).code).toBe(4);
    expect(posts(sandbox)).toBe(2);
    expect((await place.run('plan', '--no-refresh')).stdout).toContain('w1');
    expect((await place.run('import', 'w1', '1895')).code).toBe(0);
    expect(await place.json('apply')).toMatchObject({ code: 0, document: { summary: { none: 2 } } });
    expect(sandbox.account()).toHaveLength(3);
  });

  it('is found through the list call where the account has one', async () => {
    const sandbox = await openSandbox({
      quirks: { list: 'envelope', limits: 'string' },
      faults: ['create@2:after:504'],
    });
    const place = await Workplace.open(sandbox);
    await place.manifest(entries(3));
    expect((await place.json('apply', '--init', '--settle', '0')).code).toBe(0);
    expect(handlers(sandbox)).toEqual(entries(3).map(({ handler }) => handler));
    expect(sandbox.requests().filter(({ call }) => call === 'read')).toEqual([]);
  });

  atNight('is said to be possibly duplicated where others’ ids fill the scan limit', async () => {
    const sandbox = await openSandbox({ faults: ['create@2:before:504'] });
    const place = await Workplace.open(sandbox);
    await place.manifest(entries(2));
    expect((await place.json('apply', '--init', '--on-uncertain', 'hold', '--settle', '0')).code).toBe(4);
    sandbox.takeIds(6000);
    expect((await place.json('apply', '--settle', '0')).code).toBe(0);
    const { document } = await place.json('list');
    expect(document[1]).toMatchObject({ name: 'w1', status: 'created', possiblyDuplicated: true });
  });
});
