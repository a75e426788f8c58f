import fc from 'fast-check';
import { playReplicas, replicaHistories } from './replicas.js';

/** As outages-main.ts, with several processes on one state. */
const shows = new RegExp(process.env.SHOWS ?? '^');
const seed = Number(process.env.FC_SEED ?? 20261127);
const numRuns = Number(process.env.HISTORIES);

const { failed } = await fc.check(
  fc.asyncProperty(replicaHistories, async (history) => {
    try {
      const { violations } = await playReplicas(history);
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
