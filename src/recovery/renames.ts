import type { State } from '../state/state.js';
import { type DesiredWebhook, webhookKey } from '../webhook.js';

/**
 * Entries that were renamed in the manifest while they were uncertain: what is open goes along, so that it is settled
 * under the new name. Pairs of old and new name. Only an entry that has no webhook yet and is equal in everything that
 * is sent takes it over: the account need not show database and collection.
 */
export function renamesOfUncertain(
  desired: readonly DesiredWebhook[],
  state: State,
): { readonly from: string; readonly to: string }[] {
  const names = new Set(desired.map(({ name }) => name));
  const open = [...state.intents.values()];
  const left = open.filter(({ name }) => !names.has(name) && !state.entries.has(name));
  if (left.length === 0) return [];
  const unmade = new Map(
    desired.filter(({ name }) => !state.entries.has(name)).map(({ name, spec }) => [webhookKey(spec), name]),
  );
  const renames = new Map<string, string>();
  for (const { name, spec } of left) {
    const to = unmade.get(webhookKey(spec));
    if (to === undefined || renames.has(name)) continue;
    unmade.delete(webhookKey(spec));
    renames.set(name, to);
  }
  return [...renames].map(([from, to]) => ({ from, to }));
}
