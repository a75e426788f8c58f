import { type Change, isPending, placeOf } from '../plan/change.js';
import { printable } from '../text/printable.js';
import { escapeData, escapeProperty } from './problems.js';
import { planNotice } from './summary.js';

/** The plan as GitHub workflow annotations: a notice at the line of each entry with something to do. */
export function planAnnotations(changes: readonly Change[], { unread }: { readonly unread: number }): string {
  const notices = changes
    .filter((change) => isPending(change) || change.action === 'orphaned')
    .map((change) => {
      const at = placeOf(change);
      const place = at === null ? '' : `file=${escapeProperty(printable(at.file))},line=${at.line},`;
      const title = escapeProperty(`${change.action} ${printable(change.name)}`);
      return `::notice ${place}title=${title}::${escapeData(printable(change.reason))}`;
    });
  return `${[...notices, planNotice(changes, unread)].join('\n')}\n`;
}
