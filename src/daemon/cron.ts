import { createTask, type ScheduledTask, validate } from 'node-cron';
import { type Problem, productError } from '../errors.js';
import { timerMs } from '../timers.js';
import { longestWaitMs } from './longest-wait.js';

export interface Schedule {
  /** When it is due next, or null when it never is. */
  nextAt(): Date | null;
  /** The longest wait from one time to the next, in milliseconds. */
  readonly longestWaitMs: number;
  stop(): void;
}

export type ParsedSchedule =
  | { readonly ok: true; readonly expression: string }
  /** `why` goes on from "the schedule …". */
  | { readonly ok: false; readonly why: string };

const CRON_FIELDS = 5;
/** All sixty minutes one by one, and as much again for the rest. */
const LONGEST_TEXT = 400;
const SCHEDULE_REMEDY = 'give five cron fields such as "*/15 * * * *", or off';

/**
 * Judges a cron expression: minute, hour, day of month, month, day of week. `expression` has single blanks.
 *
 * Five fields only, although node-cron takes a sixth in front for seconds: with it, one field too many would quietly
 * turn "every 15 minutes" into "every 15 seconds", and a run a second is no pace for this API. Its length and numbers
 * are bounded here, since node-cron writes out a range before it looks at it.
 */
export function parseSchedule(text: string): ParsedSchedule {
  if (text.length > LONGEST_TEXT) return { ok: false, why: `has more than ${LONGEST_TEXT} characters` };
  const fields = text.trim().split(/\s+/);
  const expression = fields.join(' ');
  if (fields.length !== CRON_FIELDS || expression === '') {
    const count = expression === '' ? 0 : fields.length;
    return { ok: false, why: `has ${count} fields, not ${CRON_FIELDS}` };
  }
  if (/\d{3}/.test(expression)) return { ok: false, why: 'has a number of more than two digits' };
  const [, , dayOfMonth, , dayOfWeek] = fields;
  if (restricts(dayOfMonth) && restricts(dayOfWeek)) return { ok: false, why: DAYS_TWICE };
  if (!validate(expression) || !comes(expression)) return { ok: false, why: 'names no times' };
  return { ok: true, expression };
}

const DAYS_TWICE =
  'names days of the month and days of the week: crontab comes on either, this schedule would come where both fit; ' +
  'leave one of them at *';

/** As in crontab, where a field that begins with a star, such as a step, restricts nothing that would be added to. */
function restricts(field: string | undefined): boolean {
  return field !== undefined && !/^[*?]/.test(field);
}

/** Throws ProductError of kind `input` for a schedule that can't be used, so that nothing is begun with one. `off` is one. */
export function checkSchedule(text: string): void {
  const parsed = text === 'off' ? null : parseSchedule(text);
  if (parsed?.ok === false) throw unusableSchedule(text, parsed.why);
}

/** When a schedule is due next, without starting it; null: it is `off`. Throws ProductError as `startSchedule` does. */
export function nextTime(text: string, timezone: string | undefined): Date | null {
  if (text === 'off') return null;
  const parsed = parseSchedule(text);
  if (!parsed.ok) throw unusableSchedule(text, parsed.why);
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
 * however many passed. Whatever else becomes of the clock, the longest regular wait is the longest: the hour that comes
 * twice in autumn has times for node-cron only once, the one that is left out in spring may have the only time of a day,
 * and a clock that is set back would have to get there again.
 *
 * Throws ProductError of kind `input` for an expression or a time zone that can't be used.
 */
export function startSchedule(
  text: string,
  { timezone, onDue }: { readonly timezone: string | undefined; readonly onDue: () => void },
): Schedule {
  const parsed = parseSchedule(text);
  if (!parsed.ok) throw unusableSchedule(text, parsed.why);
  if (timezone !== undefined && !isTimezone(timezone)) {
    throw unusable(`timezone: ${JSON.stringify(timezone)} is not known`, 'give an IANA name such as Europe/Amsterdam');
  }
  return new RunningSchedule(parsed.expression, timezone, onDue);
}

/** So that a time that comes as it should comes first. */
const OVERDUE_AFTER_MS = 60_000;
/** A clock that was set forward is noticed after a day at the latest. */
const LONGEST_SLEEP_MS = 24 * 3_600_000;

/**
 * node-cron tells the times; the waiting is done here, since its own goes by the local time of the process: where that
 * has an hour twice, it takes the second one for the first, and looks a thousand times a second until it is over.
 */
class RunningSchedule implements Schedule {
  readonly longestWaitMs: number;
  readonly #task: ScheduledTask;
  readonly #onDue: () => void;
  /** Milliseconds since 1970. */
  #dueAt = 0;
  /** By the clock that nobody sets. */
  #overdueAt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(expression: string, timezone: string | undefined, onDue: () => void) {
    this.longestWaitMs = longestWaitMs(expression);
    this.#task = createTask(expression, () => {}, timezone === undefined ? {} : { timezone });
    this.#onDue = onDue;
    this.#begin();
  }

  nextAt(): Date | null {
    return this.#task.getNextRuns(1)[0] ?? null;
  }

  stop(): void {
    clearTimeout(this.#timer);
    void this.#task.destroy();
  }

  #begin(): void {
    this.#dueAt = this.nextAt()?.getTime() ?? Number.POSITIVE_INFINITY;
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
    this.#onDue();
  }
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

function unusableSchedule(text: string, why: string) {
  return unusable(`schedule: ${JSON.stringify(text.slice(0, LONGEST_TEXT))} ${why}`, SCHEDULE_REMEDY);
}

function unusable(message: string, remedy: NonNullable<Problem['remedy']>) {
  return productError('input', { code: 'bad-setting', message, remedy });
}
