import { makePlan } from '../plan/plan.js';
import type { State } from '../state/state.js';
import type { DesiredWebhook } from '../webhook.js';

/** Whether the state is just what the manifest says: nothing to do, nothing uncertain, nothing to report. */
export function isSettled(desired: readonly DesiredWebhook[], state: State): boolean {
  const { intents, closed, pendingDeletes, possiblyDuplicated, idsRise } = state;
  if (intents.size + closed.size + pendingDeletes.size + possiblyDuplicated.size > 0 || !idsRise) return false;
  return makePlan(desired, state).changes.every((change) => change.action === 'none');
}
