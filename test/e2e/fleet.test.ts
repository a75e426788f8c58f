import { describe, expect } from 'vitest';
import type { StatusSnapshot } from '../../src/status/snapshot.js';
import { entries } from '../helpers/entries.js';
import { openDatabase, openMachine } from '../helpers/machines.js';
import { atNight } from '../helpers/night.js';
import { openSandbox } from '../helpers/sandbox.js';
import { type StatusOfDaemon, startWithStatus } from '../helpers/status.js';

const NAMES = Array.from({ length: 30 }, (_, index) => `a${String(index).padStart(2, '0')}`);
/** Long enough for a busy machine with three daemons of thirty accounts. */
const LEASE_MS = 5_000;

const accountOf = (name: string) => ({
  token: `token-of-account-${name}`,
  identity: { id: `4${name.slice(1)}`, name, description: '', company: 'Test' },
});
const idOf = (name: string) => accountOf(name).identity.id;

/** Thirty accounts in one database, each with a manifest of its own, of one entry. */
async function openFleet() {
  const [first = '', ...others] = NAMES;
  const sandbox = await openSandbox({ accounts: [accountOf(first), ...others.map(accountOf)] });
  const { url } = await openDatabase();
  const replica = async () => {
    const place = await openMachine(sandbox, url, []);
    const settings = NAMES.map((name) => `  - {name: ${name}, file: ${name}.yaml, access-token-env: TOKEN_${name}}`);
    await place.write('settings.yaml', ['accounts:', ...settings].join('\n'));
    place.environment.COPERNICA_WEBHOOKS_LEASE = `${LEASE_MS}ms`;
    for (const name of NAMES) {
      place.environment[`TOKEN_${name}`] = accountOf(name).token;
      await place.manifest(entries(1), `${name}.yaml`);
    }
    const daemon = await startWithStatus(place, '--init', '--schedule', 'off', '--config', 'settings.yaml');
    return { ...daemon, place };
  };
  return { sandbox, replica };
}

type Replica = Awaited<ReturnType<Awaited<ReturnType<typeof openFleet>>['replica']>>;

const ledBy = ({ accounts }: StatusSnapshot) =>
  accounts.filter(({ leadership }) => leadership === 'leading').map(({ name }) => name ?? '');

/** Waits until each leads so many, and all together each account once. */
async function untilShared(replicas: readonly StatusOfDaemon[], counts: readonly number[]): Promise<void> {
  for (;;) {
    const led = await Promise.all(
      replicas.map((each, index) => each.until((now) => ledBy(now).length === counts[index]).then(ledBy)),
    );
    if (JSON.stringify(led.flat().sort()) === JSON.stringify(NAMES)) return;
  }
}

/** How long it takes until all accounts are led by these, evenly. */
async function takeOverMs(left: readonly Replica[], counts: readonly number[]): Promise<number> {
  const from = performance.now();
  await untilShared(left, counts);
  return Math.round(performance.now() - from);
}

const within = (ms: number) => expect.toSatisfy((taken: number) => taken < ms);

describe('thirty accounts on three replicas', () => {
  atNight('are shared evenly, also after one was killed and after one was told to end', async () => {
    const { sandbox, replica } = await openFleet();
    const all = [await replica(), await replica(), await replica()] as const;
    await untilShared(all, [10, 10, 10]);
    await sandbox.until((model) => NAMES.every((name) => model.webhooks(idOf(name)).length === 1));

    const [killed, ...left] = all;
    const orphaned = ledBy(await killed.snapshot())[0] ?? '';
    killed.daemon.kill('SIGKILL');
    const afterKill = await takeOverMs(left, [15, 15]);

    // An account of the dead one is managed as before, by whoever leads it.
    for (const { place } of left) await place.manifest(entries(2), `${orphaned}.yaml`);
    await sandbox.until((model) => model.webhooks(idOf(orphaned)).length === 2);

    const [ended, last] = left;
    if (ended === undefined || last === undefined) throw new Error('two are left');
    ended.daemon.kill('SIGTERM');
    const afterEnd = await takeOverMs([last], [30]);
    expect(await ended.daemon.finished).toMatchObject({ code: 0, stderr: '' });

    // Generous: the lease and a look a second, on a machine that may be slow.
    expect({ afterKill, afterEnd }).toEqual({ afterKill: within(LEASE_MS + 30_000), afterEnd: within(30_000) });
    const counts = NAMES.map((name) => sandbox.account(idOf(name)).length);
    expect(counts).toEqual(NAMES.map((name) => (name === orphaned ? 2 : 1)));
  });
});
