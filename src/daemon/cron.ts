import { createTask, type ScheduledTask } from 'node-cron';
import { timerMs } from '../timers.js';
import { longestWaitMs } from './longest-wait.js';

export interface Schedule {
  /** The next time. Null: there is none. */
  nextAt(): Date | null;
  /** The longest wait between two times, in milliseconds. */
  readonly longestWaitMs: number;
  stop(): void;
}

/**
 * The schedules of all accounts of this process. Equal ones are shared: computing the longest wait of an expression
 * takes a thousand times as long as waiting for it.
 */
export class Schedules {
  readonly #running = new Map<string, RunningSchedule>();

  /**
   * Calls `onDue` at the times of a five-field cron expression, in an IANA time zone (left out: the system's). If times
   * passed while the machine slept, the process was stopped or the clock was set forward, it is called once for all of
   * them. No wait ever exceeds the longest regular one, whatever the clock does: for node-cron the hour that comes
   * twice in autumn has its times only once, the hour left out in spring may contain a day's only time, and a clock
   * that is set back would have to get there again.
   */
  start(
    expression: string,
    { timezone, onDue }: { readonly timezone: string | undefined; readonly onDue: () => void },
  ): Schedule {
    const key = JSON.stringify([expression, timezone]);
    const running = this.#running.get(key) ?? new RunningSchedule(expression, timezone);
    this.#running.set(key, running);
    // Two accounts may pass the same function.
    const listener = () => onDue();
    running.listeners.add(listener);
    return {
      nextAt: () => running.nextAt(),
      longestWaitMs: running.longestWaitMs,
      stop: () => {
        running.listeners.delete(listener);
        if (running.listeners.size > 0) return;
        running.stop();
        this.#running.delete(key);
      },
    };
  }
}

/** Extra time, so that a regular time always comes before this limit. */
const OVERDUE_AFTER_MS = 60_000;
/** A clock that was set forward is noticed within a day. */
const LONGEST_SLEEP_MS = 24 * 3_600_000;

/**
 * node-cron computes the times, but the waiting is done here: its own uses the process's local time, takes the second
 * of two equal hours for the first, and then checks a thousand times a second until that is over.
 */
class RunningSchedule {
  readonly longestWaitMs: number;
  readonly listeners = new Set<() => void>();
  readonly #task: ScheduledTask;
  /** Milliseconds since 1970. */
  #dueAt = 0;
  /** On the monotonic clock. */
  #overdueAt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(expression: string, timezone: string | undefined) {
    this.longestWaitMs = longestWaitMs(expression);
    this.#task = createTask(expression, () => {}, timezone === undefined ? {} : { timezone });
    this.#begin();
  }

  nextAt(): Date | null {
    return Number.isFinite(this.#dueAt) ? new Date(this.#dueAt) : null;
  }

  stop(): void {
    clearTimeout(this.#timer);
    void this.#task.destroy();
  }

  #begin(): void {
    this.#dueAt = this.#task.getNextRuns(1)[0]?.getTime() ?? Number.POSITIVE_INFINITY;
    this.#overdueAt = performance.now() + this.longestWaitMs + OVERDUE_AFTER_MS;
    this.#wait();
  }

  #wait(): void {
    const waits = [this.#dueAt - Date.now(), this.#overdueAt - performance.now(), LONGEST_SLEEP_MS];
    this.#timer = setTimeout(() => this.#look(), timerMs(Math.min(...waits)));
  }

  #look(): void {
    if (Date.now() < this.#dueAt && performance.now() < this.#overdueAt) {
      this.#wait();
      return;
    }
    this.#begin();
    for (const onDue of this.listeners) onDue();
  }
}
