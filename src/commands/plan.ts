import { hider } from '../copernica/redact.js';
import { stateStore } from '../create-reconciler.js';
import type { Problem } from '../errors.js';
import { type Host, wantsColor } from '../host.js';
import { fillableValues } from '../manifest/interpolate.js';
import { loadValidManifest } from '../manifest/load.js';
import { EXIT } from '../output/exit-code.js';
import { planAnnotations } from '../output/plan-github.js';
import { planJson } from '../output/plan-json.js';
import { formatPlan } from '../output/plan-text.js';
import { stateOfManifest, withStandIns } from '../plan/against.js';
import { isPending } from '../plan/change.js';
import { makePlan } from '../plan/plan.js';
import { type Planned, planNeedsTheAccount, planOnly } from '../reconcile/plan-only.js';
import type { AccountSettings } from '../settings/resolve.js';
import type { Settings } from '../settings/schema.js';
import type { ManifestEntry } from '../webhook.js';
import { chosenAccounts, forAccounts } from './accounts.js';
import type { CommandResult, Invocation } from './command.js';
import { type BreakerFor, sharedBreakers, withSession } from './session.js';

export interface PlanCommandOptions {
  readonly detailedExitcode?: true;
  /** Another manifest to compare with, instead of state and account. */
  readonly against?: string;
}

/** plan: what `apply` would do. Changes nothing, neither remote nor state, and takes no lock. */
export async function planCommand(
  host: Host,
  invocation: Invocation,
  options: PlanCommandOptions,
): Promise<CommandResult> {
  const breakerFor = sharedBreakers();
  return forAccounts(await chosenAccounts(host, invocation), (account) =>
    planAccount(host, account, invocation, { ...options, breakerFor }),
  );
}

async function planAccount(
  host: Host,
  account: AccountSettings,
  invocation: Invocation,
  options: PlanCommandOptions & { readonly breakerFor: BreakerFor },
): Promise<CommandResult> {
  const { settings } = account;
  const manifest = await loadValidManifest(settings.file, host.environment, host.secrets);
  const { changes, names, warnings, refusal, unread } =
    options.against === undefined
      ? await planForState(host, account, manifest.entries, options.breakerFor)
      : await planAgainst(options.against, host, settings, manifest.entries);
  const text =
    invocation.output === 'github'
      ? planAnnotations(changes, { file: settings.file, unread })
      : formatPlan(changes, {
          color: wantsColor(host.stdout, host.environment),
          file: settings.file,
          names,
          unread,
          hideValues: hider(fillableValues(host.environment)),
        });
  return {
    document: planJson(changes),
    text,
    problems: [...manifest.warnings, ...warnings, ...(refusal === null ? [] : [refusal])],
    failures: [...(refusal === null ? [] : (['refused'] as const)), ...(unread > 0 ? (['failed'] as const) : [])],
    exitCode: options.detailedExitcode && changes.some(isPending) ? EXIT.changes : EXIT.done,
  };
}

/** For pull requests, where neither state nor token is at hand: the other manifest stands for what exists. */
async function planAgainst(
  path: string,
  host: Host,
  settings: Settings,
  entries: readonly ManifestEntry[],
): Promise<Planned> {
  const before = await loadValidManifest(path, host.environment, host.secrets);
  const { manifests, names } = withStandIns([entries, before.entries]);
  const [desired = [], existing = []] = manifests;
  const { changes } = makePlan(desired, stateOfManifest(existing), new Map(), settings);
  return { changes, names, warnings: [], refusal: null, unread: 0 };
}

async function planForState(
  host: Host,
  account: AccountSettings,
  entries: readonly ManifestEntry[],
  breakerFor: BreakerFor,
): Promise<Planned> {
  const { settings } = account;
  const state = settings.sandbox ? null : await stateStore(settings.state).read();
  const options = { ...settings, refresh: settings.refresh ?? true };
  const planned = planNeedsTheAccount(entries, state, options)
    ? await withSession(host, account, { command: 'plan', breakerFor }, ({ reconciler }) =>
        planOnly(entries, state, reconciler.ports.api, options),
      )
    : await planOnly(entries, state, null, options);
  if (state !== null || settings.sandbox) return planned;
  return { ...planned, warnings: [...planned.warnings, noStateWarning(settings.state)] };
}

function noStateWarning(path: string): Problem {
  return {
    code: 'no-state',
    severity: 'warning',
    message: `there is no state file ${path}, so everything counts as new`,
    remedy: 'run the first `apply` with --init; if there was a state before, restore it',
  };
}
