import { groundOf } from '../ground.js';
import { type Host, holderOf } from '../host.js';
import { loadToken } from '../settings/load.js';
import type { AccountSettings } from '../settings/resolve.js';
import { type CleanMark, holds, manifestDigest, readCleanMark } from '../state/clean.js';
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
    const isClean =
      invocation.command === 'apply'
        ? await stillHoldsForWriter(host, account, mark)
        : stillHolds(host, account, mark, null);
    if (!isClean) return null;
    counts.set(account, mark.webhooks);
  }
  return counts;
}

function stillHolds(host: Host, account: AccountSettings, mark: CleanMark, token: string | null): boolean {
  const { file, state } = account.settings;
  const digest = manifestDigest(file);
  if (digest === null) return false;
  const ground = groundOf(host, account, token, { sha256: digest, variables: mark.variables });
  return ground !== null && holds(mark, state, ground);
}

/** A run that may write needs a token and the lock, and so does one that turns out to have nothing to write. */
async function stillHoldsForWriter(host: Host, account: AccountSettings, mark: CleanMark): Promise<boolean> {
  const { settings } = account;
  if (settings.caFile !== undefined) return false;
  const token = await loadToken(host.environment, account.token).catch(() => null);
  if (token === null) return false;
  const { acquireLock } = await import('../state/lock.js');
  const lock = await acquireLock(settings.state, { timeoutMs: 0, holder: holderOf(host, 'apply') }).catch(() => null);
  if (lock === null) return false;
  try {
    return stillHolds(host, account, mark, token);
  } finally {
    lock.release();
  }
}
