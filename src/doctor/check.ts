import type { ProblemCode } from '../error-codes.js';
import { type FailureKind, type Problem, ProductError } from '../errors.js';

type IdIn<Code> = Code extends `doctor-${infer Id}` ? Id : never;
/** For people and the JSON document; the problems of a check have the code `doctor-<id>`. */
export type CheckId = IdIn<ProblemCode>;

/**
 * The result of a check. `warning`: it works, at least for now, but needs attention; `problem`: a command will fail
 * because of it, and `failure` says how that command ends; `skipped`: it could not be checked, for the reason in the
 * message.
 */
export type Finding = (
  | { readonly status: 'ok' | 'skipped'; readonly message: string }
  | { readonly status: 'warning'; readonly message: string; readonly remedy: string }
  | {
      readonly status: 'problem';
      readonly message: string;
      readonly remedy: string;
      readonly failure: FailureKind;
      /** Set if the message is only a summary: each error of a file, with its place. */
      readonly causes?: readonly Problem[];
    }
) & {
  /** Which of several: `hooks.example.com:443`. */
  readonly subject?: string;
};

/** One row of the table. Checks run, and are shown, in the order of the table. */
export interface Check<Context> {
  readonly id: CheckId;
  readonly section: string;
  /** Earlier checks in the table. If one of them has a problem or was skipped, this one is skipped. */
  readonly needs?: readonly CheckId[];
  /** No findings: it does not apply, and is not shown. A ProductError that it throws is a problem. */
  readonly run: (context: Context) => Found | Promise<Found>;
}

export type Found = Finding | readonly Finding[];

export type CheckResult = Finding & Pick<Check<never>, 'id' | 'section'>;

export const ok = (message: string): Finding => ({ status: 'ok', message });
export const warning = (message: string, remedy: string): Finding => ({ status: 'warning', message, remedy });
export const problem = (message: string, remedy: string, failure: FailureKind = 'failed'): Finding => {
  return { status: 'problem', message, remedy, failure };
};
export const skipped = (reason: string): Finding => ({ status: 'skipped', message: `not checked${reason}` });

/** Errors that have their own remedies; `remedy` is shown if there are several, or if one has none. */
export function problemOf(failure: FailureKind, causes: readonly Problem[], remedy = 'see each of them'): Finding {
  const [first, ...others] = causes;
  const only = others.length === 0 ? first : undefined;
  const message = only?.message ?? `${causes.length} errors`;
  return { status: 'problem', message, remedy: only?.remedy ?? remedy, failure, causes };
}

/** Runs the checks of a table one after another. */
export async function runChecks<Context>(
  checks: readonly Check<Context>[],
  context: Context,
): Promise<readonly CheckResult[]> {
  const results: CheckResult[] = [];
  for (const { id, section, needs = [], run } of checks) {
    const found = skippedFor(needs, results) ?? (await findingsOf(run, context));
    results.push(...[found].flat().map((finding) => ({ ...finding, id, section })));
  }
  return results;
}

/** The results if one check's problem makes all others impossible. */
export function resultsWithout<Context>(
  checks: readonly Check<Context>[],
  broken: CheckId,
  finding: Finding,
): readonly CheckResult[] {
  return checks.map(({ id, section }) => ({ ...(id === broken ? finding : because(broken)), id, section }));
}

async function findingsOf<Context>(run: Check<Context>['run'], context: Context): Promise<Found> {
  try {
    return await run(context);
  } catch (error) {
    if (error instanceof ProductError) return problemOf(error.kind, error.problems);
    throw error;
  }
}

/** Null: everything needed is there. A skipped check passes its reason on, so that each names the root cause. */
function skippedFor(needs: readonly CheckId[], results: readonly CheckResult[]): Finding | null {
  for (const { id, status, message } of results) {
    if (!needs.includes(id)) continue;
    if (status === 'problem') return because(id);
    if (status === 'skipped') return { status, message };
  }
  return null;
}

function because(id: CheckId): Finding {
  return skipped(`, because of “${id}” above`);
}
