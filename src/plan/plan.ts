import { type Intent, isOpen, type State, type StateEntry } from '../state/state.js';
import {
  canonical,
  type DesiredWebhook,
  type Difference,
  differences,
  isWrittenAlike,
  webhookKey,
} from '../webhook.js';
import { CHANGED_IN_ACCOUNT, type Change, type Plan } from './change.js';
import { groupBy } from './group.js';
import { canonicalLive, type LiveView, type LiveViews } from './live.js';

export interface PlanOptions {
  /** Delete what left the manifest instead of only reporting it. */
  readonly prune: boolean;
}

const NOTHING_SEEN: LiveViews = new Map();

/**
 * What must happen so that the account is as the manifest says. Decides only; sends and writes nothing.
 *
 * The first row that fits an entry is the one:
 *
 *     manifest  intent    state     account    differs in             action
 *     --------  --------  --------  ---------  ---------------------  ----------------------------------
 *     any       open      any       any        -                      recover
 *     yes       -         none      -          -, an orphan is equal  move
 *     yes       -         none      -          -                      create
 *     yes       -         entry     gone       -                      create again (drift)
 *     yes       -         entry     any        database, collection   replace
 *     yes       -         entry     any        the other fields       update
 *     yes       -         updating  any        -                      update (an earlier one may be lost)
 *     yes       -         entry     changed    as above               replace or update (drift)
 *     yes       -         entry     as wanted  -                      none
 *     no        -         entry     any        -                      orphaned; with prune: delete
 *     no        -         doomed    any        -                      delete
 *
 * A create or replace whose webhook would match an open intent of another name (a renamed entry) waits for it.
 * `state` is null before the first run.
 */
export function makePlan(
  desired: readonly DesiredWebhook[],
  state: State | null,
  live: LiveViews = NOTHING_SEEN,
  options: PlanOptions = { prune: false },
): Plan {
  const names = new Set(desired.map((entry) => entry.name));
  const open = openIntents(state);
  const orphans = orphansByKey(state, names, open);
  const wanted = desired.map((entry) => {
    const intents = open.byName.get(entry.name);
    if (intents !== undefined) return recover(entry.name, entry, intents);
    const known = state?.entries.get(entry.name);
    if (known !== undefined) return planKnown(entry, known, live.get(known.id), open);
    const orphan = orphans.size === 0 ? undefined : orphans.get(webhookKey(entry.spec))?.shift();
    return orphan === undefined ? create(entry, open) : move(entry, orphan);
  });
  const taken = new Set(wanted.flatMap((change) => (change.action === 'move' ? [change.from] : [])));
  const left = [...(state?.entries.values() ?? [])]
    .filter((entry) => !names.has(entry.name) && !taken.has(entry.name) && !open.byName.has(entry.name))
    .map((entry): Change => leftBehind(entry, options.prune));
  const lost = [...open.byName]
    .filter(([name]) => !names.has(name))
    .map(([name, intents]): Change => recover(name, null, intents));
  const doomed = [...(state?.doomed.values() ?? [])].map(
    ({ name, id, spec }): Change => ({ action: 'delete', name, id, spec, doomed: true, reason: 'still to be deleted' }),
  );
  return { changes: [...wanted, ...[...left, ...lost, ...doomed].sort(byNameThenId)] };
}

interface OpenIntents {
  readonly byName: ReadonlyMap<string, readonly Intent[]>;
  readonly byKey: ReadonlyMap<string, readonly Intent[]>;
}

function openIntents(state: State | null): OpenIntents {
  const open = [...(state?.intents.values() ?? [])].filter(isOpen);
  return {
    byName: groupBy(open, (intent) => intent.name),
    byKey: groupBy(open, (intent) => webhookKey(intent.spec)),
  };
}

function orphansByKey(
  state: State | null,
  names: ReadonlySet<string>,
  open: OpenIntents,
): ReadonlyMap<string, StateEntry[]> {
  const orphans = [...(state?.entries.values() ?? [])]
    .filter((entry) => !names.has(entry.name) && !open.byName.has(entry.name) && entry.updating === undefined)
    .sort((a, b) => compare(a.name, b.name));
  return groupBy(orphans, (entry) => webhookKey(entry.spec));
}

function planKnown(desired: DesiredWebhook, known: StateEntry, live: LiveView | undefined, open: OpenIntents): Change {
  const { name, spec } = desired;
  const common = { name, desired, id: known.id };
  if (live?.kind === 'gone') {
    const reason = `webhook ${known.id} is gone from the account`;
    return { action: 'create', name, desired, goneId: known.id, waitsFor: waitsFor(desired, open), reason };
  }
  const asWanted: Change = { action: 'none', ...common, reason: 'as the manifest says' };
  if (live === undefined && known.updating === undefined && isWrittenAlike(known.spec, spec)) return asWanted;
  const wanted = canonical(spec);
  const edited = differences(canonical(known.spec), wanted);
  const drifted = live?.kind === 'found' ? differences(canonicalLive(live.webhook, wanted), wanted) : [];
  const differing = edited.length > 0 ? edited : drifted;
  const reason = edited.length > 0 ? 'changed in the manifest' : CHANGED_IN_ACCOUNT;
  // PUT takes neither database nor collection: a changed limit needs a new webhook.
  if (differing.some(isLimit)) {
    return { action: 'replace', ...common, differences: differing, waitsFor: waitsFor(desired, open), reason };
  }
  if (differing.length > 0) return { action: 'update', ...common, differences: differing, reason };
  if (known.updating !== undefined) {
    const lost = differences(canonical(known.updating), wanted);
    return { action: 'update', ...common, differences: lost, reason: 'an earlier update may not have arrived' };
  }
  return asWanted;
}

function isLimit(difference: Difference): boolean {
  return difference.field === 'database' || difference.field === 'collection';
}

function create(desired: DesiredWebhook, open: OpenIntents): Change {
  const waiting = waitsFor(desired, open);
  const reason =
    waiting.length > 0 ? 'not in state; waits for an uncertain create of the same webhook' : 'not in state';
  return { action: 'create', name: desired.name, desired, goneId: null, waitsFor: waiting, reason };
}

function waitsFor(desired: DesiredWebhook, open: OpenIntents): number[] {
  if (open.byKey.size === 0) return [];
  return (open.byKey.get(webhookKey(desired.spec)) ?? []).map((intent) => intent.intent);
}

function move(desired: DesiredWebhook, orphan: StateEntry): Change {
  const reason = `was ${orphan.name}`;
  return { action: 'move', name: desired.name, desired, id: orphan.id, from: orphan.name, reason };
}

function recover(name: string, desired: DesiredWebhook | null, intents: readonly Intent[]): Change {
  const reason = intents
    .map((intent) => `a POST of ${intent.at} was sent and never confirmed (${intent.gaveUp?.reason ?? 'interrupted'})`)
    .join('; ');
  return { action: 'recover', name, desired, intents, reason };
}

function leftBehind({ name, id, spec, possiblyDuplicated: doubt }: StateEntry, prune: boolean): Change {
  // With the entry goes the mark: this is the last time that it can be said.
  const rest = doubt === undefined ? '' : `; a second one like it may be among the ids ${doubt.from} to ${doubt.to}`;
  const reason = `not in the manifest${rest}`;
  return prune
    ? { action: 'delete', name, id, spec, doomed: false, reason }
    : { action: 'orphaned', name, id, spec, reason };
}

/** The order in which entries are shown where the manifest gives none. */
export function byNameThenId(a: Identified, b: Identified): number {
  return compare(a.name, b.name) || (a.id ?? 0) - (b.id ?? 0);
}

interface Identified {
  readonly name: string;
  readonly id?: number | null;
}

/** By code unit: the same on every machine, whatever its locale. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
