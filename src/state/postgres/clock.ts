import { setTimeout as sleep } from 'node:timers/promises';

/** The time of this process, which nobody can set: it tells how long something took, and not when it was. */
export interface Clock {
  /** In milliseconds. */
  now(): number;
  sleep(ms: number): Promise<void>;
  /** Calls `task` again and again until the returned function is called. Keeps no process alive. */
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
