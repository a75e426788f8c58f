import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Sandbox } from '../../src/sandbox/server.js';
import type { StatusSnapshot } from '../../src/status/snapshot.js';
import { entries } from '../helpers/entries.js';
import { openGate } from '../helpers/gate.js';
import { LEASE_MS, openDatabase, openMachine } from '../helpers/machines.js';
import { readMetrics } from '../helpers/metrics-text.js';
import { atNight } from '../helpers/night.js';
import { openSandbox } from '../helpers/sandbox.js';
import { type StatusOfDaemon, startProcessWithStatus } from '../helpers/status.js';
import { openTcpProxy } from '../helpers/tcp-proxy.js';

/** An account of a sandbox, and a database for its state. */
async function openScene() {
  return { sandbox: await openSandbox(), ...(await openDatabase()) };
}

type Account = StatusSnapshot['accounts'][number];
const RUN = ['--init', '--schedule', 'off'];
const leads = ({ accounts }: StatusSnapshot) => accounts[0]?.leadership === 'leading';
const standsBy = ({ accounts }: StatusSnapshot) => accounts[0]?.leadership === 'standing-by';
const hasRun = ({ accounts }: StatusSnapshot) => accounts[0]?.health.kind === 'ok';

/** One that leads and has made all, and one that stands by. */
async function leaderAndStandby(count = 3) {
  const scene = await openScene();
  const places = [
    await openMachine(scene.sandbox, scene.url, entries(count)),
    await openMachine(scene.sandbox, scene.url, entries(count)),
  ] as const;
  const leader = await startProcessWithStatus(places[0], ...RUN);
  await leader.until((now) => leads(now) && hasRun(now));
  const standby = await startProcessWithStatus(places[1], ...RUN);
  await standby.until(standsBy);
  return { ...scene, places, leader, standby };
}

/** A leader that waits for the answer to a create, the third of five, and one that stands by. */
async function heldInTheMiddle() {
  const { sandbox, places, leader, standby } = await leaderAndStandby();
  const gate = await openGate(sandbox, 2);
  leader.daemon.kill('SIGTERM');
  expect((await leader.daemon.finished).code).toBe(0);
  await standby.until((now) => leads(now) && hasRun(now));
  // One joins whose way to the API is closed after some creates, and is the next to lead.
  places[0].environment.COPERNICA_API_URL = gate.url;
  await places[0].manifest(entries(8));
  const held = await startProcessWithStatus(places[0], ...RUN, '--concurrency', '1');
  await held.until(standsBy);
  standby.daemon.kill('SIGTERM');
  await gate.reachedBy(held.daemon);
  await places[1].manifest(entries(8));
  const next = await startProcessWithStatus(places[1], ...RUN);
  await next.until(standsBy);
  return { sandbox, gate, held, next };
}

function expectEachOnce(sandbox: Sandbox, wanted: readonly { readonly handler: string }[]) {
  const live = sandbox.account().map(({ handler }) => handler);
  expect(live.sort()).toEqual(wanted.map(({ handler }) => handler).sort());
}

async function leaderGauge(daemon: StatusOfDaemon) {
  const { samples, complaints } = readMetrics((await daemon.get('metrics')).body);
  expect(complaints).toEqual([]);
  return {
    leader: samples.find(({ name }) => name === 'copernica_webhooks_leader')?.value,
    managed: samples.find(({ name }) => name === 'copernica_webhooks_managed')?.value,
  };
}

describe('replicas on one state', () => {
  atNight('are led by one, and the other stands by: ready, without runs, and it says so', async () => {
    const { sandbox, places, leader, standby } = await leaderAndStandby();
    expect(await leaderGauge(leader)).toEqual({ leader: 1, managed: 3 });
    expect(await leaderGauge(standby)).toEqual({ leader: 0, managed: undefined });
    expect((await standby.get('readyz')).status).toBe(200);
    expect((await standby.get('/')).body).toContain('Standing by: another replica leads');
    // It reads its manifest, and makes nothing of it.
    await places[1].manifest([{ name: 'entry-0', handler: 'no URL', trigger: 'create' }]);
    await standby.until(({ accounts }) => accounts[0]?.manifest.valid === false);
    await places[1].manifest(entries(4));
    await standby.until(({ accounts }) => accounts[0]?.manifest.valid === true);
    standby.daemon.kill('SIGHUP');
    // What is applied beside them is applied.
    const third = await openMachine(sandbox, places[0].environment.COPERNICA_WEBHOOKS_STATE ?? '', entries(5));
    expect(await third.run('apply')).toMatchObject({ code: 0 });
    expect((await standby.snapshot()).accounts[0]?.runs).toEqual([]);
    standby.daemon.kill('SIGTERM');
    expect((await standby.daemon.finished).code).toBe(0);
    expect(await leader.snapshot()).toMatchObject({ ready: true, accounts: [{ leadership: 'leading' }] });
    expectEachOnce(sandbox, entries(5));
  });

  atNight('are succeeded by another when the leader is told to end in the middle of its creates', async () => {
    const { sandbox, gate, held, next } = await heldInTheMiddle();
    held.daemon.kill('SIGTERM');
    gate.open();
    expect((await held.daemon.finished).code).toBe(0);
    await next.until((now) => leads(now) && hasRun(now));
    expectEachOnce(sandbox, entries(8));
  });

  atNight.each([
    ['told to end', 'SIGTERM'],
    ['killed', 'SIGKILL'],
  ] as const)(
    'go on without a leader that is %s in the middle of 150 creates while a third joins',
    async (_how, signal) => {
      const { sandbox, url } = await openScene();
      const gate = await openGate(sandbox, 60);
      const [first, ...others] = await Promise.all([0, 1, 2].map(() => openMachine(sandbox, url, entries(150))));
      if (first === undefined) throw new Error('there are three');
      first.environment.COPERNICA_API_URL = gate.url;
      const leader = await startProcessWithStatus(first, ...RUN);
      await gate.reachedBy(leader.daemon);
      const standby = await startProcessWithStatus(others[0] ?? first, ...RUN);
      await standby.until(standsBy);
      const joining = startProcessWithStatus(others[1] ?? first, ...RUN);
      leader.daemon.kill(signal);
      gate.open();
      expect(await leader.daemon.finished).toMatchObject(signal === 'SIGTERM' ? { code: 0 } : { signal });
      const left = [standby, await joining];
      await Promise.any(left.map((each) => each.until((now) => leads(now) && hasRun(now))));
      await Promise.any(left.map((each) => each.until(standsBy)));
      expectEachOnce(sandbox, entries(150));
    },
  );

  it('are led by another once the lease of a leader that was killed has ended', async () => {
    const { sandbox, places, leader, standby } = await leaderAndStandby();
    await places[1].manifest(entries(5));
    leader.daemon.kill('SIGKILL');
    const killedAt = performance.now();
    await standby.until((now) => leads(now) && hasRun(now));
    // Generous: the lease and a look a second, on a machine that may be slow.
    expect(performance.now() - killedAt).toBeLessThan(LEASE_MS + 30_000);
    expectEachOnce(sandbox, entries(5));
  });

  atNight(
    'go on without a leader that was stopped for longer than its lease, and it stands by when it goes on',
    async () => {
      const { sandbox, held, next } = await heldInTheMiddle();
      held.daemon.kill('SIGSTOP');
      await next.until((now) => leads(now));
      // With the time until then, that makes three.
      await sleep(2 * LEASE_MS);
      // What it has sent is held on its way for good.
      held.daemon.kill('SIGCONT');
      const { accounts } = await held.until((now) => standsBy(now) && now.accounts[0]?.running === null);
      const codes = accounts[0]?.runs.flatMap(({ problems }) => problems.map(({ code }) => code));
      expect(codes).toContain('lease-lost');
      await next.until((now) => leads(now) && hasRun(now));
      expectEachOnce(sandbox, entries(8));
    },
  );
});

describe('a database that does not answer', () => {
  atNight('stops runs and not the daemons, which say so and go on when it answers again', async () => {
    const { sandbox, url } = await openScene();
    const way = await openTcpProxy(Number(new URL(url).port));
    const through = url.replace(/:\d+\//, `:${way.port}/`);
    const [first, second] = [
      await openMachine(sandbox, through, entries(3)),
      await openMachine(sandbox, through, entries(3)),
    ];
    const leader = await startProcessWithStatus(first, ...RUN);
    await leader.until((now) => leads(now) && hasRun(now));
    const standby = await startProcessWithStatus(second, ...RUN);
    await standby.until(standsBy);
    const open = way.cut();
    await first.manifest(entries(5));
    await second.manifest(entries(5));
    const isAway = ({ leadership, health }: Account) => leadership === 'unknown' && health.kind === 'state-away';
    await leader.until(({ accounts }) => accounts.every(isAway));
    await leader.until((now) => now.accounts[0]?.runs[0]?.result === 'failed');
    expect(await standby.snapshot()).toMatchObject({ accounts: [{ leadership: 'standing-by', runs: [] }] });
    expectEachOnce(sandbox, entries(3));
    open();
    const led = (daemon: StatusOfDaemon) => daemon.until((now) => leads(now) && hasRun(now));
    await Promise.race([led(leader), led(standby)]);
    await Promise.all([leader, standby].map((each) => each.until((now) => leads(now) || standsBy(now))));
    expectEachOnce(sandbox, entries(5));
  });
});

describe('an edit', () => {
  atNight('is not undone by a leader whose copy of the manifest is behind', async () => {
    const { sandbox, places, leader } = await leaderAndStandby();
    expect(places).toHaveLength(2);
    const third = await openMachine(sandbox, places[0].environment.COPERNICA_WEBHOOKS_STATE ?? '', entries(3, 'new/'));
    expect(await third.run('apply')).toMatchObject({ code: 0 });
    leader.daemon.kill('SIGHUP');
    const { accounts } = await leader.until((now) => now.accounts[0]?.health.kind === 'manifest-behind');
    expect(accounts[0]?.health.advice[0]?.problems[0]?.message).toContain('waiting 2 min');
    expectEachOnce(sandbox, entries(3, 'new/'));
    // Its copy catches up, and then somebody goes back to the older one on purpose.
    await places[0].manifest(entries(3, 'new/'));
    await leader.until(hasRun);
    await places[0].manifest(entries(3));
    await sandbox.until(() => sandbox.account().every(({ handler }) => !handler.includes('new')));
    expectEachOnce(sandbox, entries(3));
  });
});

const ACCOUNTS = ['a', 'b', 'c', 'd', 'e', 'f'];

/** Several accounts in one database, each with a manifest of one entry. */
async function fleet() {
  const accountOf = (name: string) => ({
    token: `token-of-account-${name}`,
    identity: { id: `4${ACCOUNTS.indexOf(name)}`, name, description: '', company: 'Test' },
  });
  const [first = '', ...others] = ACCOUNTS;
  const accounts = [accountOf(first), ...others.map(accountOf)] as const;
  const sandbox = await openSandbox({ accounts });
  const { url } = await openDatabase();
  const replica = async () => {
    const place = await openMachine(sandbox, url, entries(1));
    place.environment.COPERNICA_API_URL = sandbox.url;
    const settings = ACCOUNTS.map((name) => `  - {name: ${name}, access-token-env: TOKEN_${name.toUpperCase()}}`);
    await place.write('settings.yaml', ['file: webhooks.yaml', 'accounts:', ...settings].join('\n'));
    for (const { token, identity } of accounts) place.environment[`TOKEN_${identity.name.toUpperCase()}`] = token;
    return startProcessWithStatus(place, ...RUN, '--config', 'settings.yaml');
  };
  return { sandbox, replica, ids: accounts.map(({ identity }) => identity.id) };
}

const ledBy = ({ accounts }: StatusSnapshot) =>
  accounts.filter(({ leadership }) => leadership === 'leading').map(({ name }) => name);
const leadsSoMany = (count: number) => (now: StatusSnapshot) =>
  ledBy(now).length === count && now.accounts.every(({ leadership }) => leadership !== 'unknown');

describe('several accounts', () => {
  atNight('are spread evenly over the replicas, also after one joins and after one is killed', async () => {
    const { sandbox, replica, ids } = await fleet();
    const first = await replica();
    await first.until(leadsSoMany(6));
    const second = await replica();
    await Promise.all([first.until(leadsSoMany(3)), second.until(leadsSoMany(3))]);
    const third = await replica();
    await Promise.all([first, second, third].map((each) => each.until(leadsSoMany(2))));
    second.daemon.kill('SIGKILL');
    await Promise.all([first.until(leadsSoMany(3)), third.until(leadsSoMany(3))]);
    const led = [...ledBy(await first.snapshot()), ...ledBy(await third.snapshot())];
    expect(led.sort()).toEqual(ACCOUNTS);
    for (const id of ids) expect(sandbox.account(id)).toHaveLength(1);
  });
});
