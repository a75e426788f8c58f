import { type Change, isPending, lineOf } from '../plan/change.js';
import { printable } from '../text/printable.js';
import { escapeData, escapeProperty } from './problems.js';
import { countActions, planNotice } from './summary.js';

/** The plan as GitHub workflow annotations: a notice at the line of each entry that something is to be done about. */
export function planAnnotations(
  changes: readonly Change[],
  { file, unread }: { readonly file: string; readonly unread: number },
): string {
  const notices = changes
    .filter((change) => isPending(change) || change.action === 'orphaned')
    .map((change) => {
      const line = lineOf(change);
      const place = line === null ? '' : `,line=${line}`;
      const title = escapeProperty(`${change.action} ${printable(change.name)}`);
      return `::notice file=${escapeProperty(printable(file))}${place},title=${title}::${escapeData(printable(change.reason))}`;
    });
  return `${[...notices, planNotice(countActions(changes), unread)].join('\n')}\n`;
}
