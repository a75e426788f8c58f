/**
 * How many cases a fuzz test tries: its own number in `npm test`, more where FUZZ_RUNS says so, as at night. A failure
 * prints fast-check's seed and path; `fc.assert(…, { seed, path })` repeats it.
 */
export function runs(usual: number): { readonly numRuns: number } {
  const asked = Number(process.env.FUZZ_RUNS ?? 0);
  return { numRuns: Number.isSafeInteger(asked) && asked > usual ? asked : usual };
}
