import { type Visible, visibleKey, type WebhookSpec } from '../webhook.js';
import { groupBy } from './group.js';

/** A webhook as it is read, and whether it may be given to an entry that looks the same without asking anybody. */
export interface Unscoped<W> {
  readonly webhook: W;
  readonly shown: Visible;
  readonly mayBeTaken: boolean;
}

export interface LookAlikes<E, W> {
  /** By name of the entry: the webhook that is taken for its own. */
  readonly taken: ReadonlyMap<string, W>;
  /** By name of the entry: webhooks of which one may be its own, and of which only a person can say so. */
  readonly mayBe: ReadonlyMap<string, readonly W[]>;
  /** The same the other way round: the entries of which one may be what the webhook is. */
  readonly wantedBy: ReadonlyMap<W, readonly E[]>;
}

interface NewEntry {
  readonly name: string;
  readonly spec: WebhookSpec<unknown>;
}

/**
 * Which webhooks may be what new entries ask for, when nobody knows to which database and collection these webhooks are
 * limited: those that show the same handler, trigger and callers.
 *
 *     of those that look the same:  new entries   webhooks   the entry has a scope   then
 *                                   -----------   --------   ---------------------   ---------------------------------
 *                                   one           one        no                      taken for the entry's own
 *                                   any other                                        each may be that of each entry
 *
 * To create an entry of the second kind could make its webhook a second time.
 */
export function matchUnscoped<E extends NewEntry, W>(
  entries: readonly E[],
  webhooks: readonly Unscoped<W>[],
): LookAlikes<E, W> {
  const taken = new Map<string, W>();
  const mayBe = new Map<string, readonly W[]>();
  const wantedBy = new Map<W, readonly E[]>();
  const byLook = groupBy(webhooks, ({ shown }) => visibleKey(shown));
  // The key of an entry costs the reading of a URL.
  const byEntryLook = webhooks.length === 0 ? new Map<string, E[]>() : groupBy(entries, ({ spec }) => visibleKey(spec));
  for (const [look, alike] of byEntryLook) {
    const [first, ...others] = byLook.get(look) ?? [];
    const [entry, ...more] = alike;
    if (first === undefined || entry === undefined) continue;
    const isOnlyOne = more.length === 0 && others.length === 0 && first.mayBeTaken;
    if (isOnlyOne && entry.spec.database === undefined && entry.spec.collection === undefined) {
      taken.set(entry.name, first.webhook);
      continue;
    }
    const candidates = [first, ...others].map(({ webhook }) => webhook);
    for (const { name } of alike) mayBe.set(name, candidates);
    for (const webhook of candidates) wantedBy.set(webhook, alike);
  }
  return { taken, mayBe, wantedBy };
}
