import { describe, expect, it } from 'vitest';
import type { LiveWebhook } from '../../../src/copernica/api.js';
import { nameDiscovered } from '../../../src/plan/discovered.js';
import { makePlan } from '../../../src/plan/plan.js';
import { findMatches } from '../../../src/recovery/matching.js';
import type { DesiredWebhook } from '../../../src/webhook.js';
import { growth, MOST_GROWTH } from '../../helpers/growth.js';
import { NIGHT } from '../../helpers/night.js';
import { anEntry, anIntent, aState } from '../../helpers/state.js';

/** By day half of it: enough for what compares each webhook with each other one. */
const SIZES = NIGHT ? { smallest: 2048, largest: 8192 } : { smallest: 1024, largest: 4096 };

const PLACE = { file: 'webhooks.yaml', line: 1, column: 1 };

interface Scene {
  readonly live: readonly LiveWebhook[];
  readonly entries: readonly DesiredWebhook[];
  /** The same webhooks as orphans of which nobody knows the scope. */
  readonly orphaned: ReturnType<typeof aState>;
  /** Lost creates of the same webhooks. */
  readonly lost: ReturnType<typeof aState>;
}

/** So many webhooks of which the account shows no database, and as many new entries with one. */
function sceneOf(count: number): Scene {
  const numbers = Array.from({ length: count }, (_, n) => n);
  const specOf = (n: number) => ({ handler: `https://a.example/${n}`, trigger: 'create' as const });
  const hidden = { callers: [], database: undefined, collection: undefined };
  return {
    live: numbers.map((n) => ({ id: 100 + n, ...specOf(n), ...hidden })),
    entries: numbers.map((n) => ({ name: `e${n}`, spec: { ...specOf(n), database: 5 }, ...PLACE })),
    orphaned: aState({
      entries: numbers.map((n) => anEntry({ name: `o${n}`, id: 1e6 + n, spec: specOf(n), isScopeNotShown: true })),
    }),
    lost: aState({
      intents: numbers.map((n) => anIntent({ intent: n + 1, name: `e${n}`, spec: specOf(n), above: 1 })),
    }),
  };
}

describe('time is linear in how many webhooks there are', () => {
  it.each<[string, (scene: Scene) => unknown]>([
    ['discover, after a lost state', ({ live, entries }) => nameDiscovered(live, null, entries)],
    ['discover, beside orphans', ({ live, entries, orphaned }) => nameDiscovered(live, orphaned, entries)],
    ['plan, with orphans of unknown scope', ({ entries, orphaned }) => makePlan(entries, orphaned)],
    ['matching what was found with lost creates', ({ live, lost }) => findMatches(lost, live, new Map())],
  ])('%s', (_what, work) => {
    const scenes = new Map<number, Scene>();
    const makeInput = (size: number) => {
      if (!scenes.has(size)) scenes.set(size, sceneOf(size));
      return 'x'.repeat(size);
    };
    const run = (input: string) => {
      const scene = scenes.get(input.length);
      if (scene !== undefined) work(scene);
    };
    expect(growth(makeInput, run, SIZES)).toBeLessThan(MOST_GROWTH);
  });
});
