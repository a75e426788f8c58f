import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { connectTo } from '../../../src/state/postgres/connect.js';
import { Database } from '../../../src/state/postgres/database.js';
import { Members } from '../../../src/state/postgres/membership.js';
import { sqlTables } from '../../../src/state/postgres/sql.js';
import { postgresStore } from '../../../src/state/postgres/store.js';
import type { Tables } from '../../../src/state/postgres/tables.js';
import type { Holder, OpenJournal, StateLease, StateStore } from '../../../src/state/store.js';
import { atNight, NIGHT } from '../../helpers/night.js';
import { PASSWORD, postgresServer } from '../../helpers/postgres.js';
import { openTcpProxy, type TcpProxy } from '../../helpers/tcp-proxy.js';
import { AT, aWebhook, intent, made } from './histories.js';
import { writeAll } from './journals.js';

const HOLDER: Holder = { pid: 12, host: 'box', since: AT, command: 'apply' };

interface Place {
  readonly proxy: TcpProxy;
  /** The store as another process has it, on the way through the proxy or past it. */
  open(options?: { readonly past?: boolean; readonly leaseMs?: number; readonly name?: string }): StateStore;
  query(text: string): Promise<readonly Record<string, unknown>[]>;
}

async function aPlace(): Promise<Place> {
  const server = await postgresServer();
  const database = await server.createDatabase();
  const proxy = await openTcpProxy(server.port);
  return {
    proxy,
    open: ({ past = false, leaseMs = 15_000, name = 'default' } = {}) => {
      const port = past ? server.port : proxy.port;
      const address = { host: '127.0.0.1', port, user: server.user, database, name, sslMode: 'disable' } as const;
      const { members } = connectTo({ address, password: PASSWORD, applicationName: 'test' }, leaseMs);
      return postgresStore({ address, members });
    },
    query: (text) => server.query(database, text),
  };
}

async function begun(store: StateStore, account = '34'): Promise<{ lease: StateLease; journal: OpenJournal }> {
  const lease = await store.take({ holder: HOLDER, timeoutMs: 0, mayBegin: true });
  return { lease, journal: (await lease.open()) ?? (await lease.create(account)) };
}

/** The server has the records up to this number and no more. */
async function goBack(place: Place, last: number): Promise<void> {
  await place.query(`DELETE FROM copernica_webhooks.record WHERE number > ${last}`);
  await place.query(`UPDATE copernica_webhooks.state SET last = ${last}`);
}

/** Against hanging for ever only. */
const PATIENCE_MS = 3_600_000;

describe('a commit of which the answer is lost', () => {
  it('is found, and not repeated', async () => {
    const place = await aPlace();
    const { lease, journal } = await begun(place.open());
    writeAll(journal, made('a', 10, 1));
    place.proxy.loseAnswers(100);
    await journal.flush();
    writeAll(journal, made('b', 11, 2));
    await lease.release();
    expect(await place.open().read()).toEqual(journal.state);
    expect(await place.query('SELECT count(*)::int AS n FROM copernica_webhooks.record')).toEqual([{ n: 5 }]);
  });

  atNight('and that arrives only after it was sent again, does nothing', async () => {
    const place = await aPlace();
    const { lease, journal } = await begun(place.open());
    writeAll(journal, made('a', 10, 1));
    place.proxy.holdBack(1_000);
    await journal.flush();
    writeAll(journal, made('b', 11, 2));
    await journal.flush();
    await sleep(1_200);
    await lease.release();
    expect(await place.open().read()).toEqual(journal.state);
    expect(await place.query('SELECT count(*)::int AS n FROM copernica_webhooks.record')).toEqual([{ n: 5 }]);
  });
});

describe('a lease of which the answer is lost when it is taken', () => {
  it('is not kept from all for as long as the process lives', async () => {
    const server = await postgresServer();
    const name = await server.createDatabase();
    const { port, user } = server;
    const address = { host: '127.0.0.1', port, user, database: name, name: 'default', sslMode: 'disable' } as const;
    const tables = sqlTables(new Database({ address, password: PASSWORD, applicationName: 'test' }));
    let isLost = false;
    const forgetful: Tables = {
      ...tables,
      take: async (wanted) => {
        const taken = await tables.take(wanted);
        if (!isLost) return taken;
        isLost = false;
        throw new Error('Connection terminated unexpectedly');
      },
    };
    const members = new Members(forgetful, 15_000);
    const store = postgresStore({ address, members });
    await (await begun(store)).lease.release();
    // Another account of the process keeps its membership alive.
    const { leave } = await members.join(HOLDER);
    isLost = true;
    await expect(store.take({ holder: HOLDER, timeoutMs: 0 })).rejects.toMatchObject({ kind: 'failed' });
    await (await store.take({ holder: HOLDER, timeoutMs: 0 })).release();
    await leave();
  });
});

describe('a lease', () => {
  atNight('holds though each connection that is there leads nowhere any more', async () => {
    const place = await aPlace();
    const store = place.open({ leaseMs: 3_000 });
    const { lease, journal } = await begun(store);
    await Promise.all([1, 2, 3, 4, 5].map(() => store.read()));
    place.proxy.stall();
    await sleep(4_500);
    lease.assertSound();
    writeAll(journal, made('a', 10, 1));
    await lease.release();
    expect((await place.open().read())?.owners.has(10)).toBe(true);
  });
});

describe('a database that is away', () => {
  it('for a while holds up the run, and nothing is lost', async () => {
    const place = await aPlace();
    const { lease, journal } = await begun(place.open());
    const repair = place.proxy.cut();
    writeAll(journal, made('a', 10, 1));
    const flushed = journal.flush();
    await sleep(100);
    lease.assertSound();
    repair();
    await flushed;
    await lease.release();
    expect(await place.open().read()).toEqual(journal.state);
  });

  it('for longer than the lease ends the run, and another goes on', async () => {
    const place = await aPlace();
    const { lease, journal } = await begun(place.open({ leaseMs: 1_000 }));
    place.proxy.cut();
    writeAll(journal, made('a', 10, 1));
    await expect(journal.flush()).rejects.toMatchObject({ kind: 'failed', problems: [{ code: 'state-failed' }] });
    expect(() => lease.assertSound()).toThrow();
    await expect(lease.release()).rejects.toMatchObject({ kind: 'failed' });
    const other = place.open({ past: true });
    const next = await other.take({ holder: HOLDER, timeoutMs: 10_000 });
    const state = (await next.open())?.state;
    expect(state?.entries.size).toBe(0);
    await next.release();
  });

  it('is an error when it is taken or read', async () => {
    const place = await aPlace();
    await (await begun(place.open())).lease.release();
    place.proxy.cut();
    const store = place.open();
    const failure = { kind: 'failed', problems: [{ code: 'state-failed' }] };
    await expect(store.read()).rejects.toMatchObject(failure);
    await expect(store.holder()).rejects.toMatchObject(failure);
    await expect(store.take({ holder: HOLDER, timeoutMs: 0 })).rejects.toMatchObject(failure);
  });
});

describe('a process that lost its lease', () => {
  /** A process that was paused until another had taken its lease, and what that other one sees. */
  async function overtaken() {
    const place = await aPlace();
    const { lease, journal } = await begun(place.open({ leaseMs: 1_000 }));
    journal.write(intent(1, 'a'));
    await journal.flush();
    // Its heartbeat stands still, as that of a process does that was stopped.
    await place.query("UPDATE copernica_webhooks.process SET expires_at = clock_timestamp() - interval '1 s'");
    const next = await place.open().take({ holder: HOLDER, timeoutMs: 0 });
    return { place, lease, journal, next };
  }

  it('can record nothing any more', async () => {
    const { place, lease, journal, next } = await overtaken();
    journal.write({ type: 'cancelled', intent: 1, at: AT, reason: 'not sent' });
    await expect(journal.flush()).rejects.toMatchObject({ kind: 'refused', problems: [{ code: 'lease-lost' }] });
    await expect(lease.release()).rejects.toMatchObject({ kind: 'refused' });
    expect((await next.open())?.state.intents.size).toBe(1);
    await next.release();
    expect((await place.open().read())?.intents.size).toBe(1);
  });

  it.each([
    ['and was not told yet', false],
    ['and knows', true],
  ])('%s, still says which id its POST was answered with', async (_what, knows) => {
    const { lease, journal, next } = await overtaken();
    if (knows) {
      journal.write({ type: 'unknown', intent: 1, at: AT, reason: 'anything' });
      await journal.flush().catch(() => undefined);
      expect(() => journal.write({ type: 'created', intent: 1, id: 10, at: AT })).toThrow('lease');
    } else journal.write({ type: 'created', intent: 1, id: 10, at: AT });
    await lease.release().catch(() => undefined);
    const taken = await next.open();
    expect(taken?.state.entries.get('a')?.id).toBe(10);
    expect(taken?.state.intents.size).toBe(0);
    await next.release();
  });

  it('can record nothing although nobody has taken it, and does not get it back', async () => {
    const place = await aPlace();
    const { lease, journal } = await begun(place.open({ leaseMs: 900 }));
    await place.query("UPDATE copernica_webhooks.process SET expires_at = clock_timestamp() - interval '1 s'");
    // Longer than it takes to renew it.
    await sleep(500);
    expect(await place.query('SELECT expires_at < now() AS is_expired FROM copernica_webhooks.process')).toEqual([
      { is_expired: true },
    ]);
    expect(() => lease.assertSound()).toThrow('lease');
    journal.write(intent(1, 'a'));
    await expect(journal.flush()).rejects.toMatchObject({ kind: 'refused', problems: [{ code: 'lease-lost' }] });
    await lease.release().catch(() => undefined);
  });

  it('leaves what it may have sent until its lease ended', async () => {
    const { lease, next } = await overtaken();
    const opened = await next.open();
    const before = opened?.predecessorUntil?.getTime() ?? 0;
    expect(Math.abs(before - Date.now())).toBeLessThan(60_000);
    expect(before).toBeLessThan(next.now?.().getTime() ?? 0);
    await next.release();
    await lease.release().catch(() => undefined);
  });

  it('is still known when somebody had the lease in between, and recorded nothing', async () => {
    const place = await aPlace();
    const { lease, journal } = await begun(place.open());
    writeAll(journal, [intent(1, 'a')]);
    await journal.flush();
    const [row] = await place.query(
      "UPDATE copernica_webhooks.process SET expires_at = clock_timestamp() - interval '1 s' RETURNING expires_at",
    );
    // As where the manifest turns out to be broken.
    await (await place.open().take({ holder: HOLDER, timeoutMs: 0 })).release();
    const next = await place.open().take({ holder: HOLDER, timeoutMs: 0 });
    expect((await next.open())?.predecessorUntil).toEqual(row?.expires_at);
    await next.release();
    await lease.release().catch(() => undefined);
  });
});

describe('a database that went back in time', () => {
  it('is refused by a process that knows better', async () => {
    const place = await aPlace();
    const store = place.open();
    const first = await begun(store);
    writeAll(first.journal, made('a', 10, 1));
    await first.lease.release();
    await goBack(place, 2);
    const refused = { kind: 'refused', problems: [{ code: 'state-went-back' }] };
    const lease = await store.take({ holder: HOLDER, timeoutMs: 0 });
    await expect(lease.open()).rejects.toMatchObject(refused);
    await lease.release();
  });

  it('is refused when others have written as many records since', async () => {
    const place = await aPlace();
    const store = place.open();
    const first = await begun(store);
    writeAll(first.journal, made('a', 10, 1));
    await first.lease.release();
    await goBack(place, 1);
    const other = await begun(place.open());
    writeAll(other.journal, [...made('b', 10, 1), ...made('c', 11, 2)]);
    await other.lease.release();
    const lease = await store.take({ holder: HOLDER, timeoutMs: 0 });
    await expect(lease.open()).rejects.toMatchObject({ kind: 'refused', problems: [{ code: 'state-went-back' }] });
    await lease.release();
  });

  it('is refused in the middle of a run', async () => {
    const place = await aPlace();
    const { lease, journal } = await begun(place.open());
    writeAll(journal, made('a', 10, 1));
    await journal.flush();
    await goBack(place, 2);
    writeAll(journal, made('b', 11, 2));
    const refused = { kind: 'refused', problems: [{ code: 'state-went-back' }] };
    await expect(journal.flush()).rejects.toMatchObject(refused);
    await expect(lease.release()).rejects.toMatchObject(refused);
  });

  it('is damaged where a record is missing or of another form', async () => {
    const place = await aPlace();
    const { lease, journal } = await begun(place.open());
    writeAll(journal, [...made('a', 10, 1), ...made('b', 11, 2)]);
    await lease.release();
    await place.query(`UPDATE copernica_webhooks.record SET record = '{"type":"forgotten"}' WHERE number = 5`);
    const damaged = { kind: 'refused', problems: [{ code: 'state-damaged' }] };
    await expect(place.open().read()).rejects.toMatchObject(damaged);
    await place.query('DELETE FROM copernica_webhooks.record WHERE number IN (3, 5)');
    await expect(place.open().read()).rejects.toMatchObject(damaged);
  });
});

describe('an account', () => {
  it('has one state in a database', async () => {
    const place = await aPlace();
    await (await begun(place.open({ name: 'first' }))).lease.release();
    const second = await place.open({ name: 'second' }).take({ holder: HOLDER, timeoutMs: 0, mayBegin: true });
    expect(await second.open()).toBeNull();
    await expect(second.create('34')).rejects.toMatchObject({
      kind: 'refused',
      problems: [{ code: 'state-of-account-exists' }],
    });
    await second.release();
    expect(await place.open({ name: 'second' }).read()).toBeNull();
  });
});

describe('a state of a later version', () => {
  it.each([
    ['of the schema', 'UPDATE copernica_webhooks.version SET version = 99'],
    ['of its records', `UPDATE copernica_webhooks.record SET record = '{"type":"header","version":9,"x":1}'`],
  ])('%s is refused', async (_what, change) => {
    const place = await aPlace();
    await (await begun(place.open())).lease.release();
    await place.query(change);
    const newer = { kind: 'refused', problems: [{ code: 'state-newer' }] };
    await expect(place.open().read()).rejects.toMatchObject(newer);
  });
});

describe('what is recorded', () => {
  it('comes back as it was, whatever is in it', async () => {
    const place = await aPlace();
    const { lease, journal } = await begun(place.open());
    const odd = ['\u0000', '\ud800', '😀 \u2028', "'; DROP TABLE record; --", '\\', '$1 %s "', '\n\r\t'];
    for (const [index, text] of odd.entries()) {
      writeAll(journal, made(`name ${text}`, 10 + index, 1 + index, aWebhook(encodeURIComponent(`${index}`))));
      journal.write({ type: 'deleting', name: `name ${text}`, at: AT });
    }
    await lease.release();
    expect(await place.open().read()).toEqual(journal.state);
  });
});

describe('many processes on one state in bad weather', () => {
  it('have, at the end, each record that was flushed, once and in order', { timeout: PATIENCE_MS }, async () => {
    const place = await aPlace();
    await (await begun(place.open({ past: true }))).lease.release();
    const flushed = new Set<number>();
    let highest = 100;
    let isOver = false;
    const weather = async () => {
      while (!isOver) {
        await sleep(100 + Math.random() * 300);
        const kind = Math.random();
        if (kind < 0.4) place.proxy.loseAnswers(20);
        else if (kind < 0.7) place.proxy.holdBack(100);
        else place.proxy.cut()();
      }
    };
    const work = async () => {
      while (flushed.size < (NIGHT ? 300 : 20)) {
        // One in three is stopped in the middle: it goes on when others may have its lease.
        const isPaused = Math.random() < 0.3;
        const store = place.open({ leaseMs: 4_000 });
        const lease = await store.take({ holder: HOLDER, timeoutMs: 1_000 }).catch(() => null);
        if (lease === null) continue;
        try {
          const journal = await lease.open();
          for (let step = 0; journal !== null && step < 5; step += 1) {
            lease.assertSound();
            highest += 1;
            const id = highest;
            writeAll(journal, made(`e${id}`, id, journal.state.nextIntent));
            if (isPaused && step === 2) await sleep(300);
            await journal.flush();
            flushed.add(id);
          }
        } catch {
          // What was not flushed may be there or not.
        } finally {
          await lease.release().catch(() => undefined);
        }
      }
    };
    const raging = weather();
    await Promise.all(Array.from({ length: 4 }, work));
    isOver = true;
    await raging;
    const state = await place.open({ past: true }).read();
    const missing = [...flushed].filter((id) => !state?.owners.has(id));
    expect(missing).toEqual([]);
  });
});
