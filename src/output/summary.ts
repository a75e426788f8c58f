import { ACTIONS, type Action, type Change, isPending } from '../plan/change.js';
import type { Paint } from './paint.js';

/** How many changes of each kind, in the order of ACTIONS. */
export type Counts = Readonly<Record<Action, number>>;

export function countActions(changes: readonly Change[]): Counts {
  const counts = Object.fromEntries(ACTIONS.map((action) => [action, 0])) as Record<Action, number>;
  for (const change of changes) counts[change.action] += 1;
  return counts;
}

const TO_DO: Readonly<Record<Action, string>> = {
  create: 'to create',
  update: 'to update',
  replace: 'to replace',
  move: 'to rename',
  delete: 'to delete',
  recover: 'uncertain',
  none: 'unchanged',
  orphaned: 'orphaned',
};

/** The result of a change in one word. */
export const DONE: Readonly<Record<Action, string>> = {
  ...TO_DO,
  create: 'created',
  update: 'updated',
  replace: 'replaced',
  move: 'renamed',
  delete: 'deleted',
  recover: 'recovered',
};

/** `2 to create, 1 to update, 5 unchanged`, without kinds of which there are none. */
export function summaryLine(counts: Counts, tense: 'to-do' | 'done'): string {
  const words = tense === 'done' ? DONE : TO_DO;
  const parts = ACTIONS.filter((action) => counts[action] > 0).map((action) => `${counts[action]} ${words[action]}`);
  return parts.length === 0 ? 'the manifest is empty' : parts.join(', ');
}

/** `Plan: 2 to create`, or `Nothing to do: 5 unchanged`: the last line of a plan. */
export function planClosing(changes: readonly Change[], paint: Paint, unread = 0): string {
  const head = isAnythingPending(countActions(changes.filter(isCarriedOut))) ? 'Plan' : nothingToDo(unread);
  return `${paint('bold', `${head}:`)} ${planSummary(changes, unread)}`;
}

/**
 * The last line for several accounts: `Total of 3 accounts, 1 with changes: 2 to create, 5 unchanged, 1 account
 * failed`. `reached`: how many got far enough to have something to count.
 */
export function totalLine(
  { all, reached, withChanges }: { readonly all: number; readonly reached: number; readonly withChanges?: number },
  summary: string,
  paint: Paint,
): string {
  const changed = withChanges === undefined ? '' : `, ${withChanges || 'none'} with changes`;
  const head = `Total of ${all} accounts${changed}:`;
  const failed = all - reached;
  const tail = failed === 0 ? '' : paint('red', `, ${failed} account${failed === 1 ? '' : 's'} failed`);
  return `${paint('bold', head)} ${reached === 0 ? 'nothing' : summary}${tail}\n`;
}

/** The last annotation of a plan. */
export function planNotice(changes: readonly Change[], unread = 0): string {
  return `::notice title=plan::${planSummary(changes, unread)}`;
}

/** `2 to create, 5 unchanged, 1 refused`. */
export function planSummary(changes: readonly Change[], unread: number): string {
  const carriedOut = changes.filter(isCarriedOut);
  const refused = changes.length - carriedOut.length;
  const parts = [
    ...(carriedOut.length > 0 || refused === 0 ? [summaryLine(countActions(carriedOut), 'to-do')] : []),
    ...(refused > 0 ? [`${refused} refused`] : []),
  ];
  return `${parts.join(', ')}${uncheckedTail(unread)}`;
}

function isCarriedOut({ refused }: Change): boolean {
  return refused === undefined;
}

/** The beginning of an apply's last line, depending on what was to be done. */
export function applyHead(counts: Counts, unread = 0): string {
  return isAnythingPending(counts) ? 'Done' : nothingToDo(unread);
}

/** `, 2 could not be checked`: live webhooks counted as if they were as in the state. Empty for none. */
export function uncheckedTail(unread: number): string {
  return unread === 0 ? '' : `, ${unread} could not be checked`;
}

function nothingToDo(unread: number): string {
  return unread === 0 ? 'Nothing to do' : 'Nothing found to do';
}

function isAnythingPending(counts: Counts): boolean {
  return ACTIONS.some((action) => counts[action] > 0 && isPending({ action }));
}
