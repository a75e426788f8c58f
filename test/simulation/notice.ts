import fc from 'fast-check';

/**
 * Plays histories until one shows what is asked for (SHOWS), and ends the process with 0 when one did. For programs of
 * their own, so that they can be bundled with one rule less.
 */
export async function notice<History>(
  histories: fc.Arbitrary<History>,
  violationsOf: (history: History) => Promise<readonly string[]>,
): Promise<never> {
  const shows = new RegExp(process.env.SHOWS ?? '^');
  const seed = Number(process.env.FC_SEED ?? 20261126);
  const numRuns = Number(process.env.HISTORIES);
  const property = fc.asyncProperty(histories, async (history) => {
    // A history that the mistake breaks off shows nothing.
    const violations = await violationsOf(history).catch(() => []);
    const noticed = violations.filter((violation) => shows.test(violation));
    if (noticed.length === 0) return true;
    const played = process.env.VERBOSE === undefined ? '' : JSON.stringify(history);
    process.stderr.write(`${noticed.slice(0, 3).join('\n')}\n${played}\n`);
    return false;
  });
  const { failed } = await fc.check(property, { numRuns, seed, endOnFailure: process.env.SHRINK === undefined });
  process.exit(failed ? 0 : 1);
}
