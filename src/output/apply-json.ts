import type { AppliedChange } from '../plan/applied.js';
import type { ShownAs } from '../plan/sides.js';
import { changeJson } from './plan-json.js';
import { problemJson } from './problems.js';
import { countActions } from './summary.js';

/** The changes and the summary of `apply --json`: those of the plan, with the result of each change. */
export function applyJson(changes: readonly AppliedChange[], shown: ShownAs) {
  return {
    changes: changes.map(({ change, result, id, error }) => ({
      ...changeJson(change, shown),
      id,
      result,
      ...(error?.problems[0] === undefined ? {} : { error: problemJson(error.problems[0]) }),
    })),
    summary: { ...countActions(changes.map(({ change }) => change)), failed: countFailed(changes) },
  };
}

/** Changes that were not made. */
export function countFailed(changes: readonly AppliedChange[]): number {
  return changes.filter(({ result }) => result !== 'done').length;
}
