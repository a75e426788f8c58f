import type { Problem } from '../errors.js';
import { type Action, type Change, idOf, placeOf } from '../plan/change.js';
import { type ShownAs, type ShownFields, sidesOf } from '../plan/sides.js';
import { type ProblemJson, problemJson } from './problems.js';
import { countActions } from './summary.js';

export interface ChangeJson {
  readonly name: string;
  readonly action: Action;
  readonly id: number | null;
  /** The fields that differ, for update and replace. */
  readonly fields: readonly string[];
  /** What the change starts from and leads to. Null: no webhook on that side, or no change. */
  readonly before: ShownFields | null;
  readonly after: ShownFields | null;
  readonly reason: string;
  /** The entry's place in the manifest. Null: it is not there. */
  readonly file: string | null;
  readonly line: number | null;
  readonly result?: string;
  readonly error?: ProblemJson;
}

/** The changes and the summary of `plan --json`. */
export function planJson(changes: readonly Change[], shown: ShownAs) {
  return {
    changes: changes.map((change) => changeJson(change, shown)),
    summary: { ...countActions(changes), failed: 0 },
  };
}

export function changeJson(change: Change, shown: ShownAs): ChangeJson {
  const place = placeOf(change);
  return {
    name: change.name,
    action: change.action,
    id: idOf(change),
    fields: 'differences' in change ? change.differences.map((difference) => difference.field) : [],
    ...sidesOf(change, shown),
    reason: change.reason,
    file: place?.file ?? null,
    line: place?.line ?? null,
  };
}

/** The lists that every JSON document has. */
export function problemLists(problems: readonly Problem[]) {
  return {
    errors: problems.filter((problem) => problem.severity === 'error').map(problemJson),
    warnings: problems.filter((problem) => problem.severity !== 'error').map(problemJson),
  };
}
