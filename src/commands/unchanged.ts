import type { Host } from '../host.js';
import type { AccountSettings } from '../settings/resolve.js';
import { readCleanMark } from '../state/mark.js';
import type { Invocation } from './command.js';

/**
 * Where the last run left nothing to do and all that it stood on is as it was, a run that does not look at the account
 * would find nothing to do either. Gives the number of webhooks of each account then; null: it has to be found out.
 *
 * Whatever is out of the ordinary (no token, a lock that is held, a file that can't be read) gives null: the full run
 * tells it. `--json` names every webhook, which a mark does not know.
 */
export async function unchangedAccounts(
  host: Host,
  accounts: readonly AccountSettings[],
  invocation: Pick<Invocation, 'command' | 'output'>,
): Promise<ReadonlyMap<AccountSettings, number> | null> {
  if (invocation.output === 'json') return null;
  const counts = new Map<AccountSettings, number>();
  for (const account of accounts) {
    if (account.settings.refresh !== false) return null;
    const mark = readCleanMark(account.settings.state);
    if (mark === null) return null;
    // Loaded where there is a mark: what makes digests is slow to load.
    const { stillHolds, stillHoldsForWriter } = await import('./still-holds.js');
    const isClean =
      invocation.command === 'apply'
        ? await stillHoldsForWriter(host, account, mark)
        : stillHolds(host, account, mark, null);
    if (!isClean) return null;
    counts.set(account, mark.webhooks);
  }
  return counts;
}
