import type { AppliedChange } from '../plan/applied.js';
import type { Change } from '../plan/change.js';

/**
 * Combines two rounds of one run: the later plan's changes, in its order. An entry that needed nothing more in the
 * later round keeps the result of the earlier one; if it was uncertain then and its webhook is there now, it was
 * recovered.
 */
export function mergeResults(earlier: readonly AppliedChange[], later: readonly AppliedChange[]): AppliedChange[] {
  if (earlier.length === 0) return [...later];
  const before = new Map(earlier.map((applied) => [keyOf(applied.change), applied]));
  const merged = later.map((applied) => {
    const previous = before.get(keyOf(applied.change));
    before.delete(keyOf(applied.change));
    return previous === undefined || applied.change.action !== 'none' ? applied : settled(previous, applied);
  });
  // What the earlier round deleted or moved away is in no later plan.
  const left = [...before.values()].filter(({ change }) => change.action === 'delete');
  return [...merged, ...left];
}

function settled(previous: AppliedChange, now: AppliedChange): AppliedChange {
  if (previous.result === 'done') return { ...previous, id: now.id };
  // The old webhook of a replace, whose deletion failed, is by now a delete of its own.
  const isReplaced = previous.result === 'failed' && previous.change.action === 'replace';
  if (previous.result !== 'uncertain' && !isReplaced) return previous;
  if (now.change.action !== 'none') return now;
  const { name, reason } = previous.change;
  const change: Change = { action: 'recover', name, desired: now.change.desired, intents: [], replaces: null, reason };
  return { change, result: 'done', id: now.id, error: null };
}

/** An entry can have deletes of older webhooks beside its own change. */
export function keyOf(change: Change): string {
  return change.action === 'delete' ? `delete ${change.id}` : change.name;
}
