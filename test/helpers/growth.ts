/** Long enough to be measured on a busy machine, in milliseconds. */
const MEASURABLE_MS = 5;
const LARGEST = 2 ** 21;
const MOST_ROUNDS = 12;

/**
 * How many times as long work takes on an input that is twice as large: about 2 for linear work, 4 for quadratic. The
 * size is the smallest that can be measured, so that bad work does not take hours to be found out. Over two doublings,
 * what the collection of garbage adds counts less; where it looks bad, it is measured more often.
 */
export function growth(makeInput: (size: number) => string, work: (input: string) => unknown): number {
  let size = 1024;
  while (timeOf(makeInput(size), work) < MEASURABLE_MS && size < LARGEST) size *= 2;
  const [small, large] = [makeInput(size), makeInput(4 * size)];
  let [least, most] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let round = 1; round <= MOST_ROUNDS && (round <= 2 || most / least > 3 ** 2); round += 1) {
    least = Math.min(least, timeOf(small, work));
    most = Math.min(most, timeOf(large, work));
  }
  return Math.sqrt(most / least);
}

/** By the clock of the process, which stands still while the machine is busy with others. */
function timeOf(input: string, work: (input: string) => unknown): number {
  const before = process.cpuUsage();
  work(input);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}
