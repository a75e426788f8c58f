import { type Visible, visibleKey, type WebhookSpec } from '../webhook.js';
import { groupBy } from './group.js';

/** A webhook as it is read, and whether it may be given to an entry that looks the same without asking anybody. */
export interface Unscoped<W> {
  readonly webhook: W;
  readonly shown: Visible;
  readonly mayBeTaken: boolean;
}

export interface LookAlikes<W> {
  /** By name of the entry: the webhook that is taken for its own. */
  readonly taken: ReadonlyMap<string, W>;
  /** By name of the entry: webhooks of which one may be its own, and of which only a person can say so. */
  readonly mayBe: ReadonlyMap<string, readonly W[]>;
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
export function matchUnscoped<W>(entries: readonly NewEntry[], webhooks: readonly Unscoped<W>[]): LookAlikes<W> {
  const taken = new Map<string, W>();
  const mayBe = new Map<string, readonly W[]>();
  if (webhooks.length === 0) return { taken, mayBe };
  const byLook = groupBy(webhooks, ({ shown }) => visibleKey(shown));
  for (const [look, alike] of groupBy(entries, ({ spec }) => visibleKey(spec))) {
    const [first, ...others] = byLook.get(look) ?? [];
    if (first === undefined) continue;
    const isOnlyOne = alike.length === 1 && others.length === 0 && first.mayBeTaken;
    for (const { name, spec } of alike) {
      const hasScope = spec.database !== undefined || spec.collection !== undefined;
      if (isOnlyOne && !hasScope) taken.set(name, first.webhook);
      else
        mayBe.set(
          name,
          [first, ...others].map(({ webhook }) => webhook),
        );
    }
  }
  return { taken, mayBe };
}
