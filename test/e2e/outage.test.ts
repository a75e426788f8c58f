import { describe, expect, it } from 'vitest';
import type { Sandbox } from '../../src/sandbox/server.js';
import { fileStore } from '../../src/state/file/store.js';
import { Workplace } from '../helpers/cli.js';
import { atNight, byDay, NIGHT } from '../helpers/night.js';
import { openSandbox } from '../helpers/sandbox.js';

const MANY = NIGHT ? 300 : 10;
const SETTLE = ['--settle', '200ms'];

/** As many entries, each with a webhook of its own. */
function entries(count: number) {
  return Array.from({ length: count }, (_, n) => ({
    name: `w${n}`,
    handler: `https://a.example/${n}`,
    trigger: 'create',
  }));
}

/** How many live webhooks there are of each entry that has not exactly one. */
function notOnce(sandbox: Sandbox, wanted: readonly { readonly handler: string }[]): Record<string, number> {
  const counts = new Map(wanted.map(({ handler }) => [handler, 0]));
  for (const { handler } of sandbox.account()) counts.set(handler, (counts.get(handler) ?? 0) + 1);
  return Object.fromEntries([...counts].filter(([, count]) => count !== 1));
}

function count(sandbox: Sandbox, call: string): number {
  return sandbox.requests().filter((request) => request.call === call).length;
}

describe('apply, while every POST is acted on and its answer lost,', () => {
  it.each(byDay(1, ['504', 'close']))('makes each of many entries once: %s', async (reply) => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    await place.manifest(entries(1));
    await place.run('apply', '--init');
    const wanted = [...entries(MANY), { name: 'first', handler: 'https://a.example/first', trigger: 'create' }];
    await place.manifest(wanted);
    sandbox.orderFault(`create:after:${reply}*always`);
    await place.json('apply', ...SETTLE);
    sandbox.model.clearFaults();
    const { code, document } = await place.json('apply', ...SETTLE);
    expect({ code, errors: document.errors, notOnce: notOnce(sandbox, wanted) }).toEqual({
      code: 0,
      errors: [],
      notOnce: {},
    });
    expect(count(sandbox, 'create')).toBe(wanted.length);
    // The ids above each bound once, and those of ours where it is seen that webhooks can be read.
    expect(count(sandbox, 'read')).toBeLessThanOrEqual(64 * count(sandbox, 'create') + 2 * wanted.length);
  });

  atNight('finds one that is far away once a later create is answered', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    await place.manifest(entries(1));
    await place.run('apply', '--init');
    const wanted = entries(2);
    await place.manifest(wanted);
    // Others make a hundred before it, and five hundred after.
    for (const others of [100, 500]) {
      sandbox.takeIds(others);
      sandbox.orderFault('create:after:504*always');
      expect((await place.json('apply', '--settle', '0')).code).toBe(1);
      sandbox.model.clearFaults();
    }
    expect(await place.json('apply', '--settle', '0')).toMatchObject({ code: 0 });
    expect(notOnce(sandbox, wanted)).toEqual({});
  });
});

describe('run, while every POST is acted on and its answer lost,', () => {
  it('makes each of many entries once, with ids of others between', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    await place.manifest(entries(1));
    await place.run('apply', '--init');
    sandbox.orderFault('create:after:504*always');
    const wanted = entries(MANY);
    let made = 0;
    // Between each two of ours others make up to eight.
    const watching = sandbox.until((model) => {
      const now = model.webhooks().length;
      if (now > made) model.takeIds(1 + (now % 8));
      made = now;
      return now >= MANY;
    });
    await place.manifest(wanted);
    const daemon = place.begin('run', ...SETTLE, '--schedule', 'off');
    await watching;
    sandbox.model.clearFaults();
    await daemon.waitForOutput(/reconciled: the account matches the manifest/);
    daemon.kill('SIGTERM');
    expect((await daemon.finished).code).toBe(0);
    expect(notOnce(sandbox, wanted)).toEqual({});
    expect(count(sandbox, 'create')).toBe(MANY);
  });

  atNight('sends creates further and further apart where they are not found', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    await place.manifest(entries(1));
    await place.run('apply', '--init');
    await place.manifest(entries(4));
    sandbox.orderFault('create:after:504*always');
    sandbox.orderFault('read:before:403*always');
    const daemon = place.begin('run', '--settle', '200ms', '--schedule', 'off', '--no-refresh');
    await sandbox.until((model) => model.requests.filter(({ call }) => call === 'create').length === 6);
    daemon.kill('SIGTERM');
    await daemon.finished;
    const times = sandbox.requests().flatMap(({ call, at }) => (call === 'create' ? [Date.parse(at)] : []));
    const gaps = times.slice(2).map((at, index) => at - (times[index + 1] ?? 0));
    // After n losses in a row the next one waits 200 ms × 2^(n - 1).
    gaps.forEach((gap, index) => void expect(gap).toBeGreaterThanOrEqual(200 * 2 ** index));
    sandbox.model.clearFaults();
    expect((await place.json('apply', '--settle', '200ms', '--retry')).code).toBe(0);
    expect(notOnce(sandbox, entries(4))).toEqual({});
  });
});

describe('apply that is killed in the middle of many entries', () => {
  it('leaves nothing that may exist twice, with ids of others between', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    const wanted = entries(MANY);
    await place.manifest(wanted);
    let made = 0;
    const killed = sandbox.until((model) => {
      const now = model.webhooks().length;
      if (now > made) model.takeIds(now % 4 || 1);
      made = now;
      return now >= MANY / 2;
    });
    const apply = place.start('apply', '--init', '--concurrency', '16');
    await killed;
    apply.kill('SIGKILL');
    await apply.finished;
    expect(await place.json('apply', ...SETTLE)).toMatchObject({
      code: 0,
      document: { errors: [], warnings: [] },
    });
    expect(notOnce(sandbox, wanted)).toEqual({});
    expect((await place.run('list')).stdout).not.toContain('possibly duplicated');
  });
});

describe('apply with a create that was lost while the clock was hours ahead', () => {
  it('waits no longer than it takes to settle', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    const [entry = { name: '', handler: '', trigger: '' }] = entries(1);
    await place.manifest([entry]);
    const at = new Date(Date.now() + 2 * 3_600_000).toISOString();
    const { name, ...webhook } = entry;
    const holder = { pid: 1, host: 'test', command: 'apply', since: at };
    const lease = await fileStore(place.path('webhooks.state.jsonl')).take({ holder, timeoutMs: 0 });
    const journal = await lease.create('34');
    const spec = { ...webhook, trigger: 'create' as const };
    journal.write({ type: 'intent', intent: 1, name, above: 1_893, at, webhook: spec, timeoutMs: 30_000 });
    journal.write({ type: 'unknown', intent: 1, at, reason: 'no answer in time' });
    await lease.release();
    expect((await place.json('apply', ...SETTLE)).code).toBe(0);
    expect(notOnce(sandbox, [entry])).toEqual({});
  });
});

describe('an entry that is renamed', () => {
  it('gets its webhook anew where that is gone from the account', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    const [a = { name: '' }, b = { name: '' }] = entries(2);
    await place.manifest([a, b]);
    await place.run('apply', '--init');
    sandbox.model.removeByHand(1894, Date.now());
    await place.manifest([{ ...a, name: 'renamed' }, b]);
    expect((await place.json('apply')).code).toBe(0);
    expect(notOnce(sandbox, entries(2))).toEqual({});
  });
});
