import { type Visible, visibleKey, type WebhookSpec } from '../webhook.js';
import { groupBy } from './group.js';

/** A webhook as it reads. `mayBeTaken`: an entry that looks the same may get it without a person's decision. */
export interface Unscoped<W> {
  readonly webhook: W;
  readonly shown: Visible;
  readonly mayBeTaken: boolean;
}

export interface LookAlikes<E, W> {
  /** By name of the entry: the webhook that it takes over. */
  readonly taken: ReadonlyMap<string, W>;
  /** By name of the entry: webhooks of which one may be its own; only a person can tell. */
  readonly mayBe: ReadonlyMap<string, readonly W[]>;
  /** The same the other way round: the entries that a webhook may belong to. */
  readonly wantedBy: ReadonlyMap<W, readonly E[]>;
}

interface NewEntry {
  readonly name: string;
  readonly spec: WebhookSpec<unknown>;
}

/**
 * Finds webhooks for new entries among those of unknown scope: they must show the same handler, trigger and callers.
 *
 *     of those that look the same:  new entries   webhooks   the entry has a scope   then
 *                                   -----------   --------   ---------------------   ---------------------------------
 *                                   one           one        no                      taken over, if it may be
 *                                   any other                                        each may belong to each entry
 *
 * Creating an entry of the second kind could make its webhook a second time.
 */
export function matchUnscoped<E extends NewEntry, W>(
  entries: readonly E[],
  webhooks: readonly Unscoped<W>[],
): LookAlikes<E, W> {
  const taken = new Map<string, W>();
  const mayBe = new Map<string, readonly W[]>();
  const wantedBy = new Map<W, readonly E[]>();
  const byLook = groupBy(webhooks, ({ shown }) => visibleKey(shown));
  // Skipped without webhooks: the key of each entry takes parsing a URL.
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
