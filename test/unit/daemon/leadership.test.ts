import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Candidate, type Decision, decide } from '../../../src/daemon/leadership.js';

const account = (name: string, lease: Candidate['lease'], how: Partial<Candidate> = {}): Candidate => {
  return { name, lease, isRunning: false, isStopping: false, ...how };
};
const ours = (...names: string[]) => names.map((name) => account(name, 'ours'));
const running = { isRunning: true };
const stopping = { isStopping: true };

const ROWS: readonly [string, readonly Candidate[], replicas: number, expected: readonly Decision[]][] = [
  ['takes what is free', [account('a', 'free')], 1, ['take']],
  [
    'takes no more than its share',
    [account('a', 'free'), account('b', 'free'), account('c', 'free')],
    2,
    ['take', 'take', 'stay'],
  ],
  ['takes nothing above its share', [...ours('a'), account('b', 'free')], 2, ['stay', 'stay']],
  ['takes nothing when it is told to stop', [account('a', 'free', stopping)], 1, ['stay']],
  ['leaves alone what another leads', [account('a', 'taken')], 1, ['stay']],
  ['leaves alone what has no state', [account('a', 'none')], 1, ['stay']],
  ['keeps its share', ours('a', 'b', 'c'), 1, ['stay', 'stay', 'stay']],
  ['gives back what is above its share when another joins', ours('a', 'b', 'c'), 2, ['stay', 'stay', 'give-back']],
  ['moves none while its run is under way', [...ours('a'), account('b', 'ours', running)], 2, ['give-back', 'stay']],
  ['waits with all of them under way', ['a', 'b'].map((name) => account(name, 'ours', running)), 2, ['stay', 'stay']],
  ['gives back what it is to stop', [account('a', 'ours', stopping)], 1, ['give-back']],
  ['finishes its run first', [account('a', 'ours', { ...stopping, ...running })], 1, ['stay']],
];

describe('who leads an account', () => {
  it.each(ROWS)('%s', (_title, candidates, replicas, expected) => {
    const decisions = decide(candidates, replicas);
    expect(candidates.map(({ name }) => decisions.get(name))).toEqual(expected);
  });

  it('is spread evenly after a few looks, whoever joins or is killed', () => {
    const counts = fc.record({ accounts: fc.integer({ min: 1, max: 40 }), replicas: fc.integer({ min: 1, max: 6 }) });
    fc.assert(
      fc.property(counts, fc.array(fc.integer({ min: 0, max: 6 })), ({ accounts, replicas }, initial) => {
        const holders = Array.from({ length: accounts }, (_, index) => initial[index] ?? null);
        // A holder that is none of the live ones is dead: what it led is free.
        const leaseFor = (replica: number, holder: number | null) =>
          holder === replica ? 'ours' : holder === null || holder >= replicas ? 'free' : 'taken';
        for (let look = 0; look < 3; look += 1) {
          for (let replica = 0; replica < replicas; replica += 1) {
            const seen = holders.map((holder, index) => account(`${100 + index}`, leaseFor(replica, holder)));
            const decisions = decide(seen, replicas);
            seen.forEach(({ name }, index) => {
              if (decisions.get(name) === 'take') holders[index] = replica;
              if (decisions.get(name) === 'give-back') holders[index] = null;
            });
          }
        }
        const led = Array.from({ length: replicas }, (_, replica) => holders.filter((by) => by === replica).length);
        expect(led.reduce((sum, count) => sum + count)).toBe(accounts);
        expect(Math.max(...led)).toBeLessThanOrEqual(Math.ceil(accounts / replicas));
      }),
    );
  });
});
