import { forEachAtATime } from '../concurrent.js';
import type { AppliedChange } from '../plan/applied.js';
import { type Change, idOf, isPending } from '../plan/change.js';
import type { ApprovedPlan } from '../plan/guard.js';
import { settledFirst } from '../plan/plan.js';
import { intentsOf } from '../state/state.js';
import { type ChangeOf, deleteEntry, moveEntry, noteWritten, recreated, updateEntry } from './actions.js';
import type { ApplyContext } from './context.js';
import { Creates, type PostChange } from './creates.js';
import { refusedError, stoppedError } from './failures.js';

/**
 * Carries out an approved plan, several changes at a time: first updates and moves, then creates, then deletes. One
 * entry's failure holds up no other. Returns the result of each change, in the plan's order.
 *
 * A `recover` that was not sent again is `uncertain`: see `explainOpen`. Throws only if the state can't be written;
 * from then on nothing more is sent.
 */
export async function applyPlan({ changes: planned }: ApprovedPlan, context: ApplyContext): Promise<AppliedChange[]> {
  const { concurrency, stop } = context;
  const results = new Map<Change, AppliedChange>();
  let of = planned.filter(isPending).length;
  const progress = () => context.onProgress({ phase: 'applying', done: results.size, of });
  if (of > 0) progress();
  const onResult = (applied: AppliedChange) => {
    results.set(applied.change, applied);
    progress();
    // While another POST of the entry is open, its result may still change: see explainOpen.
    const isOpen = () => intentsOf(context.journal.state, applied.change.name).length > 0;
    if (context.onResult !== undefined && isFinal(applied) && !isOpen()) context.onResult(applied);
  };
  for (const change of planned) {
    if (change.action === 'none') noteWritten(change.desired, context);
    const before = context.refusedBefore(change);
    const error = refusedError(change);
    if (before !== null) onResult(before);
    else if (error !== null) onResult({ change, result: 'refused', id: idOf(change), error });
  }
  const isToDo = (change: Change) => !results.has(change);
  // As planned, except that an entry whose PUT shows its webhook to be gone is created again.
  const changes = [...planned];
  await forEachAtATime(planned.entries(), concurrency, async ([index, change]) => {
    if (!isToDo(change) || (!isUpdate(change) && change.action !== 'move')) return;
    if (stop.aborted) return onResult(skipped(change));
    if (change.action === 'move') return onResult(moveEntry(change, context));
    const applied = await updateEntry(change, context);
    if (applied === null) changes[index] = createAgain(change, context);
    else onResult(applied);
  });
  await new Creates(changes.filter(isToDo).filter(isPost), context, onResult).send();
  const fresh = freshDeletes(planned, context);
  of += fresh.length;
  await forEachAtATime([...planned.filter(isToDo).filter(isDelete), ...fresh], concurrency, async (change) => {
    onResult(stop.aborted ? skipped(change) : await deleteEntry(change, context));
  });
  return [...changes, ...fresh].map((change) => results.get(change) ?? withoutResult(change));
}

/** Other results may change in a later round: what was held back may be sent, what was lost may be found. */
export function isFinal({ result }: AppliedChange): boolean {
  return result === 'done' || result === 'failed';
}

/** For an update whose webhook turned out to be gone. */
function createAgain(change: ChangeOf<'update'>, { journal }: ApplyContext): Change {
  const intents = intentsOf(journal.state, change.name);
  return intents.length === 0 ? recreated(change) : settledFirst(recreated(change), intents);
}

function isPost(change: Change): change is PostChange {
  return change.action === 'create' || change.action === 'replace' || change.action === 'recover';
}

function isUpdate(change: Change): change is ChangeOf<'update'> {
  return change.action === 'update';
}

function isDelete(change: Change): change is ChangeOf<'delete'> {
  return change.action === 'delete';
}

/** Pending deletes that arose while the plan was carried out. */
function freshDeletes(planned: readonly Change[], { journal }: ApplyContext): ChangeOf<'delete'>[] {
  const ids = new Set(planned.filter(isDelete).map(({ id }) => id));
  return [...journal.state.pendingDeletes.values()]
    .filter(({ id }) => !ids.has(id))
    .map((webhook) => ({ action: 'delete', ...webhook, cause: 'pending', reason: 'it was found twice' }));
}

/** There was nothing to do, or nothing may be done. */
function withoutResult(change: Change): AppliedChange {
  if (change.action === 'none' || change.action === 'orphaned') {
    return { change, result: 'done', id: change.id, error: null };
  }
  return { change, result: 'uncertain', id: null, error: null };
}

function skipped(change: Change): AppliedChange {
  return { change, result: 'skipped', id: null, error: stoppedError(change) };
}
