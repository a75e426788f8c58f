import { createTask, validate } from 'node-cron';

const CRON_FIELDS = 5;
/** All sixty minutes listed, and as much again for the rest. */
const LONGEST_TEXT = 400;

export type ParsedSchedule =
  | { readonly ok: true; readonly expression: string }
  /** `why` completes "the schedule …". */
  | { readonly ok: false; readonly why: string };

/**
 * Checks a cron expression: minute, hour, day of month, month, day of week. `expression` has single spaces.
 *
 * Only five fields, although node-cron accepts seconds as a sixth in front: an extra field would quietly turn "every 15
 * minutes" into "every 15 seconds", and a run each second is too fast for this API. Its length and numbers are limited
 * here, since node-cron expands a range before it checks it.
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
  'has days of the month and days of the week: crontab would run on either, this schedule only where both match; ' +
  'leave one of them at *';

/** As in crontab, where a field that begins with a star, even with a step, does not count as a restriction. */
function restricts(field: string | undefined): boolean {
  return field !== undefined && !/^[*?]/.test(field);
}

/** Some valid expressions never occur, such as `0 0 L-30 2 *`: node-cron searches a hundred years and throws. */
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
