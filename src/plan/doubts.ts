import type { IdRange } from '../state/state.js';

/** `discover` takes no more ids than this at a time: each is a request. */
export const MOST_IDS = 100_000;

/**
 * What to do about an entry that may exist twice: `id` is its webhook, `range` the ids that were not looked at. What it
 * says works when it is typed, in this order: see `judgeImport`.
 */
export function doubleRemedy({ name, id, range }: { name: string; id: number; range: IdRange }): string {
  const none = `if it shows none that is equal to ${name}, "import ${name} ${id}" clears the mark`;
  const one = `if it shows one, "import ${name} ID" with its id takes that over, and the next run deletes ${id}`;
  return `look with ${discoverCall(range)}; ${none}; ${one} (more than one: delete the others in the dashboard first)`;
}

function discoverCall({ from, to }: IdRange): string {
  const last = Math.min(to, from + MOST_IDS - 1);
  return `"discover --from ${from} --to ${last}"${last < to ? `, and so on in steps up to ${to}` : ''}`;
}

/**
 * What to do about a POST of unknown outcome that does not settle by itself. `id` is the entry's webhook where it has
 * one, which the POST was to replace; `wanted` is whether the manifest still has the entry.
 */
export function uncertainRemedy({ name, id, wanted }: { name: string; id: number | null; wanted: boolean }): string {
  const look = 'look for it in the Copernica dashboard';
  if (!wanted) return `${look}; if it is there, delete it; in either case, run "forget ${name}" then`;
  const there = `if it is there, take it over with "import ${name} ID"`;
  if (id === null) return `${look}; ${there}, if not, run "forget ${name}": the next run creates it`;
  return `${look}; ${there}: the next run deletes ${id}, which it replaces; if not, run "import ${name} ${id}", and the next run replaces it again`;
}
