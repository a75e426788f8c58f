import type { State, StateEntry } from '../state/state.js';
import { asWritten, type DesiredWebhook, type ManifestEntry, type ScopeName } from '../webhook.js';
import { limitKey, type ScopeNames } from './names.js';

/**
 * A state in which everything that a manifest wants exists, to compare another manifest with.
 * Its ids are negative, which no webhook's is: they are not shown.
 */
export function stateOfManifest(entries: readonly DesiredWebhook[]): State {
  const made = entries.map((entry, index): StateEntry => {
    const { name, spec, protect } = entry;
    const isProtected = protect === undefined ? {} : { isProtected: protect };
    return { name, spec, ...asWritten(entry), id: -1 - index, createdAt: '', ...isProtected };
  });
  return {
    account: '',
    createdAt: '',
    lineage: '',
    entries: new Map(made.map((entry) => [entry.name, entry])),
    intents: new Map(),
    closed: new Map(),
    pendingDeletes: new Map(),
    owners: new Map(made.map(({ id, name }) => [id, name])),
    formerIds: new Set(),
    possiblyDuplicated: new Map(),
    reads: [],
    losses: { count: 0, lastAt: null, upTo: 0 },
    highestId: null,
    nextIntent: 1,
    idsRise: true,
    moved: null,
  };
}

/**
 * Entries with a stand-in for each name, where there is no account to look it up in: below 0, which no id is, and the
 * same for the same name in each of the manifests. People see the name.
 */
export function withStandIns(manifests: readonly (readonly ManifestEntry[])[]): {
  readonly manifests: readonly (readonly DesiredWebhook[])[];
  readonly names: ScopeNames;
} {
  const standIns = new Map<string, number>();
  const names = new Map<string, string>();
  const idOf = (field: 'database' | 'collection', limit: number | ScopeName, within: number | undefined): number => {
    if (typeof limit === 'number') return limit;
    const key = JSON.stringify([field, within, limit.name]);
    const id = standIns.get(key) ?? -1 - standIns.size;
    standIns.set(key, id);
    names.set(limitKey(field, id), limit.shown);
    return id;
  };
  const resolve = (entry: ManifestEntry): DesiredWebhook => {
    const { database: ofDatabase, collection: ofCollection, ...rest } = entry.spec;
    const database = ofDatabase === undefined ? undefined : idOf('database', ofDatabase, undefined);
    const collection = ofCollection === undefined ? undefined : idOf('collection', ofCollection, database);
    const limits = {
      ...(database === undefined ? {} : { database }),
      ...(collection === undefined ? {} : { collection }),
    };
    return { ...entry, spec: { ...rest, ...limits } };
  };
  return { manifests: manifests.map((entries) => entries.map(resolve)), names };
}
