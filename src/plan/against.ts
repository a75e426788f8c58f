import type { State, StateEntry } from '../state/state.js';
import { asWritten, type DesiredWebhook, type ManifestEntry, type ScopeName } from '../webhook.js';
import { limitKey, type ScopeNames } from './names.js';

/**
 * A state in which everything that a manifest wants exists, for comparison with another manifest. Its ids are negative,
 * unlike any webhook's, and are not shown.
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
 * Gives each name of a database or collection a stand-in, for when there is no account to look it up in. Stand-ins are
 * negative, unlike any id, and the same name has the same one in all manifests. People see the name.
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
