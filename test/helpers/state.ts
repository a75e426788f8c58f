import type { ClosedIntent, IdRange, Intent, PendingDelete, State, StateEntry } from '../../src/state/state.js';

const AT = '2026-01-01T00:00:00.000Z';

export function anEntry(entry: Pick<StateEntry, 'name' | 'id' | 'spec'> & Partial<StateEntry>): StateEntry {
  return { createdAt: AT, ...entry };
}

export function anIntent(intent: Pick<Intent, 'intent' | 'name' | 'spec'> & Partial<Intent>): Intent {
  return { above: null, at: AT, timeoutMs: 30_000, ...intent };
}

interface Parts extends Partial<Pick<State, 'reads' | 'losses' | 'idsRise' | 'highestId'>> {
  readonly entries?: readonly StateEntry[];
  readonly intents?: readonly Intent[];
  readonly closed?: readonly ClosedIntent[];
  readonly pendingDeletes?: readonly PendingDelete[];
  readonly possiblyDuplicated?: Readonly<Record<string, readonly IdRange[]>>;
  readonly formerIds?: readonly number[];
}

/** A state of account 34 with what the test is about. */
export function aState(parts: Parts): State {
  const {
    entries = [],
    intents = [],
    closed = [],
    pendingDeletes = [],
    formerIds = [],
    possiblyDuplicated = {},
  } = parts;
  const ids = [...entries, ...pendingDeletes].map(({ id }) => id);
  const numbers = [...intents, ...closed.map(({ intent }) => intent)].map(({ intent }) => intent);
  return {
    account: '34',
    createdAt: '2026-01-01T00:00:00.000Z',
    lineage: '34@2026-01-01T00:00:00.000Z',
    entries: new Map(entries.map((entry) => [entry.name, entry])),
    intents: new Map(intents.map((intent) => [intent.intent, intent])),
    closed: new Map(closed.map((each) => [each.intent.intent, each])),
    pendingDeletes: new Map(pendingDeletes.map((webhook) => [webhook.id, webhook])),
    owners: new Map([...entries, ...pendingDeletes].map(({ id, name }) => [id, name])),
    formerIds: new Set(formerIds),
    possiblyDuplicated: new Map(Object.entries(possiblyDuplicated)),
    reads: parts.reads ?? [],
    losses: parts.losses ?? { count: 0, lastAt: null, upTo: 0 },
    idsRise: parts.idsRise ?? true,
    highestId: parts.highestId ?? (ids.length === 0 ? null : Math.max(...ids)),
    nextIntent: 1 + Math.max(0, ...numbers),
    moved: null,
  };
}
