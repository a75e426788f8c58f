import type { LiveWebhook } from '../copernica/api.js';
import { isWithin, rangesText } from '../state/ranges.js';
import { type IdRange, type Intent, intentsOf, isScopeKnown, type State } from '../state/state.js';
import type { WebhookSpec } from '../webhook.js';
import { canHaveMade, looksLike } from './matching.js';

/** What happens if a webhook is imported for a name. */
export type ImportVerdict =
  /**
   * The webhook is the entry's from now on. `former`: the entry's webhook until now, which is then to be deleted, or
   * null. `spec`: what tells its database and collection, or null: the manifest does. `intent`: the open intent that
   * made it, or null. `from`: the entry that has it until now, or null.
   */
  | {
      readonly kind: 'take-over';
      readonly former: number | null;
      readonly spec: WebhookSpec | null;
      readonly intent: number | null;
      readonly from: string | null;
    }
  /** The entry keeps its webhook, and nothing about it is in doubt any more. */
  | { readonly kind: 'settle'; readonly cancels: readonly Intent[]; readonly marked: boolean }
  | ImportRefusal;

export interface ImportRefusal {
  readonly kind: 'refuse';
  readonly code: 'import-taken' | 'protected';
  readonly message: string;
  readonly remedy: string;
}

/** The entry that an import is for, and all names of the manifest. */
export interface ImportTarget {
  readonly name: string;
  /** In the manifest: its webhook is never deleted. */
  readonly isProtected: boolean;
  readonly wanted: ReadonlySet<string>;
}

/** The refusals that need no look at the account. Null: it depends on the webhook. */
export function refusedUnread(state: State, { name, wanted }: ImportTarget, id: number): ImportRefusal | null {
  const owner = state.owners.get(id);
  const isPendingDelete = state.pendingDeletes.has(id);
  if (owner !== undefined && (isPendingDelete || (owner !== name && wanted.has(owner)))) {
    const remedy = isPendingDelete ? 'the next run deletes it' : `run "forget ${owner}" first`;
    return refuse(`webhook ${id} belongs to ${owner} already`, remedy);
  }
  const entry = state.entries.get(name);
  if (entry === undefined || isInDoubt(state, name)) return null;
  if (owner === name) {
    if (!isScopeKnown(entry)) return null;
    return refuse(`webhook ${id} belongs to ${name} already`, 'there is nothing to import');
  }
  return refuse(`${name} is webhook ${entry.id} already`, `run "forget ${name}" first`);
}

function refuse(message: string, remedy: string, code: ImportRefusal['code'] = 'import-taken'): ImportRefusal {
  return { kind: 'refuse', code, message, remedy };
}

function isInDoubt(state: State, name: string): boolean {
  return state.possiblyDuplicated.has(name) || intentsOf(state, name).length > 0;
}

/**
 * What happens if `webhook` is imported for `name`.
 *
 *     entry    in doubt                 webhook                             then
 *     -------  -----------------------  ----------------------------------  -------------------------------------------
 *     any      -                        another wanted entry's              refuse
 *     any      -                        to be deleted                       refuse
 *     none     any                      nobody's, or an orphaned entry's    take over
 *     has one  no                       its own, of unknown scope           take over: the manifest says its scope
 *     has one  no                       any other                           refuse
 *     has one  may exist twice          its own                             settle: the mark is cleared
 *     has one  may exist twice          in the range, looks like its own    take over; its own is to be deleted
 *     has one  a POST is open           its own                             settle: the POST made nothing
 *     has one  a POST is open           above the bound, looks as sent      take over; its own is to be deleted
 *     has one  either                   any other                           refuse
 *
 * Taking over closes only one open intent that can have made the webhook: the entry's other intents may have made
 * others. The webhook to be deleted is always the one that the state knows as ours, never the imported one; if the
 * entry is protected, the import is refused.
 */
export function importVerdict(state: State, target: ImportTarget, webhook: LiveWebhook): ImportVerdict {
  const { id } = webhook;
  const { name, isProtected } = target;
  const refused = refusedUnread(state, target, id);
  if (refused !== null) return refused;
  const from = state.owners.get(id) ?? null;
  const entry = state.entries.get(name);
  const open = intentsOf(state, name);
  const maker = open.find((intent) => canHaveMade(intent, webhook));
  const intent = maker?.intent ?? null;
  if (entry === undefined) {
    return { kind: 'take-over', former: null, spec: maker?.spec ?? knownSpec(state, from), intent, from };
  }
  const { id: former } = entry;
  const ranges = state.possiblyDuplicated.get(name);
  if (former === id) {
    if (isInDoubt(state, name)) return { kind: 'settle', cancels: open, marked: ranges !== undefined };
    return { kind: 'take-over', former: null, spec: null, intent: null, from };
  }
  const isDouble = isWithin(id, ranges) && looksLike(webhook, entry.spec);
  const spec = isDouble ? entry.spec : maker?.spec;
  if (spec === undefined) {
    return refuse(
      `webhook ${id} is not a lost webhook of ${name}, which is webhook ${former}: ${expected(ranges)}`,
      `check the id: a duplicate has the same handler, trigger and callers; "import ${name} ${former}" says that there is none`,
    );
  }
  if (isProtected) {
    return refuse(
      `webhook ${id} is not taken over: webhook ${former} would be deleted, but the entry is protected`,
      `take \`protect\` out of the entry first; or delete webhook ${id} in the dashboard, and run "import ${name} ${former}"`,
      'protected',
    );
  }
  return { kind: 'take-over', former, spec, intent, from };
}

/** The spec of an orphaned entry's webhook, as far as the state knows it. */
function knownSpec(state: State, owner: string | null): WebhookSpec | null {
  const entry = owner === null ? undefined : state.entries.get(owner);
  return entry !== undefined && isScopeKnown(entry) ? entry.spec : null;
}

function expected(ranges: readonly IdRange[] | undefined): string {
  return ranges === undefined
    ? 'it is older, or not as it was sent'
    : `it is not among the ids ${rangesText(ranges)}, or not like it`;
}
