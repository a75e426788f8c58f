import { productError } from '../errors.js';
import { type Discovered, nameDiscovered, rangesAroundKnown } from '../plan/discovered.js';
import type { IdRange, State } from '../state/state.js';
import { checkAccount, readAccount } from './account.js';
import type { ReconcilerEdges } from './edges.js';
import { specOf } from './import.js';
import { idsIn, type LookOptions, lookAt, readEach } from './look.js';
import { openState } from './open-state.js';

export interface DiscoverOptions extends LookOptions {
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
  edges: Pick<ReconcilerEdges, 'api'>,
  state: State | null,
  options: DiscoverOptions,
): Promise<Discovery> {
  const account = await readAccount(edges.api);
  if (state !== null) checkAccount(account, state.account);
  const ranges = options.range === null ? rangesAroundKnown(state) : [options.range];
  const sight =
    options.range === null
      ? await lookAt(ranges, edges.api, options)
      : await readEach(idsIn(ranges), edges.api, options);
  if (ranges.length === 0 && !sight.complete && sight.failure === null) {
    throw productError('failed', {
      code: 'nowhere-to-look',
      message: 'this account has no list of webhooks, and the state knows no id to look around',
      remedy: 'give a range of ids with --from and --to: the dashboard shows the ids of a few',
    });
  }
  return { found: nameDiscovered(sight.webhooks, state), incomplete: sight.failure };
}

/** Takes over what was found and is not in the state yet, under its names. One of two that show the same is enough. */
export async function takeOver(
  edges: ReconcilerEdges,
  found: readonly Discovered[],
  options: { readonly init: boolean },
): Promise<number> {
  const locked = await edges.lockState();
  try {
    const { journal, isNew } = await openState(locked, edges, options);
    if (!isNew) checkAccount(await readAccount(edges.api), journal.state.account);
    const fresh = found.filter(
      ({ id, name, equalTo }) => equalTo === null && !journal.state.owners.has(id) && !journal.state.entries.has(name),
    );
    for (const { name, id, webhook } of fresh) {
      const at = edges.now().toISOString();
      journal.write({ type: 'imported', name, id, at, webhook: specOf(webhook, { name, spec: {} }) });
    }
    await journal.flush();
    return fresh.length;
  } finally {
    await locked.release();
  }
}
