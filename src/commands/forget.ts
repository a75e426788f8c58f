import { productError } from '../errors.js';
import { type Host, holderOf } from '../host.js';
import type { State } from '../state/state.js';
import { stateStore } from '../state-store.js';
import { nearest } from '../text/suggest.js';
import { onlyAccount } from './accounts.js';
import type { CommandResult, Invocation } from './command.js';

/** forget: drops an entry from the state but leaves its webhook alone. Sends nothing. */
export async function forgetCommand(host: Host, invocation: Invocation, name: string): Promise<CommandResult> {
  const account = await onlyAccount(host, invocation);
  const store = await stateStore(host, account);
  const lease = await store.take({
    timeoutMs: account.settings.lockTimeoutMs,
    holder: holderOf(host, 'forget'),
  });
  try {
    const journal = await lease.open();
    const names = namesIn(journal?.state ?? null);
    if (journal === null || !names.includes(name)) throw unknownName(name, names);
    const id = journal.state.entries.get(name)?.id;
    journal.write({ type: 'forgotten', name, at: (lease.now?.() ?? host.now()).toISOString() });
    await journal.flush();
    const left = id === undefined ? '' : `; webhook ${id} is left alone`;
    return {
      document: { forgotten: name, id: id ?? null },
      text: `forgot ${name}${left}\n`,
    };
  } finally {
    await lease.release();
  }
}

function namesIn(state: State | null): string[] {
  if (state === null) return [];
  const all = [...state.entries.values(), ...state.intents.values(), ...state.pendingDeletes.values()];
  return [...new Set([...all.map(({ name }) => name), ...state.possiblyDuplicated.keys()])];
}

function unknownName(name: string, names: readonly string[]) {
  const near = nearest(name, names);
  return productError('input', {
    code: 'unknown-name',
    message: `the state has no entry ${JSON.stringify(name)}`,
    name,
    remedy: near === undefined ? '`list` shows its entries' : `did you mean ${near}?`,
  });
}
