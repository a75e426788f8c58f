import type { CreateOutcome } from '../copernica/api.js';
import { looksLike } from '../recovery/matching.js';
import { asWritten, type DesiredWebhook } from '../webhook.js';
import type { ApplyContext } from './context.js';

export type PostContext = Pick<ApplyContext, 'journal' | 'api' | 'timeoutMs' | 'stop' | 'now'>;

/** Sends when its turn comes. `withheld`: it may not be sent any more. */
export type InTurn = (send: () => Promise<CreateOutcome | 'withheld'>) => Promise<CreateOutcome | 'withheld'>;

/**
 * Sends the POST of one webhook. Its intent is on disk before, its outcome is written after, without waiting for a
 * flush: the next intent's flush, or the run's last one, includes it. A crash in between leaves the intent open, which
 * is safe.
 *
 * `inTurn` is called once the intent is on disk. It calls `send` when it may; if it never may, the intent is cancelled.
 */
export async function post(
  desired: Pick<DesiredWebhook, 'name' | 'spec' | 'handlerAsWritten'>,
  context: PostContext,
  inTurn: InTurn,
): Promise<CreateOutcome | 'withheld'> {
  const { name, spec } = desired;
  const { journal, timeoutMs, now } = context;
  const intent = journal.state.nextIntent;
  const above = journal.state.highestId;
  const at = now().toISOString();
  journal.write({ type: 'intent', intent, name, above, at, webhook: spec, ...asWritten(desired), timeoutMs });
  await journal.flush();
  const outcome = await inTurn(async () => {
    if (context.stop.aborted) return 'withheld';
    const answer = await believable(await context.api.createWebhook(spec), above, { name, spec }, context);
    record(intent, answer, context);
    return answer;
  });
  if (outcome === 'withheld') {
    journal.write({ type: 'cancelled', intent, at: now().toISOString(), reason: 'not sent' });
  }
  return outcome;
}

function record(intent: number, outcome: CreateOutcome, { journal, now }: PostContext): void {
  const at = now().toISOString();
  if (outcome.ok) journal.write({ type: 'created', intent, id: outcome.value, at });
  else {
    const type = outcome.kind === 'unknown' ? 'unknown' : 'cancelled';
    journal.write({ type, intent, at, reason: outcome.message });
  }
}

/**
 * An answered id that is ours already, or not above the highest known before, is doubtful. If nobody has it, it is
 * read: one that is alive and as sent is confirmed, and shows that ids do not rise here. Otherwise the outcome is
 * unknown.
 */
async function believable(
  outcome: CreateOutcome,
  above: number | null,
  { name, spec }: Pick<DesiredWebhook, 'name' | 'spec'>,
  { journal, api }: PostContext,
): Promise<CreateOutcome> {
  if (!outcome.ok) return outcome;
  const id = outcome.value;
  const owner = journal.state.owners.get(id);
  if (owner === undefined && (above === null || id > above)) return outcome;
  const read = owner === undefined ? await api.readWebhook(id) : null;
  const live = read?.ok && read.value !== 'gone' ? read.value : null;
  if (live !== null && looksLike(live, spec) && !journal.state.owners.has(id)) return outcome;
  const whose = owner === undefined ? `which is not above ${above}, known before` : `which is that of ${owner}`;
  return { ok: false, kind: 'unknown', message: `the answer names webhook ${id} for ${name}, ${whose}` };
}
