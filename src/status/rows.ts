import type { AppliedChange } from '../plan/applied.js';
import { isPending } from '../plan/change.js';
import { isResolved } from '../plan/names.js';
import { hull } from '../state/ranges.js';
import type { State } from '../state/state.js';
import { CALLERS, type ManifestEntry, type ScopeName, shownHandler, type WebhookSpec, webhookKey } from '../webhook.js';
import { safeProblem } from './issues.js';
import type { WebhookStatus } from './kinds.js';
import type { WebhookSnapshot } from './snapshot.js';

/** One webhook of the table, with what decides its status when the manifest changes. */
export interface Row extends WebhookSnapshot {
  /** The spec that the last run wanted, as in the file. The same object as long as the file is the same. */
  readonly wanted: ManifestEntry['spec'];
}

/** What a run says about each webhook: its changes, and the state after it. */
export interface RunView {
  readonly manifest: { readonly entries: readonly ManifestEntry[] };
  readonly changes: readonly AppliedChange[];
  readonly state: State;
}

/**
 * The table after a run, in the order of its plan.
 *
 *     change                                  status
 *     --------------------------------------  -------------------
 *     delete, done                            (no row)
 *     any, failed or refused                  failed
 *     any, uncertain                          uncertain
 *     delete, not done yet                    deleting
 *     any other, skipped                      pending
 *     orphaned                                orphaned
 *     any other, done; a duplicate may exist  possibly-duplicated
 *     any other, done                         created
 *
 * `before`: the table before the run. It knows when this process last changed a webhook; the state only knows when it
 * was made. `endedAt` is ISO 8601.
 */
export function rowsAfterRun({ manifest, changes, state }: RunView, before: readonly Row[], endedAt: string): Row[] {
  const known = new Map(before.map((row) => [row.name, row]));
  // As in the file: where that has a name, the change has the id that was looked up.
  const written = new Map(manifest.entries.filter((entry) => !isResolved(entry)).map(({ name, spec }) => [name, spec]));
  return changes.flatMap((applied) => {
    const { change, result, id, error } = applied;
    const webhook: Webhook & { readonly spec: WebhookSpec } = 'desired' in change ? change.desired : change;
    if (change.action === 'delete' && result === 'done') return [];
    const ranges = (change.action !== 'delete' && state.possiblyDuplicated.get(change.name)) || null;
    const earlier = known.get(change.name);
    const wanted = written.get(change.name) ?? webhook.spec;
    // Nearly all webhooks are unchanged.
    const isQuiet = change.action === 'none' && result === 'done' && ranges === null;
    if (isQuiet && earlier?.status === 'created' && earlier.id === id && earlier.wanted === wanted) return [earlier];
    const entry = state.entries.get(change.name);
    const ownId = change.action === 'delete' ? change.id : (id ?? entry?.id ?? null);
    const changedNow = result === 'done' && isPending(change);
    // Building the shown handler takes parsing a URL.
    const looks = earlier?.wanted === webhook.spec ? earlier : shown(change.name, webhook);
    const changedBefore = earlier !== undefined && earlier.id === ownId ? earlier.changedAt : null;
    return [
      {
        ...looks,
        wanted,
        id: ownId,
        status: statusAfter(applied, ranges !== null),
        possiblyDuplicated: ranges === null ? null : hull(ranges),
        possiblyDuplicatedRanges: ranges,
        changedAt: changedNow ? endedAt : (changedBefore ?? entry?.createdAt ?? null),
        error: error?.problems[0] === undefined ? null : safeProblem(error.problems[0]),
      },
    ];
  });
}

function statusAfter({ change, result }: AppliedChange, possiblyDuplicated: boolean): WebhookStatus {
  if (result === 'failed' || result === 'refused') return 'failed';
  if (result === 'uncertain') return 'uncertain';
  if (change.action === 'delete') return 'deleting';
  if (result === 'skipped') return 'pending';
  if (change.action === 'orphaned') return 'orphaned';
  return possiblyDuplicated ? 'possibly-duplicated' : 'created';
}

/** The table after a new manifest came into force: what it wants differently is pending until the next run. */
export function rowsAfterManifest(entries: readonly ManifestEntry[], before: readonly Row[]): Row[] {
  const known = new Map(before.filter(({ status }) => status !== 'deleting').map((row) => [row.name, row]));
  const wanted = entries.map((entry): Row => {
    const { name, spec } = entry;
    const earlier = known.get(name);
    if (earlier !== undefined && isSame(earlier.wanted, spec) && earlier.status !== 'orphaned') return earlier;
    // An unknown outcome stays unknown, whatever the file says now.
    if (earlier?.status === 'uncertain') return { ...earlier, ...shown(name, entry), wanted: spec };
    const { id = null, changedAt = null, possiblyDuplicated = null, possiblyDuplicatedRanges = null } = earlier ?? {};
    const mark = { possiblyDuplicated, possiblyDuplicatedRanges };
    return { ...shown(name, entry), wanted: spec, id, ...mark, status: 'pending', changedAt, error: null };
  });
  const names = new Set(entries.map(({ name }) => name));
  const left = before.filter(({ name, status }) => !names.has(name) || status === 'deleting');
  return [...wanted, ...left];
}

function isSame(a: ManifestEntry['spec'], b: ManifestEntry['spec']): boolean {
  return a === b || webhookKey(a) === webhookKey(b);
}

type Webhook = Pick<ManifestEntry, 'spec' | 'handlerAsWritten'>;

function shown(name: string, webhook: Webhook) {
  const { spec } = webhook;
  return {
    name,
    trigger: spec.trigger,
    handler: shownHandler(webhook),
    callers: [...new Set(spec.callers ?? CALLERS)].sort(),
    database: shownScope(spec.database),
    collection: shownScope(spec.collection),
  };
}

function shownScope(limit: number | ScopeName | undefined): number | string | null {
  if (limit === undefined) return null;
  // As in the file, since a variable's value may be a secret.
  return typeof limit === 'number' ? limit : limit.shown;
}
