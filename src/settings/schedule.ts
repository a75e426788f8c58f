import { createTask, validate } from 'node-cron';

const CRON_FIELDS = 5;
/** All sixty minutes one by one, and as much again for the rest. */
const LONGEST_TEXT = 400;

export type ParsedSchedule =
  | { readonly ok: true; readonly expression: string }
  /** `why` goes on from "the schedule …". */
  | { readonly ok: false; readonly why: string };

/**
 * Checks a cron expression: minute, hour, day of month, month, day of week. `expression` has single blanks.
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
  'has days of the month and days of the week: crontab would run on either, this schedule only where both match; ' +
  'leave one of them at *';

/** As in crontab, where a field that begins with a star, such as a step, restricts nothing that would be added to. */
function restricts(field: string | undefined): boolean {
  return field !== undefined && !/^[*?]/.test(field);
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
