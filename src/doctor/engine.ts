import { ProductError } from '../errors.js';
import { type Check, type CheckId, type CheckResult, type Finding, problemOf, skipped } from './check.js';

/** Runs the checks of a table one after the other. */
export async function runChecks<Context>(
  checks: readonly Check<Context>[],
  context: Context,
): Promise<readonly CheckResult[]> {
  const results: CheckResult[] = [];
  for (const check of checks) {
    const found = skippedFor(check.needs ?? [], results) ?? (await findingsOf(check, context));
    results.push(...[found].flat().map((finding) => resultOf(check, finding)));
  }
  return results;
}

/** The results when one check has a problem that makes every other check impossible. */
export function resultsWithout<Context>(
  checks: readonly Check<Context>[],
  id: CheckId,
  finding: Finding,
): readonly CheckResult[] {
  const cause = because(checks.find((check) => check.id === id)?.name ?? id);
  return checks.map((check) => resultOf(check, check.id === id ? finding : cause));
}

async function findingsOf<Context>(check: Check<Context>, context: Context) {
  try {
    return await check.run(context);
  } catch (error) {
    if (error instanceof ProductError) return problemOf(error.kind, error.problems);
    throw error;
  }
}

/**
 * Null: everything that is needed is there. Whatever was skipped passes on its reason, so each names the root cause.
 */
function skippedFor(needs: readonly CheckId[], results: readonly CheckResult[]): Finding | null {
  for (const result of results) {
    if (!needs.includes(result.id)) continue;
    if (result.status === 'problem') return because(result.name);
    if (result.status === 'skipped') return skipped(result.message);
  }
  return null;
}

function because(name: string): Finding {
  return skipped(`not checked, because of “${name}” above`);
}

function resultOf({ id, section, name }: Check<never>, finding: Finding): CheckResult {
  return { ...finding, id, section, name };
}
