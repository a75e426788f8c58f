/** Long enough to be measured on a busy machine, in microseconds. */
const MEASURABLE_MICROSECONDS = 4_000;
const SMALLEST = 1024;
const LARGEST = 2 ** 18;
const MOST_ROUNDS = 5;
const MOST_SIZES = 2;
/** Work that is exponential takes for ever two doublings later. */
const EXPONENTIAL_GROWTH = 100;
const EXPONENTIAL_MICROSECONDS = 100_000;
/** What is taken for linear: twice would be exactly so, four times quadratic. */
export const MOST_GROWTH = 3;

/**
 * How many times as long work takes on an input that is twice as large: about 2 for linear work, 4 for quadratic, 0
 * where it takes no time worth measuring. The size is the smallest that can be measured, so that bad work does not take
 * hours to be found out. Where it looks bad it is measured again, and then at a larger size: what is quadratic stays so.
 */
export function growth(
  makeInput: (size: number) => string,
  work: (input: string) => unknown,
  {
    smallest = SMALLEST,
    largest = LARGEST,
  }: { readonly smallest?: number | undefined; readonly largest?: number } = {},
): number {
  let size = smallest;
  let micros = timeOf(makeInput(size), work);
  while (size < largest && micros < MEASURABLE_MICROSECONDS) {
    size *= 2;
    const before = micros;
    micros = timeOf(makeInput(size), work);
    if (micros > EXPONENTIAL_MICROSECONDS && micros > EXPONENTIAL_GROWTH * before) return micros / before;
  }
  let found = growthAt(size, makeInput, work);
  for (let times = 2; times <= MOST_SIZES && found >= MOST_GROWTH; times += 1) {
    size *= 2;
    found = Math.min(found, growthAt(size, makeInput, work));
  }
  return found;
}

/** Over two doublings: what the collection of garbage adds to one of the times counts less. */
function growthAt(size: number, makeInput: (size: number) => string, work: (input: string) => unknown): number {
  const [small, large] = [makeInput(size), makeInput(4 * size)];
  let [least, most] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let round = 1; round <= MOST_ROUNDS && (round <= 2 || most / least >= MOST_GROWTH ** 2); round += 1) {
    least = Math.min(least, timeOf(small, work));
    most = Math.min(most, timeOf(large, work));
  }
  return most < MOST_GROWTH ** 2 * MEASURABLE_MICROSECONDS ? 0 : Math.sqrt(most / least);
}

/** By the clock of the process, in microseconds: it stands still while the machine is busy with others. */
function timeOf(input: string, work: (input: string) => unknown): number {
  const before = process.cpuUsage();
  work(input);
  const { user, system } = process.cpuUsage(before);
  return user + system;
}
