import { describe, expect, it } from 'vitest';
import { type CopyPlace, copyState, nextStep, recordsForCopy } from '../../../src/state/copy.js';
import { fileStore } from '../../../src/state/file/store.js';
import { fold } from '../../../src/state/fold.js';
import { shownAddress } from '../../../src/state/postgres/address.js';
import { connectTo } from '../../../src/state/postgres/connect.js';
import { postgresStore } from '../../../src/state/postgres/store.js';
import type { StateRecord } from '../../../src/state/records.js';
import type { OpenJournal, StateStore } from '../../../src/state/store.js';
import { byDay } from '../../helpers/night.js';
import { postgresServer } from '../../helpers/postgres.js';
import { aStatePath } from './folders.js';
import { AT, HEADER, intent, LATER, lost, made } from './histories.js';
import { writeAll } from './journals.js';

const moved = (copy: string, to = '/elsewhere'): StateRecord => ({ type: 'moved', to, copy, at: AT });
const stateOf = (...records: StateRecord[]) => fold([{ ...HEADER, lineage: 'one' }, ...records]);
const another = fold([{ ...HEADER, lineage: 'another' }]);

describe('the next step of copying', () => {
  it.each([
    ['in use', stateOf(), 'nothing', null, 'copy'],
    ['in use', stateOf(), 'an old copy', stateOf(moved('1')), 'copy'],
    ['in use', stateOf(), 'the same, in use', stateOf(), 'occupied'],
    ['in use', stateOf(), 'another', another, 'occupied'],
    ['in use', stateOf(), 'another that has moved', fold([{ ...HEADER, lineage: 'x' }, moved('1')]), 'occupied'],
    ['moved', stateOf(moved('1')), 'of the same copying', stateOf(moved('1')), 'finish'],
    ['moved', stateOf(moved('1')), 'the same, in use', stateOf(), 'there'],
    ['moved', stateOf(moved('1')), 'an old copy', stateOf(moved('2')), 'moved'],
    ['moved', stateOf(moved('1')), 'nothing', null, 'moved'],
    ['moved', stateOf(moved('1')), 'another', another, 'moved'],
  ] as const)('from what is %s to what has %3$s is %5$s', (_from, from, _to, to, step) => {
    expect(nextStep(from, to)).toBe(step);
  });
});

describe('what has moved', () => {
  it('takes no record but that it has come here', () => {
    const away = [{ ...HEADER, lineage: 'one' }, ...made('a', 10, 1), moved('1', '/there')];
    expect(() => fold([...away, { type: 'deleting', name: 'a', at: AT }])).toThrow('it has moved to /there');
    expect(() => fold([...away, moved('2')])).toThrow('it has moved to /there');
    expect(fold([...away, { type: 'arrived', at: AT }])).toEqual(fold(away.slice(0, -1)));
    expect(() => fold([HEADER, { type: 'arrived', at: AT }])).toThrow('has not moved');
  });
});

describe('what is copied', () => {
  it('says the same of all but the time at which what is open was given up on', () => {
    const state = stateOf(...made('a', 10, 1), ...lost(2, 'b', 10), intent(3, 'c', 10));
    const [now, newNow] = [new Date(LATER), new Date('2026-11-23T13:00:00.000Z')];
    const copied = fold(recordsForCopy(state, now, newNow));
    expect(copied).toMatchObject({ lineage: 'one', entries: state.entries, losses: state.losses, nextIntent: 4 });
    expect(copied.intents.get(2)?.gaveUp).toEqual({ at: newNow.toISOString(), reason: 'no answer', before: 4 });
    expect(copied.intents.get(3)).toEqual(state.intents.get(3));
  });

  it('keeps what lies ahead as far ahead by the new clock', () => {
    const state = stateOf(...lost(1, 'b', null, LATER));
    const copied = fold(recordsForCopy(state, new Date(AT), new Date(LATER)));
    expect(copied.intents.get(1)?.gaveUp?.at).toBe('2026-11-23T12:00:00.000Z');
  });
});

interface Kind {
  readonly store: StateStore;
  readonly told: string;
}

async function aFile(): Promise<Kind> {
  const path = await aStatePath();
  return { store: fileStore(path), told: path };
}

async function aDatabase(): Promise<(name: string) => Kind> {
  const { createDatabase, port, user, password } = await postgresServer();
  const database = await createDatabase();
  return (name) => {
    const address = { host: '127.0.0.1', port, user, database, name, sslMode: 'disable' } as const;
    const { members } = connectTo({ address, password, applicationName: 'test' }, 15_000);
    return { store: postgresStore({ address, members }), told: shownAddress(address) };
  };
}

const KINDS: readonly (readonly [string, () => Promise<readonly [Kind, Kind]>])[] = [
  ['a file to a file', async () => [await aFile(), await aFile()]],
  ['a file to a database', async () => [await aFile(), (await aDatabase())('default')]],
  ['a database to a file', async () => [(await aDatabase())('default'), await aFile()]],
  ['a database to another', async () => [(await aDatabase())('default'), (await aDatabase())('default')]],
  [
    'one name to another of a database',
    async () => {
      const named = await aDatabase();
      return [named('old'), named('new')];
    },
  ],
];

const HOLDER = { pid: 12, host: 'box', since: AT, command: 'state copy' };

/** The place with its lease, while something is done with it. */
async function leased<T>({ store, told }: Kind, work: (place: CopyPlace) => Promise<T>): Promise<T> {
  const lease = await store.take({ holder: HOLDER, timeoutMs: 0, mayBegin: true, mayHaveMoved: true });
  try {
    return await work({ lease, told, now: () => new Date() });
  } finally {
    await lease.release();
  }
}

function copy(from: Kind, to: Kind) {
  return leased(from, (source) => leased(to, (target) => copyState(source, target)));
}

/** A run that makes one more webhook. */
async function go(kind: Kind, name: string, id: number): Promise<void> {
  const lease = await kind.store.take({ holder: HOLDER, timeoutMs: 0, mayBegin: true });
  try {
    const journal = (await lease.open()) ?? (await lease.create('34'));
    writeAll(journal, made(name, id, journal.state.nextIntent));
  } finally {
    await lease.release();
  }
}

async function namesIn({ store }: Kind): Promise<string[]> {
  return [...((await store.read())?.entries.keys() ?? [])];
}

describe.each(byDay(2, KINDS))('a state that is copied from %s', (_what, makePlaces) => {
  it('goes on there alone, and can come back', async () => {
    const [from, to] = await makePlaces();
    await go(from, 'a', 10);
    expect(await copy(from, to)).toEqual({ done: 'copied', webhooks: 1 });
    const refusal = { kind: 'refused', problems: [{ code: 'state-moved', message: expect.stringContaining(to.told) }] };
    await expect(go(from, 'b', 11)).rejects.toMatchObject(refusal);
    await expect(from.store.read()).rejects.toMatchObject(refusal);
    await go(to, 'b', 11);
    expect(await copy(from, to)).toEqual({ done: 'there', webhooks: 2 });
    expect(await copy(to, from)).toEqual({ done: 'copied', webhooks: 2 });
    await go(from, 'c', 12);
    expect(await namesIn(from)).toEqual(['a', 'b', 'c']);
    await expect(go(to, 'd', 13)).rejects.toMatchObject({ kind: 'refused' });
  });

  it.each(['moved', 'arrived'] as const)(
    'and cut short before “%s” is in use at one place at most, until it is finished',
    async (last) => {
      const [from, to] = await makePlaces();
      await go(from, 'a', 10);
      const cutShort = leased(from, (source) =>
        leased(to, (target) => copyState(dyingBefore(last, source), dyingBefore(last, target))),
      );
      await expect(cutShort).rejects.toThrow('killed');
      const isInUse = ({ store }: Kind) =>
        store.read().then(
          () => true,
          () => false,
        );
      expect([await isInUse(from), await isInUse(to)]).toEqual([last === 'moved', false]);
      // Nobody has to wait for it.
      if (last === 'moved') await go(from, 'b', 11);
      expect(await copy(from, to)).toMatchObject({ done: 'copied' });
      expect(await namesIn(to)).toEqual(last === 'moved' ? ['a', 'b'] : ['a']);
      expect(await isInUse(from)).toBe(false);
    },
  );

  it('leaves another state that is there as it is', async () => {
    const [from, to] = await makePlaces();
    await go(from, 'a', 10);
    await leased(to, async ({ lease }) => {
      const journal = await lease.create('35');
      writeAll(journal, made('z', 99, 1));
    });
    await expect(copy(from, to)).rejects.toMatchObject({ kind: 'refused', problems: [{ code: 'state-exists' }] });
    expect(await namesIn(from)).toEqual(['a']);
    expect(await namesIn(to)).toEqual(['z']);
  });
});

/** A place at which the process ends when a record of this type is to be written. */
function dyingBefore(type: StateRecord['type'], place: CopyPlace): CopyPlace {
  const { lease } = place;
  const dying = (journal: OpenJournal): OpenJournal => ({
    state: journal.state,
    predecessorUntil: journal.predecessorUntil ?? null,
    write: (record) => {
      if (record.type === type) throw new Error('killed');
      journal.write(record);
    },
    flush: () => journal.flush(),
  });
  const open = async () => {
    const journal = await lease.open();
    return journal === null ? null : dying(journal);
  };
  return { ...place, lease: { ...lease, open, replace: async (records) => dying(await lease.replace(records)) } };
}
