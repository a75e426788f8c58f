/** Limits how much work is done at a time; the rest waits in line. */
export type Semaphore = <T>(work: () => Promise<T>) => Promise<T>;

export function semaphore(atATime: number): Semaphore {
  const waiting: (() => void)[] = [];
  let free = atATime;
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((go) => waiting.push(go));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}

/**
 * Does the work for the items in their order, so many at a time, without starting any ahead of its turn. After a
 * failure nothing new is started; once what is under way has ended, this rejects with the first failure.
 */
export async function forEachAtATime<T>(
  items: Iterable<T>,
  atATime: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items[Symbol.iterator]();
  const failures: unknown[] = [];
  const worker = async () => {
    for (let next = queue.next(); next.done !== true && failures.length === 0; next = queue.next()) {
      await work(next.value).catch((error: unknown) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: atATime }, worker));
  if (failures.length > 0) throw failures[0];
}
