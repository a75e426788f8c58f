import type { LiveWebhook } from '../copernica/api.js';
import type { Problem } from '../errors.js';
import { type CanonicalWebhook, canonicalCallers, canonicalHandler } from '../webhook.js';

/** What a refresh saw of one known webhook. `unread`: nothing is known, so this is never drift. */
export type LiveView =
  | { readonly kind: 'found'; readonly webhook: LiveWebhook }
  | { readonly kind: 'gone' }
  | { readonly kind: 'unread'; readonly reason: string };

/** By webhook id, without those that were not looked at. */
export type LiveViews = ReadonlyMap<number, LiveView>;

/**
 * The account's webhook in canonical form. Database and collection are not documented fields of the answer: if it has
 * none, they are taken from `expected`. Null may mean "no limit" or "not told": read as the first, a limited webhook
 * would be replaced at every refresh of an account that means the second.
 */
export function canonicalLive(live: LiveWebhook, expected: CanonicalWebhook): CanonicalWebhook {
  const idOr = (id: number | null | undefined, otherwise: string) => (id == null ? otherwise : String(id));
  return {
    handler: canonicalHandler(live.handler),
    trigger: live.trigger,
    callers: canonicalCallers(live.callers),
    database: idOr(live.database, expected.database),
    collection: idOr(live.collection, expected.collection),
  };
}

/** How many webhooks could not be read. */
export function countUnread(live: LiveViews): number {
  return [...live.values()].filter(({ kind }) => kind === 'unread').length;
}

/**
 * Reports what could not be read, and was planned from the state alone. An error, because the check that was asked for
 * was not done: there may be drift that nobody saw.
 */
export function unreadProblems(live: LiveViews): Problem[] {
  const unread = [...live].flatMap(([id, view]) => (view.kind === 'unread' ? [{ id, reason: view.reason }] : []));
  const [first] = unread;
  if (first === undefined) return [];
  const more = unread.length === 1 ? '' : ` and ${unread.length - 1} more`;
  return [
    {
      code: 'unread',
      severity: 'error',
      message: `webhook ${first.id}${more} could not be checked (${first.reason}): the plan assumes that it is as the state says`,
      remedy: 'the next run tries again; --no-refresh skips the live webhooks',
    },
  ];
}
