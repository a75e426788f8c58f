import { createTask, type ScheduledTask } from 'node-cron';
import { timerMs } from '../timers.js';
import { longestWaitMs } from './longest-wait.js';

export interface Schedule {
  /** When it is due next, or null when it never is. */
  nextAt(): Date | null;
  /** The longest wait from one time to the next, in milliseconds. */
  readonly longestWaitMs: number;
  stop(): void;
}

/**
 * Schedules of all accounts of this process. Equal ones are one: to find the longest wait of an expression takes a
 * thousand times as long as to wait for it.
 */
export class Schedules {
  readonly #running = new Map<string, RunningSchedule>();

  /**
   * Calls `onDue` at the times of a cron expression of five fields, in an IANA time zone (left out: the system's).
   * A time that passed while the machine slept, the process was stopped or the clock was set forward is made up for
   * once, however many passed. Whatever else becomes of the clock, the longest regular wait is the longest: the hour
   * that comes twice in autumn has times for node-cron only once, the one that is left out in spring may have the only
   * time of a day, and a clock that is set back would have to get there again.
   */
  start(
    expression: string,
    { timezone, onDue }: { readonly timezone: string | undefined; readonly onDue: () => void },
  ): Schedule {
    const key = JSON.stringify([expression, timezone]);
    const running = this.#running.get(key) ?? new RunningSchedule(expression, timezone);
    this.#running.set(key, running);
    // Two accounts may give the same function.
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

/** So that a time that comes as it should comes first. */
const OVERDUE_AFTER_MS = 60_000;
/** A clock that was set forward is noticed after a day at the latest. */
const LONGEST_SLEEP_MS = 24 * 3_600_000;

/**
 * node-cron tells the times; the waiting is done here, since its own goes by the local time of the process: where that
 * has an hour twice, it takes the second one for the first, and looks a thousand times a second until it is over.
 */
class RunningSchedule {
  readonly longestWaitMs: number;
  readonly listeners = new Set<() => void>();
  readonly #task: ScheduledTask;
  /** Milliseconds since 1970. */
  #dueAt = 0;
  /** By the clock that nobody sets. */
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
