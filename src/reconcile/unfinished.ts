import type { AppliedChange } from '../plan/applied.js';
import { type Change, isDrift } from '../plan/change.js';
import type { LiveViews } from '../plan/live.js';
import type { State } from '../state/state.js';
import type { DesiredWebhook, ManifestEntry } from '../webhook.js';
import { keyOf } from './merge.js';

/** What a run left to do, for the daemon's next one: trying again costs no more than what failed. */
export interface Unfinished {
  /** The manifest that this is about: of another one it says nothing. */
  readonly entries: readonly ManifestEntry[];
  /** The same with the ids of databases and collections, which need no looking up again. */
  readonly desired: readonly DesiredWebhook[];
  /** What Copernica refused: it is left alone. */
  readonly refused: ReadonlyMap<string, AppliedChange>;
  /** Ids of webhooks to read again: they could not be read, or what was seen of them is not mended. */
  readonly toRead: ReadonlySet<number>;
  /** Names of the entries that are to be tried again without waiting for a change or the schedule. */
  readonly toRetry: ReadonlySet<string>;
}

export interface RunSoFar {
  readonly entries: readonly ManifestEntry[];
  readonly desired: readonly DesiredWebhook[];
  /** What became of it all. */
  readonly changes: readonly AppliedChange[];
  /** What the run saw of the account. */
  readonly views: LiveViews;
  /** The name of each webhook that could have been read. */
  readonly known: ReadonlyMap<number, string>;
  readonly state: State;
}

/**
 * What is left after a run, by what became of each entry:
 *
 *     entry                                          tried again   read again   left alone
 *     ---------------------------------------------  ------------  -----------  ----------
 *     done                                           -             -            -
 *     failed (no answer, 5xx, 429, a token's 401)    yes           -            -
 *     failed, as Copernica refused it (400, 422)     -             -            yes
 *     its webhook could not be read                  yes           yes          -
 *     found gone or changed, and not put back        yes           yes          -
 *     the same, as Copernica refused it              -             yes          yes
 *     uncertain, or held back by what is             when it can be settled: see `comeBackInMs`
 *     refused by a guard                             costs nothing: it is judged anew in each run
 *
 * All else that a plan has is done in any run: what is done already needs nothing.
 */
export function whatIsLeft({ entries, desired, changes, views, known, state }: RunSoFar): Unfinished {
  const unread = [...views].flatMap(([id, { kind }]) => (kind === 'unread' ? [id] : []));
  const isDriftLeft = ({ change, result }: AppliedChange) => result !== 'done' && isDriftOf(change, state);
  const refused = changes.filter(({ refusal }) => refusal !== undefined);
  const failed = changes.filter(
    (applied) => applied.refusal === undefined && (applied.result === 'failed' || isDriftLeft(applied)),
  );
  return {
    entries,
    desired,
    refused: new Map(refused.map((applied) => [keyOf(applied.change), applied])),
    toRead: new Set([
      ...unread,
      ...changes.filter(isDriftLeft).flatMap(({ change }) => idOfDrift(change, state) ?? []),
    ]),
    toRetry: new Set([...failed.map(({ change }) => change.name), ...unread.flatMap((id) => known.get(id) ?? [])]),
  };
}

/** A webhook that looked gone or changed: what comes next has to look again, or it would be forgotten. */
function isDriftOf(change: Change, { entries }: State): boolean {
  return isDrift(change) || (change.action === 'recover' && change.replaces === null && entries.has(change.name));
}

function idOfDrift(change: Change, { entries }: State): number | null {
  if (change.action === 'create') return change.goneId;
  return 'id' in change ? change.id : (entries.get(change.name)?.id ?? null);
}

/** What became of this very change in the run before, where Copernica refused it then; else null. */
export function refusedBefore(change: Change, unfinished: Pick<Unfinished, 'refused'> | null): AppliedChange | null {
  const before = unfinished?.refused.get(keyOf(change));
  return before?.change.action === change.action ? { ...before, change, refusal: 'before' } : null;
}
