import type { State, StateEntry } from '../state/state.js';
import type { DesiredWebhook } from '../webhook.js';

/**
 * A state in which everything that a manifest wants exists, to compare another manifest with.
 * Its ids are negative, which no webhook's is: they are not shown.
 */
export function stateOfManifest(entries: readonly DesiredWebhook[]): State {
  const made = entries.map(({ name, spec }, index): StateEntry => ({ name, spec, id: -1 - index, createdAt: '' }));
  return {
    account: '',
    entries: new Map(made.map((entry) => [entry.name, entry])),
    intents: new Map(),
    doomed: new Map(),
    owners: new Map(made.map(({ id, name }) => [id, name])),
    highestId: null,
    nextIntent: 1,
    idsRise: true,
  };
}
