import type { DoomedWebhook, Intent, State, StateEntry } from '../../src/state/state.js';

const AT = '2026-01-01T00:00:00.000Z';

export function anEntry(entry: Pick<StateEntry, 'name' | 'id' | 'spec'> & Partial<StateEntry>): StateEntry {
  return { createdAt: AT, ...entry };
}

export function anIntent(intent: Pick<Intent, 'intent' | 'name' | 'spec'> & Partial<Intent>): Intent {
  return { above: null, at: AT, ...intent };
}

/** A state of account 34 with what the test is about. */
export function aState(parts: {
  readonly entries?: readonly StateEntry[];
  readonly intents?: readonly Intent[];
  readonly doomed?: readonly DoomedWebhook[];
}): State {
  const entries = parts.entries ?? [];
  const intents = parts.intents ?? [];
  const doomed = parts.doomed ?? [];
  const ids = entries.map((entry) => entry.id);
  return {
    account: '34',
    entries: new Map(entries.map((entry) => [entry.name, entry])),
    intents: new Map(intents.map((intent) => [intent.intent, intent])),
    doomed: new Map(doomed.map((webhook) => [webhook.id, webhook])),
    owners: new Map([...entries, ...doomed].map(({ id, name }) => [id, name])),
    idsRise: true,
    highestId: ids.length === 0 ? null : Math.max(...ids),
    nextIntent: 1 + Math.max(0, ...intents.map((intent) => intent.intent)),
  };
}
