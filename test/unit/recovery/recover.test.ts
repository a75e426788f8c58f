import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import type { CopernicaApi, LiveWebhook, ReadOutcome } from '../../../src/copernica/api.js';
import { Recovery } from '../../../src/recovery/recover.js';
import { applyRecord, fold } from '../../../src/state/fold.js';
import type { StateRecord } from '../../../src/state/records.js';
import type { OpenJournal } from '../../../src/state/store.js';
import type { WebhookSpec } from '../../../src/webhook.js';

const START = Date.parse('2026-01-01T00:00:00.000Z');
const at = (seconds: number) => new Date(START + seconds * 1_000).toISOString();
const DAY = 24 * 60 * 60;
const SPEC: WebhookSpec = { handler: 'https://a.example', trigger: 'create' };
/** Of others of ours, which look otherwise. */
const OTHER: WebhookSpec = { handler: 'https://b.example', trigger: 'create' };
const HEADER: StateRecord = { type: 'header', version: 2, account: '34', createdAt: at(0), highestId: 10 };
const SETTLE_MS = 60_000;

function intent(number: number, seconds: number, above: number | null = 10, name = 'a'): StateRecord {
  return { type: 'intent', intent: number, name, above, at: at(seconds), webhook: SPEC, timeoutMs: 30_000 };
}

function gaveUp(number: number, seconds: number): StateRecord {
  return { type: 'unknown', intent: number, at: at(seconds), reason: 'no answer' };
}

/** An entry that was created and answered at that time. */
function answered(number: number, seconds: number, id: number, name = 'w'): StateRecord[] {
  return [
    { type: 'intent', intent: number, name, above: 10, at: at(seconds), webhook: OTHER, timeoutMs: 30_000 },
    { type: 'created', intent: number, id, at: at(seconds) },
  ];
}

function webhook(id: number, parts: Partial<LiveWebhook> = {}): LiveWebhook {
  return { id, ...SPEC, callers: ['ms', 'publisher'], database: undefined, collection: undefined, ...parts };
}

/** One of ours, as `answered` made it. */
function ours(id: number): LiveWebhook {
  return webhook(id, { handler: OTHER.handler });
}

interface Account {
  readonly webhooks?: readonly LiveWebhook[];
  readonly fails?: (id: number) => boolean;
  readonly list?: readonly LiveWebhook[];
}

interface Scene extends Account {
  readonly toPost?: readonly string[];
  readonly wanted?: Readonly<Record<string, WebhookSpec>>;
  readonly scanLimit?: number;
  readonly mayClose?: boolean;
  readonly predecessorUntil?: Date;
}

/** A run in an account, at `seconds`, over what these records leave. `later` changes what the account answers. */
function startRun(records: readonly StateRecord[], seconds: number, scene: Scene = {}) {
  const state = fold([HEADER, ...records]);
  const written: StateRecord[] = [];
  const read: number[] = [];
  const ours = new Set(state.owners.keys());
  let account: Account = scene;
  let now = START + seconds * 1_000;
  const journal: OpenJournal = {
    state,
    predecessorUntil: scene.predecessorUntil,
    write(record) {
      applyRecord(state, record);
      written.push(record);
    },
    flush: () => Promise.resolve(),
  };
  const api = {
    listWebhooks: async () => {
      return { ok: true, value: account.list ?? 'unavailable' };
    },
    readWebhook: async (id: number): Promise<ReadOutcome> => {
      read.push(id);
      if (account.fails?.(id) === true) return { ok: false, kind: 'unknown', message: 'answered 502' };
      const found = account.webhooks?.find((candidate) => candidate.id === id);
      return { ok: true, value: found ?? 'gone' };
    },
  } as unknown as CopernicaApi;
  const recovery = new Recovery({
    journal,
    api,
    concurrency: 2,
    stop: new AbortController().signal,
    settling: { settleMs: SETTLE_MS, scanLimit: scene.scanLimit ?? 100 },
    mayClose: scene.mayClose ?? true,
    wanted: () => new Map(Object.entries(scene.wanted ?? {})),
    namesToPost: () => new Set(scene.toPost ?? ['a', 'b']),
    now: () => new Date(now),
    log: pino({ level: 'silent' }),
    onProgress: () => {},
  });
  return {
    state,
    recovery,
    /** What was read since it was last asked, but for ours: those are read to see whether webhooks can be. */
    takeRead: () => read.splice(0).filter((id) => !ours.has(id)),
    /** The same with ours. */
    takeAllRead: () => read.splice(0),
    takeTypes: () => written.splice(0).map(({ type }) => type),
    written,
    later(next: Account, secondsLater = 0) {
      account = next;
      now += secondsLater * 1_000;
    },
  };
}

/** A whole round of looking. */
async function round(run: ReturnType<typeof startRun>): Promise<void> {
  await run.recovery.begin();
  await run.recovery.look();
  await run.recovery.sweep();
  await run.recovery.lookAgain();
}

function upTo(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

describe('when a run begins', () => {
  it('what a process left that died is given up on now', async () => {
    const run = startRun([intent(1, 0), intent(2, 0), gaveUp(2, 30)], 500);
    await run.recovery.begin();
    const reason = 'the program ended before the answer came';
    expect(run.written).toEqual([{ type: 'unknown', intent: 1, at: at(500), reason }]);
  });

  it.each([
    ['counts as given up on when the last request of its process ended', 490, 520],
    ['may be over long ago', 400, 500],
  ])('what a process left whose lease expired %s', async (_what, until, gaveUpAt) => {
    const run = startRun([intent(1, 0)], 500, { predecessorUntil: new Date(at(until)) });
    await run.recovery.begin();
    expect(run.written).toMatchObject([{ type: 'unknown', intent: 1, at: at(gaveUpAt) }]);
    // The next run leaves it at that.
    await run.recovery.begin();
    expect(run.written).toHaveLength(1);
  });

  it('times that lie in the future are now', async () => {
    const closed: StateRecord = { type: 'closed', intent: 2, at: at(900), witness: 20 };
    const run = startRun([intent(1, 0), gaveUp(1, 900), intent(2, 0), gaveUp(2, 30), closed], 500);
    await run.recovery.begin();
    expect(run.state.intents.get(1)?.gaveUp).toMatchObject({ at: at(500), reason: 'no answer' });
    expect(run.state.closed.get(2)).toMatchObject({ at: at(500), witness: 20 });
  });

  it('what was read in the future was not', async () => {
    const reads: StateRecord[] = [
      { type: 'read', from: 11, to: 20, at: at(100) },
      { type: 'read', from: 21, to: 30, at: at(900) },
    ];
    const run = startRun([intent(1, 0), gaveUp(1, 30), ...reads], 500);
    await run.recovery.begin();
    expect(run.state.reads).toEqual([]);
    const past = startRun([intent(1, 0), gaveUp(1, 30), ...reads], 900);
    await past.recovery.begin();
    expect(past.written).toEqual([]);
  });
});

describe('looking soon', () => {
  const LOST = [intent(1, 0), gaveUp(1, 30)];

  it('reads the 64 ids above the bound, and takes what it finds', async () => {
    const run = startRun(LOST, 31, { webhooks: [webhook(74)] });
    await run.recovery.look();
    expect(run.takeRead()).toEqual(upTo(11, 74));
    expect([run.state.entries.get('a')?.id, run.state.intents.size]).toEqual([74, 0]);
  });

  it('reads an id again only if time was waited in between', async () => {
    const run = startRun(LOST, 31);
    await run.recovery.look();
    run.takeRead();
    await run.recovery.look();
    expect(run.takeRead()).toEqual([]);
    run.later({ webhooks: [webhook(12)] }, 60);
    run.recovery.waited();
    await run.recovery.look();
    expect(run.takeRead()).toEqual(upTo(11, 74));
    expect(run.state.entries.get('a')?.id).toBe(12);
  });

  it('does not read what was read since it was ripe', async () => {
    const run = startRun([...LOST, { type: 'read', from: 11, to: 70, at: at(90) }], 200);
    await run.recovery.look();
    expect(run.takeRead()).toEqual(upTo(71, 74));
  });

  it('proves nothing: what it did not find stays open', async () => {
    const run = startRun([...LOST, ...answered(2, 100, 20)], 200, { webhooks: [ours(20)] });
    await run.recovery.look();
    expect([run.state.intents.size, run.state.reads, run.takeTypes()]).toEqual([1, [], []]);
  });

  it('reads anew what may be it, wherever that is, since somebody may have settled it', async () => {
    const suspected: StateRecord = { type: 'suspected', intent: 1, ids: [200, 201], at: at(100) };
    const both = { webhooks: [webhook(200), webhook(201)] };
    const still = startRun([...LOST, suspected], 200, both);
    await still.recovery.look();
    expect([still.state.intents.get(1)?.candidates, still.takeTypes()]).toEqual([[200, 201], ['seen']]);
    const one = startRun([...LOST, suspected], 200, { webhooks: [webhook(201)] });
    await one.recovery.look();
    expect([one.state.entries.get('a')?.id, one.state.intents.size]).toEqual([201, 0]);
  });

  it('lets go of what may be it and is gone, unless nothing of ours can be read either', async () => {
    const records = [...LOST, ...answered(2, 50, 90), { type: 'suspected', intent: 1, ids: [200, 201], at: at(100) }];
    const gone = startRun(records as StateRecord[], 200, { webhooks: [ours(90)] });
    await gone.recovery.look();
    expect(gone.state.intents.get(1)?.candidates).toBeUndefined();
    const unreadable = startRun(records as StateRecord[], 200);
    await unreadable.recovery.look();
    expect(unreadable.state.intents.get(1)?.candidates).toEqual([200, 201]);
  });

  it('keeps what may be it and could not be read', async () => {
    const suspected: StateRecord = { type: 'suspected', intent: 1, ids: [200, 201], at: at(100) };
    const run = startRun([...LOST, suspected], 200, { fails: (id) => id >= 200 });
    await run.recovery.look();
    expect(run.state.intents.get(1)?.candidates).toEqual([200, 201]);
    expect(run.recovery.failure).toBe('answered 502');
  });

  it('says which may be it where nothing tells them apart', async () => {
    const run = startRun(LOST, 31, { webhooks: [webhook(12), webhook(14)] });
    await run.recovery.look();
    expect([run.state.entries.size, run.state.intents.get(1)?.candidates]).toEqual([0, [12, 14]]);
  });

  it('takes several of one entry together: one is kept, the others and its old one are to be deleted', async () => {
    const old: StateRecord = { type: 'entry', name: 'a', id: 5, createdAt: at(0), webhook: OTHER };
    const run = startRun([old, ...LOST, intent(2, 40), gaveUp(2, 70)], 80, { webhooks: [webhook(12), webhook(14)] });
    await run.recovery.look();
    expect(run.takeTypes()).toEqual(['matched']);
    expect([run.state.entries.get('a')?.id, [...run.state.pendingDeletes.keys()]]).toEqual([12, [5, 14]]);
  });

  it('leaves open what it found nothing of, with the lowest bound and the latest giving-up of the entry', async () => {
    const run = startRun([...LOST, intent(2, 40, 12), gaveUp(2, 70)], 80, { webhooks: [webhook(14)] });
    await run.recovery.look();
    expect([...run.state.intents.values()]).toMatchObject([{ intent: 2, above: 10, gaveUp: { at: at(70) } }]);
  });

  it('does not know the scope of what it finds later either, where the first found may be of either intent', async () => {
    const limited: StateRecord = { ...intent(1, 0), webhook: { ...SPEC, database: 2 } } as StateRecord;
    const run = startRun([limited, gaveUp(1, 30), intent(2, 40), gaveUp(2, 50)], 200, { webhooks: [webhook(20)] });
    await run.recovery.look();
    expect(run.state.entries.get('a')).toMatchObject({ id: 20, isScopeUnknown: true });
    run.recovery.waited();
    run.later({ webhooks: [webhook(15), webhook(20)] });
    await run.recovery.look();
    expect(run.state.entries.get('a')).toMatchObject({ id: 15, isScopeUnknown: true });
  });

  it('takes a list for it where the account has one', async () => {
    const run = startRun(LOST, 31, { list: [webhook(12)] });
    await run.recovery.look();
    expect([run.takeRead(), run.state.entries.get('a')?.id]).toEqual([[], 12]);
  });
});

describe('a sweep', () => {
  /** Ripe at 90, its witness written after that. */
  const WITNESSED = [intent(1, 0), gaveUp(1, 30), ...answered(2, 100, 90)];
  const READABLE: Account = { webhooks: [ours(90)] };

  it('reads the witness, and all between it and the bound, and closes what is not there', async () => {
    const run = startRun(WITNESSED, 200, READABLE);
    await run.recovery.sweep();
    expect(run.takeRead()).toEqual(upTo(11, 89));
    expect([run.state.intents.size, run.state.closed.get(1)]).toMatchObject([0, { at: at(200), witness: 90 }]);
    expect([...run.state.possiblyDuplicated]).toEqual([]);
  });

  it('reads the witness before and after', async () => {
    const run = startRun(WITNESSED, 200, READABLE);
    await run.recovery.sweep();
    expect(run.takeAllRead()).toEqual([90, ...upTo(11, 89), 90]);
  });

  it('counts for nothing where the witness can’t be read any more after it', async () => {
    let reads = 0;
    const fails = (id: number) => {
      if (id === 90) reads += 1;
      return id === 90 && reads > 1;
    };
    const run = startRun(WITNESSED, 200, { ...READABLE, fails });
    await run.recovery.sweep();
    expect([run.state.intents.size, run.state.closed.size, run.state.reads]).toEqual([1, 0, []]);
  });

  it('takes what it finds', async () => {
    const run = startRun(WITNESSED, 200, { webhooks: [ours(90), webhook(80)] });
    await run.recovery.sweep();
    expect([run.state.entries.get('a')?.id, run.state.intents.size, run.state.closed.size]).toEqual([80, 0, 0]);
  });

  it('reads nothing for what is not ripe, or has no witness while its entry is to be sent again', async () => {
    const early = startRun(WITNESSED, 89, READABLE);
    await early.recovery.sweep();
    expect([early.takeRead(), early.takeTypes()]).toEqual([[], []]);
    const alone = startRun([intent(1, 0), gaveUp(1, 30), ...answered(2, 50, 90)], 200, READABLE);
    await alone.recovery.sweep();
    expect([alone.takeRead(), alone.takeTypes()]).toEqual([[], []]);
  });

  it('is one for all that is ripe, and reads each id once', async () => {
    const two = [intent(1, 0), gaveUp(1, 30), intent(2, 0, 20, 'b'), gaveUp(2, 30), ...answered(3, 100, 90)];
    const run = startRun(two, 200, READABLE);
    await run.recovery.sweep();
    expect(run.takeRead()).toEqual(upTo(11, 89));
    expect([...run.state.closed.keys()]).toEqual([1, 2]);
  });

  it('reads only what was not read since it was ripe', async () => {
    const reads: StateRecord[] = [
      { type: 'read', from: 11, to: 40, at: at(90) },
      { type: 'read', from: 41, to: 60, at: at(89) },
      { type: 'read', from: 61, to: 89, at: at(150) },
    ];
    const run = startRun([...WITNESSED, ...reads], 200, READABLE);
    await run.recovery.sweep();
    expect(run.takeRead()).toEqual(upTo(41, 60));
    expect(run.state.closed.has(1)).toBe(true);
  });

  it.each<[string, Account]>([
    ['none of ours can be read: a token that may not', { fails: () => true }],
    ['none of ours is there: a replica that lags', {}],
    ['ours are not as they are: another account’s', { webhooks: [webhook(90)] }],
    ['only those from before the witness can be read', { webhooks: [ours(5)] }],
  ])('counts for nothing where %s', async (_title, account) => {
    const before: StateRecord = { type: 'entry', name: 'x', id: 5, createdAt: at(0), webhook: OTHER };
    const run = startRun([before, ...WITNESSED], 200, account);
    await run.recovery.sweep();
    expect([run.state.intents.size, run.state.closed.size, run.state.reads]).toEqual([1, 0, []]);
    expect(run.takeRead()).toEqual([]);
    expect([run.state.intents.get(1)?.unproved, run.recovery.failure]).toEqual([
      { runs: 1, since: at(200) },
      expect.stringContaining('proves nothing'),
    ]);
  });

  it('counts where another of ours, later than the witness, is as it is', async () => {
    const run = startRun([...WITNESSED, ...answered(3, 110, 95, 'x')], 200, { webhooks: [ours(95)] });
    await run.recovery.sweep();
    expect(run.state.closed.has(1)).toBe(true);
  });

  it('counts where the witness is as an update, which may have arrived, was to make it', async () => {
    const updating: StateRecord = { type: 'updating', name: 'w', at: at(150), webhook: { ...OTHER, trigger: 'open' } };
    const run = startRun([...WITNESSED, updating], 200, {
      webhooks: [webhook(90, { handler: OTHER.handler, trigger: 'open' })],
    });
    await run.recovery.sweep();
    expect(run.state.closed.has(1)).toBe(true);
  });

  it('keeps what it read, so that the next one reads only what is missing', async () => {
    const run = startRun(WITNESSED, 200, { ...READABLE, fails: (id) => id === 50 });
    await round(run);
    expect(run.state.intents.get(1)?.unproved).toEqual({ runs: 1, since: at(200) });
    run.takeRead();
    run.later(READABLE, 60);
    await run.recovery.sweep();
    expect([run.takeRead(), run.state.closed.has(1)]).toEqual([[50], true]);
  });

  it('counts a run without a proof once, however many rounds it has', async () => {
    const run = startRun(WITNESSED, 200, { ...READABLE, fails: (id) => id === 50 });
    await run.recovery.sweep();
    await run.recovery.sweep();
    expect(run.state.intents.get(1)?.unproved).toEqual({ runs: 1, since: at(200) });
  });

  it.each([
    ['two runs and a day', 1, DAY, false],
    ['three runs and less than a day', 2, DAY - 1, false],
    ['three runs and a day', 3, DAY, true],
  ])(
    'after %s marks what could not be read, and closes: %i runs, %i s: %s',
    async (_title, runs, seconds, expected) => {
      const unproved: StateRecord = { type: 'unproved', intent: 1, runs, at: at(200) };
      const run = startRun([...WITNESSED, unproved], 200 + seconds, { ...READABLE, fails: (id) => id === 50 });
      await run.recovery.sweep();
      expect(run.state.closed.has(1)).toBe(expected);
      expect([...run.state.possiblyDuplicated]).toEqual(expected ? [['a', [{ from: 50, to: 50 }]]] : []);
    },
  );

  it('reads half the limit at each end of a range that is longer, and marks the rest', async () => {
    const run = startRun([intent(1, 0), gaveUp(1, 30), ...answered(2, 100, 500)], 200, { webhooks: [ours(500)] });
    await run.recovery.sweep();
    expect(run.takeRead()).toEqual([...upTo(11, 60), ...upTo(450, 499)]);
    expect([...run.state.possiblyDuplicated]).toEqual([['a', [{ from: 61, to: 449 }]]]);
    expect(run.state.closed.has(1)).toBe(true);
  });

  it('reads the limit below the witness where there is no bound, and marks the rest', async () => {
    const run = startRun([intent(1, 0, null), gaveUp(1, 30), ...answered(2, 100, 300)], 200, { webhooks: [ours(300)] });
    await run.recovery.sweep();
    expect(run.takeRead()).toEqual(upTo(200, 299));
    expect([...run.state.possiblyDuplicated]).toEqual([['a', [{ from: 1, to: 199 }]]]);
  });

  it('is a list where the account has one, and leaves nothing out', async () => {
    const run = startRun([intent(1, 0), gaveUp(1, 30), ...answered(2, 100, 500)], 200, { list: [ours(500)] });
    await run.recovery.sweep();
    expect([run.takeRead(), run.state.closed.has(1), [...run.state.possiblyDuplicated]]).toEqual([[], true, []]);
  });

  it('reads ids where the list lacks one of ours', async () => {
    const run = startRun([...WITNESSED, ...answered(3, 110, 95, 'x')], 200, {
      list: [ours(90)],
      webhooks: [ours(90), ours(95), webhook(80)],
    });
    await run.recovery.sweep();
    expect([run.takeRead().length > 70, run.state.entries.get('a')?.id]).toEqual([true, 80]);
  });

  it('closes nothing that may be ambiguous', async () => {
    const run = startRun(WITNESSED, 200, { webhooks: [ours(90), webhook(80), webhook(82)] });
    await round(run);
    expect([run.state.intents.get(1)?.candidates, run.state.closed.size]).toEqual([[80, 82], 0]);
  });

  it('closes nothing on hold, but reads and takes', async () => {
    const held = startRun(WITNESSED, 200, { ...READABLE, mayClose: false });
    await held.recovery.sweep();
    expect([held.takeRead().length, held.state.intents.size, held.state.closed.size]).toEqual([79, 1, 0]);
    const found = startRun(WITNESSED, 200, { webhooks: [ours(90), webhook(80)], mayClose: false });
    await found.recovery.sweep();
    expect(found.state.entries.get('a')?.id).toBe(80);
  });

  it('closes nothing where ids do not rise', async () => {
    const notRising: StateRecord[] = [intent(9, 100, 100, 'x'), { type: 'created', intent: 9, id: 95, at: at(100) }];
    const run = startRun([...WITNESSED, ...notRising], 200, READABLE);
    await run.recovery.sweep();
    expect([run.state.intents.size, run.state.closed.size]).toEqual([1, 0]);
  });

  it('looks as far as there may be a scan, once, for what nobody wants any more', async () => {
    const before: StateRecord = { type: 'entry', name: 'x', id: 5, createdAt: at(0), webhook: OTHER };
    const run = startRun([before, intent(1, 0), gaveUp(1, 30)], 200, { webhooks: [ours(5)], toPost: [] });
    await run.recovery.sweep();
    expect(run.takeRead()).toEqual(upTo(11, 110));
    expect([run.state.intents.size, run.state.closed.size]).toEqual([1, 0]);
    await run.recovery.sweep();
    expect(run.takeRead()).toEqual([]);
    const found = startRun([before, intent(1, 0), gaveUp(1, 30)], 200, {
      webhooks: [ours(5), webhook(110)],
      toPost: [],
    });
    await found.recovery.sweep();
    expect(found.state.entries.get('a')?.id).toBe(110);
  });

  it('finds what nobody wants any more although nothing of ours is left to be read', async () => {
    const run = startRun([intent(1, 0), gaveUp(1, 30)], 200, { webhooks: [webhook(100)], toPost: [] });
    await run.recovery.sweep();
    expect(run.state.entries.get('a')?.id).toBe(100);
  });

  it('that found nothing where nothing of ours is left counts for nothing, and ends after three runs and a day', async () => {
    const records = [intent(1, 0), gaveUp(1, 30)];
    for (const [count, seconds] of [200, 200 + DAY, 300 + DAY].entries()) {
      const run = startRun(records, seconds, { toPost: [] });
      await run.recovery.sweep();
      expect([count, run.takeRead()]).toEqual([count, upTo(11, 110)]);
      expect(run.state.reads).toEqual([]);
      records.push(...run.written);
    }
    const last = startRun(records, 400 + DAY, { toPost: [] });
    await last.recovery.sweep();
    expect([last.takeRead(), last.state.intents.size]).toEqual([[], 1]);
  });

  it('looks as far for one of which eight were lost', async () => {
    const before: StateRecord = { type: 'entry', name: 'x', id: 5, createdAt: at(0), webhook: OTHER };
    const eight = upTo(1, 8).flatMap((number) => [intent(number, 0), gaveUp(number, 30)]);
    const run = startRun([before, ...eight], 200, { webhooks: [ours(5)] });
    await run.recovery.sweep();
    expect(run.takeRead()).toEqual(upTo(11, 110));
  });
});

describe('the second look', () => {
  const closed: StateRecord = { type: 'closed', intent: 1, at: at(200), witness: 90 };
  const CLOSED = [intent(1, 0), gaveUp(1, 30), ...answered(2, 100, 90), ...answered(3, 150, 95, 'x'), closed];
  const READABLE: Account = { webhooks: [ours(90), ours(95)] };

  it('is taken in the first run that begins when it has settled again', async () => {
    const early = startRun(CLOSED, 259, READABLE);
    await early.recovery.lookAgain();
    expect([early.takeRead(), early.takeTypes()]).toEqual([[], []]);
    const begun = startRun(CLOSED, 259, READABLE);
    begun.later(READABLE, 60);
    await begun.recovery.lookAgain();
    expect(begun.takeTypes()).toEqual([]);
    const due = startRun(CLOSED, 260, READABLE);
    await due.recovery.lookAgain();
    expect([due.takeTypes(), due.state.closed.size]).toEqual([['lookedAgain'], 0]);
  });

  it('reads from the witness up to 64 above the highest id known', async () => {
    const run = startRun(CLOSED, 300, READABLE);
    await run.recovery.lookAgain();
    expect(run.takeRead()).toEqual([...upTo(91, 94), ...upTo(96, 159)]);
    expect([...run.state.possiblyDuplicated]).toEqual([]);
  });

  it('marks what it finds, and takes nothing: it may be somebody’s', async () => {
    const run = startRun(CLOSED, 300, { webhooks: [ours(90), ours(95), webhook(93), webhook(120), webhook(121)] });
    await run.recovery.lookAgain();
    expect([run.state.entries.has('a'), run.state.pendingDeletes.size]).toEqual([false, 0]);
    expect([...run.state.possiblyDuplicated]).toEqual([
      [
        'a',
        [
          { from: 93, to: 93 },
          { from: 120, to: 121 },
        ],
      ],
    ]);
  });

  it('reads further above what it finds, since what was made late lies far apart', async () => {
    const webhooks = [ours(90), ours(95), webhook(150), webhook(200), webhook(270)];
    const run = startRun(CLOSED, 300, { webhooks, scanLimit: 1_000 });
    await run.recovery.lookAgain();
    expect([...run.state.possiblyDuplicated]).toEqual([
      [
        'a',
        [
          { from: 150, to: 150 },
          { from: 200, to: 200 },
        ],
      ],
    ]);
  });

  it('reads no more than the limit', async () => {
    const run = startRun(CLOSED, 300, { ...READABLE, scanLimit: 20 });
    await run.recovery.lookAgain();
    expect(Math.max(...run.takeRead())).toBeLessThanOrEqual(110);
  });

  it('that can’t read ours is taken again in another run, and marks after three and a day what it did not read', async () => {
    const run = startRun(CLOSED, 300, { fails: () => true });
    await run.recovery.lookAgain();
    expect(run.state.closed.get(1)?.intent.unproved).toEqual({ runs: 1, since: at(300) });
    const unproved: StateRecord = { type: 'unproved', intent: 1, runs: 3, at: at(300) };
    const last = startRun([...CLOSED, unproved], 300 + DAY, { fails: () => true });
    await last.recovery.lookAgain();
    expect([last.state.closed.size, [...last.state.possiblyDuplicated]]).toEqual([
      0,
      [
        [
          'a',
          [
            { from: 91, to: 94 },
            { from: 96, to: 159 },
          ],
        ],
      ],
    ]);
  });

  it('that can’t read one id is taken again', async () => {
    const run = startRun(CLOSED, 300, { ...READABLE, fails: (id) => id === 100 });
    await run.recovery.lookAgain();
    expect([run.state.closed.size, run.recovery.failure]).toEqual([1, 'answered 502']);
  });

  it('of what an earlier version closed begins at the highest id known', async () => {
    const v1: StateRecord = { ...closed, witness: null } as StateRecord;
    const run = startRun([...CLOSED, v1], 300, READABLE);
    await run.recovery.lookAgain();
    expect(run.takeRead()).toEqual(upTo(96, 159));
  });
});

describe('a run with all of it', () => {
  it('sends GETs only, and asks nothing where nothing is open', async () => {
    const run = startRun(answered(1, 0, 20), 500);
    await round(run);
    expect([run.takeRead(), run.takeTypes()]).toEqual([[], []]);
  });
});
