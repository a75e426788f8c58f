import type { NamedEntity } from '../copernica/api.js';
import type { Problem } from '../errors.js';
import type { State } from '../state/state.js';
import { cut, quote } from '../text/printable.js';
import { nearest } from '../text/suggest.js';
import { type DesiredWebhook, type ManifestEntry, type ScopeField, type ScopeName, webhookKey } from '../webhook.js';

/** What the manifest calls these ids, for people: see `limitKey`. */
export type ScopeNames = ReadonlyMap<string, string>;

export function limitKey(field: ScopeField, id: number | string): string {
  return `${field} ${id}`;
}

export interface LookedUp {
  /** The entries, with ids for the names of this field that were found. */
  readonly entries: readonly ManifestEntry[];
  readonly problems: readonly Problem[];
}

/** How many of the existing names a message lists. */
const NAMES_TOLD = 5;
const NAME_TOLD_CHARS = 60;

export function isResolved(entry: ManifestEntry): entry is DesiredWebhook {
  return typeof entry.spec.database !== 'object' && typeof entry.spec.collection !== 'object';
}

/**
 * Turns the names of one field into ids. `candidatesFor` gives what may have the name: the account's databases, or the
 * collections of the entry's database; null if that database does not exist. `state` knows earlier ids.
 *
 *     entities with that very name   → outcome
 *     one                            the entry with its id
 *     none                           problem at the name, with what was probably meant
 *     several                        problem at the name, with their ids
 */
export function lookUpNames(
  field: ScopeField,
  entries: readonly ManifestEntry[],
  candidatesFor: (entry: ManifestEntry) => readonly NamedEntity[] | null,
  state: State | null,
): LookedUp {
  const found: ManifestEntry[] = [];
  const problems: Problem[] = [];
  for (const entry of entries) {
    const limit = entry.spec[field];
    if (typeof limit !== 'object') {
      found.push(entry);
      continue;
    }
    const candidates = candidatesFor(entry);
    const matches = candidates?.filter(({ name }) => name === limit.name) ?? [];
    const [match, ...others] = matches;
    if (match !== undefined && others.length === 0) {
      found.push({ ...entry, spec: { ...entry.spec, [field]: match.id } });
    } else if (candidates === null) {
      problems.push(problem(entry, limit, noDatabase(entry)));
    } else if (match === undefined) {
      problems.push(problem(entry, limit, notFound(field, entry, limit, candidates, state)));
    } else {
      problems.push(problem(entry, limit, ambiguous(field, limit, matches)));
    }
  }
  return { entries: found, problems };
}

type Complaint = Pick<Problem, 'code' | 'message' | 'remedy'>;

function problem({ name, file }: ManifestEntry, { line, column, frame }: ScopeName, complaint: Complaint): Problem {
  return { ...complaint, severity: 'error', name, file, line, column, frame };
}

function noDatabase({ spec }: ManifestEntry): Complaint {
  return {
    code: 'unknown-database',
    message: `the account has no database ${typeof spec.database === 'number' ? spec.database : ''}`,
    remedy: 'check its id; the database may have been removed',
  };
}

function notFound(
  field: ScopeField,
  entry: ManifestEntry,
  limit: ScopeName,
  candidates: readonly NamedEntity[],
  state: State | null,
): Complaint {
  const where = field === 'database' ? 'in the account' : `in database ${String(entry.spec.database)}`;
  const message = `there is no ${field} ${quote(limit.shown)} ${where}`;
  const code = `unknown-${field}` as const;
  const before = state?.entries.get(entry.name)?.spec[field];
  const renamed = candidates.find(({ id }) => id === before);
  if (renamed !== undefined) {
    const remedy = `${field} ${renamed.id}, which this webhook is limited to, is now called ${quote(renamed.name)}: write that`;
    return { code, message, remedy };
  }
  const names = candidates.map(({ name }) => name);
  // The value of a variable may be a secret: no suggestion may reveal it.
  const near = limit.shown === limit.name ? nearest(limit.name, names) : undefined;
  if (near !== undefined) return { code, message, remedy: `did you mean ${quote(near)}?` };
  const told = names.slice(0, NAMES_TOLD).map((name) => cut(name, NAME_TOLD_CHARS));
  const more = names.length > NAMES_TOLD ? ` and ${names.length - NAMES_TOLD} more` : '';
  return {
    code,
    message,
    remedy:
      names.length === 0
        ? `there are no ${field}s at all ${where}: create it in Copernica first`
        : `use one of ${told.join(', ')}${more}`,
  };
}

function ambiguous(field: ScopeField, limit: ScopeName, matches: readonly NamedEntity[]): Complaint {
  const ids = matches.map(({ id }) => id).sort((a, b) => a - b);
  return {
    code: `ambiguous-${field}`,
    message: `there are ${ids.length} ${field}s called ${quote(limit.shown)}: ${ids.join(', ')}`,
    remedy: 'write the id of the one that is meant',
  };
}

/** Entries that turn out to ask for the same webhook once names are ids: one by name, the other by id. */
export function sameWebhooks(entries: readonly DesiredWebhook[]): Problem[] {
  const first = new Map<string, DesiredWebhook>();
  const problems: Problem[] = [];
  for (const entry of entries) {
    const key = webhookKey(entry.spec);
    const other = first.get(key);
    if (other === undefined) first.set(key, entry);
    else {
      problems.push({
        code: 'duplicate-webhook',
        severity: 'error',
        message: `asks for the very same webhook as ${quote(other.name)}, at ${other.file}:${other.line}:${other.column}`,
        remedy: 'remove one of them: every event would be delivered twice',
        name: entry.name,
        file: entry.file,
        line: entry.line,
        column: entry.column,
      });
    }
  }
  return problems;
}

/** What the manifest calls the ids that its names stand for. */
export function namesOf(entries: readonly ManifestEntry[], resolved: readonly DesiredWebhook[]): ScopeNames {
  const names = new Map<string, string>();
  entries.forEach(({ spec }, index) => {
    for (const field of ['database', 'collection'] as const) {
      const limit = spec[field];
      const id = resolved[index]?.spec[field];
      if (typeof limit === 'object' && id !== undefined) names.set(limitKey(field, id), limit.shown);
    }
  });
  return names;
}
