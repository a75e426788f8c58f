import { describe, expect, it } from 'vitest';
import type { FailureKind } from '../../../src/errors.js';
import type { Holder, StateLease, StateStore } from '../../../src/state/store.js';
import { AT, aWebhook, made } from './histories.js';
import { writeAll } from './journals.js';

/** One place where a state is kept, as several processes see it. */
export interface StoreUnderTest {
  /** The store as another process opens it. */
  open(): StateStore;
  /** From now on nothing more can be stored; gives back how to end that. */
  breakDisk(): Promise<() => unknown>;
  /** Takes the state away from whoever has the lease. */
  takeAway(): Promise<unknown>;
  /** How a run ends whose lease was taken away. */
  readonly lossKind: FailureKind;
}

const HOLDER: Holder = { pid: 12, host: 'box', since: AT, command: 'apply' };

function take(store: StateStore): Promise<StateLease> {
  return store.take({ holder: HOLDER, timeoutMs: 0, mayBegin: true });
}

async function openedJournal(lease: StateLease) {
  const journal = await lease.open();
  if (journal === null) throw new Error('no state');
  return journal;
}

/** What every store does, whatever it keeps the state in: the contract of src/state/store.ts. */
export function describeStore(name: string, makeStore: () => Promise<StoreUnderTest>): void {
  /** With a state in it that has the webhook 10 for the entry a, and a lease on that. */
  async function withState() {
    const place = await makeStore();
    const lease = await take(place.open());
    const journal = await lease.create('34');
    writeAll(journal, made('a', 10, 1));
    await journal.flush();
    return { place, lease, journal };
  }

  describe(`a state in ${name}`, () => {
    it('is none at first, and then belongs to the account that it was begun for', async () => {
      const place = await makeStore();
      expect(await place.open().read()).toBeNull();
      const lease = await take(place.open());
      expect(await lease.open()).toBeNull();
      const journal = await lease.create('34');
      expect(await place.open().read()).toEqual(journal.state);
      expect(journal.state.account).toBe('34');
      await lease.release();
    });

    it('has a record at once, and for every other process after a flush', async () => {
      const { place, lease, journal } = await withState();
      expect(journal.state.entries.get('a')?.id).toBe(10);
      expect(await place.open().read()).toEqual(journal.state);
      await lease.release();
    });

    it('has everything that was written after the release, flushed or not', async () => {
      const { place, lease, journal } = await withState();
      writeAll(journal, made('b', 11, 2));
      await lease.release();
      expect(await place.open().read()).toEqual(journal.state);
      expect(() => journal.write({ type: 'deleting', name: 'a', at: AT })).toThrow('closed');
    });

    it('is gone on with where the last process left it', async () => {
      const { place, lease } = await withState();
      await lease.release();
      const next = await take(place.open());
      const journal = await openedJournal(next);
      writeAll(journal, made('b', 11, journal.state.nextIntent));
      await next.release();
      expect([...((await place.open().read())?.owners ?? [])]).toEqual([
        [10, 'a'],
        [11, 'b'],
      ]);
    });

    it('is never begun a second time', async () => {
      const { place, lease } = await withState();
      await lease.release();
      const next = await take(place.open());
      await expect(next.create('34')).rejects.toMatchObject({ kind: 'refused', problems: [{ code: 'state-exists' }] });
      await next.release();
      expect((await place.open().read())?.entries.size).toBe(1);
    });

    it('takes no record that could not be read back, and goes on', async () => {
      const { place, lease, journal } = await withState();
      expect(() => journal.write({ type: 'removed', id: 99, at: AT })).toThrow('there is no webhook 99');
      expect(() => journal.write({ type: 'removed', id: 0, at: AT })).toThrow('not a whole number above 0');
      expect(() => journal.write({ type: 'forgotten', name: 'a', at: 'today' })).toThrow('not a time');
      writeAll(journal, made('b', 11, 2));
      await lease.release();
      expect(await place.open().read()).toEqual(journal.state);
    });

    it('says the same after many changes', async () => {
      const { place, lease, journal } = await withState();
      for (let round = 0; round < 1_100; round += 1) {
        journal.write({ type: 'updated', name: 'a', at: AT, webhook: aWebhook(`a${round}`) });
      }
      await lease.release();
      expect(await place.open().read()).toEqual(journal.state);
      const next = await take(place.open());
      expect((await openedJournal(next)).state).toEqual(journal.state);
      await next.release();
    });
  });

  describe(`the lease on a state in ${name}`, () => {
    it('is had by one at a time, and told of', async () => {
      const place = await makeStore();
      const store = place.open();
      expect(await store.holder()).toBe('nobody');
      const lease = await take(store);
      expect(await store.holder()).toEqual(HOLDER);
      for (const other of [store, place.open()]) {
        await expect(take(other)).rejects.toMatchObject({ kind: 'refused', problems: [{ code: 'lock-held' }] });
      }
      await lease.release();
      expect(await store.holder()).toBe('nobody');
      await (await take(place.open())).release();
    });

    it('that is lost in the middle fails the next flush and all that follows', async () => {
      const { place, lease, journal } = await withState();
      await place.takeAway();
      writeAll(journal, made('b', 11, 2));
      const failure = { kind: place.lossKind };
      await expect(journal.flush()).rejects.toMatchObject(failure);
      expect(() => lease.assertSound()).toThrow();
      expect(() => journal.write({ type: 'deleting', name: 'a', at: AT })).toThrow();
      await expect(lease.release()).rejects.toMatchObject(failure);
    });
  });

  describe(`a state in ${name} that can't be written`, () => {
    it('ends with the first failure: nothing more is taken, and what was flushed is there', async () => {
      const { place, lease, journal } = await withState();
      lease.assertSound();
      const repair = await place.breakDisk();
      writeAll(journal, made('b', 11, 2));
      const failure = await journal.flush().catch((error: unknown) => error);
      expect(failure).toMatchObject({ kind: 'failed' });
      await repair();
      // One that works after it would prove nothing.
      await expect(journal.flush()).rejects.toBe(failure);
      expect(() => lease.assertSound()).toThrow();
      expect(() => journal.write({ type: 'deleting', name: 'a', at: AT })).toThrow();
      await expect(lease.release()).rejects.toBe(failure);
      expect([...((await place.open().read())?.entries.keys() ?? [])]).toEqual(['a']);
    });

    it('is given back all the same', async () => {
      const { place, lease, journal } = await withState();
      const repair = await place.breakDisk();
      writeAll(journal, made('b', 11, 2));
      await expect(lease.release()).rejects.toMatchObject({ kind: 'failed' });
      await repair();
      const next = await take(place.open());
      expect((await openedJournal(next)).state.entries.size).toBe(1);
      await next.release();
    });
  });
}
