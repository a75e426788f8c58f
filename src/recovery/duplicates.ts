import type { Problem } from '../errors.js';
import { rangesText, rising } from '../state/ranges.js';
import { type IdRange, intentsOf, type State } from '../state/state.js';

/** The most ids for one `discover`: each is a request. */
export const MOST_IDS = 100_000;

/** An entry that may exist twice. */
export interface PossiblyDuplicated {
  readonly name: string;
  /** Its webhook; null: it has none. */
  readonly id: number | null;
  /** The ids among which a second one could not be ruled out. */
  readonly ranges: readonly IdRange[];
}

/** In the order of the state. */
export function possiblyDuplicated(state: State): PossiblyDuplicated[] {
  return [...state.possiblyDuplicated].map(([name, ranges]) => {
    return { name, id: state.entries.get(name)?.id ?? null, ranges };
  });
}

/**
 * What to do about an entry that may exist twice. The commands it names work as they stand, in this order: see
 * `importVerdict`.
 */
export function duplicateRemedy({ name, id, ranges }: PossiblyDuplicated): string {
  const look = `look with ${discoverCalls(ranges)}`;
  if (id === null)
    return `${look}; delete what is like ${name} in the dashboard; "forget ${name}" then clears the mark`;
  const none = `if it shows none that is equal to ${name}, "import ${name} ${id}" clears the mark`;
  const one = `if it shows one, "import ${name} ID" with its id takes that over, and the next run deletes ${id}`;
  return `${look}; ${none}; ${one} (more than one: delete the others in the dashboard first)`;
}

/** A few calls are enough: the message names all ranges. */
const MOST_CALLS = 3;

function discoverCalls(ranges: readonly IdRange[]): string {
  const calls = ranges.slice(0, MOST_CALLS).map(discoverCall);
  const more = ranges.length > MOST_CALLS ? ', and so on for each range' : '';
  return `${calls.join(', ')}${more}`;
}

function discoverCall({ from, to }: IdRange): string {
  const last = Math.min(to, from + MOST_IDS - 1);
  return `"discover --from ${from} --to ${last}"${last < to ? `, and so on in steps up to ${to}` : ''}`;
}

/**
 * What to do about a POST of unknown outcome that does not settle by itself. `id`: the entry's webhook, which the POST
 * was to replace, or null. `wanted`: whether the manifest still has the entry.
 */
export function uncertainRemedy({ name, id, wanted }: { name: string; id: number | null; wanted: boolean }): string {
  const look = 'look for it in the Copernica dashboard';
  if (!wanted) return `${look}; if it is there, delete it; in either case, run "forget ${name}" then`;
  const there = `if it is there, take it over with "import ${name} ID"`;
  if (id === null) return `${look}; ${there}, if not, run "forget ${name}": the next run creates it`;
  return `${look}; ${there}: the next run deletes ${id}, which ${name} has now; if not, "import ${name} ${id}" says so, and the next run goes on from there`;
}

/** What is in doubt, as a sentence that begins with the entry's name. */
export function duplicateMessage({ name, id, ranges }: PossiblyDuplicated): string {
  return `${name}: a second webhook like ${id ?? 'it'} may be among the ids ${rangesText(ranges)}, which could not be ruled out`;
}

/** A warning for each entry that may exist twice, in the order of the state. */
export function duplicateWarnings(state: State): Problem[] {
  return possiblyDuplicated(state).map((duplicate): Problem => {
    const { name } = duplicate;
    const [message, remedy] = [duplicateMessage(duplicate), duplicateRemedy(duplicate)];
    return { code: 'possibly-duplicated', severity: 'warning', message, name, remedy };
  });
}

/** Ids of webhooks, as last seen, of which an uncertain create of this name may have made one; rising. */
export function candidatesOf(state: State, name: string): number[] {
  return rising(intentsOf(state, name).flatMap(({ candidates = [] }) => candidates));
}

/**
 * A warning for each name with an uncertain create that the results of a run do not mention: the manifest does not want
 * it any more, its entry has what it wants, or only a person can settle it. `wanted`: the names in the manifest; null:
 * it is not at hand, and all names count as wanted.
 */
export function openWarnings(state: State, wanted: ReadonlySet<string> | null): Problem[] {
  const names = new Set([...state.intents.values()].map(({ name }) => name));
  return [...names].flatMap((name) => {
    const isWanted = wanted?.has(name) ?? true;
    const ids = candidatesOf(state, name);
    const id = state.entries.get(name)?.id ?? null;
    if (isWanted && ids.length === 0 && id === null) return [];
    const what =
      ids.length === 0
        ? 'a POST of unknown outcome may have made a webhook, which was not found so far'
        : `webhook ${ids.join(' or ')} may be what a POST of unknown outcome made, but it can't be told apart from somebody else's`;
    return [
      {
        code: 'uncertain-create',
        severity: 'warning',
        message: `${name}: ${what}`,
        name,
        remedy: uncertainRemedy({ name, id, wanted: isWanted }),
      } satisfies Problem,
    ];
  });
}
