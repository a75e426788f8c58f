import { fold } from '../fold.js';
import { type FoldedState, ImpossibleRecord } from '../folded-state.js';
import { Journal } from '../journal.js';
import { asRecord, type HeaderRecord, STATE_VERSION, type StateRecord } from '../records.js';
import { assertNotMoved, type StateLease, type StateStore, type TakeOptions } from '../store.js';
import { type PostgresAddress, shownAddress } from './address.js';
import type { Database, Row } from './database.js';
import { accountTaken, damaged, existsFailure, failing, held, leaseLost, newerState, wentBack } from './failures.js';
import { addManifest, giveBackLease, leaseHolder, type TakenLease, takeLease } from './lease.js';
import { PostgresLog } from './log.js';
import type { Joined, Members } from './membership.js';
import { migrate, SCHEMA_VERSION, schemaToRead, schemaToWrite, serverFacts } from './schema.js';

export interface PostgresOptions {
  readonly address: PostgresAddress;
  readonly members: Members;
}

/** A state in a database. The right to write is a lease, which another process takes over once it has expired. */
export function postgresStore({ address, members }: PostgresOptions): StateStore {
  const { database } = members;
  const place = shownAddress(address);
  const { name } = address;
  /** The number of the last record that this process stored: a server that does not have it went back in time. */
  let stored = 0;
  const onStored = (number: number) => {
    stored = number;
  };

  const take = async (options: TakeOptions): Promise<StateLease> => {
    const state = await keyOfState({ database, place, name, mayBegin: options.mayBegin === true });
    if (state === null) {
      if (stored > 0) throw wentBack(place);
      return nothingThere(place);
    }
    const joined = await members.join(options.holder);
    try {
      const wanted = { state, purpose: 'write', holder: options.holder } as const;
      const taken = await takeLease(database, joined.membership, wanted, options);
      if ('by' in taken) throw held(place, taken.by);
      const { mayHaveMoved = false } = options;
      return leaseOn({ place, address, database, joined, state, taken, stored, onStored, mayHaveMoved });
    } catch (error) {
      await joined.leave();
      throw error;
    }
  };
  return {
    place,
    read: () =>
      failing(place, 'read', async () => {
        if ((await schemaToRead(database, place)) === null) return null;
        const found = await readState(database, place, name);
        if (found !== null) assertNotMoved(place, found.state);
        return found?.state ?? null;
      }),
    holder: () =>
      failing(place, 'read', async () => {
        if ((await schemaToRead(database, place)) === null) return 'nobody';
        return (await leaseHolder(database, name, 'write')) ?? 'nobody';
      }),
    take: (options) => failing(place, 'locked', () => take(options)),
  };
}

/** Brings the schema up to date: the version that it had, null for none, and the one that it has now. */
export function migrateDatabase(database: Database, place: string): Promise<{ from: number | null; to: number }> {
  return failing(place, 'migrated', async () => {
    const { schema: from } = await serverFacts(database, place);
    if (from !== SCHEMA_VERSION) await migrate(database);
    return { from, to: SCHEMA_VERSION };
  });
}

/** There is no state, and none may be begun. */
function nothingThere(place: string): StateLease {
  return {
    place,
    open: async () => null,
    create: mayNotBegin,
    replace: mayNotBegin,
    assertSound: () => undefined,
    release: async () => undefined,
  };
}

async function mayNotBegin(): Promise<never> {
  throw new Error('a state is begun by whoever may begin one');
}

interface StateWanted {
  readonly database: Database;
  readonly place: string;
  readonly name: string;
  /** Makes what is missing. */
  readonly mayBegin: boolean;
}

/** The number of the state of this name. Null: there is none. */
async function keyOfState({ database, place, name, mayBegin }: StateWanted): Promise<string | null> {
  if (!(await schemaToWrite(database, place, mayBegin))) return null;
  if (mayBegin) {
    await database.query(
      `WITH state AS (
         INSERT INTO copernica_webhooks.state (name) VALUES ($1) ON CONFLICT (name) DO NOTHING RETURNING state
       )
       INSERT INTO copernica_webhooks.lease (state, purpose) SELECT state, 'write' FROM state`,
      [name],
    );
  }
  const [row] = await database.query('SELECT state FROM copernica_webhooks.state WHERE name = $1', [name]);
  return row === undefined ? null : String(row.state);
}

interface StoredState {
  readonly state: FoldedState;
  /** The number of the last record. */
  readonly last: number;
  readonly records: number;
}

/** Of a schema that this program knows. Null: nothing was ever recorded. */
async function readState(database: Database, place: string, name: string): Promise<StoredState | null> {
  const rows = await database.query(
    `SELECT r.number, r.record FROM copernica_webhooks.state s JOIN copernica_webhooks.record r ON r.state = s.state
     WHERE s.name = $1 ORDER BY r.number`,
    [name],
  );
  const [header] = rows;
  if (header === undefined) return null;
  const { version = 0 } = header.record as { readonly version?: number };
  if (version > STATE_VERSION) throw newerState(place, `records of version ${version}`);
  const first = Number(header.number);
  let number = first;
  const records = rows.map((row) => {
    if (Number(row.number) !== number) throw damaged(place, number, 'is missing');
    number += 1;
    return recordOf(row, place);
  });
  try {
    return { state: fold(records), last: number - 1, records: rows.length };
  } catch (error) {
    if (error instanceof ImpossibleRecord)
      throw damaged(place, first, `and those after it do not fit: ${error.message}`);
    throw error;
  }
}

function recordOf({ number, record }: Row, place: string): StateRecord {
  const checked = asRecord(record);
  if (typeof checked === 'string') throw damaged(place, Number(number), checked);
  return checked;
}

interface LeaseOptions {
  readonly place: string;
  readonly address: PostgresAddress;
  readonly database: Database;
  readonly joined: Joined;
  readonly state: string;
  readonly taken: TakenLease;
  /** The number of the last record that this process stored there before. */
  readonly stored: number;
  readonly onStored: (number: number) => void;
  readonly mayHaveMoved: boolean;
}

function leaseOn(options: LeaseOptions): StateLease {
  const { place, address, database, joined, state, taken, stored, onStored, mayHaveMoved } = options;
  const { membership } = joined;
  const begun = performance.now();
  const now = () => new Date(taken.takenAt.getTime() + performance.now() - begun);
  let opened: { readonly journal: Journal; readonly log: PostgresLog } | null = null;

  const begin = (folded: FoldedState, last: number, records: number) => {
    const { account } = folded;
    const log = new PostgresLog({ place, database, membership, state, epoch: taken.epoch, account, last, records });
    opened = { log, journal: new Journal(folded, log, taken.predecessorUntil) };
    return opened.journal;
  };

  const open = async () => {
    if (opened !== null) return opened.journal;
    if (taken.last < stored) throw wentBack(place);
    if (taken.last === 0) return null;
    const found = await readState(database, place, address.name);
    if (found === null || found.last !== taken.last) throw damaged(place, taken.last, 'is missing');
    if (!mayHaveMoved) assertNotMoved(place, found.state);
    const journal = begin(found.state, found.last, found.records);
    // What has moved is not written to. What such an answer said of it is looked for where it went.
    if (found.state.moved === null) await takeInOutcomes(database, state, journal);
    return journal;
  };
  const replace = async (records: readonly StateRecord[]) => {
    const folded = fold(records);
    if (folded.moved !== null) await assertOnlyStateOf(folded.account, folded.moved.to);
    const journal = begin(folded, opened?.log.last ?? taken.last, 0);
    await opened?.log.replace(records);
    return journal;
  };
  /** Before it is too late: a copy that could not be used would leave the state nowhere. `from`: where it still is. */
  const assertOnlyStateOf = async (account: string, from: string) => {
    const [other] = await database.query(
      'SELECT name FROM copernica_webhooks.state WHERE account = $1 AND state <> $2',
      [account, state],
    );
    if (other !== undefined && shownAddress({ ...address, name: String(other.name) }) !== from) {
      throw accountTaken(place);
    }
  };
  return {
    place,
    now,
    open: () => failing(place, 'read', open),
    create: (account) =>
      failing(place, 'created', async () => {
        if ((await open()) !== null) throw existsFailure(place);
        const begun = { account, createdAt: now().toISOString(), lineage: crypto.randomUUID() };
        const header: HeaderRecord = { type: 'header', version: STATE_VERSION, ...begun };
        return replace([header]);
      }),
    replace: (records) => failing(place, 'written', () => replace(records)),
    manifests: {
      applied: taken.manifests,
      add: (digest) =>
        failing(place, 'written', () => addManifest(database, membership, { state, ...taken }, digest)).then((is) => {
          if (!is) throw leaseLost(place);
        }),
    },
    assertSound: () => {
      opened?.journal.assertSound();
      if (!membership.isTrusted) throw leaseLost(place);
    },
    release: async () => {
      try {
        await opened?.journal.close();
      } finally {
        onStored(opened?.log.last ?? stored);
        await giveBackLease(database, membership, { state, purpose: 'write' }, taken.epoch);
        await joined.leave();
      }
    },
  };
}

/** What answers said to processes that had lost the lease by then. Taken in twice, it is as good as once. */
async function takeInOutcomes(database: Database, state: string, journal: Journal): Promise<void> {
  const rows = await database.query(
    'SELECT outcome, record FROM copernica_webhooks.outcome WHERE state = $1 ORDER BY outcome',
    [state],
  );
  if (rows.length === 0) return;
  for (const { record } of rows) {
    const checked = asRecord(record);
    if (typeof checked !== 'string' && checked.type === 'late') journal.write(checked);
  }
  await journal.flush();
  const taken = rows.map(({ outcome }) => outcome);
  await database.query('DELETE FROM copernica_webhooks.outcome WHERE state = $1 AND outcome = ANY ($2)', [
    state,
    taken,
  ]);
}
