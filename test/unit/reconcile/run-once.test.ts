import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import type { CopernicaApi, CreateOutcome, LiveWebhook } from '../../../src/copernica/api.js';
import { type RunOptions, runOnce } from '../../../src/reconcile/run-once.js';
import { applyRecord, fold } from '../../../src/state/fold.js';
import type { StateRecord } from '../../../src/state/records.js';
import type { DesiredWebhook, WebhookSpec } from '../../../src/webhook.js';

const START = Date.parse('2026-01-01T00:00:00.000Z');
const AT = new Date(START).toISOString();
const HEADER = { type: 'header', version: 1, account: '34', createdAt: AT, highestId: 10 } as const;
const SETTLE_MS = 60_000;
const spec = (path: string, parts: Partial<WebhookSpec> = {}): WebhookSpec => {
  return { handler: `https://a.example/${path}`, trigger: 'create', ...parts };
};
const entry = (name: string, id: number, webhook = spec(name)): StateRecord => {
  return { type: 'entry', name, id, createdAt: AT, webhook };
};
const lost = (name: string, webhook = spec(name)): readonly StateRecord[] => [
  { type: 'intent', intent: 1, name, above: 10, at: AT, webhook },
  { type: 'unknown', intent: 1, at: AT, reason: 'no answer' },
];

interface Scene {
  readonly records: readonly StateRecord[];
  readonly desired: Readonly<Record<string, WebhookSpec>>;
  readonly account?: ReadonlyMap<number, LiveWebhook>;
  /** What the next POSTs come to; then each is made. */
  readonly posts?: readonly CreateOutcome[];
  readonly listFails?: boolean;
  readonly options?: Partial<RunOptions>;
}

/** One run from these records on, with a clock that moves only when the run waits. */
async function run({ records, desired, account = new Map(), posts = [], listFails = false, options = {} }: Scene) {
  const state = fold([HEADER, ...records] as StateRecord[]);
  const requests: string[] = [];
  const outcomes = posts.values();
  let nextId = 20;
  let now = START + 1_000;
  const api = {
    identity: async () => ({ kind: 'identity', identity: { id: '34', name: 'x' } }),
    listWebhooks: async () => (listFails ? { kind: 'unknown', message: 'answered 502' } : { kind: 'unavailable' }),
    readWebhook: async (id: number) => {
      requests.push(`GET ${id}`);
      const webhook = account.get(id);
      return webhook === undefined ? { kind: 'gone' } : { kind: 'found', webhook };
    },
    createWebhook: async ({ handler }: WebhookSpec) => {
      requests.push(`POST ${handler}`);
      nextId += 1;
      return outcomes.next().value ?? { kind: 'made', id: nextId };
    },
    updateWebhook: async (id: number) => {
      requests.push(`PUT ${id}`);
      return { kind: 'done' };
    },
    deleteWebhook: async (id: number) => {
      requests.push(`DELETE ${id}`);
      return { kind: 'done' };
    },
  } as unknown as CopernicaApi;
  const entries = Object.entries(desired).map(([name, wanted], line): DesiredWebhook => {
    return { name, spec: wanted, line: line + 1, column: 1 };
  });
  const journal = { state, write: (record: StateRecord) => applyRecord(state, record), flush: async () => {} };
  const report = await runOnce(
    {
      loadManifest: async () => ({ entries, warnings: [] }),
      lockState: async () => ({
        file: 'webhooks.state.jsonl',
        open: async () => journal,
        create: () => Promise.reject(new Error('there is one')),
        release: async () => {},
      }),
      api,
      now: () => new Date(now),
      sleepUntil: async (until) => {
        now = until.getTime();
      },
      log: pino({ level: 'silent' }),
    },
    {
      manifestFile: 'webhooks.yaml',
      concurrency: 1,
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
  const results = report instanceof Error ? report.message : report.changes.map(({ result }) => result);
  return { requests, writes, state, results };
}

describe('a run', () => {
  it('mends once what a refresh saw, however often it goes round for what is uncertain', async () => {
    const edited = { id: 5, ...spec('elsewhere'), callers: ['ms', 'publisher'], database: null, collection: null };
    const { writes, results } = await run({
      records: [entry('a', 5), ...lost('b')],
      desired: { a: spec('a'), b: spec('b') },
      account: new Map([[5, edited]]),
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
    expect([state.entries.get('b')?.id, state.intents.get(1)?.name]).toEqual([21, 'b']);
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

  it('does not look id by id, and does not believe in absence, while the account can’t be read', async () => {
    const { requests, results } = await run({
      records: [entry('a', 5), ...lost('b')],
      desired: { a: spec('a'), b: spec('b') },
      listFails: true,
    });
    expect([requests, results]).toEqual([[], ['done', 'uncertain']]);
  });

  it('changes nothing when all of two webhooks look gone, unless it is forced', async () => {
    const scene = { records: [entry('a', 5), entry('b', 6)], desired: { a: spec('a'), b: spec('b') } };
    const refused = await run({ ...scene, options: { refresh: true } });
    expect(refused).toMatchObject({ writes: [], results: expect.stringContaining('look gone') });
    const forced = await run({ ...scene, options: { refresh: true, force: true } });
    expect(forced.writes).toHaveLength(2);
  });

  it('starts no change once it is told to stop, whatever kind of change', async () => {
    const { requests, results } = await run({
      records: [entry('a', 5), entry('b', 6), entry('c', 7)],
      desired: { a: spec('other'), b: spec('b', { database: 7 }), d: spec('d') },
      options: { stop: AbortSignal.abort() },
    });
    expect([requests, results]).toEqual([[], ['skipped', 'skipped', 'skipped', 'skipped']]);
  });

  it('gives up after some rounds on an API that only ever times out, and says when to come back', async () => {
    const posts = Array.from({ length: 20 }, () => ({ kind: 'unknown', message: 'no answer in time' }) as const);
    const { writes, results, state } = await run({ records: [], desired: { a: spec('a') }, posts });
    expect([writes.length, results, state.intents.size]).toEqual([6, ['uncertain'], 6]);
  });
});
