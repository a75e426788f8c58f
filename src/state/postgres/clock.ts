import { setTimeout as sleep } from 'node:timers/promises';

/** A monotonic clock: it tells how long something took, not what time it is. */
export interface Clock {
  /** In milliseconds. */
  now(): number;
  sleep(ms: number): Promise<void>;
  /** Calls `task` repeatedly until the returned function is called. Keeps no process alive. */
  every(ms: number, task: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  sleep: (ms) => sleep(ms),
  every: (ms, task) => {
    const timer = setInterval(task, ms);
    timer.unref();
    return () => clearInterval(timer);
  },
};
