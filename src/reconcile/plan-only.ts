import type { CopernicaApi, Identity } from '../copernica/api.js';
import type { Problem } from '../errors.js';
import type { Change } from '../plan/change.js';
import { approve } from '../plan/guard.js';
import { countUnread, type LiveViews, unreadProblems } from '../plan/live.js';
import type { ScopeNames } from '../plan/names.js';
import { makePlan, type PlanOptions } from '../plan/plan.js';
import type { OnProgress } from '../plan/progress.js';
import { duplicateWarnings, openWarnings } from '../recovery/duplicates.js';
import type { State } from '../state/state.js';
import type { DesiredWebhook, ManifestEntry } from '../webhook.js';
import { checkAccount, readAccount } from './account.js';
import { refusalsOf } from './failures.js';
import { lookUpScopes, withoutNames } from './names.js';
import { knownWebhooks, refresh } from './refresh.js';

export interface PlanOnlyOptions extends PlanOptions {
  readonly refresh: boolean;
  readonly concurrency: number;
  readonly onProgress: OnProgress;
}

export interface Planned {
  /** Whose token it is. Null: the account was not asked. */
  readonly account: Identity | null;
  readonly changes: readonly Change[];
  /** What the manifest calls the ids in these changes. */
  readonly names: ScopeNames;
  readonly warnings: readonly Problem[];
  /** Why guards would refuse a run with this plan, or single changes of it. */
  readonly refusals: readonly Problem[];
  /** How many live webhooks could not be checked; `warnings` names them, as an error. */
  readonly unread: number;
}

/** True: there are names to look up, or live webhooks to read. */
export function planNeedsTheAccount(
  entries: readonly ManifestEntry[],
  state: State | null,
  options: Pick<PlanOnlyOptions, 'refresh'>,
): boolean {
  if (state === null) return withoutNames(entries) === null;
  const desired = withoutNames(entries)?.entries ?? null;
  return desired === null || (options.refresh && knownWebhooks(makePlan(desired, state)).size > 0);
}

/**
 * What a run would do. Only reads; changes nothing. `api` may be null if the account is not needed. Throws ProductError
 * as a run does.
 */
export async function planOnly(
  entries: readonly ManifestEntry[],
  state: State | null,
  api: CopernicaApi | null,
  options: PlanOnlyOptions,
): Promise<Planned> {
  if (api === null) {
    const desired = withoutNames(entries);
    if (desired === null) throw new Error('names can not be looked up without an account');
    return plan(desired.entries, state, new Map(), { account: null, names: desired.names, options });
  }
  options.onProgress({ phase: 'asking' });
  const account = await readAccount(api);
  if (state !== null) checkAccount(account, state.account);
  const desired = await lookUpScopes(entries, api, state);
  const stop = new AbortController().signal;
  const ids = options.refresh && state !== null ? [...knownWebhooks(makePlan(desired.entries, state)).keys()] : [];
  const live = await refresh(ids, api, { ...options, known: ids.length, stop, force: false });
  return plan(desired.entries, state, live, { account, names: desired.names, options });
}

function plan(
  desired: readonly DesiredWebhook[],
  state: State | null,
  live: LiveViews,
  {
    account,
    names,
    options,
  }: { readonly account: Identity | null; readonly names: ScopeNames; readonly options: PlanOnlyOptions },
): Planned {
  const wanted = new Set(desired.flatMap(({ name, was }) => (was === undefined ? [name] : [name, was.name])));
  const doubts = state === null ? [] : [...openWarnings(state, wanted), ...duplicateWarnings(state)];
  const { changes } = makePlan(desired, state, live, options);
  const verdict = approve({ changes }, state, { force: false });
  const whole = verdict.kind === 'refused' ? [verdict.problem] : [];
  const warnings = [...unreadProblems(live), ...doubts];
  const refusals = [...whole, ...refusalsOf(changes)];
  return { account, changes, names, warnings, refusals, unread: countUnread(live) };
}
