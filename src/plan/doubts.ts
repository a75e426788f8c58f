import type { Problem } from '../errors.js';
import { type IdRange, isOpen, type State } from '../state/state.js';

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

/** What is in doubt, in a sentence that begins with the entry's name. */
export function doubleMessage({ name, id, range }: { name: string; id: number | null; range: IdRange }): string {
  return `${name}: a second webhook like ${id ?? 'it'} may be among the ids ${range.from} to ${range.to}, which were not looked at`;
}

/** A warning for each entry that may exist twice, in the order of the state. */
export function doubleWarnings(state: State): Problem[] {
  return [...state.entries.values()].flatMap(({ name, id, possiblyDuplicated: range }) =>
    range === undefined
      ? []
      : [
          {
            code: 'possibly-duplicated',
            severity: 'warning',
            message: doubleMessage({ name, id, range }),
            name,
            remedy: doubleRemedy({ name, id, range }),
          } satisfies Problem,
        ],
  );
}

/** Webhooks of which one may be what an uncertain create of the name made, as was last seen; rising. */
export function candidatesOf(state: State, name: string): number[] {
  const open = [...state.intents.values()].filter((intent) => intent.name === name && isOpen(intent));
  return [...new Set(open.flatMap(({ suspects }) => suspects?.ids ?? []))].sort((a, b) => a - b);
}

/**
 * A warning for each uncertain create that stays so because nothing tells its webhook from another's. `wanted` is what
 * the manifest names; null: it is not at hand, and all count as wanted.
 */
export function candidateWarnings(state: State, wanted: ReadonlySet<string> | null): Problem[] {
  const names = [...new Set([...state.intents.values()].filter(isOpen).map(({ name }) => name))];
  return names.flatMap((name) => {
    const ids = candidatesOf(state, name);
    if (ids.length === 0) return [];
    const id = state.entries.get(name)?.id ?? null;
    return [
      {
        code: 'uncertain-create',
        severity: 'warning',
        message: `${name}: ${candidatesMessage(ids)}`,
        name,
        remedy: uncertainRemedy({ name, id, wanted: wanted?.has(name) ?? true }),
      } satisfies Problem,
    ];
  });
}

function candidatesMessage(ids: readonly number[]): string {
  return `webhook ${ids.join(' or ')} may be what a POST of unknown outcome made, but nothing tells it from another's`;
}
