import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import type { CopernicaApi, LiveWebhook, ReadOutcome } from '../../../src/copernica/api.js';
import type { OpenJournal } from '../../../src/reconcile/edges.js';
import { recoverByLooking } from '../../../src/reconcile/recover.js';
import { applyRecord, fold } from '../../../src/state/fold.js';
import type { StateRecord } from '../../../src/state/records.js';
import type { WebhookSpec } from '../../../src/webhook.js';

const START = Date.parse('2026-01-01T00:00:00.000Z');
const at = (seconds: number) => new Date(START + seconds * 1000).toISOString();
const SPEC: WebhookSpec = { handler: 'https://a.example', trigger: 'create' };
const HEADER: StateRecord = { type: 'header', version: 1, account: '34', createdAt: at(0), highestId: 10 };
const SETTLE_MS = 60_000;

const intent = (number: number, seconds: number, above: number | null = 10, name = 'a'): StateRecord => {
  return { type: 'intent', intent: number, name, above, at: at(seconds), webhook: SPEC };
};
const gaveUp = (number: number, seconds: number): StateRecord => {
  return { type: 'unknown', intent: number, at: at(seconds), reason: 'no answer' };
};
const webhook = (id: number, parts: Partial<LiveWebhook> = {}): LiveWebhook => {
  return { id, ...SPEC, callers: ['ms', 'publisher'], database: undefined, collection: undefined, ...parts };
};

interface Account {
  readonly webhooks?: readonly LiveWebhook[];
  /** Reads from this id on fail. */
  readonly failsFrom?: number;
  readonly list?: boolean;
  readonly toPost?: readonly string[];
  readonly scanLimit?: number;
  /** Seconds that each look takes. */
  readonly takes?: number;
  readonly runStartedAt?: number;
}

/** Looks in an account, at `seconds`, for what these records leave open. */
async function look(records: readonly StateRecord[], seconds: number, account: Account = {}) {
  const state = fold([HEADER, ...records]);
  const written: StateRecord[] = [];
  const read: number[] = [];
  let now = START + seconds * 1000;
  const journal: OpenJournal = {
    state,
    write(record) {
      applyRecord(state, record);
      written.push(record);
    },
    flush: () => Promise.resolve(),
  };
  const webhooks = account.webhooks ?? [];
  const api = {
    listWebhooks: async () => {
      now += (account.takes ?? 0) * 1000;
      return account.list === true ? { kind: 'listed', webhooks } : { kind: 'unavailable' };
    },
    readWebhook: async (id: number): Promise<ReadOutcome> => {
      read.push(id);
      if (id >= (account.failsFrom ?? Infinity)) return { kind: 'unknown', message: 'answered 502' };
      const found = webhooks.find((candidate) => candidate.id === id);
      return found === undefined ? { kind: 'gone' } : { kind: 'found', webhook: found };
    },
  } as unknown as CopernicaApi;
  const open = await recoverByLooking({
    journal,
    api,
    concurrency: 2,
    stop: new AbortController().signal,
    now: () => new Date(now),
    settling: { settleMs: SETTLE_MS, scanLimit: account.scanLimit ?? 100 },
    runStartedAt: new Date(START + (account.runStartedAt ?? seconds) * 1000),
    namesToPost: () => new Set(account.toPost ?? ['a']),
    log: pino({ level: 'silent' }),
  });
  const reasons = Object.fromEntries([...open].map(([name, { kind }]) => [name, kind]));
  return { reasons, written, read, state, types: written.map(({ type }) => type) };
}

describe('a lost webhook', () => {
  it('is adopted where it is found, and nothing is left open', async () => {
    const { reasons, state } = await look([intent(1, 0), gaveUp(1, 30)], 31, { webhooks: [webhook(12)] });
    expect([reasons, state.entries.get('a')?.id, state.intents.size]).toEqual([{}, 12, 0]);
  });

  it('of a process that died is given up on now, and so settles from now', async () => {
    const { reasons, written } = await look([intent(1, 0)], 500);
    expect([reasons, written]).toMatchObject([{ a: 'settling' }, [{ type: 'unknown', intent: 1, at: at(500) }]]);
  });

  it('is not believed to be absent before it has settled', async () => {
    expect((await look([intent(1, 0), gaveUp(1, 30)], 89)).reasons).toEqual({ a: 'settling' });
    expect((await look([intent(1, 0), gaveUp(1, 30)], 90)).reasons).toEqual({ a: 'absent' });
  });

  it('is not believed to be absent when it had settled only after the look began', async () => {
    expect((await look([intent(1, 0), gaveUp(1, 30)], 89, { takes: 5 })).reasons).toEqual({ a: 'settling' });
  });

  it('is not believed to be absent where not all could be read', async () => {
    const { reasons, types } = await look([intent(1, 0), gaveUp(1, 30)], 900, { failsFrom: 40 });
    expect([reasons, types]).toEqual([{ a: 'unread' }, []]);
  });

  it('that is not wanted any more is marked absent, to be looked for once more', async () => {
    const { reasons, types } = await look([intent(1, 0), gaveUp(1, 30)], 900, { toPost: [] });
    expect([reasons, types]).toEqual([{}, ['absent']]);
  });

  it('that is not wanted any more is looked for as far as there may be a scan, before it is given up', async () => {
    // No other POST will be an upper bound, and other tenants may have taken ids before this one.
    const records = [intent(1, 0), gaveUp(1, 30)];
    const scene = { toPost: [], webhooks: [webhook(100)] };
    expect((await look(records, 40, scene)).read.at(-1)).toBe(74);
    const { state, read } = await look(records, 900, scene);
    expect([state.entries.get('a')?.id, read.includes(110)]).toEqual([100, true]);
    expect((await look(records, 900, { ...scene, toPost: ['a'] })).reasons).toEqual({ a: 'absent' });
  });
});

const ABSENT: readonly StateRecord[] = [
  intent(1, 0),
  gaveUp(1, 30),
  { type: 'intent', intent: 2, name: 'a', above: 10, at: at(100), webhook: SPEC },
  { type: 'created', intent: 2, id: 20, at: at(101) },
  { type: 'absent', intent: 1, at: at(102) },
];

describe('the second look', () => {
  it('is not taken in the run that found it absent', async () => {
    const { types, read } = await look(ABSENT, 103, { runStartedAt: 90 });
    expect([types, read]).toEqual([[], []]);
  });

  it('finds it, and the one that was sent for it is to be deleted', async () => {
    const { state } = await look(ABSENT, 1_000, { webhooks: [webhook(20), webhook(22)] });
    expect([state.entries.get('a')?.id, [...state.doomed.keys()]]).toEqual([22, [20]]);
  });

  it('that finds nothing ends it', async () => {
    const { types, read } = await look(ABSENT, 1_000, { webhooks: [webhook(20)] });
    expect(types).toEqual(['cancelled']);
    expect([read[0], read.at(-1), read.includes(20)]).toEqual([11, 84, false]);
  });

  it('that fails is taken again in another run', async () => {
    const { reasons, types } = await look(ABSENT, 1_000, { failsFrom: 15 });
    expect([reasons, types]).toEqual([{ a: 'unread' }, []]);
  });

  it('that can’t tell it from others’ says what may be a double', async () => {
    const webhooks = [webhook(20), webhook(30), webhook(32)];
    const { types, state } = await look(ABSENT, 1_000, { webhooks });
    expect(types).toEqual(['possiblyDuplicated', 'cancelled']);
    expect(state.entries.get('a')?.possiblyDuplicated).toEqual({ from: 30, to: 32 });
  });
});

describe('several lost webhooks of one entry', () => {
  const TWO = [intent(1, 0), gaveUp(1, 30), intent(2, 100), gaveUp(2, 130)];

  it('are all looked for, and all but the lowest are to be deleted', async () => {
    const { state } = await look(TWO, 131, { webhooks: [webhook(12), webhook(14)] });
    expect([state.entries.get('a')?.id, [...state.doomed.keys()], state.intents.size]).toEqual([12, [14], 0]);
  });

  it('settle together once one is found, since nobody knows whose it is', async () => {
    const { state, reasons } = await look(TWO, 131, { webhooks: [webhook(12)] });
    expect(reasons).toEqual({ a: 'settling' });
    expect([...state.intents.values()]).toMatchObject([{ intent: 1, gaveUp: { at: at(130) } }]);
  });

  it('are looked for once more up to the one that is found', async () => {
    const { reasons, read, types } = await look(TWO, 1_000, { webhooks: [webhook(74)] });
    expect(types).toEqual(['unknown', 'created', 'absent']);
    // 74 ids at first, and then those above the one that was found.
    expect([reasons, read.at(-1)]).toEqual([{}, 138]);
  });

  it('forbid another POST while one of them does', async () => {
    expect((await look(TWO, 140)).reasons).toEqual({ a: 'settling' });
    const reversed = [intent(1, 0), gaveUp(1, 130), intent(2, 100), gaveUp(2, 30)];
    expect((await look(reversed, 140)).reasons).toEqual({ a: 'settling' });
    expect((await look(TWO, 190)).reasons).toEqual({ a: 'absent' });
  });
});

describe('what can’t be proved', () => {
  const BOUNDED = ABSENT.slice(0, -1).with(3, { type: 'created', intent: 2, id: 500, at: at(101) });

  it('is said: bounds too far apart', async () => {
    const { state, types } = await look(BOUNDED, 1_000);
    expect(types).toEqual(['possiblyDuplicated', 'absent']);
    expect(state.entries.get('a')?.possiblyDuplicated).toEqual({ from: 111, to: 499 });
  });

  it('is no doubt where the account lists all its webhooks', async () => {
    expect((await look(BOUNDED, 1_000, { list: true, webhooks: [webhook(500)] })).types).toEqual(['absent']);
  });

  it('is said: no lower bound, and nobody wants it any more', async () => {
    const records = [intent(1, 0, null), gaveUp(1, 30)];
    expect((await look(records, 1_000, { toPost: [], scanLimit: 5 })).reasons).toEqual({ a: 'ambiguous' });
    expect((await look(records, 1_000, { toPost: [], scanLimit: 5, list: true })).reasons).toEqual({});
  });
});
