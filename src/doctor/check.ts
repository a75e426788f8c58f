import type { FailureKind, Problem } from '../errors.js';
import { CHECKS, type CheckId } from './checks.js';

/**
 * What a check came to. `warning`: works, or works for now, and should be seen to; `problem`: a command will fail by it,
 * and how that ends it; `skipped`: could not be, by what the message says.
 */
export type Verdict =
  | { readonly status: 'ok'; readonly message: string }
  | { readonly status: 'warning'; readonly message: string; readonly remedy: string }
  | {
      readonly status: 'problem';
      readonly message: string;
      readonly remedy: string;
      readonly failure: FailureKind;
      /** What it consists of, where that is more than the message: each error of a file at its place. */
      readonly causes?: readonly Problem[];
    }
  | { readonly status: 'skipped'; readonly message: string };

export type Check = Verdict & {
  readonly id: CheckId;
  /** Which of several: `hooks.example.com:443`. */
  readonly subject?: string;
};

export function checkOf(id: CheckId, verdict: Verdict, subject?: string): Check {
  return { id, ...verdict, ...(subject === undefined ? {} : { subject }) };
}

export const ok = (message: string): Verdict => ({ status: 'ok', message });
export const warning = (message: string, remedy: string): Verdict => ({ status: 'warning', message, remedy });
export const problem = (message: string, remedy: string, failure: FailureKind = 'failed'): Verdict => {
  return { status: 'problem', message, remedy, failure };
};
export const skipped = (message: string): Verdict => ({ status: 'skipped', message });

/** A check that rests on another one, which found a problem or was skipped itself. */
export function because(id: CheckId): Verdict {
  return skipped(`not checked, because of “${CHECKS[id].name}” above`);
}

/** Whether what rests on these checks can be checked. */
export function holds(...verdicts: readonly Verdict[]): boolean {
  return verdicts.every(({ status }) => status === 'ok' || status === 'warning');
}

/** A failure that was told with its remedy already. */
export function problemOf(
  failure: FailureKind,
  problems: readonly Problem[],
  remedy = 'see what is said of each',
): Verdict {
  const [first, ...others] = problems;
  if (first === undefined) return problem('failed without a word', 'report it', failure);
  if (others.length > 0) {
    const message = `${problems.length} errors`;
    return { status: 'problem', message, remedy, failure, causes: problems };
  }
  return {
    status: 'problem',
    message: first.message,
    remedy: first.remedy ?? remedy,
    failure,
    causes: problems,
  };
}
