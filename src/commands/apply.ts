import { type Host, wantsColor } from '../host.js';
import { unchangedText } from '../output/unchanged.js';
import { chosenAccounts, forAccounts } from './accounts.js';
import { execute, type Invocation } from './command.js';
import { unchangedAccounts } from './unchanged.js';

/** apply: reconciles once and ends. */
export function applyCommand(
  host: Host,
  invocation: Invocation,
  options: { readonly force: boolean; readonly retry: boolean },
): Promise<number> {
  return execute(host, invocation, async () => {
    const accounts = await chosenAccounts(host, invocation);
    const unchanged = await unchangedAccounts(host, accounts, invocation);
    if (unchanged !== null) {
      return forAccounts(accounts, async (account) => {
        const color = wantsColor(host.stdout, host.environment);
        const text = unchangedText.apply(unchanged.get(account) ?? 0, { color, target: account.settings.apiUrl });
        return { document: {}, text, problems: [], failures: [] };
      });
    }
    // Loaded when there may be something to do: see plan.ts.
    const { applyInFull } = await import('./apply-full.js');
    return applyInFull(host, accounts, options);
  });
}
