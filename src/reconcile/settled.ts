import { makePlan } from '../plan/plan.js';
import type { State } from '../state/state.js';
import type { DesiredWebhook } from '../webhook.js';

/** Whether the state is just what the manifest says: nothing to do, nothing uncertain, nothing to report. */
export function isSettled(desired: readonly DesiredWebhook[], state: State): boolean {
  if (state.intents.size > 0 || state.doomed.size > 0 || !state.idsRise) return false;
  if ([...state.entries.values()].some((entry) => entry.possiblyDuplicated !== undefined)) return false;
  return makePlan(desired, state).changes.every((change) => change.action === 'none');
}
