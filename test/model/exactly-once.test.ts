import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProductError } from '../../src/errors.js';
import { type RunOptions, type RunReport, runOnce } from '../../src/reconcile/run-once.js';
import type { StoredWebhook } from '../../src/sandbox/model/account.js';
import type { FaultOrder } from '../../src/sandbox/model/faults.js';
import { SandboxModel } from '../../src/sandbox/model/sandbox-model.js';
import { type DesiredWebhook, TRIGGERS, visibleKey, type WebhookSpec, webhookKey } from '../../src/webhook.js';
import { VirtualTime } from './virtual-time.js';
import { World } from './world.js';

const START = Date.parse('2026-01-01T00:00:00.000Z');
const SETTLE_MS = 60_000;
const SCAN_LIMIT = 500;
/** More than enough: each run either settles what is uncertain or says when to come back. */
const MOST_CLEAN_RUNS = 8;

/**
 * The same histories each time in `npm test`, so that it says something about the change at hand; others each time, and
 * more of them, at night (MODEL_HISTORIES). A failure prints its seed and path: FC_SEED and FC_PATH repeat it.
 */
const HISTORIES = Number(process.env.MODEL_HISTORIES ?? 600);
const SEED = process.env.FC_SEED ?? (process.env.MODEL_HISTORIES === undefined ? '20261123' : undefined);
const REPEAT = SEED === undefined ? {} : { seed: Number(SEED), path: process.env.FC_PATH ?? '' };
/** Against hanging for ever only: how long it takes is the machine's. */
const PATIENCE_MS = 3_600_000;

/** One thing that happens to a world. */
type Step =
  | { readonly kind: 'manifest'; readonly entries: readonly DesiredWebhook[] }
  | { readonly kind: 'run'; readonly faults: readonly FaultOrder[]; readonly dieAt: number; readonly torn: number }
  | { readonly kind: 'others'; readonly ids: number };

const specs: fc.Arbitrary<WebhookSpec> = fc
  .record({
    handler: fc.constantFrom('https://a.example/1', 'https://a.example/2'),
    trigger: fc.constantFrom(TRIGGERS[0], TRIGGERS[1]),
    database: fc.constantFrom(undefined, 1, 2),
  })
  .map(({ database, ...rest }) => (database === undefined ? rest : { ...rest, database }));

const manifests = fc
  .uniqueArray(specs, { selector: webhookKey, minLength: 1, maxLength: 5 })
  .chain((unique) =>
    fc
      .shuffledSubarray(['a', 'b', 'c', 'd', 'e'], { minLength: unique.length, maxLength: unique.length })
      .map((names) =>
        unique.map((spec, index): DesiredWebhook => ({ name: names[index] ?? '', spec, line: index + 2, column: 5 })),
      ),
  );

const whens: fc.Arbitrary<FaultOrder['when']> = fc.oneof(
  fc.constantFrom('before' as const, 'after' as const),
  fc.constantFrom(1, 10_000, 40_000, 59_000).map((lateMs) => ({ lateMs })),
);
const replies: fc.Arbitrary<FaultOrder['reply']> = fc.oneof(
  fc.constantFrom({ kind: 'close' as const }, { kind: 'hang' as const }, { kind: 'without-id' as const }),
  fc.constantFrom(400, 429, 500, 502, 503, 504).map((status) => ({ kind: 'answer' as const, status })),
);

/** Statuses that say "nothing was made" are only told when nothing was. */
function isHonest({ when, reply }: FaultOrder): boolean {
  return when === 'before' || reply.kind !== 'answer' || ![400, 429, 503].includes(reply.status);
}

const createFaults = fc
  .record({ on: fc.constant('create' as const), nth: fc.integer({ min: 1, max: 4 }), when: whens, reply: replies })
  .map((fault) => fault as FaultOrder)
  .filter(isHonest);

const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: manifests.map((entries): Step => ({ kind: 'manifest', entries })) },
  {
    weight: 5,
    arbitrary: fc
      .record({
        faults: fc.array(createFaults, { maxLength: 3 }),
        dieAt: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 60 })),
        torn: fc.nat(3),
      })
      .map((run): Step => ({ kind: 'run', ...run })),
  },
  { weight: 1, arbitrary: fc.constantFrom(1, 10, 40).map((ids): Step => ({ kind: 'others', ids })) },
);

interface History {
  readonly first: readonly DesiredWebhook[];
  readonly steps: readonly Step[];
  readonly limits: 'absent' | 'string' | 'null';
  readonly list: 'refused' | 'envelope';
}

const histories: fc.Arbitrary<History> = fc.record({
  first: manifests,
  steps: fc.array(steps, { minLength: 1, maxLength: 8 }),
  limits: fc.constantFrom('absent', 'string', 'null'),
  list: fc.constantFrom('refused', 'refused', 'envelope'),
});

function options(overrides: Partial<RunOptions> = {}): RunOptions {
  return {
    manifestFile: 'webhooks.yaml',
    concurrency: 2,
    init: true,
    refresh: false,
    prune: true,
    force: true,
    onUncertain: 'recover',
    settling: { settleMs: SETTLE_MS, scanLimit: SCAN_LIMIT },
    waitToSettle: true,
    stop: new AbortController().signal,
    onProgress: () => {},
    ...overrides,
  };
}

/** One run of a process, to its end or its death. */
async function run(world: World, runOptions: RunOptions, dieAt = 0, torn = 0): Promise<RunReport | 'died' | 'refused'> {
  const process = world.startProcess(dieAt, (pending) => Math.min(torn, pending));
  let outcome: RunReport | 'refused' | undefined;
  let failure: unknown;
  runOnce(process.edges(), runOptions).then(
    (report) => {
      outcome = report;
    },
    (error: unknown) => {
      if (error instanceof ProductError && error.kind === 'failed') outcome = 'refused';
      else failure = error;
    },
  );
  await world.time.runWhile(() => outcome === undefined && failure === undefined && !process.dead);
  if (failure !== undefined) throw failure;
  return outcome ?? 'died';
}

async function play(history: History, runOptions: RunOptions): Promise<World> {
  const { limits, list } = history;
  const world = new World(new SandboxModel({ quirks: { limits, list } }), new VirtualTime(START));
  world.desired = history.first;
  for (const step of history.steps) {
    switch (step.kind) {
      case 'manifest':
        world.desired = step.entries;
        break;
      case 'others':
        world.model.takeIds(step.ids);
        break;
      case 'run':
        for (const fault of step.faults) world.model.orderFault(fault);
        await run(world, runOptions, step.dieAt, step.torn);
        world.model.clearFaults();
    }
  }
  return world;
}

/** Clean runs until nothing is uncertain any more, with time for what the server still acts on. */
async function settle(world: World): Promise<void> {
  for (let count = 0; count < MOST_CLEAN_RUNS; count += 1) {
    await run(world, options());
    await world.time.drain();
    if (world.state?.intents.size === 0 && world.state.doomed.size === 0) return;
  }
}

function liveKey({ handler, trigger, callers, database }: StoredWebhook): string {
  return webhookKey({ handler, trigger, callers, ...(database === null ? {} : { database }) } as WebhookSpec);
}

function liveKeys(world: World): string[] {
  return world.model.webhooks().map(liveKey).sort();
}

/**
 * Each entry of the manifest has one live webhook, and the state knows its id. What could not be proved may differ, if
 * it is said, and only where nothing could prove it: an ambiguous entry shares what the account shows with another, or
 * had no lower bound.
 */
function expectExactlyOnce(world: World): void {
  const state = world.state;
  if (state === null) throw new Error('there is no state');
  const open = [...state.intents.values()].filter((intent) => intent.absentSince === undefined);
  const unsettled = new Set(open.map(({ name }) => name));
  const doubted = [...state.entries.values()].filter((entry) => entry.possiblyDuplicated !== undefined);
  const shown = [...world.desired, ...state.entries.values(), ...open];
  for (const name of unsettled) {
    const reasons = open
      .filter((intent) => intent.name === name)
      .map((intent) => {
        const alike = shown.filter(({ spec }) => visibleKey(spec) === visibleKey(intent.spec));
        return intent.above === null || new Set(alike.map(({ spec }) => webhookKey(spec))).size > 1;
      });
    expect(reasons).toContain(true);
  }
  const waiting = new Set(open.map(({ spec }) => webhookKey(spec)));
  const live = liveKeys(world);
  for (const { name, spec } of world.desired) {
    const key = webhookKey(spec);
    if (unsettled.has(name) || waiting.has(key) || doubted.some((entry) => entry.name === name)) continue;
    // An entry that is still to be changed may have what this one wants.
    const others = new Set([...state.entries.values()].filter((entry) => entry.name !== name).map(({ id }) => id));
    const its = world.model.webhooks().filter((webhook) => liveKey(webhook) === key && !others.has(webhook.id));
    expect([name, its.length]).toEqual([name, 1]);
  }
  if (open.length + doubted.length > 0) return;
  const known = [...state.entries.values()].map(({ id }) => id).sort((a, b) => a - b);
  expect(known).toEqual(world.model.webhooks().map(({ id }) => id));
  expect(live).toEqual(world.desired.map(({ spec }) => webhookKey(spec)).sort());
}

describe('through crashes, time-outs and late acts', () => {
  it('each webhook of the manifest exists exactly once in the end', { timeout: PATIENCE_MS }, async () => {
    await fc.assert(
      fc.asyncProperty(histories, async (history) => {
        const world = await play(history, options());
        await settle(world);
        expectExactlyOnce(world);
      }),
      { numRuns: HISTORIES, ...REPEAT },
    );
  });

  it('no POST is repeated while its entry is on hold', { timeout: PATIENCE_MS }, async () => {
    await fc.assert(
      fc.asyncProperty(histories, async (history) => {
        const hold = options({ onUncertain: 'hold', waitToSettle: false });
        const world = await play({ ...history, steps: history.steps.filter(({ kind }) => kind !== 'manifest') }, hold);
        await world.time.drain();
        const keys = liveKeys(world);
        expect(new Set(keys).size).toBe(keys.length);
      }),
      { numRuns: HISTORIES / 2, ...REPEAT },
    );
  });
});
