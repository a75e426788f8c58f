import { groundOf } from '../ground.js';
import { type Host, holderOf } from '../host.js';
import { loadToken } from '../settings/load.js';
import type { AccountSettings } from '../settings/resolve.js';
import { holds, manifestDigest } from '../state/clean.js';
import type { CleanMark } from '../state/mark.js';

/** For a plan, which uses neither token nor lock: then `token` is null. */
export function stillHolds(host: Host, account: AccountSettings, mark: CleanMark, token: string | null): boolean {
  const { file, state } = account.settings;
  const digest = manifestDigest(file);
  if (digest === null) return false;
  const ground = groundOf(host, account, token, { sha256: digest, variables: mark.variables });
  return ground !== null && holds(mark, state, ground);
}

/** A run that may write needs a token and the lock, and so does one that turns out to have nothing to write. */
export async function stillHoldsForWriter(host: Host, account: AccountSettings, mark: CleanMark): Promise<boolean> {
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
