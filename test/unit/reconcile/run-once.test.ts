import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import type { CallFailure, CopernicaApi, CreateOutcome, LiveWebhook } from '../../../src/copernica/api.js';
import { type RunOptions, runOnce } from '../../../src/reconcile/run-once.js';
import { applyRecord, fold } from '../../../src/state/fold.js';
import type { StateRecord } from '../../../src/state/records.js';
import type { DesiredWebhook, WebhookSpec } from '../../../src/webhook.js';

const START = Date.parse('2026-01-01T00:00:00.000Z');
const AT = new Date(START).toISOString();
const HEADER = { type: 'header', version: 2, account: '34', createdAt: AT, highestId: 10 } as const;
const SETTLE_MS = 60_000;
const LATE = new Date(START + SETTLE_MS + 500).toISOString();
const spec = (path: string, parts: Partial<WebhookSpec> = {}): WebhookSpec => {
  return { handler: `https://a.example/${path}`, trigger: 'create', ...parts };
};
const entry = (name: string, id: number, webhook = spec(name)): StateRecord => {
  return { type: 'entry', name, id, createdAt: AT, webhook };
};
const lost = (name: string, webhook = spec(name), intent = 1): readonly StateRecord[] => [
  { type: 'intent', intent, name, above: 10, at: AT, webhook, timeoutMs: 30_000 },
  { type: 'unknown', intent, at: AT, reason: 'no answer' },
];
/** Long after what was lost. */
const answered = (name: string, id: number): readonly StateRecord[] => [
  { type: 'intent', intent: 9, name, above: 10, at: LATE, webhook: spec(name), timeoutMs: 30_000 },
  { type: 'created', intent: 9, id, at: LATE },
];

const FAILED: CallFailure = { ok: false, kind: 'unknown', message: 'answered 502' };

function live(id: number, { handler, trigger }: WebhookSpec): LiveWebhook {
  return { id, handler, trigger, callers: ['ms', 'publisher'], database: null, collection: null };
}

interface Scene {
  readonly records: readonly StateRecord[];
  readonly desired: Readonly<Record<string, WebhookSpec>>;
  readonly account?: ReadonlyMap<number, LiveWebhook>;
  /** What the next POSTs come to; then each is made. */
  readonly posts?: readonly CreateOutcome[];
  readonly listFails?: boolean;
  readonly readsFail?: boolean;
  readonly options?: Partial<RunOptions>;
  /** When it begins, since the start. */
  readonly startsInMs?: number;
}

/** One run from these records on, with a clock that moves only when the run waits. */
async function run(scene: Scene) {
  const { records, desired, posts = [], listFails = false, readsFail = false, options = {} } = scene;
  const account = new Map(scene.account);
  const state = fold([HEADER, ...records] as StateRecord[]);
  const requests: string[] = [];
  const outcomes = posts.values();
  let nextId = 20;
  let now = START + (scene.startsInMs ?? 1_000);
  const waits: number[] = [];
  const api = {
    identity: async () => ({ ok: true, value: { id: '34', name: 'x', company: '' } }),
    listWebhooks: async () => (listFails ? FAILED : { ok: true, value: 'unavailable' }),
    readWebhook: async (id: number) => {
      requests.push(`GET ${id}`);
      return readsFail ? FAILED : { ok: true, value: account.get(id) ?? 'gone' };
    },
    createWebhook: async (webhook: WebhookSpec) => {
      requests.push(`POST ${webhook.handler}`);
      nextId += 1;
      const outcome = outcomes.next().value ?? { ok: true, value: nextId };
      if (outcome.ok) account.set(outcome.value, live(outcome.value, webhook));
      return outcome;
    },
    updateWebhook: async (id: number) => {
      requests.push(`PUT ${id}`);
      return { ok: true, value: 'done' };
    },
    deleteWebhook: async (id: number) => {
      requests.push(`DELETE ${id}`);
      return { ok: true, value: 'done' };
    },
  } as unknown as CopernicaApi;
  const entries = Object.entries(desired).map(([name, wanted], line): DesiredWebhook => {
    return { name, spec: wanted, file: 'webhooks.yaml', line: line + 1, column: 1 };
  });
  const journal = { state, write: (record: StateRecord) => applyRecord(state, record), flush: async () => {} };
  const report = await runOnce(
    {
      loadManifest: async () => ({ entries, removed: [], warnings: [] }),
      lockState: async () => ({
        place: 'webhooks.state.jsonl',
        assertSound: () => undefined,
        open: async () => journal,
        create: () => Promise.reject(new Error('there is one')),
        replace: () => Promise.reject(new Error('there is one')),
        release: async () => {},
      }),
      api,
      now: () => new Date(now),
      startClock: () => () => new Date(now),
      sleep: async (ms) => {
        now += ms + 1;
        waits.push(ms);
      },
      log: pino({ level: 'silent' }),
    },
    {
      concurrency: 1,
      timeoutMs: 30_000,
      retry: false,
      init: false,
      refresh: false,
      prune: true,
      force: false,
      onUncertain: 'recover',
      settling: { settleMs: SETTLE_MS, scanLimit: 100 },
      waitToSettle: true,
      stop: new AbortController().signal,
      onProgress: () => {},
      ...options,
    },
  ).catch((error: unknown) => error as Error);
  const writes = requests.filter((request) => !request.startsWith('GET'));
  if (report instanceof Error) return { requests, writes, waits, state, results: report.message };
  const { comeBackInMs, lookFailure } = report;
  const results = report.changes.map(({ result }) => result);
  const fates = Object.fromEntries(report.changes.map(({ change, result }) => [change.name, result]));
  const codes = report.changes.flatMap(({ error }) => error?.problems.map(({ code }) => code) ?? []);
  const messages = report.changes.flatMap(({ error }) => error?.problems.map(({ message }) => message) ?? []);
  return { requests, writes, waits, state, results, fates, codes, messages, comeBackInMs, lookFailure };
}

describe('a run', () => {
  it.each([
    { refresh: false, times: 1 },
    { refresh: true, times: 2 },
  ])(
    'compares each entry with the state no more often than it must (refresh: $refresh)',
    async ({ refresh, times }) => {
      let compared = 0;
      const counted = {
        handler: spec('a').handler,
        get trigger() {
          compared += 1;
          return 'create' as const;
        },
      };
      const account = new Map([[5, live(5, spec('a'))]]);
      const { results } = await run({
        records: [entry('a', 5)],
        desired: { a: counted },
        account,
        options: { refresh },
      });
      expect(results).toEqual(['done']);
      expect(compared).toBe(times);
    },
  );

  it('mends once what a refresh saw, however often it goes round for what is uncertain', async () => {
    const { writes, results } = await run({
      records: [entry('a', 5), ...lost('b')],
      desired: { a: spec('a'), b: spec('b') },
      account: new Map([[5, live(5, spec('elsewhere'))]]),
      options: { refresh: true },
    });
    expect([writes, results]).toEqual([
      ['PUT 5', 'POST https://a.example/b'],
      ['done', 'done'],
    ]);
  });

  it('sends a lost create of a replace again, once it has settled', async () => {
    const limited = spec('a', { database: 7 });
    const { writes, state } = await run({
      records: [entry('a', 5), ...lost('a', limited)],
      desired: { a: limited },
    });
    expect(writes).toEqual(['POST https://a.example/a', 'DELETE 5']);
    expect(state.entries.get('a')).toMatchObject({ id: 21, spec: limited });
  });

  it('takes what is uncertain along to the new name of an entry', async () => {
    const { writes, state, results } = await run({ records: lost('a'), desired: { b: spec('a') } });
    expect([writes, results]).toEqual([['POST https://a.example/a'], ['done']]);
    // Its second look is under the name that the webhook now has.
    expect([state.entries.get('b')?.id, state.closed.get(1)?.intent.name]).toEqual([21, 'b']);
  });

  it('sends nothing again where ids turned out not to rise, since they are no bounds then', async () => {
    const records = [{ type: 'created', intent: 2, id: 9, at: AT }] as const;
    const { writes, results } = await run({
      records: [
        { type: 'intent', intent: 2, name: 'a', above: 10, at: AT, webhook: spec('a') },
        ...records,
        ...lost('b'),
      ],
      desired: { a: spec('a'), b: spec('b') },
    });
    expect([writes, results]).toEqual([[], ['done', 'uncertain']]);
  });

  it('proves with the answer to another create that a lost one made nothing, and then sends it', async () => {
    const { writes, waits, state, fates } = await run({
      records: lost('a'),
      desired: { a: spec('a'), c: spec('c') },
    });
    expect([writes, fates]).toEqual([
      ['POST https://a.example/c', 'POST https://a.example/a'],
      { a: 'done', c: 'done' },
    ]);
    // Until the server acts on nothing any more, once.
    expect([waits, [...state.closed.values()]]).toMatchObject([[SETTLE_MS - 1_000], [{ witness: 21 }]]);
  });

  it('tells what it is at, and of each change as soon as that is done', async () => {
    const told: string[] = [];
    const results = new Set<string>();
    const { fates } = await run({
      records: [entry('b', 5), ...lost('a')],
      desired: { a: spec('a'), b: spec('b', { trigger: 'update' }), c: spec('c') },
      account: new Map([[5, live(5, spec('b'))]]),
      options: {
        onProgress: ({ phase }) => told.at(-1) !== phase && told.push(phase),
        onResult: ({ change, id, result }) => {
          const text = `${change.name} ${id} ${result}`;
          if (!results.has(text)) told.push(text);
          results.add(text);
        },
      },
    });
    expect(fates).toEqual({ a: 'done', b: 'done', c: 'done' });
    expect(told).toEqual([
      ...['locking', 'asking', 'looking', 'applying', 'b 5 done', 'applying'],
      ...['settling', 'looking', 'applying', 'c 21 done'],
      ...['looking', 'applying', 'a 22 done'],
    ]);
  });

  it('does not believe in absence while the account can’t be read, and says so', async () => {
    const { writes, fates, codes, state, lookFailure } = await run({
      records: lost('a'),
      desired: { a: spec('a'), c: spec('c') },
      readsFail: true,
    });
    expect([writes, fates]).toEqual([['POST https://a.example/c'], { a: 'uncertain', c: 'done' }]);
    expect([codes, lookFailure]).toEqual([['create-unsettled'], expect.stringContaining('proves nothing')]);
    expect([state.intents.size, state.closed.size]).toEqual([1, 0]);
  });

  it('reads ids where the account’s list can’t be had', async () => {
    const { writes, results } = await run({
      records: lost('a'),
      desired: { a: spec('a') },
      account: new Map([[12, live(12, spec('a'))]]),
      listFails: true,
    });
    expect([writes, results]).toEqual([[], ['done']]);
  });

  it('says on hold that a create made nothing, and does not send it', async () => {
    const held = await run({
      records: [...lost('a'), ...answered('c', 20)],
      desired: { a: spec('a'), c: spec('c') },
      account: new Map([[20, live(20, spec('c'))]]),
      options: { onUncertain: 'hold' },
      startsInMs: 2 * SETTLE_MS,
    });
    expect([held.writes, held.fates, held.codes]).toEqual([[], { a: 'uncertain', c: 'done' }, ['uncertain-create']]);
    expect(held.messages?.[0]).toContain('"forget a" lets the next run create it');
  });

  it('is one round where it is not to wait, and says when to come back', async () => {
    const { writes, waits, fates, comeBackInMs } = await run({
      records: lost('a'),
      desired: { a: spec('a'), c: spec('c') },
      options: { waitToSettle: false },
    });
    expect([writes, waits, fates, comeBackInMs]).toEqual([[], [], { a: 'uncertain', c: 'skipped' }, SETTLE_MS - 1_000]);
  });

  it('does not wait as long as answers are lost: it ends and says when', async () => {
    const records = [...lost('a'), ...lost('a', spec('a'), 2)];
    const { writes, waits, fates, codes, comeBackInMs } = await run({
      records,
      desired: { a: spec('a'), c: spec('c') },
    });
    expect([writes, waits, fates]).toEqual([[], [SETTLE_MS - 1_000], { a: 'uncertain', c: 'skipped' }]);
    expect([codes?.sort(), comeBackInMs]).toEqual([['create-unsettled', 'waits-for-uncertain'], SETTLE_MS - 1]);
  });

  it('tells what became of each in the order of the manifest, what it did not send included', async () => {
    const { results } = await run({
      records: [...lost('a'), entry('z', 5)],
      desired: { a: spec('a'), c: spec('c'), z: spec('z') },
      options: { waitToSettle: false },
    });
    expect(results).toEqual(['uncertain', 'skipped', 'done']);
  });

  it('changes nothing when all of two webhooks look gone, unless it is forced', async () => {
    const scene = { records: [entry('a', 5), entry('b', 6)], desired: { a: spec('a'), b: spec('b') } };
    const refused = await run({ ...scene, options: { refresh: true } });
    expect(refused).toMatchObject({ writes: [], results: expect.stringContaining('seem to be gone') });
    const forced = await run({ ...scene, options: { refresh: true, force: true } });
    expect(forced.writes).toEqual(['DELETE 5', 'POST https://a.example/a', 'DELETE 6', 'POST https://a.example/b']);
  });

  it('starts no change once it is told to stop, whatever kind of change', async () => {
    const { requests, results } = await run({
      records: [entry('a', 5), entry('b', 6), entry('c', 7)],
      desired: { a: spec('other'), b: spec('b', { database: 7 }), d: spec('d') },
      options: { stop: AbortSignal.abort() },
    });
    expect([requests, results]).toEqual([[], ['skipped', 'skipped', 'skipped', 'skipped']]);
  });

  it('sends once more to an API that only ever times out, and then says when to come back', async () => {
    const posts = Array.from(
      { length: 20 },
      () => ({ ok: false, kind: 'unknown', message: 'no answer in time' }) as const,
    );
    const { writes, results, state, comeBackInMs } = await run({ records: [], desired: { a: spec('a') }, posts });
    expect([writes.length, results, state.intents.size]).toEqual([2, ['uncertain'], 2]);
    expect([state.losses.count, comeBackInMs]).toEqual([2, 2 * SETTLE_MS]);
  });

  it('leaves open at most what was on the wire, and one more, of many entries of which every answer is lost', async () => {
    const posts = Array.from(
      { length: 20 },
      () => ({ ok: false, kind: 'unknown', message: 'no answer in time' }) as const,
    );
    const desired = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`w${index}`, spec(`w${index}`)]));
    const { writes, state } = await run({ records: [], desired, posts });
    expect([writes.length, state.intents.size]).toEqual([2, 2]);
  });
});

describe('a webhook that looks gone while another create is open', () => {
  // `a` is gone; `b` was lost a moment ago, and something else of ours is there.
  const scene: Scene = {
    records: [entry('a', 5), entry('c', 6), ...lost('b')],
    desired: { a: spec('a'), b: spec('b'), c: spec('c') },
    account: new Map([[6, live(6, spec('c'))]]),
    options: { refresh: true },
  };

  it('is made anew when that is settled, and not forgotten meanwhile', async () => {
    const { fates, writes } = await run(scene);
    expect(fates).toEqual({ a: 'done', b: 'done', c: 'done' });
    expect(writes).toContain('DELETE 5');
    expect(writes.filter((request) => request === 'POST https://a.example/a')).toHaveLength(1);
  });

  it('is not said to be done in a round that does not come to it', async () => {
    const { fates } = await run({ ...scene, options: { refresh: true, waitToSettle: false } });
    expect(fates).toMatchObject({ a: 'skipped', b: 'uncertain' });
  });
});

describe('what was seen of others', () => {
  it('is above no bound of a later create', async () => {
    // Webhook 90 is somebody's, and read in the sweep of what nobody sends again.
    const records = [entry('x', 6), ...lost('gone')];
    const { state } = await run({
      records,
      desired: { x: spec('x') },
      account: new Map([
        [6, live(6, spec('x'))],
        [90, live(90, spec('z'))],
      ]),
      startsInMs: SETTLE_MS + 1_000,
    });
    expect(state.highestId).toBe(90);
  });
});
