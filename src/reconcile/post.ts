import type { CallFailure } from '../copernica/api.js';
import { visibleKey, type WebhookSpec } from '../webhook.js';
import type { ApplyContext } from './context.js';

export type PostOutcome = { readonly kind: 'made'; readonly id: number } | { readonly kind: 'stopped' } | CallFailure;

/**
 * Sends the POST of one webhook with its records around it: the intent is on disk before, the outcome is written after.
 * The outcome's record is not waited for: the next intent's flush, or the run's last one, takes it along. A crash in
 * between leaves the intent unconfirmed, which is the safe side.
 */
export async function postWithIntent(name: string, spec: WebhookSpec, context: ApplyContext): Promise<PostOutcome> {
  const { turns, alike } = context;
  // After a kill nobody could tell those that look alike apart, so no more of them are open than were sent.
  if (alike.size > 0 && alike.has(visibleKey(spec))) {
    return turns.inTurn(async () => sendUnlessStopped(await putOnDisk(name, spec, context), spec, context));
  }
  const intent = await putOnDisk(name, spec, context);
  return turns.inTurn(() => sendUnlessStopped(intent, spec, context));
}

/** Gives the number of the intent. */
async function putOnDisk(name: string, spec: WebhookSpec, { journal, now }: ApplyContext): Promise<number> {
  const intent = journal.state.nextIntent;
  const at = now().toISOString();
  journal.write({ type: 'intent', intent, name, above: journal.state.highestId, at, webhook: spec });
  await journal.flush();
  return intent;
}

async function sendUnlessStopped(intent: number, spec: WebhookSpec, context: ApplyContext): Promise<PostOutcome> {
  if (!context.stop.aborted) return sendIntended(intent, spec, context);
  const reason = 'stopped before it was sent';
  context.journal.write({ type: 'cancelled', intent, at: context.now().toISOString(), reason });
  return { kind: 'stopped' };
}

async function sendIntended(
  intent: number,
  spec: WebhookSpec,
  context: ApplyContext,
): Promise<Exclude<PostOutcome, { kind: 'stopped' }>> {
  const { journal, api } = context;
  const outcome = believable(await api.createWebhook(spec), context);
  const now = context.now().toISOString();
  switch (outcome.kind) {
    case 'made':
      journal.write({ type: 'created', intent, id: outcome.id, at: now });
      break;
    case 'not-sent':
    case 'turned-away':
    case 'refused':
      journal.write({ type: 'cancelled', intent, at: now, reason: outcome.message });
      break;
    case 'unknown':
      journal.write({ type: 'unknown', intent, at: now, reason: outcome.message });
      break;
  }
  return outcome;
}

/** An id that another webhook of ours has can't be the new one's: the answer says nothing about what was made. */
function believable(
  outcome: Awaited<ReturnType<ApplyContext['api']['createWebhook']>>,
  { journal }: ApplyContext,
): Awaited<ReturnType<ApplyContext['api']['createWebhook']>> {
  if (outcome.kind !== 'made') return outcome;
  const owner = journal.state.owners.get(outcome.id);
  if (owner === undefined) return outcome;
  return { kind: 'unknown', message: `the answer names webhook ${outcome.id}, which is that of ${owner}` };
}
