import { hider } from '../copernica/redact.js';
import type { Problem } from '../errors.js';
import { type Host, wantsColor } from '../host.js';
import { fillableValues } from '../manifest/interpolate.js';
import { loadValidManifest, type ValidManifest } from '../manifest/load.js';
import { type AccountAbout, accountJson, accountLine, unknownAccount } from '../output/account.js';
import { EXIT } from '../output/exit-code.js';
import { type MarkdownOptions, planMarkdown } from '../output/markdown.js';
import { planAnnotations } from '../output/plan-github.js';
import { planJson } from '../output/plan-json.js';
import { formatPlan } from '../output/plan-text.js';
import { stateOfManifest, withStandIns } from '../plan/against.js';
import { type Change, isPending } from '../plan/change.js';
import { planDigest } from '../plan/digest.js';
import { formerNameNotices } from '../plan/former-names.js';
import { makePlan } from '../plan/plan.js';
import { type SavedPlan, savedChanges } from '../plan/saved.js';
import { refusedError } from '../reconcile/failures.js';
import { type Planned, planNeedsTheAccount, planOnly } from '../reconcile/plan-only.js';
import type { AccountSettings } from '../settings/resolve.js';
import type { Settings } from '../settings/schema.js';
import { fileStore } from '../state/file/store.js';
import type { State } from '../state/state.js';
import { chosenAccounts, forAccounts } from './accounts.js';
import { type CommandResult, type Invocation, usageError } from './command.js';
import { writePlans } from './plan-file.js';
import type { BreakerFor } from './session.js';

export interface PlanCommandOptions {
  readonly detailedExitcode?: true;
  /** Another manifest to compare with, instead of state and account. */
  readonly against?: string;
  /** Where to save the plan. */
  readonly out?: string;
}

/** plan: what `apply` would do. Changes nothing, neither remote nor state, and takes no lock. */
export async function planCommand(
  host: Host,
  invocation: Invocation,
  options: PlanCommandOptions,
): Promise<CommandResult> {
  if (options.out !== undefined && options.against !== undefined) {
    throw usageError('--out and --against do not go together: what was compared with a file can not be applied');
  }
  const accounts = await chosenAccounts(host, invocation);
  const plans = new Map<string | null, SavedPlan>();
  const shared: Shared = {};
  const result = await forAccounts(
    accounts,
    async (account) => {
      const planned = await planAccount(host, account, options, shared);
      // What is refused of single changes leaves the rest as it is.
      if (planned.refusal === null && planned.unread === 0) plans.set(account.name, savedPlan(account, planned));
      return resultOf(host, invocation, planned, options);
    },
    ({ settings }) => ({ account: accountJson(unknownAccount(settings)) }),
  );
  if (options.out === undefined) return result;
  if (plans.size < accounts.length) {
    return { ...result, text: `${result.text ?? ''}The plan is not saved, as it is not complete.\n` };
  }
  await writePlans(options.out, { version: 1, plans: accounts.flatMap(({ name }) => plans.get(name) ?? []) });
  // In a comment, nobody is told what to type next.
  if (invocation.output === 'markdown') return result;
  const text = `Saved the plan: "copernica-webhooks apply ${options.out}" does exactly this, or nothing.\n`;
  return { ...result, text: `${result.text ?? ''}${text}` };
}

/** What accounts that are planned together share, made when the first of them needs it. */
interface Shared {
  breakerFor?: BreakerFor;
}

interface PlannedAccount extends Planned {
  readonly about: AccountAbout;
  readonly state: State | null;
  readonly manifestWarnings: readonly Problem[];
  readonly hideValues: (text: string) => string;
  /** The account was asked, so that the plan follows what is there. */
  readonly refreshed: boolean;
}

async function planAccount(
  host: Host,
  account: AccountSettings,
  options: PlanCommandOptions,
  shared: Shared,
): Promise<PlannedAccount> {
  const { settings } = account;
  const manifest = loadValidManifest(settings.file, host.environment, host.secrets);
  const hideValues = hider(fillableValues(host.environment));
  const about = unknownAccount(settings);
  const common = { manifestWarnings: manifest.warnings, hideValues };
  if (options.against !== undefined) {
    const planned = planAgainst(options.against, host, settings, manifest);
    return { ...planned, ...common, about, state: null, refreshed: false };
  }
  const state = settings.sandbox ? null : await fileStore(settings.state).read();
  const planned = await planForState(host, account, manifest, { state, shared });
  const notices = formerNameNotices(manifest, state);
  const known = { ...about, id: state?.account ?? null, ...planned.account };
  return {
    ...planned,
    ...common,
    manifestWarnings: [...manifest.warnings, ...notices],
    about: known,
    state,
    refreshed: settings.refresh ?? true,
  };
}

function savedPlan({ name, settings }: AccountSettings, planned: PlannedAccount): SavedPlan {
  const { about, changes, state, names, hideValues, refreshed } = planned;
  return {
    account: { label: name, ...accountJson(about) },
    file: settings.file,
    prune: settings.prune,
    refreshed,
    digest: planDigest(changes, state),
    changes: savedChanges(changes, { names, hideValues }),
  };
}

function resultOf(
  host: Host,
  invocation: Invocation,
  planned: PlannedAccount,
  options: PlanCommandOptions,
): CommandResult {
  const { about, changes, state, names, warnings, manifestWarnings, refusal, unread, hideValues } = planned;
  const head = options.against === undefined ? accountLine(about) : `Compared with ${options.against}`;
  const color = wantsColor(host.stdout, host.environment);
  const shown = { names, unread, hideValues };
  const refusals = [...(refusal === null ? [] : [refusal]), ...refusalsOf(changes)];
  return {
    document: {
      account: accountJson(about),
      digest: planDigest(changes, state),
      ...planJson(changes, { names, hideValues }),
    },
    text: textOf(invocation.output, changes, { head, color, ...shown }),
    problems: [...manifestWarnings, ...warnings, ...refusals],
    failures: [...(refusals.length === 0 ? [] : (['refused'] as const)), ...(unread > 0 ? (['failed'] as const) : [])],
    exitCode: options.detailedExitcode && changes.some(isPending) ? EXIT.changes : EXIT.done,
  };
}

function refusalsOf(changes: readonly Change[]): Problem[] {
  return changes.flatMap((change) => {
    return change.refused === undefined ? [] : refusedError(change, change.refused).problems;
  });
}

function textOf(
  output: Invocation['output'],
  changes: readonly Change[],
  options: MarkdownOptions & { readonly color: boolean },
): string {
  if (output === 'markdown') return planMarkdown(changes, options);
  if (output === 'github') return `${options.head}\n${planAnnotations(changes, options)}`;
  return `${options.head}\n\n${formatPlan(changes, options)}`;
}

/** For pull requests, where neither state nor token is at hand: the other manifest stands for what exists. */
function planAgainst(path: string, host: Host, settings: Settings, { entries, removed }: ValidManifest): Planned {
  const before = loadValidManifest(path, host.environment, host.secrets);
  const { manifests, names } = withStandIns([entries, before.entries]);
  const [desired = [], existing = []] = manifests;
  const { changes } = makePlan(desired, stateOfManifest(existing), new Map(), { prune: settings.prune, removed });
  return { account: null, changes, names, warnings: [], refusal: null, unread: 0 };
}

async function planForState(
  host: Host,
  account: AccountSettings,
  { entries, removed }: ValidManifest,
  { state, shared }: { readonly state: State | null; readonly shared: Shared },
): Promise<Planned> {
  const { settings } = account;
  const options = { ...settings, removed, refresh: settings.refresh ?? true };
  if (planNeedsTheAccount(entries, state, options)) {
    // With it comes the API's client, which a plan from the state alone does without.
    const { sharedBreakers, withSession } = await import('./session.js');
    shared.breakerFor ??= sharedBreakers();
    const { breakerFor } = shared;
    const planned = await withSession(host, account, { command: 'plan', breakerFor }, ({ reconciler }) =>
      planOnly(entries, state, reconciler.ports.api, options),
    );
    return withStateWarning(planned, state, settings);
  }
  return withStateWarning(await planOnly(entries, state, null, options), state, settings);
}

function withStateWarning(planned: Planned, state: State | null, settings: Settings): Planned {
  if (state !== null || settings.sandbox) return planned;
  const warning: Problem = {
    code: 'no-state',
    severity: 'warning',
    message: `there is no state file ${settings.state}, so everything counts as new`,
    remedy: 'run the first `apply` with --init; if there was a state before, restore it',
  };
  return { ...planned, warnings: [...planned.warnings, warning] };
}
