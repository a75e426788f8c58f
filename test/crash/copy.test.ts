import { describe, expect, it } from 'vitest';
import type { Sandbox } from '../../src/sandbox/server.js';
import { Workplace } from '../helpers/cli.js';
import { byDay } from '../helpers/night.js';
import { PASSWORD, postgresServer } from '../helpers/postgres.js';
import { openSandbox } from '../helpers/sandbox.js';
import { counting, PATIENCE_MS, playAll, pointsOf, withBlow, withoutBlow } from './scene.js';

interface Places {
  readonly from: string;
  readonly to: string;
}

async function database(): Promise<string> {
  const { createDatabase, port, user } = await postgresServer();
  return `postgres://${user}@127.0.0.1:${port}/${await createDatabase()}`;
}

const DIRECTIONS: readonly (readonly [string, () => Promise<Places>])[] = [
  ['a file to a database', async () => ({ from: 'old.jsonl', to: await database() })],
  ['a database to a file', async () => ({ from: await database(), to: 'new.jsonl' })],
];

/** A folder with one account and its state at `from`. */
async function openPlace(sandbox: Sandbox, { from }: Places): Promise<Workplace> {
  const place = await Workplace.open(sandbox);
  const { port } = await postgresServer();
  // What a dead process holds is free when its lease has ended.
  const lease = { COPERNICA_WEBHOOKS_LEASE: '2s', COPERNICA_WEBHOOKS_LOCK_TIMEOUT: '30s' };
  Object.assign(place.environment, { PGPASSWORD: PASSWORD, BOUNDARIES_PORT: String(port), ...lease });
  await place.manifest([{ name: 'a', handler: 'https://a.example/a', trigger: 'create' }]);
  expect(await place.run('apply', '--init', '--state', from)).toMatchObject({ code: 0 });
  return place;
}

describe.each(byDay(1, DIRECTIONS))('state copy from %s, killed with SIGKILL', (_what, makePlaces) => {
  it('at each boundary in turn, leaves one state in use at most, and is finished by running it again', {
    timeout: PATIENCE_MS,
  }, async () => {
    const sandbox = await openSandbox();
    const whole = await makePlaces();
    const counted = await openPlace(sandbox, whole);
    counting(counted, counted.path('count'));
    expect(await counted.run('state', 'copy', whole.from, whole.to)).toMatchObject({ code: 0 });
    const total = Number(await counted.read('count'));
    expect(total).toBeGreaterThan(20);
    const wrong = await playAll(pointsOf(total, { every: 100, first: 21 }), async (at) => {
      const places = await makePlaces();
      const { from, to } = places;
      const place = await openPlace(await openSandbox(), places);
      withBlow(place, { at, signal: 'SIGKILL', again: false });
      const killed = await place.run('state', 'copy', from, to);
      withoutBlow(place);
      const found: string[] = [];
      if (killed.signal !== 'SIGKILL' && killed.code !== 0) found.push(`was not killed: ${killed.stderr}`);
      const lists = [await place.run('list', '--state', from), await place.run('list', '--state', to)];
      const inUse = lists.filter(({ code, stdout }) => code === 0 && stdout.includes('a.example')).length;
      if (inUse > 1) found.push('both are in use');
      const again = await place.run('state', 'copy', from, to);
      if (again.code !== 0) found.push(`copying it again ended with ${again.code}: ${again.stderr}`);
      const old = await place.run('apply', '--state', from);
      if (old.code !== 4 || !old.stderr.includes('has moved to')) found.push(`the old one: ${old.code} ${old.stderr}`);
      const plan = await place.run('plan', '--detailed-exitcode', '--state', to);
      if (plan.code !== 0) found.push(`the new one: ${plan.code} ${plan.stdout}${plan.stderr}`);
      return found.map((what) => `boundary ${at} of ${total}: ${what}`);
    });
    expect(wrong).toEqual([]);
  });
});
