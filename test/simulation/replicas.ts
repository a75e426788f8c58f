import fc from 'fast-check';
import { ProductError } from '../../src/errors.js';
import { runOnce } from '../../src/reconcile/run-once.js';
import type { FaultOrder } from '../../src/sandbox/model/faults.js';
import { visibleKey } from '../../src/webhook.js';
import type { Weather } from './connection.js';
import { type Entries, edited, entryOf, plainEdits, specs, valid } from './edits.js';
import type { End } from './history.js';
import { check, type Verdict } from './invariants.js';
import { manyEntries } from './many.js';
import { LEASE_MS, SharedPlace, WENT_ON } from './place.js';
import { CLEAN, Player, runOptions } from './play.js';
import { Process } from './process.js';
import { specOf } from './terms.js';
import { World } from './world.js';

/** One process of several at the same time: it makes runs, one after the other. */
export interface Replica {
  readonly startsAfterMs: number;
  readonly runs: number;
  readonly end: End | null;
  /** How wrong the clock of its machine is. */
  readonly aheadMs: number;
  readonly drift: number;
  readonly concurrency: number;
  readonly wait: boolean;
  readonly refresh: boolean;
  readonly lockTimeoutMs: number;
  readonly weather: readonly Weather[];
}

/** What happens until all of these have ended. */
export interface Round {
  readonly edits: readonly Edit[];
  readonly faults: readonly FaultOrder[];
  readonly replicas: readonly Replica[];
  /** The server loses the latest groups of records. */
  readonly goesBack: { readonly afterMs: number; readonly groups: number } | null;
}

type Edit = Parameters<typeof edited>[1];

export interface ReplicaHistory {
  readonly seed: number;
  readonly first: Entries;
  readonly many: number;
  readonly othersBetween: number;
  readonly rounds: readonly Round[];
}

/** The latest that a server can act and nothing is excused: a request's time and that to settle, but for a moment. */
const LATEST_MS = 89_000;

const faults: fc.Arbitrary<FaultOrder> = fc.record({
  on: fc.constant('create' as const),
  nth: fc.constantFrom(1, 1, 2, 3, 6),
  times: fc.constantFrom(1, 1, 2, 1_000),
  when: fc.oneof(
    fc.constantFrom('before' as const, 'after' as const, 'after' as const),
    fc.constantFrom(1_000, 10_000, 40_000, 75_000, LATEST_MS, 120_000).map((lateMs) => ({ lateMs })),
  ),
  reply: fc.constantFrom(
    { kind: 'hang' as const },
    { kind: 'close' as const },
    { kind: 'answer' as const, status: 504 },
  ),
});

const weather: fc.Arbitrary<Weather> = fc.record({
  from: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 60 })),
  times: fc.constantFrom(1, 1, 2, 5, 40),
  what: fc.oneof(
    fc.constantFrom(
      { kind: 'no-connection' as const },
      { kind: 'answer-lost' as const },
      { kind: 'never-arrives' as const },
    ),
    fc.record({ kind: fc.constant('late' as const), ms: fc.constantFrom(200, 4_000, 9_000, 14_000, 40_000) }),
    fc.record({ kind: fc.constant('slow-answer' as const), ms: fc.constantFrom(200, 2_000, 4_000, 9_000) }),
  ),
});

const ends: fc.Arbitrary<End | null> = fc.oneof(
  fc.constant(null),
  fc.record({
    how: fc.constantFrom('kill' as const, 'kill' as const, 'stop' as const),
    at: fc.integer({ min: 3, max: 80 }),
    share: fc.constant(0),
  }),
  fc.record({
    how: fc.constant('pause' as const),
    at: fc.integer({ min: 3, max: 80 }),
    ms: fc.constantFrom(1_000, LEASE_MS - 500, LEASE_MS + 500, 3 * LEASE_MS, 100_000, 400_000),
  }),
);

const replicas: fc.Arbitrary<Replica> = fc.record({
  startsAfterMs: fc.constantFrom(0, 0, 1, 30, 300, 5_000, 20_000),
  runs: fc.constantFrom(1, 1, 2, 4),
  end: ends,
  aheadMs: fc.constantFrom(0, -7_200_000, -70_000, -20_000, 20_000, 70_000, 7_200_000),
  drift: fc.constantFrom(0, 0.01, -0.01),
  concurrency: fc.constantFrom(1, 4),
  wait: fc.boolean(),
  refresh: fc.boolean(),
  lockTimeoutMs: fc.constantFrom(0, 1_000, 60_000, 600_000),
  weather: fc.oneof(fc.constant([]), fc.array(weather, { minLength: 1, maxLength: 2 })),
});

const rounds: fc.Arbitrary<Round> = fc.record({
  edits: fc.array(plainEdits, { maxLength: 2 }),
  faults: fc.oneof(fc.constant([]), fc.array(faults, { minLength: 1, maxLength: 2 })),
  replicas: fc.array(replicas, { minLength: 2, maxLength: 3 }),
  goesBack: fc.oneof(
    { weight: 20, arbitrary: fc.constant(null) },
    {
      weight: 1,
      arbitrary: fc.record({
        afterMs: fc.constantFrom(30, 200, 2_000, 30_000),
        groups: fc.integer({ min: 1, max: 6 }),
      }),
    },
  ),
});

export const replicaHistories: fc.Arbitrary<ReplicaHistory> = fc.record({
  seed: fc.nat(),
  first: fc
    .array(fc.record({ name: fc.constantFrom('a', 'b', 'c', 'd', 'e'), spec: specs }), { minLength: 1, maxLength: 5 })
    .map((entries) => valid(entries.map(({ name, spec }) => entryOf(name, spec)))),
  many: fc.constantFrom(0, 0, 6, 15),
  othersBetween: fc.constantFrom(0, 0, 3, 60),
  rounds: fc.array(rounds, { minLength: 1, maxLength: 3 }),
});

/**
 * Lets several processes at a time work on one state, and then lets that settle. Where the server lost what it had said
 * was stored, nothing is promised but that whoever knew of it does not go on.
 */
export async function playReplicas(history: ReplicaHistory): Promise<Verdict> {
  const { seed, first, many, othersBetween } = history;
  const scanLimit = 100;
  const quirks = { limits: 'absent', list: 'refused', putWithoutCallers: 'both' } as const;
  const world: World = new World({ seed, first, scanLimit, ...quirks }, (within) => new SharedPlace(within));
  const place = world.place as SharedPlace;
  world.entries = [...world.entries, ...manyEntries(many)];
  world.othersBetween = othersBetween;
  for (const { edits, faults: orders, replicas: all, goesBack } of history.rounds) {
    for (const edit of edits) world.entries = edited(world.entries, edit);
    for (const order of orders) world.model.orderFault(order);
    const { afterMs = 0, groups = 0 } = goesBack ?? {};
    const callOff = world.time.after(afterMs, () => place.goBack(groups));
    const playing = all.map((replica) => new Playing(world, replica));
    await world.time.runWhile(() => playing.some(({ isOver }) => !isOver));
    for (const { process } of playing) world.recorder.countUnowned(process.state);
    callOff();
    world.model.clearFaults();
  }
  if (place.wentBack) {
    const violations = world.recorder.violations.filter((violation) => violation.includes(WENT_ON));
    return { violations, excused: new Set(['what the server lost']) };
  }
  await new Player(world, { scanLimit }).settle(true);
  const verdict = check(world, { prune: true });
  return { ...verdict, violations: [...verdict.violations, ...untold(world, place, verdict.excused)] };
}

/** What was answered, and told when the lease was lost, is known in the end. */
function untold({ live, state }: World, { server }: SharedPlace, excused: Verdict['excused']): string[] {
  const unknown = [...server.toldOf].filter((id) => {
    const webhook = live.get(id);
    // Of one that was made after all that is waited for, it is too late: see rule 13.
    if (webhook === undefined || excused.has(visibleKey(specOf(webhook)))) return false;
    return state?.owners.has(id) === false;
  });
  return [
    ...unknown.map((id) => `webhook ${id} was told of, and nobody knows of it`),
    ...server.outcomes().map(({ key }) => `nobody has taken in outcome ${key}`),
  ];
}

class Playing {
  readonly process: Process;
  #isDone = false;

  constructor(world: World, replica: Replica) {
    this.process = new Process(world, { ...CLEAN, ...replica });
    this.process.later(replica.startsAfterMs, () => void this.#play(world, replica));
  }

  get isOver(): boolean {
    return this.#isDone || this.process.dead;
  }

  async #play(world: World, replica: Replica): Promise<void> {
    const { process } = this;
    for (let run = 0; run < replica.runs; run += 1) {
      const options = runOptions({ ...CLEAN, ...replica }, { scanLimit: world.scanLimit, stop: process.stop.signal });
      try {
        const { comeBackInMs } = await runOnce(process.ports(), options);
        await process.sleep(Math.max(1_000, comeBackInMs ?? 0));
      } catch (error) {
        if (!(error instanceof ProductError)) world.recorder.accuse(`threw ${String((error as Error).stack)}`);
        await process.sleep(1_000);
      }
    }
    this.#isDone = true;
    process.dead = true;
  }
}
