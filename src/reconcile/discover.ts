import { productError } from '../errors.js';
import { type Discovered, nameDiscovered, rangesAroundKnown } from '../plan/discovered.js';
import type { OnProgress } from '../plan/progress.js';
import { idsIn, readIds } from '../recovery/read.js';
import type { IdRange, State } from '../state/state.js';
import { asWritten } from '../webhook.js';
import { checkAccount, readAccount } from './account.js';
import { specOf } from './import.js';
import { openState } from './open-state.js';
import type { ReconcilerPorts } from './ports.js';

export interface DiscoverOptions {
  readonly concurrency: number;
  readonly stop: AbortSignal;
  readonly onProgress: OnProgress;
  /** Look at these ids; null: the list call, or around what the state knows. */
  readonly range: IdRange | null;
}

export interface Discovery {
  readonly found: readonly Discovered[];
  /** Why not everything that was asked for was looked at, or null. */
  readonly incomplete: string | null;
}

/** Finds webhooks of the account. Reads only. Throws ProductError for another account's token, or no way to look. */
export async function discover(
  ports: Pick<ReconcilerPorts, 'api'>,
  state: State | null,
  options: DiscoverOptions,
): Promise<Discovery> {
  options.onProgress({ phase: 'asking' });
  const account = await readAccount(ports.api);
  if (state !== null) checkAccount(account, state.account);
  const ranges = options.range === null ? rangesAroundKnown(state) : [options.range];
  if (options.range === null) {
    const listed = await ports.api.listWebhooks();
    // While the account can't be reached, one refusal is enough.
    if (!listed.ok) return { found: [], incomplete: listed.message };
    if (listed.value !== 'unavailable') return { found: nameDiscovered(listed.value, state), incomplete: null };
  }
  if (ranges.length === 0) {
    throw productError('failed', {
      code: 'nowhere-to-look',
      message: 'this account has no list of webhooks, and the state knows no id to look around',
      remedy: 'give a range of ids with --from and --to: the dashboard shows the ids of a few',
    });
  }
  const ids = idsIn(ranges);
  let done = 0;
  const onRead = () => {
    done += 1;
    options.onProgress({ phase: 'looking', done, of: ids.length });
  };
  const { webhooks, failure } = await readIds(ids, ports.api, { ...options, onRead, refusalsCount: false });
  return { found: nameDiscovered(webhooks, state), incomplete: failure };
}

/** Takes over what was found and is not in the state yet, under its names. One of two that show the same is enough. */
export async function takeOver(
  ports: ReconcilerPorts,
  found: readonly Discovered[],
  options: { readonly init: boolean },
): Promise<number> {
  const locked = await ports.lockState();
  try {
    const { journal, isNew } = await openState(locked, ports, options);
    if (!isNew) checkAccount(await readAccount(ports.api), journal.state.account);
    const fresh = found.filter(
      ({ id, name, equalTo }) => equalTo === null && !journal.state.owners.has(id) && !journal.state.entries.has(name),
    );
    for (const discovered of fresh) {
      const { name, id } = discovered;
      const webhook = specOf(discovered.webhook, { name, spec: {} });
      journal.write({ type: 'imported', name, id, at: ports.now().toISOString(), webhook, ...asWritten(discovered) });
    }
    await journal.flush();
    return fresh.length;
  } finally {
    await locked.release();
  }
}
