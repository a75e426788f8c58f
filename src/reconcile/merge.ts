import type { AppliedChange } from '../plan/applied.js';
import type { Change } from '../plan/change.js';

/**
 * Two rounds of one run as one result: the later plan's changes in its order. An entry that needed nothing any more in
 * the later round keeps what the earlier one did; one that was uncertain then and is there now was recovered.
 */
export function mergeResults(earlier: readonly AppliedChange[], later: readonly AppliedChange[]): AppliedChange[] {
  if (earlier.length === 0) return [...later];
  const before = new Map(earlier.map((applied) => [keyOf(applied.change), applied]));
  const merged = later.map((applied) => {
    const previous = before.get(keyOf(applied.change));
    before.delete(keyOf(applied.change));
    return previous === undefined || applied.change.action !== 'none' ? applied : settled(previous, applied);
  });
  // What was deleted or moved away in the earlier round is in no later plan.
  const left = [...before.values()].filter(({ change }) => change.action === 'delete');
  return [...merged, ...left];
}

function settled(previous: AppliedChange, now: AppliedChange): AppliedChange {
  if (previous.result === 'done') return { ...previous, id: now.id };
  // The old one of a replace, whose deletion failed, is a deletion of its own by now.
  const isReplaced = previous.result === 'failed' && previous.change.action === 'replace';
  if (previous.result !== 'uncertain' && !isReplaced) return previous;
  if (now.change.action !== 'none') return now;
  const { name, reason } = previous.change;
  const change: Change = { action: 'recover', name, desired: now.change.desired, intents: [], replaces: null, reason };
  return { change, result: 'done', id: now.id, error: null };
}

/** Deletions of an entry's older webhooks stand beside the entry's own change. */
export function keyOf(change: Change): string {
  return change.action === 'delete' ? `delete ${change.id}` : change.name;
}
