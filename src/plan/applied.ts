import type { ProductError } from '../errors.js';
import type { Change } from './change.js';

/** What became of one change. */
export type ChangeResult = 'done' | 'failed' | 'uncertain' | 'skipped' | 'refused';

export interface AppliedChange {
  readonly change: Change;
  readonly result: ChangeResult;
  /** The webhook's id afterwards, where there is one. */
  readonly id: number | null;
  /** Why it is not `done`. */
  readonly error: ProductError | null;
  /**
   * Copernica itself says no to what was asked: in this run, or in one before, and then it was not tried in this one.
   * Left out: it does not.
   */
  readonly refusal?: 'now' | 'before' | undefined;
}
