import type { AppliedChange } from '../plan/applied.js';
import { VALUE_CHANGED } from '../plan/change.js';
import { printable } from '../text/printable.js';
import { countFailed } from './apply-json.js';
import { painter, type Style } from './paint.js';
import { applyHead, countActions, DONE, summaryLine, uncheckedTail } from './summary.js';

const RESULT_STYLES: Readonly<Record<AppliedChange['result'], Style>> = {
  done: 'green',
  failed: 'red',
  uncertain: 'yellow',
  skipped: 'yellow',
  refused: 'yellow',
};

/** What an apply did, for people: a line for each change but those that needed nothing, then a summary. */
export function formatApplied(
  changes: readonly AppliedChange[],
  options: { readonly color: boolean; readonly unread?: number },
): string {
  const paint = painter(options.color);
  const shown = changes.filter(({ change }) => change.action !== 'none');
  const lines = shown.map(({ change, result, id }) => {
    const word = result === 'done' ? DONE[change.action] : `${change.action} ${result}`;
    const webhook = id === null ? '' : ` (webhook ${id})`;
    const why = change.reason === VALUE_CHANGED ? `: ${VALUE_CHANGED}` : '';
    return `  ${paint(RESULT_STYLES[result], word.padEnd(18))} ${printable(change.name)}${webhook}${why}`;
  });
  const done = changes.filter(({ result }) => result === 'done').map(({ change }) => change);
  const failed = countFailed(changes);
  const { unread = 0 } = options;
  const notDone = failed === 0 ? '' : `, ${failed} not done`;
  const tail = paint('red', `${notDone}${uncheckedTail(unread)}`);
  const summary = done.length === 0 && failed > 0 ? 'nothing' : summaryLine(countActions(done), 'done');
  const head = applyHead(countActions(changes.map(({ change }) => change)), unread);
  return `${[...lines, `${paint('bold', `${head}:`)} ${summary}${tail}`].join('\n')}\n`;
}
