import type { CallFailure } from '../copernica/api.js';
import { isRefusedForGood } from '../copernica/retry-policy.js';
import type { AppliedChange } from '../plan/applied.js';
import type { Change } from '../plan/change.js';
import { asWritten, type DesiredWebhook, type ManifestEntry } from '../webhook.js';
import type { ApplyContext } from './context.js';
import { callError, uncertainError } from './failures.js';
import { type InTurn, post } from './post.js';

/** Changes with one of these actions. */
export type ChangeOf<A extends Change['action']> = Change & { readonly action: A };

/** `answered`: with an id; `lost`: outcome unknown; `refused`: nothing was made; `withheld`: nothing was sent. */
export interface Sent {
  readonly outcome: 'answered' | 'lost' | 'refused' | 'withheld';
  readonly applied: AppliedChange;
}

/**
 * create, replace, or a create sent once more (recover).
 *
 * A webhook that looks gone is deleted first and created again only if the DELETE confirms that it is gone: otherwise a
 * read that lagged behind would make a duplicate.
 * replace: POST the new webhook, record it, DELETE the old one. The record of the new one also makes the old one a
 * pending delete, so a crash in between can't leave it forgotten.
 */
export async function sendCreate(
  change: ChangeOf<'create' | 'replace' | 'recover'>,
  context: ApplyContext,
  inTurn: InTurn,
): Promise<Sent> {
  const refused = (did: string, failure: CallFailure): Sent => {
    return { outcome: 'refused', applied: failed({ change, id: null }, did, failure) };
  };
  if (change.action === 'create' && change.goneId !== null && context.journal.state.owners.has(change.goneId)) {
    const failure = await confirmGone(change.goneId, context);
    const did = `webhook ${change.goneId} seems to be gone, but deleting it did not confirm that`;
    if (failure !== null) return refused(did, failure);
  }
  if (change.action === 'replace') takeName(change, context);
  const before = context.journal.state.entries.get(change.name)?.id ?? null;
  const outcome = await post(change.desired, context, inTurn);
  if (outcome === 'withheld') {
    return { outcome: 'withheld', applied: { change, result: 'skipped', id: null, error: null } };
  }
  if (outcome.ok) {
    const applied: AppliedChange = { change, result: 'done', id: outcome.value, error: null };
    return { outcome: 'answered', applied: before === null ? applied : await deleteOld(before, applied, context) };
  }
  // Every other failure means that nothing was made.
  if (outcome.kind !== 'unknown') return refused('create', outcome);
  const because = `the POST was sent and its outcome is unknown (${outcome.message})`;
  const error = uncertainError(change, { state: context.journal.state, because, kind: 'failed' });
  return { outcome: 'lost', applied: { change, result: 'uncertain', id: null, error } };
}

async function deleteOld(id: number, applied: AppliedChange, context: ApplyContext): Promise<AppliedChange> {
  await context.journal.flush();
  const failure = await deleteWebhook(id, context);
  if (failure === null) return applied;
  const did = `webhook ${applied.id} is there, but the old one, ${id}, could not be deleted yet`;
  return failed(applied, did, failure);
}

function failed(
  { change, id }: Pick<AppliedChange, 'change' | 'id'>,
  did: string,
  failure: CallFailure,
): AppliedChange {
  const error = callError(change, did, failure);
  return { change, result: 'failed', id, error, refusal: isRefusedForGood(failure) ? 'now' : undefined };
}

/**
 * update: PUT. The record written before the PUT keeps the entry in `update` until a PUT is known to have worked: one
 * that timed out may have arrived, so neither the old nor the new form can be relied on.
 *
 * Null: the PUT says that there is no such webhook. That is drift which no refresh saw, and it is to be created again.
 */
export async function updateEntry(change: ChangeOf<'update'>, context: ApplyContext): Promise<AppliedChange | null> {
  const { journal, api } = context;
  const { name, id, desired } = change;
  takeName(change, context);
  journal.write({ type: 'updating', name, at: at(context), webhook: desired.spec });
  await journal.flush();
  const outcome = await api.updateWebhook(id, desired.spec);
  if (!outcome.ok) return failed({ change, id }, 'update', outcome);
  if (outcome.value === 'gone') return null;
  journal.write({ type: 'updated', name, at: at(context), webhook: desired.spec, ...asWritten(desired) });
  return { change, result: 'done', id, error: null };
}

/** move: nothing is sent; the entry takes over the id. */
export function moveEntry(change: ChangeOf<'move'>, context: ApplyContext): AppliedChange {
  takeName(change, context);
  noteWritten(change.desired, context);
  return { change, result: 'done', id: change.id, error: null };
}

/**
 * If the file writes the same handler in another way than the state does, the state follows the file, since it is what
 * people are shown. Nothing is sent.
 */
export function noteWritten(desired: DesiredWebhook, context: ApplyContext): void {
  const { name, spec, handlerAsWritten } = desired;
  const entry = context.journal.state.entries.get(name);
  if (entry === undefined) return;
  if (entry.handlerAsWritten === handlerAsWritten && entry.spec.handler === spec.handler) return;
  context.journal.write({ type: 'updated', name, at: at(context), webhook: spec, ...asWritten(desired) });
}

/** Records which entries are protected: the state still has to know it when they have left the manifest. */
export function noteProtection(
  entries: readonly ManifestEntry[],
  context: Pick<ApplyContext, 'journal' | 'now'>,
): void {
  const { journal } = context;
  for (const { name, protect = false } of entries) {
    const entry = journal.state.entries.get(name);
    if (entry === undefined || (entry.isProtected ?? false) === protect) continue;
    journal.write({ type: 'protected', name, at: at(context), isProtected: protect });
  }
}

/** delete: first recorded as pending, so that a new entry with the same name gets a webhook of its own. */
export async function deleteEntry(change: ChangeOf<'delete'>, context: ApplyContext): Promise<AppliedChange> {
  const { journal } = context;
  if (change.cause !== 'pending') {
    journal.write({ type: 'deleting', name: change.name, at: at(context) });
    await journal.flush();
  }
  const failure = await deleteWebhook(change.id, context);
  if (failure === null) return { change, result: 'done', id: change.id, error: null };
  return failed({ change, id: change.id }, 'delete', failure);
}

/** Null: it is gone, and this is recorded. */
async function deleteWebhook(id: number, context: ApplyContext): Promise<CallFailure | null> {
  const outcome = await context.api.deleteWebhook(id);
  if (!outcome.ok) return outcome;
  context.journal.write({ type: 'removed', id, at: at(context) });
  return null;
}

/** The same for a webhook that already looks gone: here a refusal confirms it, however it is worded. */
async function confirmGone(id: number, context: ApplyContext): Promise<CallFailure | null> {
  const failure = await deleteWebhook(id, context);
  if (failure === null) return null;
  if (failure.kind !== 'refused' || (failure.status !== 400 && failure.status !== 404)) return failure;
  context.journal.write({ type: 'removed', id, at: at(context) });
  return null;
}

/** The webhook goes on under its new name, with the protection that the manifest gives that name. */
function takeName({ name, from, desired }: ChangeOf<'update' | 'replace' | 'move'>, context: ApplyContext): void {
  // On a second attempt it already has the new name.
  if (from === null || !context.journal.state.entries.has(from)) return;
  context.journal.write({ type: 'renamed', from, to: name, at: at(context) });
  noteProtection([desired], context);
}

function at({ now }: Pick<ApplyContext, 'now'>): string {
  return now().toISOString();
}

/** The same entry as a create, because its webhook turned out to be gone. */
export function recreated({ name, desired, id }: ChangeOf<'update'>): ChangeOf<'create'> {
  return { action: 'create', name, desired, goneId: id, reason: `webhook ${id} is gone from the account` };
}
