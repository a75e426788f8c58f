import { fold } from '../fold.js';
import { type FoldedState, ImpossibleRecord } from '../folded-state.js';
import { Journal } from '../journal.js';
import { asRecord, type HeaderRecord, STATE_VERSION, type StateRecord } from '../records.js';
import { assertNotMoved, type StateLease, type StateStore, type TakeOptions } from '../store.js';
import { type PostgresAddress, shownAddress } from './address.js';
import { accountTaken, damaged, existsFailure, failing, held, leaseLost, newerState, wentBack } from './failures.js';
import { giveBackLease, type TimedLease, takeLease } from './lease.js';
import { PostgresLog } from './log.js';
import type { Joined, Members } from './membership.js';
import type { HeldLease, StoredRecord, Tables } from './tables.js';

export interface PostgresOptions {
  readonly address: PostgresAddress;
  readonly members: Members;
}

/** A state in a database. The right to write is a lease that another process takes over once it has expired. */
export function postgresStore({ address, members }: PostgresOptions): StateStore {
  const { tables, clock } = members;
  const place = shownAddress(address);
  const { name } = address;
  let seen: SeenRecord | null = null;

  const take = async (options: TakeOptions): Promise<StateLease> => {
    const { holder, mayBegin = false } = options;
    const isReady = await tables.readyToWrite(place, mayBegin);
    if (isReady && mayBegin) await tables.begin(name);
    const state = isReady ? await tables.find(name) : null;
    if (state === null) {
      if (seen !== null) throw wentBack(place);
      return nothingThere(place);
    }
    const joined = await members.join(holder);
    try {
      const taken = await takeLease({ tables, clock, membership: joined.membership, state }, options);
      if ('by' in taken) throw held(place, taken.by);
      return leaseOn({
        place,
        address,
        members,
        joined,
        state,
        taken,
        seen,
        onSeen: (record) => {
          seen = record;
        },
        mayHaveMoved: options.mayHaveMoved === true,
      });
    } catch (error) {
      await joined.leave();
      throw error;
    }
  };
  return {
    place,
    read: () =>
      failing(place, 'read', async () => {
        if (!(await tables.readyToRead(place))) return null;
        const found = await readState(tables, place, name);
        if (found !== null) assertNotMoved(place, found.state);
        return found?.state ?? null;
      }),
    holder: () =>
      failing(place, 'read', async () => {
        if (!(await tables.readyToRead(place))) return 'nobody';
        return (await tables.holder(name)) ?? 'nobody';
      }),
    take: (options) => failing(place, 'locked', () => take(options)),
  };
}

/** The last record that this process stored or read. A server that does not have it went back in time. */
type SeenRecord = Pick<StoredRecord, 'number' | 'process' | 'epoch'>;

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

interface FoundState {
  readonly state: FoldedState;
  readonly rows: readonly StoredRecord[];
  /** The number of the last record. */
  readonly last: number;
}

/** The schema must be one that this program knows. Null: nothing was ever recorded. */
async function readState(tables: Tables, place: string, name: string): Promise<FoundState | null> {
  const rows = await tables.records(name);
  const [header] = rows;
  if (header === undefined) return null;
  const { version = 0 } = header.record as { readonly version?: number };
  if (version > STATE_VERSION) throw newerState(place, `records of version ${version}`);
  let number = header.number;
  const records = rows.map((row) => {
    if (row.number !== number) throw damaged(place, number, 'is missing');
    number += 1;
    return recordOf(row, place);
  });
  try {
    return { state: fold(records), rows, last: number - 1 };
  } catch (error) {
    if (error instanceof ImpossibleRecord)
      throw damaged(place, header.number, `and those after it do not fit: ${error.message}`);
    throw error;
  }
}

function recordOf({ number, record }: StoredRecord, place: string): StateRecord {
  const checked = asRecord(record);
  if (typeof checked === 'string') throw damaged(place, number, checked);
  return checked;
}

interface LeaseOptions {
  readonly place: string;
  readonly address: PostgresAddress;
  readonly members: Members;
  readonly joined: Joined;
  readonly state: string;
  readonly taken: TimedLease;
  readonly seen: SeenRecord | null;
  readonly onSeen: (record: SeenRecord) => void;
  readonly mayHaveMoved: boolean;
}

function leaseOn(options: LeaseOptions): StateLease {
  const { place, address, members, joined, state, taken, seen, onSeen, mayHaveMoved } = options;
  const { tables, clock } = members;
  const { membership } = joined;
  const lease: HeldLease = { state, process: membership.id, epoch: taken.epoch };
  let opened: { readonly journal: Journal; readonly log: PostgresLog } | null = null;

  const begin = (folded: FoldedState, last: number, records: number) => {
    const { account } = folded;
    const log = new PostgresLog({ place, tables, clock, membership, lease, account, last, records });
    opened = { log, journal: new Journal(folded, log, taken.predecessorUntil) };
    return opened.journal;
  };

  const open = async () => {
    if (opened !== null) return opened.journal;
    if (taken.last < (seen?.number ?? 0)) throw wentBack(place);
    if (taken.last === 0) return null;
    const found = await readState(tables, place, address.name);
    if (found === null || found.last !== taken.last) throw damaged(place, taken.last, 'is missing');
    if (seen !== null && isReplaced(seen, found.rows)) throw wentBack(place);
    for (const row of found.rows.slice(-1)) onSeen(row);
    if (!mayHaveMoved) assertNotMoved(place, found.state);
    const journal = begin(found.state, found.last, found.rows.length);
    // A state that has moved is not written to: what late answers said is looked for at the new place.
    if (found.state.moved === null) await takeInOutcomes(tables, state, journal);
    return journal;
  };
  const replace = async (records: readonly StateRecord[]) => {
    const folded = fold(records);
    if (folded.moved !== null) await assertOnlyStateOf(folded.account, folded.moved.to);
    const journal = begin(folded, opened?.log.last ?? taken.last, 0);
    await opened?.log.replace(records);
    return journal;
  };
  /** Checked before copying: a copy that can't be used would leave the state nowhere. `from`: where it still is. */
  const assertOnlyStateOf = async (account: string, from: string) => {
    const other = await tables.otherStateOf(account, state);
    if (other !== null && shownAddress({ ...address, name: other }) !== from) throw accountTaken(place);
  };
  return {
    place,
    now: taken.now,
    open: () => failing(place, 'read', open),
    create: (account) =>
      failing(place, 'created', async () => {
        if ((await open()) !== null) throw existsFailure(place);
        const begun = { account, createdAt: taken.now().toISOString(), lineage: crypto.randomUUID() };
        const header: HeaderRecord = { type: 'header', version: STATE_VERSION, ...begun };
        return replace([header]);
      }),
    replace: (records) => failing(place, 'written', () => replace(records)),
    manifests: {
      applied: taken.manifests,
      add: (digest) =>
        failing(place, 'written', async () => {
          if (taken.manifests.at(-1) === digest) return;
          const next = [...taken.manifests.filter((other) => other !== digest), digest].slice(-MOST_MANIFESTS);
          if (!(await tables.setManifests(lease, next))) throw leaseLost(place);
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
        const { last } = opened?.log ?? taken;
        if (last > taken.last) onSeen({ ...lease, number: last });
        await giveBackLease({ tables, clock, membership, state }, taken.epoch);
        await joined.leave();
      }
    },
  };
}

/** Its number has another record. If the number is missing, a rewrite of the records has left it out. */
function isReplaced(seen: SeenRecord, rows: readonly StoredRecord[]): boolean {
  const found = rows.find(({ number }) => number === seen.number);
  return found !== undefined && (found.process !== seen.process || found.epoch !== seen.epoch);
}

/** Enough to tell an older manifest from one that was never applied. */
const MOST_MANIFESTS = 50;

/** Takes in what answers said to processes that had already lost the lease. Doing so twice changes nothing. */
async function takeInOutcomes(tables: Tables, state: string, journal: Journal): Promise<void> {
  const saved = await tables.outcomes(state);
  if (saved.length === 0) return;
  for (const { record } of saved) {
    const checked = asRecord(record);
    if (typeof checked !== 'string' && checked.type === 'late') journal.write(checked);
  }
  await journal.flush();
  await tables.dropOutcomes(
    state,
    saved.map(({ key }) => key),
  );
}
