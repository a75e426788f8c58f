import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { byDay } from '../helpers/night.js';
import { draws, isMany, PATIENCE_MS } from './draws.js';
import { histories } from './history.js';
import { check } from './invariants.js';
import { Player, play } from './play.js';
import { SABOTAGES, type Sabotage } from './sabotage.js';

const DRAWS = draws('MODEL_HISTORIES', { byDay: 40, seed: 20_261_123 });
/** So many are played until a mistake must have shown. */
const HISTORIES_FOR_A_MISTAKE = 1_500;

async function violationsOf(history: Parameters<typeof play>[0], sabotage?: Sabotage) {
  const world = await play(history, sabotage);
  await new Player(world, history, sabotage).settle(history.pruneInTheEnd);
  return check(world, { prune: history.pruneInTheEnd });
}

describe('through crashes, faults, late acts, edits and jumps of the clock', () => {
  it('each webhook of the manifest exists exactly once in the end', { timeout: PATIENCE_MS }, async () => {
    let whole = 0;
    await fc.assert(
      fc.asyncProperty(histories, async (history) => {
        const { violations, excused } = await violationsOf(history);
        expect(violations).toEqual([]);
        whole += Number(excused.size === 0);
      }),
      DRAWS,
    );
    // Excuses are rare, or nothing would be shown.
    if (isMany(DRAWS)) expect(whole).toBeGreaterThan(DRAWS.numRuns / 2);
  });
});

/** Histories that were found hard, and what nothing can prove anything about in the end of each. */
const FOUND: Readonly<Record<string, readonly string[]>> = {
  'acted-on-late-with-the-clock-set-back.json': ['https://a.example/1 create'],
  'delete-answered-with-garbage.json': [],
  'doubted-entry-pruned.json': [],
  'found-and-pruned-in-a-later-round.json': ['https://a.example/1 create'],
  'gone-while-ambiguous.json': ['https://a.example/1 create'],
  'long-run-with-the-clock-set-back.json': [],
  // Somebody made webhooks like the first three.
  'nothing-of-ours-left-to-read.json': [0, 1, 2].map((at) => `https://many.example/${at} create`),
  'second-late-one-out-of-sight.json': [],
  'set-forward-before-the-next-run.json': ['https://a.example/1 create', 'https://a.example/1 create'],
  'unwanted-out-of-reach.json': [],
  'unwanted-within-reach.json': [],
  'waits-for-one-that-a-twin-made-ambiguous.json': ['https://a.example/1 create'],
};

describe('a history that was found hard', () => {
  const folder = new URL('../corpus/histories/', import.meta.url);

  it('is all here', () => {
    expect(readdirSync(folder).sort()).toEqual(Object.keys(FOUND).sort());
  });

  it.each(Object.entries(FOUND))('%s comes to what it did', async (name, excuses) => {
    const history = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Parameters<typeof play>[0];
    const { violations, excused } = await violationsOf(history);
    const told = [...excused].map((key) => (JSON.parse(key) as string[]).slice(0, 2).join(' '));
    expect([violations, told]).toEqual([[], excuses]);
  });
});

describe('the simulation notices that', () => {
  it.each(byDay(4, Object.entries(SABOTAGES)))('%s', { timeout: PATIENCE_MS }, async (_mistake, sabotage) => {
    const { failed } = await fc.check(
      fc.asyncProperty(histories, async (history) => {
        const { violations } = await violationsOf(history, sabotage).catch(() => ({ violations: [] }));
        return !violations.some((violation) => sabotage.shows.test(violation));
      }),
      { numRuns: HISTORIES_FOR_A_MISTAKE, seed: sabotage.seed ?? 20261123, endOnFailure: true },
    );
    expect(failed).toBe(true);
  });
});
