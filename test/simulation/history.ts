import fc from 'fast-check';
import type { FaultOrder } from '../../src/sandbox/model/faults.js';
import { type Edit, type Entries, edits, entryOf, plainEdits, specs, valid } from './edits.js';

export const CALLS = ['create', 'update', 'delete', 'read', 'list', 'identity'] as const;
export type CallKind = (typeof CALLS)[number];

/** A connection that can't be opened: nothing of the request leaves. The sandbox can't play that. */
export interface NoConnection {
  readonly on: CallKind | 'any';
  readonly nth: number;
  readonly times: number;
}

/** How a process ends, at the boundary of its I/O of this number: see Process. */
export type End =
  | {
      readonly how: 'kill' | 'stop' | 'disk-full';
      readonly at: number;
      /** How much of what was not flushed survives a kill. */
      readonly share: number;
    }
  /** It stands still for so long, and goes on. */
  | { readonly how: 'pause'; readonly at: number; readonly ms: number };

export interface RunStep {
  readonly kind: 'run';
  readonly faults: readonly FaultOrder[];
  readonly noConnection: readonly NoConnection[];
  readonly end: End | null;
  readonly refresh: boolean;
  readonly prune: boolean;
  readonly force: boolean;
  readonly hold: boolean;
  /** Like `apply`, which waits for uncertain creates to settle; or like the daemon, which comes back so many times. */
  readonly wait: boolean;
  readonly comesBack: number;
  readonly concurrency: number;
  /** With the retries of the real client, or each call once. */
  readonly patient: boolean;
  readonly token: 'ours' | 'other';
  /** The clock of the client's machine jumps while it runs. */
  readonly jump: { readonly afterMs: number; readonly byMs: number } | null;
  /** One create may be sent although answers were lost lately. */
  readonly retry: boolean;
}

/** What happens to a webhook of ours in the dashboard, `at` in the order of ids; or to none of ours. */
export type HandStep =
  | { readonly kind: 'by-hand'; readonly what: 'removed' | 'vanished'; readonly at: number }
  | { readonly kind: 'by-hand'; readonly what: 'edited'; readonly at: number; readonly as: Entries[number]['spec'] }
  /** Somebody makes one that is like an entry of the manifest. */
  | { readonly kind: 'by-hand'; readonly what: 'twin'; readonly at: number };

export type Step =
  | RunStep
  | HandStep
  | { readonly kind: 'edit'; readonly edits: readonly Edit[] }
  | { readonly kind: 'break' | 'mend' }
  /** Other tenants take so many ids. */
  | { readonly kind: 'others'; readonly ids: number }
  | { readonly kind: 'time'; readonly ms: number }
  | { readonly kind: 'jump'; readonly byMs: number };

export interface History {
  /** For what is left to chance in a run: latencies, and how far retries wait. */
  readonly seed: number;
  readonly first: Entries;
  /** Further entries that are in the account from the start, so that the deletion limit has something to guard. */
  readonly crowd: number;
  readonly steps: readonly Step[];
  /** As many entries more, of the first run that the history plays. */
  readonly many?: number;
  /** Somebody has made webhooks like so many of them before. */
  readonly twins?: number;
  /** How many ids others take, at the most, after each that is ours. */
  readonly othersBetween?: number;
  /** How long a new webhook is not there for those who read it. */
  readonly readLagMs?: number;
  /** Ids of which no read is ever answered. */
  readonly unreadable?: readonly number[];
  readonly limits: 'absent' | 'string' | 'number' | 'null';
  readonly list: 'refused' | 'envelope';
  readonly putWithoutCallers: 'both' | 'keeps';
  readonly scanLimit: number;
  readonly pruneInTheEnd: boolean;
}

const REFUSED = [400, 401, 403, 404, 422];
const TURNED_AWAY = [429, 503];
/** Echoes what it was told, as some servers do. */
const ECHO = '{"error":{"message":"Invalid handler https://user:hunter2-user-info@a.example/2?key=hunter2-query"}}';
const OWN_503 = '{"error":{"message":"Service unavailable"}}';

/** Nothing was acted on, and the answer says so. */
const notDone: fc.Arbitrary<FaultOrder['reply']> = fc
  .constantFrom(...REFUSED, ...TURNED_AWAY)
  .chain((status) =>
    fc.constantFrom(
      { kind: 'answer' as const, status },
      { kind: 'answer' as const, status, ...(REFUSED.includes(status) ? { body: ECHO } : {}) },
    ),
  );

/** Nobody knows from these whether it was acted on. */
const unknown: fc.Arbitrary<FaultOrder['reply']> = fc.oneof(
  fc.constantFrom(
    ...(['close', 'reset', 'hang', 'without-id', 'garbage', 'truncated'] as const).map((kind) => ({ kind })),
  ),
  fc.constantFrom(408, 409, 500, 502, 504).map((status) => ({ kind: 'answer' as const, status })),
  fc.constant({ kind: 'answer' as const, status: 503, body: OWN_503 }),
);

const LATE_MS = [1, 1_000, 10_000, 40_000, 59_000, 59_000, 90_000, 3_600_000];

const orders = fc.oneof(
  fc.record({ when: fc.constant('before' as const), reply: fc.oneof(notDone, unknown) }),
  fc.record({ when: fc.constant('after' as const), reply: unknown }),
  fc.record({ when: fc.constantFrom(...LATE_MS).map((lateMs) => ({ lateMs })), reply: unknown }),
  fc.record({
    when: fc.constantFrom('before' as const, 'after' as const),
    reply: fc.constantFrom(200, 20_000, 45_000, 100_000).map((ms) => ({ kind: 'slow' as const, ms })),
  }),
);

const nth = fc.constantFrom(1, 1, 1, 2, 3, 5);
/** Once, or in a spell. */
const times = fc.constantFrom(1, 1, 1, 1, 2, 6, 1_000);
const on = fc.oneof(
  { weight: 3, arbitrary: fc.constant('create' as const) },
  { weight: 1, arbitrary: fc.constantFrom(...CALLS, 'any' as const) },
);

/** An answer of refusal from a list call says that there is none; that changes nothing but the way. */
export const faults: fc.Arbitrary<FaultOrder> = fc
  .record({ on, nth, times, order: orders })
  .map(({ order, ...aim }) => ({ ...aim, ...honest(order, aim.on) }) as FaultOrder);

/**
 * A POST without an id in its answer says nothing; any other call would be told that it was done, and that would be a
 * lie.
 */
function honest<Order extends { readonly when: unknown; readonly reply: object }>(order: Order, on: string): object {
  const isLie =
    order.when === 'before' && on !== 'create' && 'kind' in order.reply && order.reply.kind === 'without-id';
  return isLie ? { ...order, reply: { kind: 'close' } } : order;
}

const ends: fc.Arbitrary<End> = fc.record({
  how: fc.constantFrom('kill' as const, 'kill' as const, 'kill' as const, 'stop' as const, 'disk-full' as const),
  at: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 90 })),
  share: fc.constantFrom(0, 0, 0.3, 0.6, 0.99),
});

const JUMPS_MS = [-7_200_000, -61_000, -500, 500, 61_000, 7_200_000];
const rarely = (share: number) => fc.nat(share - 1).map((drawn) => drawn === 0);
const mostly = (share: number) => fc.nat(share - 1).map((drawn) => drawn !== 0);
const sometimes = <T>(share: number, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.option(arbitrary, { freq: share - 1 }).map((value) => value);

const runs: fc.Arbitrary<RunStep> = fc.record({
  kind: fc.constant('run' as const),
  faults: fc.oneof(
    { weight: 1, arbitrary: fc.constant([]) },
    { weight: 3, arbitrary: fc.array(faults, { minLength: 1, maxLength: 3 }) },
  ),
  noConnection: fc.oneof(
    { weight: 6, arbitrary: fc.constant([]) },
    {
      weight: 1,
      arbitrary: fc.array(
        fc.record({ on: fc.constantFrom(...CALLS, 'any' as const), nth, times: fc.constantFrom(1, 3, 1_000) }),
        { minLength: 1, maxLength: 1 },
      ),
    },
  ),
  end: fc.oneof(fc.constant(null), ends),
  refresh: fc.boolean(),
  prune: fc.boolean(),
  force: rarely(6),
  hold: rarely(6),
  wait: fc.boolean(),
  comesBack: fc.constantFrom(0, 0, 1, 3),
  concurrency: fc.constantFrom(1, 2, 4),
  patient: rarely(4),
  retry: rarely(6),
  token: mostly(25).map((ours) => (ours ? ('ours' as const) : ('other' as const))),
  jump: sometimes(3, fc.record({ afterMs: fc.constantFrom(20, 100, 31_000), byMs: fc.constantFrom(...JUMPS_MS) })).map(
    (jump) => (jump !== null && jump.afterMs === 31_000 ? jump : null),
  ),
});

const position = fc.nat(5);
const hands: fc.Arbitrary<HandStep> = fc.oneof(
  fc.record({
    kind: fc.constant('by-hand' as const),
    what: fc.constantFrom('removed' as const, 'vanished' as const),
    at: position,
  }),
  fc.record({ kind: fc.constant('by-hand' as const), what: fc.constant('edited' as const), at: position, as: specs }),
  fc.record({ kind: fc.constant('by-hand' as const), what: fc.constant('twin' as const), at: position }),
);

const stepsWith = (someEdits: fc.Arbitrary<Edit>): fc.Arbitrary<Step> =>
  fc.oneof(
    { weight: 12, arbitrary: runs },
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constant('edit' as const),
        edits: fc.array(someEdits, { minLength: 1, maxLength: 3 }),
      }),
    },
    { weight: 2, arbitrary: hands },
    { weight: 1, arbitrary: fc.constantFrom({ kind: 'break' as const }, { kind: 'mend' as const }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('others' as const), ids: fc.constantFrom(1, 10, 40, 150) }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('time' as const), ms: fc.constantFrom(100, 30_000, 61_000) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('jump' as const), byMs: fc.constantFrom(...JUMPS_MS) }) },
  );

const historiesWith = (someEdits: fc.Arbitrary<Edit>): fc.Arbitrary<History> =>
  fc.record({
    seed: fc.nat(),
    first: fc
      .array(fc.record({ name: fc.constantFrom('a', 'b', 'c', 'd', 'e'), spec: specs }), { minLength: 1, maxLength: 5 })
      .map((entries) => valid(entries.map(({ name, spec }) => entryOf(name, spec)))),
    crowd: fc.nat(9).map((drawn) => (drawn === 0 ? 10 : 0)),
    steps: fc.array(stepsWith(someEdits), { minLength: 1, maxLength: 8 }),
    limits: fc.constantFrom('absent', 'absent', 'string', 'number', 'null'),
    list: fc.constantFrom('refused', 'refused', 'envelope'),
    putWithoutCallers: fc.constantFrom('both', 'keeps'),
    scanLimit: fc.constantFrom(20, 100, 100),
    pruneInTheEnd: fc.boolean(),
  });

export const histories = historiesWith(edits);
/** Whose manifests say nothing of former names, and protect nothing. */
export const plainHistories = historiesWith(plainEdits);
