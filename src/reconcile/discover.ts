import type { LiveWebhook } from '../copernica/api.js';
import type { ProblemCode } from '../error-codes.js';
import { type Problem, ProductError, productError } from '../errors.js';
import { type Discovered, nameDiscovered, rangesAroundKnown } from '../plan/discovered.js';
import type { OnProgress } from '../plan/progress.js';
import { idsIn, readIds } from '../recovery/read.js';
import type { IdRange, State } from '../state/state.js';
import { asWritten, type ManifestEntry } from '../webhook.js';
import { checkAccount, readAccount } from './account.js';
import { specOf } from './import.js';
import { lookUpScopes } from './names.js';
import { openState } from './open-state.js';
import type { ReconcilerPorts } from './ports.js';

export interface DiscoverOptions {
  /** The manifest's path, for messages. */
  readonly file: string;
  readonly concurrency: number;
  readonly stop: AbortSignal;
  readonly onProgress: OnProgress;
  /** The ids to look at. Null: use the list call, or look around the ids that the state knows. */
  readonly range: IdRange | null;
}

export interface Discovery {
  readonly found: readonly Discovered[];
  /** Why the result was not compared with the manifest, although there is one. */
  readonly warnings: readonly Problem[];
  /** Why some of what was asked for was not looked at, or null. */
  readonly incomplete: string | null;
}

/** Finds webhooks of the account; only reads. Throws ProductError for another account's token, or nowhere to look. */
export async function discover(
  ports: Pick<ReconcilerPorts, 'api' | 'loadManifest'>,
  state: State | null,
  options: DiscoverOptions,
): Promise<Discovery> {
  options.onProgress({ phase: 'asking' });
  const account = await readAccount(ports.api);
  if (state !== null) checkAccount(account, state.account);
  const { webhooks, incomplete } = await look(ports, state, options);
  const { entries, warnings } = await entriesToCompare(ports, state, options.file);
  return { found: nameDiscovered(webhooks, state, entries), incomplete, warnings };
}

async function look(
  ports: Pick<ReconcilerPorts, 'api'>,
  state: State | null,
  options: DiscoverOptions,
): Promise<{ readonly webhooks: readonly LiveWebhook[]; readonly incomplete: string | null }> {
  const ranges = options.range === null ? rangesAroundKnown(state) : [options.range];
  if (options.range === null) {
    const listed = await ports.api.listWebhooks();
    // If the account can't be reached, one failed request is enough.
    if (!listed.ok) return { webhooks: [], incomplete: listed.message };
    if (listed.value !== 'unavailable') return { webhooks: listed.value, incomplete: null };
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
  return { webhooks, incomplete: failure };
}

/** How a manifest looks before its first entry, or while a shell redirects the output of `discover` into it. */
const NO_MANIFEST: readonly ProblemCode[] = ['manifest-missing', 'empty-manifest'];

/** The entries of the manifest with their names looked up; none if it can't be read. */
async function entriesToCompare(
  { api, loadManifest }: Pick<ReconcilerPorts, 'api' | 'loadManifest'>,
  state: State | null,
  file: string,
): Promise<{ readonly entries: readonly ManifestEntry[]; readonly warnings: readonly Problem[] }> {
  try {
    const { entries } = await loadManifest();
    return { entries: (await lookUpScopes(entries, api, state)).entries, warnings: [] };
  } catch (error) {
    if (!(error instanceof ProductError)) throw error;
    const [first] = error.problems;
    if (first === undefined || NO_MANIFEST.includes(first.code)) return { entries: [], warnings: [] };
    const { message, line, column, remedy } = first;
    const warning: Problem = {
      code: 'discover-uncompared',
      severity: 'warning',
      message: `what was found is not compared with the entries of the manifest: ${message}`,
      file: first.file ?? file,
      ...(line === undefined ? {} : { line }),
      ...(column === undefined ? {} : { column }),
      ...(remedy === undefined ? {} : { remedy }),
    };
    return { entries: [], warnings: [warning] };
  }
}

/**
 * Takes over the webhooks that the state does not have yet, under the names given here. One of several that show the
 * same is enough, unless they may be new entries of the manifest: each may be wanted then, and none is created beside
 * them.
 */
export async function takeOver(
  ports: ReconcilerPorts,
  found: readonly Discovered[],
  options: { readonly init: boolean },
): Promise<number> {
  const locked = await ports.lockState();
  try {
    const { journal, isNew } = await openState(locked, ports, options);
    if (!isNew) checkAccount(await readAccount(ports.api), journal.state.account);
    const { owners, entries } = journal.state;
    const fresh = found.filter(
      ({ id, name, equalTo, mayBe }) => (equalTo === null || mayBe.length > 0) && !owners.has(id) && !entries.has(name),
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
