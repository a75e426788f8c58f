import type { AppliedChange } from '../plan/applied.js';
import type { Change } from '../plan/change.js';
import { isOpen } from '../state/state.js';
import { type DesiredWebhook, webhookKey } from '../webhook.js';
import type { ApplyContext } from './context.js';
import { callError, stoppedError, uncertainError, waitsError } from './failures.js';
import { postWithIntent } from './post.js';

type ChangeOf<A extends Change['action']> = Extract<Change, { action: A }>;

/** create: POST. A webhook that is gone from the account is dropped from the state first. */
export async function createEntry(change: ChangeOf<'create'>, context: ApplyContext): Promise<AppliedChange> {
  if (change.waitsFor.length > 0) {
    return { change, result: 'skipped', id: null, error: waitsError(change, context.manifestFile) };
  }
  if (change.goneId !== null) recordRemoved(change.goneId, context);
  return post(change, change.desired, context);
}

async function post(change: Change, desired: DesiredWebhook, context: ApplyContext): Promise<AppliedChange> {
  const outcome = await postWithIntent(change.name, desired.spec, context);
  const file = context.manifestFile;
  switch (outcome.kind) {
    case 'made':
      return { change, result: 'done', id: outcome.id, error: null };
    case 'stopped':
      if (change.action === 'recover') return stillUncertain(change, context);
      return { change, result: 'skipped', id: null, error: stoppedError(change) };
    case 'unknown': {
      const because = `the POST was sent and its outcome is unknown (${outcome.message})`;
      return {
        change,
        result: 'uncertain',
        id: null,
        error: uncertainError(change, { file, state: context.journal.state }, because),
      };
    }
    case 'not-sent':
    case 'turned-away':
    case 'refused':
      return { change, result: 'failed', id: null, error: callError(change, 'create', outcome, file) };
  }
}

/**
 * update: PUT. The record before it keeps the entry in `update` until one is known to have worked: a PUT that timed out
 * may have arrived, so neither the old nor the new form can be taken for granted.
 */
export async function updateEntry(change: ChangeOf<'update'>, context: ApplyContext): Promise<AppliedChange> {
  const { journal, api } = context;
  const { name, id, desired } = change;
  journal.write({ type: 'updating', name, at: context.now().toISOString(), webhook: desired.spec });
  await journal.flush();
  const outcome = await api.updateWebhook(id, desired.spec);
  if (outcome.kind === 'done') {
    journal.write({ type: 'updated', name, at: context.now().toISOString(), webhook: desired.spec });
    return { change, result: 'done', id, error: null };
  }
  if (outcome.kind === 'gone') {
    // Drift that no refresh had seen yet: what the manifest wants is not there, so it is created.
    recordRemoved(id, context);
    return post(change, change.desired, context);
  }
  return { change, result: 'failed', id, error: callError(change, 'update', outcome, context.manifestFile) };
}

/**
 * replace: POST the new one, record it, DELETE the old one. The record of the new one makes the old one `doomed` in
 * the same write, so that a crash in between leaves it to be deleted, never forgotten.
 */
export async function replaceEntry(change: ChangeOf<'replace'>, context: ApplyContext): Promise<AppliedChange> {
  if (change.waitsFor.length > 0) {
    return { change, result: 'skipped', id: change.id, error: waitsError(change, context.manifestFile) };
  }
  const posted = await post(change, change.desired, context);
  if (posted.result !== 'done') return posted;
  await context.journal.flush();
  const outcome = await context.api.deleteWebhook(change.id);
  if (outcome.kind === 'done' || outcome.kind === 'gone') {
    recordRemoved(change.id, context);
    return posted;
  }
  const did = `webhook ${posted.id} is there, but the old one, ${change.id}, could not be deleted yet`;
  return { ...posted, result: 'failed', error: callError(change, did, outcome, context.manifestFile) };
}

/** move: nothing is sent, the entry takes over the id. */
export async function moveEntry(change: ChangeOf<'move'>, { journal, now }: ApplyContext): Promise<AppliedChange> {
  journal.write({ type: 'renamed', from: change.from, to: change.name, at: now().toISOString() });
  return { change, result: 'done', id: change.id, error: null };
}

/** delete: recorded as on its way out first, so that an entry of that name written meanwhile gets a webhook of its own. */
export async function deleteEntry(change: ChangeOf<'delete'>, context: ApplyContext): Promise<AppliedChange> {
  const { journal, api } = context;
  if (!change.doomed) {
    journal.write({ type: 'doomed', name: change.name, at: context.now().toISOString() });
    await journal.flush();
  }
  const outcome = await api.deleteWebhook(change.id);
  if (outcome.kind === 'done' || outcome.kind === 'gone') {
    recordRemoved(change.id, context);
    return { change, result: 'done', id: change.id, error: null };
  }
  return {
    change,
    result: 'failed',
    id: change.id,
    error: callError(change, 'delete', outcome, context.manifestFile),
  };
}

/**
 * recover: what looking did not settle. When the lost webhook was not found, time enough has passed and the manifest
 * still wants it, it is POSTed again: the new id is the upper bound up to which the lost one is then looked for.
 */
export async function recoverEntry(change: ChangeOf<'recover'>, context: ApplyContext): Promise<AppliedChange> {
  const { desired, name } = change;
  if (desired !== null && !context.stop.aborted && context.maySendAgain(name)) {
    // Its entry may have been edited: what it is to be now may be what was lost of another.
    if (waitsForAnother(desired, context)) {
      return { change, result: 'skipped', id: null, error: waitsError(change, context.manifestFile) };
    }
    return post(change, desired, context);
  }
  return stillUncertain(change, context);
}

function stillUncertain(change: ChangeOf<'recover'>, context: ApplyContext): AppliedChange {
  const because = context.openBecause.get(change.name);
  const error = uncertainError(
    change,
    { file: context.manifestFile, state: context.journal.state },
    because === undefined ? change.reason : `${change.reason}; ${because.message}`,
  );
  return { change, result: 'uncertain', id: null, error };
}

/** Whether an intent of another entry, not settled yet, is for the very webhook that would be POSTed. */
function waitsForAnother({ name, spec }: DesiredWebhook, { journal, maySendAgain }: ApplyContext): boolean {
  const key = webhookKey(spec);
  const others = [...journal.state.intents.values()].filter((intent) => isOpen(intent) && intent.name !== name);
  return others.some((other) => webhookKey(other.spec) === key && !maySendAgain(other.name));
}

function recordRemoved(id: number, { journal, now }: ApplyContext): void {
  journal.write({ type: 'removed', id, at: now().toISOString() });
}
