import { forEachAtATime } from '../concurrent.js';
import type { CopernicaApi, LiveWebhook, ReadOutcome } from '../copernica/api.js';
import { productError } from '../errors.js';
import type { LiveView, LiveViews } from '../plan/live.js';
import { makePlan } from '../plan/plan.js';
import type { State } from '../state/state.js';
import type { DesiredWebhook } from '../webhook.js';

const STOPPED: LiveView = { kind: 'unread', reason: 'the program was asked to stop' };

/** From so many webhooks on, all of them being gone is not believed. */
const EVERYTHING_GONE_FROM = 2;

/** What a refresh reads: the webhooks of the manifest's entries, those that they take over from other names included. */
export function knownIds(desired: readonly DesiredWebhook[], state: State): number[] {
  return makePlan(desired, state).changes.flatMap((change) => {
    if (change.action === 'recover') return change.replaces ?? [];
    return 'desired' in change && change.action !== 'create' ? change.id : [];
  });
}

/**
 * Reads the known webhooks, a few at a time. Where the account has the list call, that tells all that are there, and
 * only what it does not name is read by itself. What can't be read is `unread`, never drift.
 *
 * Throws ProductError of kind `refused` when all of two or more look gone, unless forced: that is more often a token's
 * or the API's trouble than an emptied account, and believing it would create everything again.
 */
export async function refresh(
  ids: readonly number[],
  api: CopernicaApi,
  options: { readonly concurrency: number; readonly stop: AbortSignal; readonly force: boolean },
): Promise<LiveViews> {
  if (ids.length === 0) return new Map();
  const views = new Map<number, LiveView>();
  for (const webhook of await listed(api)) views.set(webhook.id, { kind: 'found', webhook });
  const unlisted = ids.filter((id) => !views.has(id));
  await forEachAtATime(unlisted, options.concurrency, async (id) => {
    // Not looking is not knowing either.
    views.set(id, options.stop.aborted ? STOPPED : viewOf(await api.readWebhook(id)));
  });
  const gone = ids.filter((id) => views.get(id)?.kind === 'gone').length;
  if (gone === ids.length && gone >= EVERYTHING_GONE_FROM && !options.force) {
    throw productError('refused', {
      code: 'everything-gone',
      message: `all ${gone} known webhooks look gone from the account: nothing was changed`,
      remedy:
        'check the token and the account; if they really were deleted, run `copernica-webhooks apply --force` once',
    });
  }
  return views;
}

async function listed(api: CopernicaApi): Promise<readonly LiveWebhook[]> {
  const outcome = await api.listWebhooks();
  return outcome.kind === 'listed' ? outcome.webhooks : [];
}

function viewOf(outcome: ReadOutcome): LiveView {
  switch (outcome.kind) {
    case 'found':
      return { kind: 'found', webhook: outcome.webhook };
    case 'gone':
      return { kind: 'gone' };
    case 'not-sent':
    case 'turned-away':
    case 'refused':
    case 'unknown':
      return { kind: 'unread', reason: outcome.message };
  }
}
