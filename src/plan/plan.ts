import { rangesText } from '../state/ranges.js';
import { type Intent, isScopeKnown, type State, type StateEntry } from '../state/state.js';
import {
  asWritten,
  canonical,
  type DesiredWebhook,
  type Difference,
  differences,
  type FormerName,
  isWrittenAlike,
  maskHandler,
  shownHandler,
  type WebhookSpec,
  webhookKey,
} from '../webhook.js';
import {
  CHANGED_IN_ACCOUNT,
  type Change,
  isValueChange,
  type Plan,
  type Refusal,
  UNKNOWN_VALUE,
  VALUE_CHANGED,
} from './change.js';
import { groupBy } from './group.js';
import { canonicalLive, type LiveView, type LiveViews } from './live.js';
import { type LookAlikes, matchUnscoped } from './scope-unknown.js';

export interface PlanOptions {
  /** Delete the webhooks of entries that left the manifest, instead of only reporting them. */
  readonly prune: boolean;
  /** What the manifest lists as removed. Left out: nothing. */
  readonly removed?: readonly FormerName[];
}

/** Said of a webhook that is assumed to have no scope. */
const NOT_SHOWN = ', of which the account showed no database or collection';

const NOTHING_SEEN: LiveViews = new Map();

/**
 * Plans the changes after which the account is as the manifest says. Only decides; sends and writes nothing.
 *
 * The first row that fits an entry decides. A new entry takes over the entry that it was (`was`), or else an orphaned
 * one that is equal, and counts as an entry of the state from then on. If the scope of the orphaned one is unknown,
 * matchUnscoped decides whether it is taken over, or the create refused and the orphaned one kept:
 *
 *     manifest  state           account    differs in             action
 *     --------  --------------  ---------  ---------------------  ------------------------------------
 *     yes       none            any        -                      create
 *     yes       entry           gone       -                      create again (drift)
 *     yes       entry           any        database, collection   replace
 *     yes       scope unknown   any        -                      replace
 *     yes       entry           any        the other fields       update
 *     yes       updating        any        -                      update (an earlier PUT may be lost)
 *     yes       entry           changed    as above               replace or update (drift)
 *     yes       another name's  as wanted  -                      move
 *     yes       entry           as wanted  -                      none
 *     removed   entry           any        -                      delete
 *     no        entry           any        -                      orphaned; with prune: delete
 *     no        pending delete  any        -                      delete
 *
 * A replace or a delete of a protected entry is refused. An entry of the manifest is protected if the manifest says so;
 * one that has left it, if it was protected when it left.
 *
 * A create or a replace becomes `recover` if an intent of the entry is open: what was sent must be settled first.
 * `state` is null before the first run.
 */
export function makePlan(
  desired: readonly DesiredWebhook[],
  state: State | null,
  live: LiveViews = NOTHING_SEEN,
  options: PlanOptions = { prune: false },
): Plan {
  const open = groupBy(state?.intents.values() ?? [], (intent) => intent.name);
  const former = formerNames(desired, state);
  /** Names of wanted entries: no other entry takes over their webhooks. */
  const names = new Set([...desired.map(({ name }) => name), ...former.values()]);
  const own = desired.map(({ name }) => state?.entries.get(name) ?? state?.entries.get(former.get(name) ?? ''));
  const isOpen = ({ name }: DesiredWebhook) => open.has(name) || open.has(former.get(name) ?? '');
  const fresh = desired.filter((entry, index) => own[index] === undefined && !isOpen(entry));
  const orphans = orphansOf(state, names);
  const { taken, mayBe, wantedBy } = matchOrphans(fresh, orphans, open);
  const wanted = desired.map((entry, index) => {
    const { name } = entry;
    const was = former.get(name) ?? '';
    const intents = open.size === 0 ? [] : [...(open.get(name) ?? []), ...(open.get(was) ?? [])];
    const known = own[index] ?? taken.get(name);
    const change = known === undefined ? create(entry, mayBe) : planKnown(entry, known, live.get(known.id));
    if (change.action === 'replace' && entry.protect) return protect(change);
    return intents.length === 0 ? change : settledFirst(change, intents);
  });
  const moved = new Set([...taken.values()].map(({ name }) => name));
  const removed = new Map(options.removed?.map((former) => [former.name, former]));
  const left = orphans
    .filter(({ name }) => !moved.has(name))
    .map((entry) => {
      const by = { removed: removed.get(entry.name), prune: options.prune, wantedBy: wantedBy.get(entry) ?? [] };
      const change = leftBehind(entry, state, by);
      return change.action === 'delete' && entry.isProtected ? protect(change) : change;
    });
  const pending = [...(state?.pendingDeletes.values() ?? [])].map(
    (webhook): Change => ({ action: 'delete', ...webhook, cause: 'pending', reason: 'still to be deleted' }),
  );
  return { changes: [...wanted, ...[...left, ...pending].sort(byNameThenId)] };
}

/** Former names of entries that have no webhook under their own: what the state has under the former name is theirs. */
function formerNames(desired: readonly DesiredWebhook[], state: State | null): ReadonlyMap<string, string> {
  return new Map(
    desired.flatMap(({ name, was }) => {
      return was === undefined || state === null || state.entries.has(name) ? [] : [[name, was.name]];
    }),
  );
}

type OrphanMatches = LookAlikes<DesiredWebhook, StateEntry>;

/** Entries that the manifest does not want. */
function orphansOf(state: State | null, names: ReadonlySet<string>): StateEntry[] {
  return [...(state?.entries.values() ?? [])]
    .filter(({ name }) => !names.has(name))
    .sort((a, b) => compare(a.name, b.name));
}

/** What new entries take over. An orphaned entry is not taken over while its webhook is in doubt. */
function matchOrphans(
  fresh: readonly DesiredWebhook[],
  orphans: readonly StateEntry[],
  open: ReadonlyMap<string, unknown>,
): OrphanMatches {
  const isSettled = ({ name, updating }: StateEntry) => !open.has(name) && !updating;
  const known = orphans.filter((orphan) => isSettled(orphan) && isScopeKnown(orphan));
  const equal = groupBy(known, ({ spec }) => webhookKey(spec));
  const taken = new Map<string, StateEntry>();
  for (const { name, spec } of fresh) {
    const orphan = equal.get(webhookKey(spec))?.shift();
    if (orphan !== undefined) taken.set(name, orphan);
  }
  const unscoped = orphans
    .filter((orphan) => !isScopeKnown(orphan))
    .map((orphan) => {
      return { webhook: orphan, shown: orphan.spec, mayBeTaken: isSettled(orphan) && !orphan.isScopeUnknown };
    });
  const alike = matchUnscoped(
    fresh.filter(({ name }) => !taken.has(name)),
    unscoped,
  );
  return { ...alike, taken: new Map([...taken, ...alike.taken]) };
}

function planKnown(desired: DesiredWebhook, known: StateEntry, live: LiveView | undefined): Change {
  const { name, spec } = desired;
  const from = known.name === name ? null : known.name;
  const common = { name, desired, id: known.id };
  if (live?.kind === 'gone') {
    return {
      action: 'create',
      name,
      desired,
      goneId: known.id,
      reason: `webhook ${known.id} is gone from the account`,
    };
  }
  if (known.isScopeUnknown === true) {
    const reason = 'its database and collection are unknown';
    return { action: 'replace', ...common, from, differences: scopeOf(spec), reason };
  }
  const asWanted: Change =
    from === null
      ? { action: 'none', ...common, reason: 'as the manifest says' }
      : { action: 'move', ...common, from, reason: `was ${from}${known.isScopeNotShown === true ? NOT_SHOWN : ''}` };
  if (live === undefined && known.updating === undefined && isWrittenAlike(known.spec, spec)) return asWanted;
  const wanted = canonical(spec);
  const to = shownHandler(desired);
  const edited = shown(differences(canonical(known.spec), wanted), shownHandler(known), to);
  const drifted =
    live?.kind === 'found'
      ? shown(differences(canonicalLive(live.webhook, wanted), wanted), maskHandler(live.webhook.handler), to)
      : [];
  const differing = edited.length > 0 ? edited : drifted;
  const changed = edited.every(isValueChange) ? VALUE_CHANGED : 'changed in the manifest';
  const why = edited.length > 0 ? changed : CHANGED_IN_ACCOUNT;
  const reason = from === null || why === CHANGED_IN_ACCOUNT ? why : `was ${from}, and ${why}`;
  // PUT takes neither database nor collection: a changed limit needs a new webhook.
  if (differing.some(isLimit)) {
    if (known.isScopeNotShown !== true) return { action: 'replace', ...common, from, differences: differing, reason };
    const hint = `its database and collection are unknown: if they are right already, "import ${name} ${known.id}" says so`;
    const unknown = differing.map((difference) => (isLimit(difference) ? { ...difference, from: '?' } : difference));
    return { action: 'replace', ...common, from, differences: unknown, reason: `${reason}, and ${hint}` };
  }
  if (differing.length > 0) return { action: 'update', ...common, from, differences: differing, reason };
  if (known.updating !== undefined) {
    // How the file wrote the lost update is not recorded.
    const lost = shown(differences(canonical(known.updating), wanted), UNKNOWN_VALUE, to);
    return { action: 'update', ...common, from, differences: lost, reason: 'an earlier update may not have arrived' };
  }
  return asWanted;
}

/** The differences, with handlers as they are shown. */
function shown(all: readonly Difference[], from: string, to: string): Difference[] {
  return all.map((difference) => (difference.field === 'handler' ? { ...difference, from, to } : difference));
}

/** The differences of an unknown scope. */
function scopeOf(spec: WebhookSpec): Difference[] {
  const { database, collection } = canonical(spec);
  return [
    { field: 'database', from: UNKNOWN_VALUE, to: database },
    { field: 'collection', from: UNKNOWN_VALUE, to: collection },
  ];
}

function isLimit(difference: Difference): boolean {
  return difference.field === 'database' || difference.field === 'collection';
}

function create(desired: DesiredWebhook, mayBe: OrphanMatches['mayBe']): Change {
  const { name } = desired;
  const plain = { action: 'create', name, desired, goneId: null, reason: 'not in state' } as const;
  const alike = mayBe.get(name) ?? [];
  if (alike.length === 0) return plain;
  const shown = alike.map((orphan) => `webhook ${orphan.id} (${orphan.name})`).join(' or ');
  return { ...plain, refused: scopeUnknown(name, alike, shown), reason: `${shown} may be it, so it is not created` };
}

/** A create might duplicate a webhook that looks the same, since nobody knows the scope of that one. */
function scopeUnknown(name: string, alike: readonly StateEntry[], shown: string): Refusal {
  const imports = alike.map(({ id }) => `"import ${name} ${id}"`).join(' or ');
  const forgets = [...new Set(alike.map((orphan) => `"forget ${orphan.name}"`))].join(' and ');
  return {
    code: 'scope-unknown',
    message: `not created: ${shown} looks the same, and its database and collection are unknown`,
    remedy: `compare with the dashboard: if it is the same webhook, ${imports} takes it over; if not, ${forgets} lets the next run create ${name}`,
  };
}

function protect(change: Change): Change {
  const { name, action, reason } = change;
  const refused: Refusal = {
    code: 'protected',
    message: `not ${action}d, because the entry is protected`,
    remedy: `${action === 'delete' ? 'list the entry without `protect`' : 'take `protect` out of the entry'} and run \`apply\` first, or drop it from the state with "forget ${name}"`,
  };
  return { ...change, refused, reason: `${reason}; refused, because the entry is protected` };
}

/** What is open of an entry must be settled before another of its creates is sent. */
export function settledFirst(change: Change, intents: readonly Intent[]): Change {
  if (change.action !== 'create' && change.action !== 'replace') return change;
  const { name, desired } = change;
  const replaces = change.action === 'replace' ? change.id : null;
  return { action: 'recover', name, desired, intents, replaces, reason: openReason(intents) };
}

/** Describes what was sent and never confirmed: how often, and when last. */
export function openReason(intents: readonly Intent[]): string {
  const last = intents.at(-1);
  const at = last?.at ?? '';
  const what = intents.length > 1 ? `${intents.length} POSTs, the last of ${at}, were` : `a POST of ${at} was`;
  return `${what} sent and never confirmed (${last?.gaveUp?.reason ?? 'interrupted'})`;
}

interface LeftBy {
  readonly removed: FormerName | undefined;
  readonly prune: boolean;
  /** New entries, one of which this webhook may belong to. */
  readonly wantedBy: readonly DesiredWebhook[];
}

function leftBehind(entry: StateEntry, state: State | null, { removed, prune, wantedBy }: LeftBy): Change {
  const { name, id, spec } = entry;
  const doubt = state?.possiblyDuplicated.get(name);
  const rest = doubt === undefined ? '' : `; a second one like it may be among the ids ${rangesText(doubt)}`;
  const reason = `not in the manifest${rest}`;
  const webhook = { name, id, spec, ...asWritten(entry), reason };
  if (removed !== undefined) {
    return { action: 'delete', ...webhook, cause: 'removed', place: removed, reason: `removed in the manifest${rest}` };
  }
  if (wantedBy.length > 0) {
    const entries = wantedBy.map((wanted) => wanted.name);
    return { action: 'orphaned', ...webhook, mayBe: entries, reason: `${reason}, but may be ${entries.join(' or ')}` };
  }
  return prune ? { action: 'delete', ...webhook, cause: 'pruned' } : { action: 'orphaned', ...webhook };
}

/** The order of entries that are not in the manifest. */
export function byNameThenId(a: Identified, b: Identified): number {
  return compare(a.name, b.name) || (a.id ?? 0) - (b.id ?? 0);
}

interface Identified {
  readonly name: string;
  readonly id?: number | null;
}

/** By code unit, so that the order does not depend on the locale. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
