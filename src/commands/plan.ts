import { type Host, wantsColor } from '../host.js';
import { unchangedText } from '../output/unchanged.js';
import { chosenAccounts, forAccounts } from './accounts.js';
import { type CommandResult, execute, type Invocation } from './command.js';
import type { PlanCommandOptions } from './plan-options.js';
import { unchangedAccounts } from './unchanged.js';

/** plan: what `apply` would do. Changes nothing, neither remote nor state, and takes no lock. */
export function planCommand(host: Host, invocation: Invocation, options: PlanCommandOptions): Promise<number> {
  return execute(host, invocation, async () => {
    const accounts = await chosenAccounts(host, invocation);
    const unchanged = options.against === undefined ? await unchangedAccounts(host, accounts, invocation) : null;
    if (unchanged !== null) {
      return forAccounts(accounts, async (account) => nothingToDo(host, invocation, unchanged.get(account) ?? 0));
    }
    // Loaded when there is something to find out: the YAML parser alone takes as long to load as all before it.
    const { planInFull } = await import('./plan-full.js');
    return planInFull(host, accounts, invocation, options);
  });
}

function nothingToDo(host: Host, { output }: Invocation, webhooks: number): CommandResult {
  const color = wantsColor(host.stdout, host.environment);
  const text = output === 'github' ? unchangedText.github(webhooks) : unchangedText.plan(webhooks, { color });
  return { document: {}, text, problems: [], failures: [] };
}
