import { it } from 'vitest';

/** Whether all of it is run, as `npm run test:nightly` does. */
export const NIGHT = process.env.NIGHT !== undefined;

/** A test that is left to the night: by day one test stands for its like. */
export const atNight = it.skipIf(!NIGHT);

/** The rows of a table of cases: by day the first so many, which stand for their like. */
export function byDay<const Row>(count: number, rows: readonly Row[]): readonly Row[] {
  return NIGHT ? rows : rows.slice(0, count);
}

/** How many cases of a property are tried: by day an eighth. */
export function tried(atNightSoMany: number): { readonly numRuns: number } {
  return { numRuns: NIGHT ? atNightSoMany : Math.ceil(atNightSoMany / 8) };
}
