import type { DeliveryErrors } from '../copernica/deliveries.js';
import { numberText } from '../text/words.js';
import { type Finding, ok, skipped, warning } from './check.js';
import type { Context } from './context.js';

/** How many of the most frequent statuses are shown. */
const MOST_STATUSES = 5;

/** Whether calls of handlers failed today: then the webhook exists, but no event arrives. */
export async function checkDeliveries({ host, settings, deliveryErrors }: Context): Promise<Finding> {
  if (settings.apiVersion !== '4') {
    return skipped(': what failed is read with version 4 of the API (--api-version 4)');
  }
  const date = host.now().toISOString().slice(0, 10);
  const read = await deliveryErrors(date);
  // Nothing else needs it, and the token may lack the right to read it.
  return read.ok ? deliveriesFinding(date, read.value) : skipped(`: ${read.message}`);
}

/** `date`: the day in question, `YYYY-MM-DD`. */
export function deliveriesFinding(date: string, { errors, isWhole }: DeliveryErrors): Finding {
  if (errors.length === 0 && isWhole) return ok(`none is logged as failed on ${date}`);
  const counts = new Map<number | null, number>();
  for (const { status } of errors) counts.set(status, (counts.get(status) ?? 0) + 1);
  const all = [...counts].sort(([a, some], [b, others]) => others - some || (a ?? 1_000) - (b ?? 1_000));
  const told = all.slice(0, MOST_STATUSES).map(([status, count]) => {
    return `${numberText(count)} ${status === null ? 'without a status' : `with ${status}`}`;
  });
  const others = all.slice(MOST_STATUSES).reduce((sum, [, count]) => sum + count, 0);
  const statuses = [...told, ...(others > 0 ? [`${numberText(others)} with others`] : [])].join(', ');
  const last = errors.flatMap(({ at }) => at ?? []).reduce((a, b) => (a > b ? a : b), '');
  const read = numberText(errors.length);
  const count = isWhole ? read : errors.length > 0 ? `more than ${read}` : 'more than can be read';
  return warning(
    `${count} failed on ${date}${statuses && `: ${statuses}`}${last && `; the last at ${last}`}`,
    'look in the logs of the handlers, which answered so; of which webhook each call was is not told',
  );
}
