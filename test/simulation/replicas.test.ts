import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { draws, isMany, PATIENCE_MS } from './draws.js';
import { playReplicas, replicaHistories } from './replicas.js';

const DRAWS = draws('MODEL_HISTORIES', { byDay: 30, seed: 20_261_127 });

describe('with several processes on one state, through kills, pauses, wrong clocks and lost commits', () => {
  it('each webhook of the manifest exists exactly once in the end', { timeout: PATIENCE_MS }, async () => {
    let whole = 0;
    await fc.assert(
      fc.asyncProperty(replicaHistories, async (history) => {
        const { violations, excused } = await playReplicas(history);
        expect(violations).toEqual([]);
        whole += Number(excused.size === 0);
      }),
      DRAWS,
    );
    // Excuses are rare, or nothing would be shown.
    if (isMany(DRAWS)) expect(whole).toBeGreaterThan(DRAWS.numRuns / 2);
  });
});
