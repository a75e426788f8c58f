import type { ProblemCode } from '../error-codes.js';
import type { FailureKind, Problem } from '../errors.js';

type IdIn<Code> = Code extends `doctor-${infer Id}` ? Id : never;
/** In the JSON document each check keeps its id; its problems have the code `doctor-<id>`. */
export type CheckId = IdIn<ProblemCode>;

/**
 * What a check finds. `warning`: it works, or works for now, and needs attention; `problem`: a command will fail
 * because of it, and `failure` says how that command ends; `skipped`: it could not be checked, for the reason in the
 * message.
 */
export type Finding = (
  | { readonly status: 'ok'; readonly message: string }
  | { readonly status: 'warning'; readonly message: string; readonly remedy: string }
  | {
      readonly status: 'problem';
      readonly message: string;
      readonly remedy: string;
      readonly failure: FailureKind;
      /** Where the message is only a summary: each error of a file, with its place. */
      readonly causes?: readonly Problem[];
    }
  | { readonly status: 'skipped'; readonly message: string }
) & {
  /** Which of several: `hooks.example.com:443`. */
  readonly subject?: string;
};

export interface CheckInfo {
  readonly id: CheckId;
  readonly section: string;
  /** For people, within its section. */
  readonly name: string;
}

/** One row of the table. Checks run in the order of the table, which is the order in which they are shown. */
export interface Check<Context> extends CheckInfo {
  /** These come earlier in the table. When one of them has a problem or was skipped, this one is skipped. */
  readonly needs?: readonly CheckId[];
  /** None: it does not apply, and is not shown. A ProductError that it throws is a problem. */
  readonly run: (context: Context) => Found | Promise<Found>;
}

export type Found = Finding | readonly Finding[];

export type CheckResult = Finding & CheckInfo;

export const ok = (message: string): Finding => ({ status: 'ok', message });
export const warning = (message: string, remedy: string): Finding => ({ status: 'warning', message, remedy });
export const problem = (message: string, remedy: string, failure: FailureKind = 'failed'): Finding => {
  return { status: 'problem', message, remedy, failure };
};
export const skipped = (message: string): Finding => ({ status: 'skipped', message });

/**
 * Errors that have their remedies already; `remedy` is shown where there are several of them, or where one has none.
 */
export function problemOf(failure: FailureKind, causes: readonly Problem[], remedy = 'see each of them'): Finding {
  const [first, ...others] = causes;
  const only = others.length === 0 ? first : undefined;
  return {
    status: 'problem',
    message: only?.message ?? `${causes.length} errors`,
    remedy: only?.remedy ?? remedy,
    failure,
    causes,
  };
}

export function counted(count: number, one: string): string {
  return `${count.toLocaleString('en')} ${one}${count === 1 ? '' : 's'}`;
}
