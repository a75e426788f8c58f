import type { Problem } from '../errors.js';
import type { State } from '../state/state.js';
import type { Change, Plan } from './change.js';

/** No more than this share of the managed webhooks is deleted in one run, unless forced. */
export const DELETION_LIMIT = { percent: 30, fromManaged: 10 };

declare const approved: unique symbol;

/** A plan that the guard has approved. Only `approve` makes one, and nothing else can be applied. */
export type ApprovedPlan = Plan & { readonly [approved]: true };

export type Verdict =
  | { readonly kind: 'approved'; readonly plan: ApprovedPlan }
  | { readonly kind: 'refused'; readonly problem: Problem };

/**
 * Refuses a plan that would delete all managed webhooks, or more than 30 % of ten or more: a manifest that was emptied
 * or cut off by accident must not empty the account. Not counted, among neither the deleted nor the managed, are those
 * listed under `removed`, protected ones, and those already on their way out.
 */
export function approve(plan: Plan, state: State | null, options: { readonly force: boolean }): Verdict {
  const spared = plan.changes.filter(isDecidedByName).length;
  const managed = (state?.entries.size ?? 0) - spared;
  const deletions = plan.changes.filter(isPruned).length;
  const percent = managed === 0 ? 0 : (deletions / managed) * 100;
  const all = deletions > 0 && deletions === managed;
  const many = managed >= DELETION_LIMIT.fromManaged && percent > DELETION_LIMIT.percent;
  if (options.force || !(all || many)) return { kind: 'approved', plan: plan as ApprovedPlan };
  const which = spared === 0 ? '' : ' that are neither protected nor named under `removed`';
  const limit = all ? 'all of them' : `more than ${DELETION_LIMIT.percent} %`;
  return {
    kind: 'refused',
    problem: {
      code: 'deletion-limit',
      severity: 'error',
      message: `this run would delete ${deletions} of ${managed} managed webhooks${which} (${Math.round(percent)} %), ${limit}: it is refused as a whole, and nothing is changed`,
      remedy:
        'if that is intended, name them under `removed`, or run `copernica-webhooks apply --prune --force` once; if not, fix the manifest',
    },
  };
}

function isDecidedByName(change: Change): boolean {
  return change.action === 'delete' && (change.cause === 'removed' || change.refused !== undefined);
}

function isPruned(change: Change): boolean {
  return change.action === 'delete' && change.cause === 'pruned' && change.refused === undefined;
}
