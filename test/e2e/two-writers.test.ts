import { appendFile, chown, link, readFile, rename, truncate, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { Sandbox } from '../../src/sandbox/server.js';
import type { StateRecord } from '../../src/state/records.js';
import { type Running, Workplace } from '../helpers/cli.js';
import { entries } from '../helpers/entries.js';
import { type Gate, openGate } from '../helpers/gate.js';
import { bindMount, mayMount } from '../helpers/mounts.js';
import { atNight, byDay, NIGHT } from '../helpers/night.js';
import { makeWebhook, openSandbox } from '../helpers/sandbox.js';
import { fileOf, HEADER, made } from '../unit/state/histories.js';

const STATE = 'webhooks.state.jsonl';
const LOCK = `${STATE}.lock`;
const WANTED = 30;

interface Scene {
  readonly sandbox: Sandbox;
  readonly place: Workplace;
  readonly gate: Gate;
  /** An apply that has made ten webhooks and waits for the eleventh. */
  readonly apply: Running;
}

/** What is started from here on reaches the sandbox without waiting. */
async function inTheMiddleOfAnApply(faults: readonly string[] = [], ...args: string[]): Promise<Scene> {
  const sandbox = await openSandbox({ faults });
  const place = await Workplace.open(sandbox);
  await place.manifest(entries(WANTED));
  const gate = await openGate(sandbox, 10);
  place.environment.COPERNICA_WEBHOOKS_SETTLE = '200ms';
  place.environment.COPERNICA_API_URL = gate.url;
  const apply = place.begin('apply', '--init', '--concurrency', '1', ...args);
  await gate.reachedBy(apply);
  place.environment.COPERNICA_API_URL = sandbox.url;
  return { sandbox, place, gate, apply };
}

const NAMELESS = expect.stringContaining('is locked by another process');

/** Another way to the state file than the path that the apply under way locked. */
const OTHER_WAYS: readonly (readonly [string, boolean, (place: Workplace) => Promise<string>])[] = [
  [
    'with the lock file removed',
    true,
    async (place) => {
      await place.remove(LOCK);
      return STATE;
    },
  ],
  [
    'by a hard link',
    true,
    async (place) => {
      await link(place.path(STATE), place.path('other.jsonl'));
      return 'other.jsonl';
    },
  ],
  [
    'under a bind mount (skipped where nothing may be mounted)',
    mayMount,
    async (place) => {
      await place.write('mounted.jsonl', '');
      bindMount(place.path(STATE), place.path('mounted.jsonl'));
      return 'mounted.jsonl';
    },
  ],
];

describe.each(byDay(1, OTHER_WAYS))('a state file that is reached a second time, %s', (_way, isPossible, reach) => {
  it.skipIf(!isPossible)('has one writer all the same: a second one is refused, or waits', async () => {
    const { sandbox, place, gate, apply } = await inTheMiddleOfAnApply();
    const state = await reach(place);
    expect(await place.run('apply', '--state', state)).toMatchObject({ code: 4, stderr: NAMELESS });
    const waiting = place.begin('apply', '--state', state, '--lock-timeout', '5m');
    await waiting.waitForErrors(/waiting for the lock/);
    gate.open();
    expect([await apply.finished, await waiting.finished]).toMatchObject([{ code: 0 }, { code: 0 }]);
    expect(await place.run('apply', '--state', state)).toMatchObject({ code: 0 });
    expect(sandbox.account()).toHaveLength(WANTED);
  });

  it.skipIf(!NIGHT || !isPossible)('can be read by plan and list while it is written', async () => {
    const { place, gate, apply } = await inTheMiddleOfAnApply();
    const state = await reach(place);
    const plan = await place.run('plan', '--state', state, '--no-refresh');
    expect([plan.code, plan.stdout]).toEqual([0, expect.stringMatching(/Plan: \d+ to create/)]);
    expect((await place.json('list', '--state', state)).document.length).toBeGreaterThanOrEqual(10);
    gate.open();
    expect(await apply.finished).toMatchObject({ code: 0 });
  });
});

type Meddling = readonly [string, RegExp, (path: string) => Promise<unknown>];

describe('a state file that something else changes while an apply works with it', () => {
  it.each<Meddling>(
    byDay(1, [
      ['cuts it off', /changed by something else/, (path) => truncate(path, 400)],
      ['empties it', /changed by something else/, (path) => truncate(path, 0)],
      ['adds to it', /changed by something else/, (path) => appendFile(path, '{"crc":')],
      [
        'puts a copy in its place',
        /removed or replaced by something else/,
        async (path) => {
          await writeFile(`${path}.copy`, await readFile(path), { mode: 0o600 });
          await rename(`${path}.copy`, path);
        },
      ],
    ]),
  )('ends the run with code 1 before another request when it %s', async (_what, message, meddle) => {
    // With nothing recorded ahead, the state file is at rest while a request is under way.
    const { sandbox, place, gate, apply } = await inTheMiddleOfAnApply([], '--on-uncertain', 'hold');
    await meddle(place.path(STATE));
    const meddledWith = await readFile(place.path(STATE));
    gate.open();
    expect(await apply.finished).toMatchObject({ code: 1, stderr: expect.stringMatching(message) });
    expect(sandbox.account()).toHaveLength(11);
    expect(await readFile(place.path(STATE))).toEqual(meddledWith);
  });

  atNight('ends the run before another request where more of them are recorded ahead', async () => {
    // The twelfth can be sent before the answer to the eleventh is written down; long before the thirteenth it is.
    const { sandbox, place, gate, apply } = await inTheMiddleOfAnApply(['create@12:after:slow:1000']);
    await truncate(place.path(STATE), 400);
    gate.open();
    expect(await apply.finished).toMatchObject({ code: 1 });
    expect(sandbox.account().length).toBeLessThanOrEqual(12);
  });
});

describe('a state file that is written anew at the end of a run', () => {
  /** An apply that is about to make its second webhook, and then writes its state anew. */
  async function beforeItIsWrittenAnew() {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    const [wanted] = entries(1);
    if (wanted === undefined) throw new Error('no entry');
    const { name, handler } = wanted;
    const webhook = { handler, trigger: 'create' } as const;
    const id = await makeWebhook(sandbox, webhook);
    const about = { name, at: HEADER.createdAt, webhook };
    const change: StateRecord[] = [
      { type: 'updating', ...about },
      { type: 'updated', ...about },
    ];
    const changes = Array.from({ length: 600 }, () => change).flat();
    await writeFile(place.path(STATE), fileOf([HEADER, ...made(name, id, 1, webhook), ...changes]), { mode: 0o600 });
    await place.manifest(entries(2));
    const gate = await openGate(sandbox, 0);
    place.environment.COPERNICA_API_URL = gate.url;
    const apply = place.begin('apply', '--no-refresh');
    await gate.reachedBy(apply);
    place.environment.COPERNICA_API_URL = sandbox.url;
    return { sandbox, place, gate, apply };
  }

  const linesIn = async (place: Workplace) => (await place.read(STATE)).split('\n').length;

  atNight('is opened anew by one that waited for the old one', async () => {
    const { sandbox, place, gate, apply } = await beforeItIsWrittenAnew();
    await place.remove(LOCK);
    await place.manifest(entries(3));
    const waiting = place.begin('apply', '--no-refresh', '--lock-timeout', '5m');
    await waiting.waitForErrors(/waiting for the lock/);
    gate.open();
    expect([await apply.finished, await waiting.finished]).toMatchObject([{ code: 0 }, { code: 0 }]);
    expect(await linesIn(place)).toBeLessThan(10);
    expect((await place.json('list')).document.length).toBe(3);
    expect(sandbox.account()).toHaveLength(3);
  });

  it('is left as it is while it has another name, which would lead to the old file', async () => {
    const { place, gate, apply } = await beforeItIsWrittenAnew();
    await link(place.path(STATE), place.path('other.jsonl'));
    gate.open();
    expect(await apply.finished).toMatchObject({ code: 0 });
    expect(await linesIn(place)).toBeGreaterThan(1_000);
    expect(await place.read('other.jsonl')).toBe(await place.read(STATE));
  });

  it.skipIf(!NIGHT || !mayMount)('is refused where the old one is still mounted', async () => {
    const { sandbox, place, gate, apply } = await beforeItIsWrittenAnew();
    await place.write('mounted.jsonl', '');
    bindMount(place.path(STATE), place.path('mounted.jsonl'));
    gate.open();
    expect(await apply.finished).toMatchObject({ code: 0 });
    const { code, stderr } = await place.run('apply', '--no-refresh', '--state', 'mounted.jsonl');
    expect([code, stderr]).toEqual([4, expect.stringMatching(/mounted\.jsonl is not in its folder any more/)]);
    expect(stderr).toMatch(/\n {2}help: mount the folder/);
    expect(sandbox.account()).toHaveLength(2);
  });
});

describe('a lock file that this program would not have made', () => {
  async function aFreshPlace() {
    const place = await Workplace.open(await openSandbox());
    await place.manifest(entries(1));
    await place.write('precious', 'precious');
    return place;
  }

  it('has another name: it is refused, and nothing is emptied', async () => {
    const place = await aFreshPlace();
    await link(place.path('precious'), place.path(LOCK));
    const { code, stderr } = await place.run('apply', '--init');
    expect([code, stderr]).toEqual([4, expect.stringMatching(/jsonl\.lock has other names/)]);
    expect(stderr).toMatch(/\n {2}help: remove it/);
    expect(await place.read('precious')).toBe('precious');
    await place.remove(LOCK);
    expect(await place.run('apply', '--init')).toMatchObject({ code: 0 });
  });

  it.skipIf(process.getuid?.() !== 0)('is of another user (skipped for all but root): the same', async () => {
    const place = await aFreshPlace();
    await rename(place.path('precious'), place.path(LOCK));
    await chown(place.path(LOCK), 4711, 4711);
    const { code, stderr } = await place.run('apply', '--init');
    expect([code, stderr]).toEqual([4, expect.stringMatching(/jsonl\.lock belongs to user 4711/)]);
    expect(await place.read(LOCK)).toBe('precious');
  });

  it.skipIf(process.getuid?.() !== 0)('is not that of the user whose state root works with', async () => {
    const place = await aFreshPlace();
    expect(await place.run('apply', '--init')).toMatchObject({ code: 0 });
    for (const name of [STATE, LOCK]) await chown(place.path(name), 4711, 4711);
    expect(await place.run('apply')).toMatchObject({ code: 0 });
  });
});
