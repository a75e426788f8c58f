import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { check } from './invariants.js';
import { outages } from './outages.js';
import { Player, play } from './play.js';

const HISTORIES = Number(process.env.OUTAGES ?? 12);
const SIZES = process.env.OUTAGES === undefined ? { min: 1, max: 120 } : { min: 60, max: 500 };
const SEED = process.env.FC_SEED ?? (process.env.OUTAGES === undefined ? '20261126' : undefined);
const REPEAT = SEED === undefined ? {} : { seed: Number(SEED), path: process.env.FC_PATH ?? '' };
const PATIENCE_MS = 7_200_000;

describe('through outages in which every answer to a create is lost', () => {
  it('each webhook of the manifest exists exactly once in the end, or what is in doubt is said', {
    timeout: PATIENCE_MS,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(outages(SIZES), async (history) => {
        const world = await play(history);
        await new Player(world, history).settle(history.pruneInTheEnd);
        const { violations } = check(world, { prune: history.pruneInTheEnd });
        if (process.env.VERBOSE !== undefined)
          process.stderr.write(
            `${JSON.stringify({ many: history.many, ...world.recorder.counts, marks: [...(world.state?.possiblyDuplicated ?? [])].slice(0, 2), list: history.list, crowd: history.crowd, scan: history.scanLimit, lag: history.readLagMs, unreadable: history.unreadable, open: world.state?.intents.size, violations: violations.slice(0, 3) })}\n`,
          );
        expect(violations).toEqual([]);
      }),
      { numRuns: HISTORIES, ...REPEAT, endOnFailure: process.env.VERBOSE !== undefined },
    );
  });
});
