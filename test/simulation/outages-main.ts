import fc from 'fast-check';
import { plainHistories } from './history.js';
import { check } from './invariants.js';
import { notice } from './notice.js';
import { outages } from './outages.js';
import { Player, play } from './play.js';

const sizes = { min: 1, max: Number(process.env.SIZE ?? 40) };

await notice(fc.oneof(outages(sizes), plainHistories), async (history) => {
  const world = await play(history);
  await new Player(world, history).settle(history.pruneInTheEnd);
  return check(world, { prune: history.pruneInTheEnd }).violations;
});
