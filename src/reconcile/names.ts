import type { CallFailure, CopernicaApi, NamedEntity } from '../copernica/api.js';
import { type Problem, ProductError, productError } from '../errors.js';
import { isResolved, lookUpNames, namesOf, type ScopeNames, sameWebhooks } from '../plan/names.js';
import type { State } from '../state/state.js';
import type { DesiredWebhook, ManifestEntry } from '../webhook.js';

export interface Desired {
  readonly entries: readonly DesiredWebhook[];
  /** What the manifest calls these ids, for people. */
  readonly names: ScopeNames;
}

/** The entries, if none of them gives a database or collection by name. Null: the account must be asked. */
export function withoutNames(entries: readonly ManifestEntry[]): Desired | null {
  return entries.every(isResolved) ? { entries, names: new Map() } : null;
}

/**
 * Turns the names of databases and collections into ids of the account, so that one manifest can serve several
 * accounts. The account is asked only if names are used: once for its databases, and once for the collections of each
 * database.
 *
 * Throws ProductError: `input` with every name that is unknown or ambiguous, each at its place; `failed` if the account
 * can't be asked.
 */
export async function lookUpScopes(
  entries: readonly ManifestEntry[],
  api: Pick<CopernicaApi, 'databases' | 'collections'>,
  state: State | null,
): Promise<Desired> {
  const ready = withoutNames(entries);
  if (ready !== null) return ready;
  const asksForDatabases = entries.some(({ spec }) => typeof spec.database === 'object');
  const databases = asksForDatabases ? await readDatabases(api) : [];
  const first = lookUpNames('database', entries, () => databases, state);
  const collections = await readCollections(first.entries, api);
  const second = lookUpNames('collection', first.entries, ({ spec }) => collections.get(spec.database) ?? null, state);
  const resolved = second.entries.filter(isResolved);
  const problems = [...first.problems, ...second.problems, ...sameWebhooks(resolved)];
  if (problems.length > 0) throw new ProductError('input', problems.sort(byPlace));
  return { entries: resolved, names: namesOf(entries, resolved) };
}

async function readDatabases(api: Pick<CopernicaApi, 'databases'>): Promise<readonly NamedEntity[]> {
  const outcome = await api.databases();
  if (outcome.ok) return outcome.value;
  throw lookUpFailed('databases', outcome);
}

/** The collections of each database in which an entry names one. Null: there is no such database. */
async function readCollections(
  entries: readonly ManifestEntry[],
  api: Pick<CopernicaApi, 'collections'>,
): Promise<ReadonlyMap<unknown, readonly NamedEntity[] | null>> {
  const needed = new Set<number>();
  for (const { spec } of entries) {
    if (typeof spec.collection === 'object' && typeof spec.database === 'number') needed.add(spec.database);
  }
  const read = [...needed].map(async (id) => {
    const outcome = await api.collections(id);
    if (!outcome.ok) throw lookUpFailed(`collections of database ${id}`, outcome);
    return [id, outcome.value === 'gone' ? null : outcome.value] as const;
  });
  return new Map(await Promise.all(read));
}

function lookUpFailed(what: string, failure: CallFailure): ProductError {
  return productError('failed', {
    code: `api-${failure.kind}`,
    message: `the manifest refers to ${what} by name, and the names could not be looked up: ${failure.message}`,
    remedy: 'nothing was sent; it is tried again at the next run. Ids need no lookup',
  });
}

/** Files of a manifest are ordered by name. */
function byPlace(a: Problem, b: Problem): number {
  const [file = '', other = ''] = [a.file, b.file];
  if (file !== other) return file < other ? -1 : 1;
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}
