import { schedule, validate } from 'node-cron';
import type { Logger } from 'pino';
import { productError } from '../errors.js';

export interface Schedule {
  /** When it is due next, or null when it never is. */
  nextAt(): Date | null;
  stop(): void;
}

/**
 * Calls `onDue` at the times of a cron expression of five fields, in a time zone (left out: the system's).
 * Throws ProductError of kind `input` for an expression that names no times.
 */
export function startSchedule(
  expression: string,
  options: { readonly timezone: string | undefined; readonly onDue: () => void; readonly log: Logger },
): Schedule {
  if (!validate(expression)) {
    throw productError('input', {
      code: 'bad-setting',
      message: `schedule: ${JSON.stringify(expression)} is no cron expression`,
      remedy: 'give five cron fields such as "*/15 * * * *", or off',
    });
  }
  const { log, timezone, onDue } = options;
  const task = schedule(expression, onDue, {
    ...(timezone === undefined ? {} : { timezone }),
    // A machine that slept past a time makes one run when it wakes up: the next due one. That is no news.
    suppressMissedWarning: true,
    logger: {
      info: (message) => log.debug(message),
      warn: (message) => log.debug(message),
      error: (message) => log.error(String(message)),
      debug: (message) => log.trace(String(message)),
    },
  });
  return { nextAt: () => task.getNextRun(), stop: () => void task.destroy() };
}
