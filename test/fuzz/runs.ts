import { NIGHT, tried } from '../helpers/night.js';

/**
 * How many cases a fuzz test tries: its own number at night, a part of it by day, more where FUZZ_RUNS says so. A
 * failure prints fast-check's seed and path; `fc.assert(…, { seed, path })` repeats it.
 */
export function runs(usual: number): { readonly numRuns: number } {
  const asked = Number(process.env.FUZZ_RUNS ?? 0);
  return Number.isSafeInteger(asked) && asked > usual ? { numRuns: asked } : tried(usual);
}

/** From one byte that is left out of a text to the next: by day the places between are taken for like them. */
export const BYTES_ON = NIGHT ? 1 : 19;
