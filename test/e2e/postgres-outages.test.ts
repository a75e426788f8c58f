import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect } from 'vitest';
import type { Sandbox } from '../../src/sandbox/server.js';
import type { StatusSnapshot } from '../../src/status/snapshot.js';
import type { Finished, Workplace } from '../helpers/cli.js';
import { entries } from '../helpers/entries.js';
import { LEASE_MS, openDatabase, openMachine } from '../helpers/machines.js';
import { atNight } from '../helpers/night.js';
import { startPostgres } from '../helpers/postgres.js';
import { openSandbox } from '../helpers/sandbox.js';
import { startWithStatus } from '../helpers/status.js';
import { openTcpProxy, type TcpProxy } from '../helpers/tcp-proxy.js';

const COUNT = 60;

/** What befalls the way to the database. */
const BLOWS: readonly ((way: TcpProxy) => Promise<void>)[] = [
  cutFor(300),
  async (way) => way.loseAnswers(50),
  cutFor(0),
  async (way) => way.holdBack(400),
  async (way) => way.stall(),
  cutFor(1.5 * LEASE_MS),
  async (way) => way.loseAnswers(500),
];

function cutFor(ms: number) {
  return async (way: TcpProxy) => {
    const restore = way.cut();
    await sleep(ms);
    restore();
  };
}

/** One blow after another, each when some more webhooks are there. */
async function strike(sandbox: Sandbox, way: TcpProxy): Promise<void> {
  for (const [index, blow] of BLOWS.entries()) {
    await sandbox.until((model) => model.webhooks().length >= (index + 1) * 8);
    await blow(way);
  }
}

async function openWay() {
  const sandbox = await openSandbox();
  const { url } = await openDatabase();
  const way = await openTcpProxy(Number(new URL(url).port));
  const place = await openMachine(sandbox, url.replace(/:\d+\//, `:${way.port}/`), entries(COUNT));
  place.environment.COPERNICA_WEBHOOKS_CONCURRENCY = '2';
  return { sandbox, way, place };
}

function expectEachOnce(sandbox: Sandbox, count: number) {
  const live = sandbox.account().map(({ handler }) => handler);
  expect(live.sort()).toEqual(
    entries(count)
      .map(({ handler }) => handler)
      .sort(),
  );
}

/** Runs it until it says that all is as it has to be. */
async function untilDone(place: Workplace): Promise<readonly Finished[]> {
  const runs: Finished[] = [];
  while (runs.at(-1)?.code !== 0) {
    expect(runs.length).toBeLessThan(10);
    runs.push(await place.start('apply', '--init', '--lock-timeout', '60s').finished);
  }
  return runs;
}

describe('connections to the database that are cut, lost and stalled in the middle of creates', () => {
  atNight('end an apply at most, and another makes what is missing, and nothing twice', async () => {
    const { sandbox, way, place } = await openWay();
    const [runs] = await Promise.all([untilDone(place), strike(sandbox, way)]);
    for (const { code, stderr } of runs) if (code !== 0) expect(stderr).toMatch(/\n {2}help: /);
    expectEachOnce(sandbox, COUNT);
  });

  atNight('do not end a daemon, which makes each webhook once', async () => {
    const { sandbox, way, place } = await openWay();
    const daemon = await startWithStatus(place, '--init', '--schedule', 'off');
    await strike(sandbox, way);
    const isDone = ({ accounts }: StatusSnapshot) => accounts[0]?.health.kind === 'ok';
    await daemon.until(isDone);
    daemon.daemon.kill('SIGTERM');
    expect((await daemon.daemon.finished).code).toBe(0);
    expectEachOnce(sandbox, COUNT);
  });
});

const MANY = 150;

/** An apply of 150 webhooks on a server of its own, which crashes when fifty are there. */
async function crashInTheMiddle(lease: string) {
  const sandbox = await openSandbox();
  const server = await startPostgres();
  const url = `postgres://${server.user}@127.0.0.1:${server.port}/${await server.createDatabase()}`;
  const place = await openMachine(sandbox, url, entries(MANY));
  place.environment.COPERNICA_WEBHOOKS_LEASE = lease;
  const apply = place.start('apply', '--init');
  await sandbox.until((model) => model.webhooks().length >= MANY / 3);
  const restart = await server.crash();
  expect(sandbox.account().length).toBeLessThan(MANY);
  return { sandbox, place, apply, restart };
}

describe('a database that crashes in the middle of 150 creates', () => {
  atNight('and comes back before the lease has ended holds an apply up, and nothing is lost or doubled', async () => {
    const { sandbox, place, apply, restart } = await crashInTheMiddle('15s');
    await restart();
    const { code, stderr } = await apply.finished;
    expect({ code, said: code === 0 ? '' : stderr }).toEqual({ code: 0, said: '' });
    expectEachOnce(sandbox, MANY);
    expect(await place.run('plan', '--detailed-exitcode')).toMatchObject({ code: 0 });
  });

  atNight('and comes back later ends an apply, and another makes what is missing, and nothing twice', async () => {
    const { sandbox, place, apply, restart } = await crashInTheMiddle('2s');
    expect(await apply.finished).toMatchObject({ code: 1, stderr: expect.stringContaining('could not be written') });
    await restart();
    await untilDone(place);
    expectEachOnce(sandbox, MANY);
  });
});
