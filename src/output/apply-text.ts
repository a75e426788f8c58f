import type { AppliedChange } from '../plan/applied.js';
import { VALUE_CHANGED } from '../plan/change.js';
import { printable } from '../text/printable.js';
import { countFailed } from './apply-json.js';
import { type Paint, painter, type Style } from './paint.js';
import { applyHead, countActions, DONE, summaryLine, uncheckedTail } from './summary.js';

const RESULT_STYLES: Readonly<Record<AppliedChange['result'], Style>> = {
  done: 'green',
  failed: 'red',
  uncertain: 'yellow',
  skipped: 'yellow',
  refused: 'red',
};

/** The result of one change, for people. Null: it needed nothing. */
export function appliedLine({ change, result, id }: AppliedChange, paint: Paint): string | null {
  if (change.action === 'none') return null;
  const word = result === 'done' ? DONE[change.action] : `${change.action} ${result}`;
  const webhook = id === null ? '' : ` (webhook ${id})`;
  const why = change.reason === VALUE_CHANGED ? `: ${VALUE_CHANGED}` : '';
  return `  ${paint(RESULT_STYLES[result], word.padEnd(18))} ${printable(change.name)}${webhook}${why}`;
}

export interface AppliedTextOptions {
  readonly color: boolean;
  readonly unread?: number;
  /** Lines that were already shown during the run. */
  readonly shown?: ReadonlySet<string>;
}

/** What an apply did, for people: a line for each change, except those that needed nothing, then a summary. */
export function formatApplied(changes: readonly AppliedChange[], options: AppliedTextOptions): string {
  const paint = painter(options.color);
  const lines = changes
    .map((applied) => appliedLine(applied, paint))
    .filter((line) => line !== null && options.shown?.has(line) !== true);
  return `${[...lines, appliedClosing(changes, paint, options.unread)].join('\n')}\n`;
}

/** `Done: 2 created, 5 unchanged, 1 not done`: the last line of an apply. */
export function appliedClosing(changes: readonly AppliedChange[], paint: Paint, unread = 0): string {
  const head = applyHead(countActions(changes.map(({ change }) => change)), unread);
  return `${paint('bold', `${head}:`)} ${appliedSummary(changes, unread, paint)}`;
}

/** `2 created, 5 unchanged, 1 not done`. */
export function appliedSummary(changes: readonly AppliedChange[], unread: number, paint: Paint): string {
  const done = changes.filter(({ result }) => result === 'done').map(({ change }) => change);
  const failed = countFailed(changes);
  const notDone = failed === 0 ? '' : `, ${failed} not done`;
  const summary = done.length === 0 && failed > 0 ? 'nothing' : summaryLine(countActions(done), 'done');
  return `${summary}${paint('red', `${notDone}${uncheckedTail(unread)}`)}`;
}
