import { createTask, schedule, validate } from 'node-cron';
import type { Logger } from 'pino';
import { type Problem, productError } from '../errors.js';

export interface Schedule {
  /** When it is due next, or null when it never is. */
  nextAt(): Date | null;
  /** Of the times to come, the longest wait from one to the next, in milliseconds; null: there are not two. */
  readonly longestWaitMs: number | null;
  stop(): void;
}

export type ParsedSchedule =
  | { readonly ok: true; readonly expression: string }
  | { readonly ok: false; readonly message: string };

const CRON_FIELDS = 5;
const SCHEDULE_REMEDY = 'give five cron fields such as "*/15 * * * *", or off';

/**
 * Judges a cron expression: minute, hour, day of month, month, day of week. `expression` has single blanks.
 *
 * Five fields only, although node-cron takes a sixth in front for seconds: with it, one field too many would quietly
 * turn "every 15 minutes" into "every 15 seconds", and a run a second is no pace for this API.
 */
export function parseSchedule(text: string): ParsedSchedule {
  const fields = text.trim().split(/\s+/);
  const expression = fields.join(' ');
  const quoted = JSON.stringify(text);
  if (fields.length !== CRON_FIELDS || expression === '') {
    const count = expression === '' ? 0 : fields.length;
    return { ok: false, message: `schedule: ${quoted} has ${count} fields, not ${CRON_FIELDS}` };
  }
  if (!validate(expression) || !comes(expression)) return { ok: false, message: `schedule: ${quoted} names no times` };
  return { ok: true, expression };
}

/** Throws ProductError of kind `input` for a schedule that can't be used, so that nothing is begun with one. `off` is one. */
export function checkSchedule(text: string): void {
  const parsed = text === 'off' ? null : parseSchedule(text);
  if (parsed?.ok === false) throw unusable(parsed.message, SCHEDULE_REMEDY);
}

/** When a schedule is due next, without starting it; null: it is `off`. Throws ProductError as `startSchedule` does. */
export function nextTime(text: string, timezone: string | undefined): Date | null {
  if (text === 'off') return null;
  const parsed = parseSchedule(text);
  if (!parsed.ok) throw unusable(parsed.message, SCHEDULE_REMEDY);
  const task = createTask(parsed.expression, () => {}, timezone === undefined ? {} : { timezone });
  try {
    return task.getNextRuns(1)[0] ?? null;
  } finally {
    void task.destroy();
  }
}

/**
 * Calls `onDue` at the times of a cron expression of five fields, in an IANA time zone (left out: the system's).
 * A time that passed while the machine slept, the process was stopped or the clock was set forward is made up for once,
 * however many passed. Day of month and day of week must both match, unlike in crontab, where either will do.
 *
 * Throws ProductError of kind `input` for an expression or a time zone that can't be used.
 */
export function startSchedule(
  text: string,
  options: { readonly timezone: string | undefined; readonly onDue: () => void; readonly log: Logger },
): Schedule {
  const { log, timezone, onDue } = options;
  const parsed = parseSchedule(text);
  if (!parsed.ok) throw unusable(parsed.message, SCHEDULE_REMEDY);
  if (timezone !== undefined && !isTimezone(timezone)) {
    throw unusable(`timezone: ${JSON.stringify(timezone)} is not known`, 'give an IANA name such as Europe/Amsterdam');
  }
  const task = schedule(parsed.expression, onDue, {
    ...(timezone === undefined ? {} : { timezone }),
    // By default node-cron drops a time that it is more than a second late for: a daily run that the machine slept
    // through would come a day later. Without that bound it runs the newest of the times that passed, and only that.
    missedExecutionTolerance: Number.POSITIVE_INFINITY,
    suppressMissedWarning: true,
    // Runs never overlap by the scheduler's doing, which also remembers what comes during one; noOverlap would drop it.
    noOverlap: false,
    logger: {
      info: (message) => log.debug(message),
      warn: (message) => log.debug(message),
      error: (message) => log.error(String(message)),
      debug: (message) => log.trace(String(message)),
    },
  });
  return {
    nextAt: () => task.getNextRun(),
    longestWaitMs: longestWait(task.getNextRuns(TIMES_LOOKED_AT)),
    stop: () => void task.destroy(),
  };
}

/** Enough to see the night of `0 8-18 * * *` and the weekend of `0 8 * * 1-5`. */
const TIMES_LOOKED_AT = 12;

function longestWait(times: readonly Date[]): number | null {
  const waits = times.slice(1).map((time, index) => time.getTime() - (times[index]?.getTime() ?? 0));
  return waits.length === 0 ? null : Math.max(...waits);
}

/** Some valid expressions never come, such as `0 0 L-30 2 *`: node-cron looks a hundred years ahead and throws. */
function comes(expression: string): boolean {
  const task = createTask(expression, () => {});
  try {
    return task.getNextRuns(1).length === 1;
  } catch {
    return false;
  } finally {
    void task.destroy();
  }
}

/** Whether the running Node knows the time zone. */
export function isTimezone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

function unusable(message: string, remedy: NonNullable<Problem['remedy']>) {
  return productError('input', { code: 'bad-setting', message, remedy });
}
