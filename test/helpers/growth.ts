/** Long enough to be measured on a busy machine, in milliseconds. */
const MEASURABLE_MS = 20;
const RUNS = 5;

/**
 * How many times as long work takes on an input that is twice as large: about 2 for linear work, 4 for quadratic. The
 * size is the smallest that can be measured, so that bad work does not take hours to be found out.
 */
export function growth(makeInput: (size: number) => string, work: (input: string) => unknown): number {
  let size = 1024;
  while (timeOf(makeInput(size), work) < MEASURABLE_MS && size < 2 ** 24) size *= 2;
  const [small, large] = [makeInput(size), makeInput(2 * size)];
  for (const input of [small, large]) work(input);
  return median(Array.from({ length: RUNS }, () => timeOf(large, work) / timeOf(small, work)));
}

/** By the clock of the process, which stands still while the machine is busy with others. */
function timeOf(input: string, work: (input: string) => unknown): number {
  const before = process.cpuUsage();
  work(input);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}
