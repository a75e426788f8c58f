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
  /** Look at these ids; null: the list call, or around what the state knows. */
  readonly range: IdRange | null;
}

export interface Discovery {
  readonly found: readonly Discovered[];
  /** Why it was not compared with the manifest, where there is one. */
  readonly warnings: readonly Problem[];
  /** Why not everything that was asked for was looked at, or null. */
  readonly incomplete: string | null;
}

/** Finds webhooks of the account. Reads only. Throws ProductError for another account's token, or no way to look. */
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
    // While the account can't be reached, one refusal is enough.
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

/** What the manifest is before the first entry is written, or while a shell sends the output of `discover` there. */
const NO_MANIFEST: readonly ProblemCode[] = ['manifest-missing', 'empty-manifest'];

/** The entries of the manifest, with their names looked up; none where it is not at hand. */
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
 * Takes over what was found and is not in the state yet, under its names. One of two that show the same is enough, unless
 * entries of the manifest may be what they are: each of them may be wanted then, and none is created beside them.
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
