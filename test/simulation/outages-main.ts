import fc from 'fast-check';
import { plainHistories } from './history.js';
import { check } from './invariants.js';
import { outages } from './outages.js';
import { Player, play } from './play.js';

/**
 * A program of its own, so that it can be bundled with one rule less: plays histories until one shows what is asked
 * for, and says so by its exit code.
 */
const shows = new RegExp(process.env.SHOWS ?? '^');
const seed = Number(process.env.FC_SEED ?? 20261126);
const numRuns = Number(process.env.HISTORIES);
const sizes = { min: 1, max: Number(process.env.SIZE ?? 40) };

const { failed } = await fc.check(
  fc.asyncProperty(fc.oneof(outages(sizes), plainHistories), async (history) => {
    try {
      const world = await play(history);
      await new Player(world, history).settle(history.pruneInTheEnd);
      const { violations } = check(world, { prune: history.pruneInTheEnd });
      const noticed = violations.filter((violation) => shows.test(violation));
      if (noticed.length > 0)
        process.stderr.write(
          `${noticed.slice(0, 3).join('\n')}\n${process.env.VERBOSE === undefined ? '' : JSON.stringify(history)}\n`,
        );
      return noticed.length === 0;
    } catch {
      return true;
    }
  }),
  { numRuns, seed, endOnFailure: process.env.SHRINK === undefined },
);
process.exit(failed ? 0 : 1);
