import type { State } from '../state/state.js';
import { type DesiredWebhook, webhookKey } from '../webhook.js';

export interface Rename {
  readonly from: string;
  readonly to: string;
}

/**
 * Entries that were renamed in the manifest while they were uncertain. Their open intents move along, and are settled
 * under the new name.
 */
export function renamesOfUncertain(desired: readonly DesiredWebhook[], state: State): Rename[] {
  if (state.intents.size === 0) return [];
  const said = saidRenames(desired, state);
  return [...said, ...silentRenames(desired, state, said)];
}

/**
 * Renamed with `was`. A webhook under the old name moves along at once, so that what an open intent made is taken for
 * its duplicate, or for its replacement.
 */
function saidRenames(desired: readonly DesiredWebhook[], state: State): Rename[] {
  const open = new Set([...state.intents.values()].map(({ name }) => name));
  return desired.flatMap(({ name: to, was }) => {
    if (was === undefined || state.entries.has(to)) return [];
    const from = was.name;
    return open.has(from) || (open.has(to) && state.entries.has(from)) ? [{ from, to }] : [];
  });
}

/**
 * Renamed without `was`. The new name takes the intent over only if it has no webhook yet and is equal in everything
 * sent, since the account need not show database and collection.
 */
function silentRenames(desired: readonly DesiredWebhook[], state: State, said: readonly Rename[]): Rename[] {
  const names = new Set([...desired.map(({ name }) => name), ...said.map(({ from }) => from)]);
  const taking = new Set(said.map(({ to }) => to));
  const left = [...state.intents.values()].filter(({ name }) => !names.has(name) && !state.entries.has(name));
  if (left.length === 0) return [];
  const free = desired.filter(({ name }) => !state.entries.has(name) && !taking.has(name));
  const unmade = new Map(free.map(({ name, spec }) => [webhookKey(spec), name]));
  const renames = new Map<string, string>();
  for (const { name, spec } of left) {
    const to = unmade.get(webhookKey(spec));
    if (to === undefined || renames.has(name)) continue;
    unmade.delete(webhookKey(spec));
    renames.set(name, to);
  }
  return [...renames].map(([from, to]) => ({ from, to }));
}
