import type { Problem } from '../errors.js';
import { type Action, type Change, idOf, lineOf } from '../plan/change.js';
import { type ProblemJson, problemJson } from './problems.js';
import { countActions } from './summary.js';

export interface ChangeJson {
  readonly name: string;
  readonly action: Action;
  readonly id: number | null;
  /** What differs, for update and replace. */
  readonly fields: readonly string[];
  readonly reason: string;
  readonly line: number | null;
  readonly result?: string;
  readonly error?: ProblemJson;
}

/** The document of `plan --json`. */
export function planJson(changes: readonly Change[]) {
  return { changes: changes.map(changeJson), summary: { ...countActions(changes), failed: 0 } };
}

export function changeJson(change: Change): ChangeJson {
  return {
    name: change.name,
    action: change.action,
    id: idOf(change),
    fields: 'differences' in change ? change.differences.map((difference) => difference.field) : [],
    reason: change.reason,
    line: lineOf(change),
  };
}

/** The lists that every JSON document carries. */
export function problemLists(problems: readonly Problem[]) {
  return {
    errors: problems.filter((problem) => problem.severity === 'error').map(problemJson),
    warnings: problems.filter((problem) => problem.severity === 'warning').map(problemJson),
  };
}
