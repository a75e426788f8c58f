import type { AppliedChange } from '../plan/applied.js';
import { type Change, isDrift } from '../plan/change.js';
import type { LiveViews } from '../plan/live.js';
import type { State } from '../state/state.js';
import type { DesiredWebhook, ManifestEntry } from '../webhook.js';
import { keyOf } from './merge.js';

/** What a run left to do, so that the daemon's next attempt costs no more than what failed. */
export interface Unfinished {
  /** The manifest that this belongs to; it does not apply to any other. */
  readonly entries: readonly ManifestEntry[];
  /** The same entries with the ids of databases and collections, so that these need no second lookup. */
  readonly desired: readonly DesiredWebhook[];
  /** Changes that Copernica refused, which are not tried again. */
  readonly refused: ReadonlyMap<string, AppliedChange>;
  /** Ids of webhooks to read again: they could not be read, or their drift was not fixed. */
  readonly toRead: ReadonlySet<number>;
  /** Names of entries to try again without waiting for a change or the schedule. */
  readonly toRetry: ReadonlySet<string>;
}

export interface RunSoFar {
  readonly entries: readonly ManifestEntry[];
  readonly desired: readonly DesiredWebhook[];
  /** All results of the run. */
  readonly changes: readonly AppliedChange[];
  /** What the run saw of the account. */
  readonly views: LiveViews;
  /** The entry's name for each webhook that a refresh would read. */
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
 *     found gone or changed, and not fixed           yes           yes          -
 *     the same, as Copernica refused it              -             yes          yes
 *     uncertain, or held back by what is uncertain   when it can be settled: see `comeBackInMs`
 *     refused by a guard                             costs nothing: each run checks it again
 *
 * The rest of a plan is carried out in every run: what is done already needs nothing.
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

/** The webhook looked gone or changed. The next run has to read it again, or the drift would be forgotten. */
function isDriftOf(change: Change, { entries }: State): boolean {
  return isDrift(change) || (change.action === 'recover' && change.replaces === null && entries.has(change.name));
}

function idOfDrift(change: Change, { entries }: State): number | null {
  if (change.action === 'create') return change.goneId;
  return 'id' in change ? change.id : (entries.get(change.name)?.id ?? null);
}

/** The result of the same change in the run before, if Copernica refused it then; else null. */
export function refusedBefore(change: Change, unfinished: Pick<Unfinished, 'refused'> | null): AppliedChange | null {
  const before = unfinished?.refused.get(keyOf(change));
  return before?.change.action === change.action ? { ...before, change, refusal: 'before' } : null;
}
