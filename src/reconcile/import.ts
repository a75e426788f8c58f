import type { LiveWebhook } from '../copernica/api.js';
import { productError } from '../errors.js';
import { CALLERS, type ManifestEntry, TRIGGERS, type WebhookSpec } from '../webhook.js';
import { checkAccount, readAccount } from './account.js';
import type { OpenJournal, ReconcilerEdges } from './edges.js';
import { lookUpLimits } from './names.js';
import { openState } from './open-state.js';

/**
 * Takes over an existing webhook for an entry of the manifest: reads it, and records it as the entry's. Open intents of
 * the entry are settled by it. Returns the webhook as it is; what differs from the manifest is the next run's update.
 *
 * Throws ProductError: `refused` for an id or a name that is taken, or another account's token; `failed` when the
 * webhook can't be read or is gone.
 */
export async function importWebhook(
  edges: ReconcilerEdges,
  options: { readonly entry: ManifestEntry; readonly file: string; readonly id: number; readonly init: boolean },
): Promise<WebhookSpec> {
  const { entry, file, id } = options;
  const locked = await edges.lockState();
  try {
    const journal = await openState(locked, edges, options);
    checkFree(journal, entry.name, id);
    checkAccount(await readAccount(edges.api), journal.state.account);
    const outcome = await edges.api.readWebhook(id);
    if (outcome.kind !== 'found') {
      const why = outcome.kind === 'gone' ? 'there is no such webhook in this account' : outcome.message;
      throw productError('failed', {
        code: 'import-unread',
        message: `webhook ${id}: ${why}`,
        name: entry.name,
        remedy: 'check the id; nothing was changed',
      });
    }
    const { entries } = await lookUpLimits([entry], edges.api, { file, state: journal.state });
    const webhook = specOf(outcome.webhook, entries[0] ?? { name: entry.name, spec: {} });
    journal.write({ type: 'imported', name: entry.name, id, at: edges.now().toISOString(), webhook });
    await journal.flush();
    return webhook;
  } finally {
    await locked.release();
  }
}

function checkFree({ state }: OpenJournal, name: string, id: number): void {
  const owner = state.owners.get(id);
  const entry = state.entries.get(name);
  if (owner === undefined && entry === undefined) return;
  throw productError('refused', {
    code: 'import-taken',
    message:
      owner !== undefined ? `webhook ${id} belongs to ${owner} already` : `${name} is webhook ${entry?.id} already`,
    name,
    remedy: owner === name ? 'there is nothing to import' : `"forget ${owner ?? name}" lets go of it first`,
  });
}

/** Database and collection are not among the documented fields of the answer: untold, they are the manifest's. */
export function specOf(
  live: LiveWebhook,
  { name, spec }: { readonly name: string; readonly spec: Partial<WebhookSpec> },
): WebhookSpec {
  const trigger = TRIGGERS.find((known) => known === live.trigger);
  const callers = CALLERS.filter((known) => live.callers.includes(known));
  if (trigger === undefined) {
    throw productError('failed', {
      code: 'import-unknown-trigger',
      message: `webhook ${live.id} has the trigger ${JSON.stringify(live.trigger)}, which this program does not know`,
      name,
      remedy: 'a newer version may know it',
    });
  }
  const database = live.database ?? spec.database;
  const collection = live.collection ?? spec.collection;
  return {
    handler: live.handler,
    trigger,
    ...(callers.length === 0 ? {} : { callers }),
    ...(database === undefined ? {} : { database }),
    ...(collection === undefined ? {} : { collection }),
  };
}
