import { forEachAtATime } from '../concurrent.js';
import type { CallFailure, CopernicaApi, ListOutcome, ReadOutcome } from '../copernica/api.js';
import { mayRepeat } from '../copernica/retry-policy.js';
import { productError } from '../errors.js';
import type { Plan } from '../plan/change.js';
import type { LiveView, LiveViews } from '../plan/live.js';
import type { OnProgress } from '../plan/progress.js';

const STOPPED: LiveView = { kind: 'unread', reason: 'the program was asked to stop' };

/** For a few webhooks of many, the list would be more to read than they are. */
const NOT_LISTED: ListOutcome = { ok: true, value: 'unavailable' };

/** From this many webhooks on, we do not believe that all of them are gone. */
const EVERYTHING_GONE_FROM = 2;

/**
 * The webhooks that a refresh reads, by id, with the name of the entry: those of the manifest's entries, including
 * those that they take over from other names. `plan` must have been made without live webhooks.
 */
export function knownWebhooks({ changes }: Plan): Map<number, string> {
  const known = new Map<number, string>();
  for (const change of changes) {
    if (!('desired' in change) || change.action === 'create') continue;
    const id = change.action === 'recover' ? change.replaces : change.id;
    if (id !== null) known.set(id, change.name);
  }
  return known;
}

/** After this many reads in a row that fail as in an outage, nothing more is asked. */
const OUTAGE_FROM = 4;

/**
 * Reads these webhooks, a few at a time. If they are all that are known and the account has the list call, the list is
 * asked first, and only what it does not name is read by id. What can't be read is `unread`, never drift; in an outage
 * the rest is `unread` without a request for each.
 *
 * Throws ProductError of kind `refused` if all of two or more known webhooks look gone, unless forced: usually the
 * token or the API is to blame, not an emptied account, and believing it would create everything again.
 */
export async function refresh(
  ids: readonly number[],
  api: CopernicaApi,
  options: {
    /** How many webhooks are known. */
    readonly known: number;
    readonly concurrency: number;
    readonly stop: AbortSignal;
    readonly force: boolean;
    readonly onProgress: OnProgress;
  },
): Promise<LiveViews> {
  if (ids.length === 0) return new Map();
  const views = new Map<number, LiveView>();
  const progress = () => options.onProgress({ phase: 'reading', done: views.size, of: ids.length });
  progress();
  const listed = ids.length === options.known ? await api.listWebhooks() : NOT_LISTED;
  if (listed.ok && listed.value !== 'unavailable') {
    for (const webhook of listed.value) views.set(webhook.id, { kind: 'found', webhook });
  }
  const unlisted = ids.filter((id) => !views.has(id));
  let unreachable = isOutage(listed) ? listed.message : null;
  // The list call is undocumented, so it may always fail: only a further failure means an outage.
  let failures = unreachable === null ? 0 : OUTAGE_FROM - 1;
  await forEachAtATime(unlisted, options.concurrency, async (id) => {
    progress();
    // What was not looked at is unknown, too.
    if (options.stop.aborted) views.set(id, STOPPED);
    else if (unreachable !== null && failures >= OUTAGE_FROM) views.set(id, { kind: 'unread', reason: unreachable });
    else {
      const outcome = await api.readWebhook(id);
      views.set(id, viewOf(outcome));
      failures = isOutage(outcome) ? failures + 1 : 0;
      if (isOutage(outcome)) unreachable = outcome.message;
    }
  });
  const gone = ids.filter((id) => views.get(id)?.kind === 'gone').length;
  if (gone === options.known && gone >= EVERYTHING_GONE_FROM && !options.force) {
    throw productError('refused', {
      code: 'everything-gone',
      message: `all ${gone} known webhooks seem to be gone from the account: nothing was changed`,
      remedy:
        'check the token and the account; if they really were deleted, run `copernica-webhooks apply --force` once',
    });
  }
  return views;
}

/** The failure says nothing about this webhook: another request would fare no better. */
function isOutage(outcome: { readonly ok: true } | CallFailure): outcome is CallFailure {
  return !outcome.ok && mayRepeat('GET', outcome);
}

function viewOf(outcome: ReadOutcome): LiveView {
  if (!outcome.ok) return { kind: 'unread', reason: outcome.message };
  return outcome.value === 'gone' ? { kind: 'gone' } : { kind: 'found', webhook: outcome.value };
}
