import type { ProductError } from '../errors.js';
import type { Change } from './change.js';

/** The result of one change. */
export type ChangeResult = 'done' | 'failed' | 'uncertain' | 'skipped' | 'refused';

export interface AppliedChange {
  readonly change: Change;
  readonly result: ChangeResult;
  /** The webhook's id afterwards, if there is one. */
  readonly id: number | null;
  /** Why it is not `done`. */
  readonly error: ProductError | null;
  /**
   * Copernica refused the change, in this run or in one before; if before, it was not tried in this run. Left out: it
   * did not.
   */
  readonly refusal?: 'now' | 'before' | undefined;
}
