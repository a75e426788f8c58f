import fc from 'fast-check';
import type { FaultOrder } from '../../src/sandbox/model/faults.js';
import { type Entries, plainEdits } from './edits.js';
import type { End, History, RunStep, Step } from './history.js';
import { CLEAN } from './play.js';

/** How a POST's answer is lost, and whether and when the server acts on it. */
const LOSSES: readonly FaultOrder[] = [
  { on: 'create', times: 'always', when: 'after', reply: { kind: 'answer', status: 504 } },
  { on: 'create', times: 'always', when: 'after', reply: { kind: 'close' } },
  { on: 'create', times: 'always', when: 'after', reply: { kind: 'without-id' } },
  { on: 'create', times: 'always', when: 'after', reply: { kind: 'hang' } },
  { on: 'create', times: 'always', when: 'before', reply: { kind: 'answer', status: 504 } },
  { on: 'create', times: 'always', when: 'before', reply: { kind: 'hang' } },
  { on: 'create', times: 'always', when: { lateMs: 5_000 }, reply: { kind: 'close' } },
  { on: 'create', times: 'always', when: { lateMs: 40_000 }, reply: { kind: 'answer', status: 502 } },
  { on: 'create', times: 'always', when: { lateMs: 500_000 }, reply: { kind: 'answer', status: 502 } },
  // An id that was given before: nobody knows what was made.
  { on: 'create', times: 3, when: 'after', reply: { kind: 'answer', status: 201, headers: { 'X-Created': '7' } } },
];

const EMPTY = '{"start":0,"limit":1000,"count":0,"total":0,"data":[]}';
const GONE = '{"error":{"message":"No entity with supplied ID"}}';

/** What else goes wrong meanwhile. */
const BESIDES: readonly (readonly FaultOrder[])[] = [
  [],
  [],
  [],
  [{ on: 'read', times: 'always', when: 'before', reply: { kind: 'answer', status: 403 } }],
  [{ on: 'read', times: 'always', when: 'before', reply: { kind: 'answer', status: 502 } }],
  [{ on: 'read', times: 'always', when: 'before', reply: { kind: 'answer', status: 400, body: GONE } }],
  [{ on: 'list', times: 'always', when: 'before', reply: { kind: 'answer', status: 200, body: EMPTY } }],
  [{ on: 'read', nth: 20, times: 3, when: 'before', reply: { kind: 'answer', status: 500 } }],
  [{ on: 'read', nth: 20, times: 'always', when: 'before', reply: { kind: 'answer', status: 500 } }],
];

const run = (parts: Partial<RunStep>): RunStep => ({ ...CLEAN, prune: false, force: false, ...parts });

const ends: fc.Arbitrary<End | null> = fc.oneof(
  { weight: 3, arbitrary: fc.constant(null) },
  {
    weight: 1,
    arbitrary: fc.record({
      how: fc.constantFrom('kill' as const, 'kill' as const, 'stop' as const),
      at: fc.integer({ min: 1, max: 2_000 }),
      share: fc.constantFrom(0, 0.3, 0.99),
    }),
  },
);

const runs = fc.record({
  faults: fc
    .tuple(fc.constantFrom(...LOSSES), fc.constantFrom(...BESIDES), fc.constantFrom(1, 1, 1, 5, 40))
    .map(([loss, besides, nth]) => [{ ...loss, nth }, ...besides]),
  end: ends,
  wait: fc.boolean(),
  comesBack: fc.constantFrom(0, 1, 3, 8),
  concurrency: fc.constantFrom(1, 4, 4, 16, 32),
  refresh: fc.boolean(),
  patient: fc.constant(false),
});

const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: runs.map(run) },
  { weight: 3, arbitrary: fc.record({ end: ends, wait: fc.boolean(), refresh: fc.boolean() }).map(run) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('edit' as const),
      edits: fc.array(plainEdits, { minLength: 1, maxLength: 3 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('time' as const), ms: fc.constantFrom(1_000, 61_000, 600_000) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('others' as const), ids: fc.constantFrom(10, 100, 700) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('by-hand' as const),
      what: fc.constantFrom('twin' as const, 'removed' as const),
      at: fc.nat(40),
    }),
  },
);

/** Hundreds of entries, in an outage in which every answer to a create is lost for a while. */
export function outages(sizes: { readonly min: number; readonly max: number }): fc.Arbitrary<History> {
  return fc
    .record({
      seed: fc.nat(),
      first: fc.constant<Entries>([]),
      crowd: fc.constantFrom(0, 1, 1, 10),
      many: fc.integer(sizes),
      steps: fc
        .tuple(runs.map(run), fc.array(steps, { maxLength: 5 }))
        .map(([first, rest]): Step[] => [first, ...rest]),
      twins: fc.constantFrom(0, 0, 0, 3),
      othersBetween: fc.constantFrom(0, 0, 3, 60, 300),
      readLagMs: fc.constantFrom(0, 0, 0, 2_000),
      unreadable: fc.array(fc.oneof(fc.integer({ min: 1_894, max: 1_940 }), fc.integer({ min: 1_941, max: 4_000 })), {
        maxLength: 3,
      }),
      limits: fc.constantFrom('absent', 'absent', 'string', 'null'),
      list: fc.constantFrom('refused', 'refused', 'refused', 'envelope'),
      putWithoutCallers: fc.constant('both' as const),
      scanLimit: fc.constantFrom(100, 5_000, 5_000),
      pruneInTheEnd: fc.boolean(),
    })
    .map(withAKnownId);
}

/** Before any id is known, nothing tells that an answer names a wrong one. */
function withAKnownId(history: History): History {
  const namesWrongIds = JSON.stringify(history.steps).includes('X-Created');
  return namesWrongIds && history.crowd === 0 ? { ...history, crowd: 1 } : history;
}
