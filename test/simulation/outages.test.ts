import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { draws, PATIENCE_MS } from './draws.js';
import { check } from './invariants.js';
import { outages } from './outages.js';
import { Player, play } from './play.js';

const DRAWS = draws('OUTAGES', { byDay: 4, seed: 3 });
const SIZES = process.env.OUTAGES === undefined ? { min: 1, max: 120 } : { min: 60, max: 500 };

describe('through outages in which every answer to a create is lost', () => {
  it('each webhook of the manifest exists once, or what is in doubt is said', { timeout: PATIENCE_MS }, async () => {
    const totals = { histories: 0, lost: 0, reads: 0, marks: 0, mostUnowned: 0 };
    await fc.assert(
      fc.asyncProperty(outages(SIZES), async (history) => {
        const world = await play(history);
        await new Player(world, history).settle(history.pruneInTheEnd);
        const { lost, reads, mostUnowned } = world.recorder.counts;
        totals.histories += 1;
        totals.lost += lost;
        totals.reads += reads;
        totals.marks += world.state?.possiblyDuplicated.size ?? 0;
        totals.mostUnowned = Math.max(totals.mostUnowned, mostUnowned);
        expect(check(world, { prune: history.pruneInTheEnd }).violations).toEqual([]);
      }),
      // To make one of hundreds of entries smaller takes hours: its seed and path are enough.
      { ...DRAWS, endOnFailure: process.env.OUTAGES !== undefined },
    );
    // Refreshes included.
    const perLost = (totals.reads / totals.lost).toFixed(1);
    process.stdout.write(`${JSON.stringify({ ...totals, readsPerLostAnswer: Number(perLost) })}\n`);
    expect(totals.lost).toBeGreaterThan(DRAWS.numRuns);
  });
});
