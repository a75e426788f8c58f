import type { Problem } from '../errors.js';
import { type Action, type Change, idOf, lineOf } from '../plan/change.js';
import { type ShownAs, type ShownFields, sidesOf } from '../plan/sides.js';
import { type ProblemJson, problemJson } from './problems.js';
import { countActions } from './summary.js';

export interface ChangeJson {
  readonly name: string;
  readonly action: Action;
  readonly id: number | null;
  /** What differs, for update and replace. */
  readonly fields: readonly string[];
  /** What the change starts from and leads to; null: there is no webhook on that side, or nothing changes. */
  readonly before: ShownFields | null;
  readonly after: ShownFields | null;
  readonly reason: string;
  /** Where the entry stands in the manifest; null for one that it does not have. */
  readonly file: string | null;
  readonly line: number | null;
  readonly result?: string;
  readonly error?: ProblemJson;
}

/** How changes are written into documents. `file`: the manifest's path. */
export interface JsonOptions extends ShownAs {
  readonly file: string;
}

/** The changes and the summary of `plan --json`. */
export function planJson(changes: readonly Change[], options: JsonOptions) {
  return {
    changes: changes.map((change) => changeJson(change, options)),
    summary: { ...countActions(changes), failed: 0 },
  };
}

export function changeJson(change: Change, options: JsonOptions): ChangeJson {
  const line = lineOf(change);
  return {
    name: change.name,
    action: change.action,
    id: idOf(change),
    fields: 'differences' in change ? change.differences.map((difference) => difference.field) : [],
    ...sidesOf(change, options),
    reason: change.reason,
    file: line === null ? null : options.file,
    line,
  };
}

/** The lists that every JSON document carries. */
export function problemLists(problems: readonly Problem[]) {
  return {
    errors: problems.filter((problem) => problem.severity === 'error').map(problemJson),
    warnings: problems.filter((problem) => problem.severity === 'warning').map(problemJson),
  };
}
