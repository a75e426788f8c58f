import { createTask } from 'node-cron';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** How many days are examined for the longest gap; more times are taken if these do not span a year. */
const DAYS_LOOKED_AT = { first: 100, times: 5, spanMs: 400 * DAY_MS };

/**
 * The longest wait between two times of a cron expression, in milliseconds: for `0 8-18 * * 1-5`, from Friday evening
 * to Monday morning. Ignores clock changes of a time zone, which follow no rule. The expression must have five fields
 * and at least one time.
 */
export function longestWaitMs(expression: string): number {
  const [minute, hour, ...days] = expression.split(' ');
  const minutes = next(`${minute} * * * *`, 60).map((time) => time.getUTCMinutes());
  const hours = next(`0 ${hour} * * *`, 24).map((time) => time.getUTCHours());
  const times = [...new Set(hours.flatMap((h) => minutes.map((m) => (60 * h + m) * MINUTE_MS)))].sort((a, b) => a - b);
  const [first = 0] = times;
  const overnight = longestWaitOfDays(days.join(' ')) - ((times.at(-1) ?? 0) - first);
  return Math.max(overnight, longestGap(times));
}

/** `days`: the last three fields. */
function longestWaitOfDays(days: string): number {
  if (days === '* * *') return DAY_MS;
  for (let count = DAYS_LOOKED_AT.first; ; count *= DAYS_LOOKED_AT.times) {
    const times = next(`0 0 ${days}`, count).map((time) => time.getTime());
    if ((times.at(-1) ?? 0) - (times[0] ?? 0) >= DAYS_LOOKED_AT.spanMs) return longestGap(times);
  }
}

function longestGap(times: readonly number[]): number {
  return Math.max(0, ...times.slice(1).map((time, index) => time - (times[index] ?? time)));
}

function next(expression: string, count: number): Date[] {
  const task = createTask(expression, () => {}, { timezone: 'UTC' });
  try {
    return task.getNextRuns(count);
  } finally {
    void task.destroy();
  }
}
