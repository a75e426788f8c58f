import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { playReplicas, replicaHistories } from './replicas.js';

/** As for one process: see exactly-once.test.ts. */
const HISTORIES = Number(process.env.MODEL_HISTORIES ?? 60);
const SEED = process.env.FC_SEED ?? (process.env.MODEL_HISTORIES === undefined ? '20261127' : undefined);
const REPEAT = SEED === undefined ? {} : { seed: Number(SEED), path: process.env.FC_PATH ?? '' };
const PATIENCE_MS = 7_200_000;

describe('with several processes on one state, through kills, pauses, wrong clocks and lost commits', () => {
  it('each webhook of the manifest exists exactly once in the end', { timeout: PATIENCE_MS }, async () => {
    let whole = 0;
    await fc.assert(
      fc.asyncProperty(replicaHistories, async (history) => {
        const { violations, excused } = await playReplicas(history);
        expect(violations).toEqual([]);
        whole += Number(excused.size === 0);
      }),
      { numRuns: HISTORIES, ...REPEAT },
    );
    // Excuses are rare, or nothing would be shown.
    if (REPEAT.path === undefined || REPEAT.path === '') expect(whole).toBeGreaterThan(HISTORIES / 2);
  });
});
