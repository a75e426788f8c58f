import { describe, expect, it, onTestFinished } from 'vitest';
import { type Candidacy, Elections } from '../../../src/daemon/elections.js';
import type { Leadership } from '../../../src/daemon/leadership.js';
import { Database } from '../../../src/state/postgres/database.js';
import { postgresLeadLeases } from '../../../src/state/postgres/lead.js';
import { Members } from '../../../src/state/postgres/membership.js';
import { sqlTables } from '../../../src/state/postgres/sql.js';
import { atNight } from '../../helpers/night.js';
import { postgresServer } from '../../helpers/postgres.js';

const LEASE_MS = 60_000;
const holder = { pid: 1, host: 'here', command: 'run', since: '2026-01-01T00:00:00.000Z' };

/** A database, and processes with accounts in it. */
async function scene() {
  const { port, user, password, ...server } = await postgresServer();
  const name = await server.createDatabase();
  const address = { host: '127.0.0.1', port, user, database: name, name: 'default', sslMode: 'disable' } as const;
  let queries = 0;
  const replica = (accounts: readonly string[], { mayBegin = true } = {}) => {
    const connected = new Database({ address, password, applicationName: 'test' });
    const database = Object.assign(Object.create(connected) as Database, {
      query: (text: string, values?: readonly unknown[]) => {
        queries += 1;
        return connected.query(text, values);
      },
      transact: (statement: string) => connected.transact(statement),
    });
    const members = new Members(sqlTables(database), LEASE_MS);
    const elections = new Elections(postgresLeadLeases({ place: 'here', database, members, holder }));
    const seen: Leadership[] = [];
    const candidacies = accounts.map((account) =>
      elections.stand({ name: account, mayBegin, onChange: ({ leadership }) => void seen.push(leadership) }),
    );
    const withdraw = () => Promise.all(candidacies.map((each) => each.withdraw()));
    onTestFinished(async () => {
      await withdraw();
      await connected.close();
    });
    return { elections, candidacies, seen, withdraw };
  };
  const query = (text: string) => server.query(name, text);
  return { replica, query, queries: () => queries };
}

const led = (candidacies: readonly Candidacy[]) =>
  candidacies.filter(({ leadership }) => leadership === 'leading').length;

describe('leadership in a database', () => {
  atNight('is one row for each process and a few queries, for however many accounts', async () => {
    const { replica, query, queries } = await scene();
    const names = Array.from({ length: 1_000 }, (_, index) => `account-${index}`);
    const first = replica(names);
    await first.elections.look();
    expect(led(first.candidacies)).toBe(1_000);
    const second = replica(names);
    await second.elections.look();
    await first.elections.look();
    await second.elections.look();
    expect([led(first.candidacies), led(second.candidacies)]).toEqual([500, 500]);
    expect(
      await query(
        'SELECT count(DISTINCT replica)::int AS replicas, count(*)::int AS rows FROM copernica_webhooks.process',
      ),
    ).toEqual([{ replicas: 1, rows: 2 }]);
    // To begin with, and then one for each look and one for what is taken or given back.
    expect(queries()).toBeLessThan(40);
  });

  it('is not shared with replicas that stand for other accounts', async () => {
    const { replica } = await scene();
    const [one, other] = [replica(['a', 'b']), replica(['b', 'c'])];
    await one.elections.look();
    await other.elections.look();
    await one.elections.look();
    const [a, b] = one.candidacies;
    const [, c] = other.candidacies;
    expect([a?.leadership, c?.leadership]).toEqual(['leading', 'leading']);
    expect([b, other.candidacies[0]].map((each) => each?.leadership).sort()).toEqual(['leading', 'standing-by']);
  });

  it('is another’s as soon as it is given back, and not while a run is under way', async () => {
    const { replica } = await scene();
    const first = replica(['a']);
    await first.elections.look();
    const second = replica(['a']);
    await second.elections.look();
    expect([led(first.candidacies), led(second.candidacies)]).toEqual([1, 0]);
    expect(await second.candidacies[0]?.beginRun()).toBeNull();
    await first.withdraw();
    await second.elections.look();
    expect(led(second.candidacies)).toBe(1);
    const run = await second.candidacies[0]?.beginRun();
    await second.withdraw();
    const third = replica(['a']);
    await third.elections.look();
    expect(led(third.candidacies)).toBe(1);
    run?.end();
  });

  it('is lost with the row of the process, which finds out and stands by', async () => {
    const { replica, query } = await scene();
    const first = replica(['a']);
    await first.elections.look();
    await query("UPDATE copernica_webhooks.process SET expires_at = now() - interval '1 second'");
    const second = replica(['a']);
    await second.elections.look();
    expect(led(second.candidacies)).toBe(1);
    await first.elections.look();
    expect(led(first.candidacies)).toBe(0);
    expect(first.seen).toEqual(['leading', 'standing-by']);
  });

  it('is not lost where there is no state that it could be of', async () => {
    const { replica } = await scene();
    const { elections, candidacies, seen } = replica(['a'], { mayBegin: false });
    await elections.look();
    await elections.look();
    expect([candidacies[0]?.hasState, seen]).toEqual([false, ['leading']]);
  });
});
