import { forEachAtATime } from '../concurrent.js';
import type { AppliedChange } from '../plan/applied.js';
import { type Change, isPending } from '../plan/change.js';
import type { ApprovedPlan } from '../plan/guard.js';
import { settledFirst } from '../plan/plan.js';
import { deleteEntry, moveEntry, recreated, updateEntry } from './actions.js';
import type { ApplyContext } from './context.js';
import { Creates, type PostChange } from './creates.js';
import { stoppedError } from './failures.js';

/**
 * Carries out an approved plan, several changes at a time, and tells what became of each, in the plan's order: first
 * what changes webhooks, then what makes them, then what deletes them. One entry's failure holds up no other.
 *
 * What is `recover` and was not sent again has no result: see `explainOpen`. Throws only when the state file can't be
 * written: then nothing more is sent.
 */
export async function applyPlan({ changes }: ApprovedPlan, context: ApplyContext): Promise<AppliedChange[]> {
  const results = new Map<Change, AppliedChange>();
  const total = changes.filter(isPending).length;
  const onResult = (change: Change, applied: AppliedChange) => {
    results.set(change, applied);
    if (isPending(change)) context.onProgress(results.size, total, 'applying');
  };
  const isFirst = (change: Change): change is Change & { action: 'update' | 'move' } =>
    change.action === 'update' || change.action === 'move';
  // Their webhooks turn out to be gone: the change that is made instead, and the one that was planned.
  const gone = new Map<Change, Change>();
  await forEachAtATime(changes.filter(isFirst), context.concurrency, async (change) => {
    if (context.stop.aborted) return onResult(change, skipped(change));
    const applied = change.action === 'move' ? moveEntry(change, context) : await updateEntry(change, context);
    if (applied !== null) onResult(change, applied);
    else if (change.action === 'update') gone.set(createAgain(change, context), change);
  });
  const toPost = [...changes.filter(isPost), ...[...gone.keys()].filter(isPost)];
  await new Creates(toPost, context, (applied) => onResult(gone.get(applied.change) ?? applied.change, applied)).send();
  await forEachAtATime(deletesOf(changes, context), context.concurrency, async (change) => {
    onResult(change, context.stop.aborted ? skipped(change) : await deleteEntry(change, context));
  });
  // What has to be settled first is explained with the rest that is open.
  for (const change of gone.values()) {
    if (!results.has(change)) results.set(change, { change, result: 'uncertain', id: null, error: null });
  }
  const planned = new Set(changes);
  const further = [...results].filter(([change]) => !planned.has(change)).map(([, applied]) => applied);
  return [...changes.flatMap((change) => results.get(change) ?? unchanged(change)), ...further];
}

/** Its webhook turned out to be gone. */
function createAgain(change: Change & { action: 'update' }, { journal }: ApplyContext): Change {
  const intents = [...journal.state.intents.values()].filter(({ name }) => name === change.name);
  return intents.length === 0 ? recreated(change) : settledFirst(recreated(change), intents);
}

function isPost(change: Change): change is PostChange {
  return change.action === 'create' || change.action === 'replace' || change.action === 'recover';
}

/** Those of the plan, and those that came up while it was carried out. */
function deletesOf(changes: readonly Change[], { journal }: ApplyContext): (Change & { action: 'delete' })[] {
  const planned = changes.filter((change) => change.action === 'delete');
  const ids = new Set(planned.map(({ id }) => id));
  const fresh = [...journal.state.pendingDeletes.values()].filter(({ id }) => !ids.has(id));
  const reason = 'it was found twice';
  return [
    ...planned,
    ...fresh.map(({ name, id, spec }) => ({ action: 'delete' as const, name, id, spec, pending: true, reason })),
  ];
}

function unchanged(change: Change): AppliedChange[] {
  return change.action === 'none' || change.action === 'orphaned'
    ? [{ change, result: 'done', id: change.id, error: null }]
    : [];
}

function skipped(change: Change): AppliedChange {
  return { change, result: 'skipped', id: null, error: stoppedError(change) };
}
