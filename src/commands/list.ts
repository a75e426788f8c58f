import { type Host, wantsColor } from '../host.js';
import { formatList, listJson } from '../output/list.js';
import { duplicateWarnings, openWarnings } from '../recovery/duplicates.js';
import { stateStore } from '../state-store.js';
import { chosenAccounts, forAccounts } from './accounts.js';
import type { CommandResult, Invocation } from './command.js';

/** list: shows the state. Needs no token and no network, and takes no lock. */
export async function listCommand(host: Host, invocation: Invocation): Promise<CommandResult> {
  return forAccounts(await chosenAccounts(host, invocation), async (account) => {
    const store = await stateStore(host, account);
    const state = await store.read();
    return {
      document: listJson(state),
      text: formatList(state, {
        color: wantsColor(host.stdout, host.environment),
        file: store.place,
        columns: host.stdout.columns,
      }),
      problems: state === null ? [] : [...openWarnings(state, null), ...duplicateWarnings(state)],
    };
  });
}
