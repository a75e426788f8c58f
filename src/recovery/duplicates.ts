import type { Problem } from '../errors.js';
import { rangesText, rising } from '../state/ranges.js';
import { type IdRange, intentsOf, type State } from '../state/state.js';

/** `discover` takes no more ids than this at a time: each is a request. */
export const MOST_IDS = 100_000;

/** An entry that may exist twice. */
export interface PossiblyDuplicated {
  readonly name: string;
  /** Its webhook; null: it has none. */
  readonly id: number | null;
  /** Where nobody could rule out a second one. */
  readonly ranges: readonly IdRange[];
}

/** All of them, in the order of the state. */
export function possiblyDuplicated(state: State): PossiblyDuplicated[] {
  return [...state.possiblyDuplicated].map(([name, ranges]) => {
    return { name, id: state.entries.get(name)?.id ?? null, ranges };
  });
}

/**
 * What to do about an entry that may exist twice. What it says works when it is typed, in this order: see
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

/** Of many ranges a few are enough: the message has them all. */
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
 * What to do about a POST of unknown outcome that does not settle by itself. `id` is the entry's webhook where it has
 * one, which the POST was to replace; `wanted` is whether the manifest still has the entry.
 */
export function uncertainRemedy({ name, id, wanted }: { name: string; id: number | null; wanted: boolean }): string {
  const look = 'look for it in the Copernica dashboard';
  if (!wanted) return `${look}; if it is there, delete it; in either case, run "forget ${name}" then`;
  const there = `if it is there, take it over with "import ${name} ID"`;
  if (id === null) return `${look}; ${there}, if not, run "forget ${name}": the next run creates it`;
  return `${look}; ${there}: the next run deletes ${id}, which ${name} has now; if not, "import ${name} ${id}" says so, and the next run goes on from there`;
}

/** What is in doubt, in a sentence that begins with the entry's name. */
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

/** Webhooks of which one may be what an uncertain create of the name made, as was last seen; rising. */
export function candidatesOf(state: State, name: string): number[] {
  return rising(intentsOf(state, name).flatMap(({ candidates = [] }) => candidates));
}

/**
 * A warning for each name with an uncertain create that no run's result tells of: those that the manifest does not want
 * any more, those whose entry has what it wants, and those that only a person can settle. `wanted` is what the manifest
 * names; null: it is not at hand, and all count as wanted.
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
