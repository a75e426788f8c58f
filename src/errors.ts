import type { CodeOf, ProblemCode } from './error-codes.js';

/**
 * What went wrong, as a plain record that is the same in `--json`, text and GitHub annotations.
 *
 * `line` and `column` count from 1. `message` says what is wrong, `remedy` what to do about it.
 */
export interface Problem {
  /** Stable, kebab-case, for programs: `unknown-field`, `lock-held`. docs/errors.md explains all of them. */
  readonly code: ProblemCode;
  readonly message: string;
  /** `notice`: nothing is wrong, but it is worth knowing. */
  readonly severity: 'error' | 'warning' | 'notice';
  /** Name of the manifest entry it is about. */
  readonly name?: string;
  /** Name of the account it is about, if there are several. */
  readonly account?: string;
  /** Path of the file it is about, as the user gave it. */
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  /** The offending source line with a caret under it, ready to print. */
  readonly frame?: string;
  readonly remedy?: string;
}

/**
 * How a failure ends the program:
 * `input` (exit code 3): manifest, settings, token or usage are wrong, and nothing was changed;
 * `refused` (exit code 4): a guard said no;
 * `failed` (exit code 1): it was attempted and did not work.
 */
export type FailureKind = 'input' | 'refused' | 'failed';

/** A failure that the user can act on. Printed without a stack. */
export class ProductError extends Error {
  override readonly name = 'ProductError';
  readonly kind: FailureKind;
  readonly problems: readonly Problem[];

  constructor(kind: FailureKind, problems: readonly Problem[], options?: ErrorOptions) {
    super(problems.map((problem) => problem.message).join('; '), options);
    this.kind = kind;
    this.problems = problems;
  }
}

/** The usual case: one problem of severity `error`. Its code must be one that ends the program in this way. */
export function productError<Kind extends FailureKind>(
  kind: Kind,
  problem: Omit<Problem, 'severity' | 'code'> & { readonly code: CodeOf<Kind> },
  options?: ErrorOptions,
): ProductError {
  return new ProductError(kind, [{ severity: 'error', ...problem }], options);
}

/** The system's name of an error: `ENOSPC`. Empty for anything else. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
