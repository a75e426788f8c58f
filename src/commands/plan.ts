import { hider } from '../copernica/redact.js';
import type { Problem } from '../errors.js';
import { type Host, wantsColor } from '../host.js';
import { fillableValues } from '../manifest/interpolate.js';
import { loadValidManifest, type ValidManifest } from '../manifest/load.js';
import { type AccountAbout, accountJson, accountLine, unknownAccount } from '../output/account.js';
import { EXIT } from '../output/exit-code.js';
import { type MarkdownOptions, planMarkdown } from '../output/markdown.js';
import { painter } from '../output/paint.js';
import { planAnnotations } from '../output/plan-github.js';
import { planJson } from '../output/plan-json.js';
import { formatPlan } from '../output/plan-text.js';
import { planSummary, totalLine } from '../output/summary.js';
import { stateOfManifest, withStandIns } from '../plan/against.js';
import { type Change, isPending } from '../plan/change.js';
import { type Digest, planDigest } from '../plan/digest.js';
import { formerNameNotices } from '../plan/former-names.js';
import { makePlan } from '../plan/plan.js';
import type { OnProgress } from '../plan/progress.js';
import { type SavedPlan, savedChanges } from '../plan/saved.js';
import { refusalsOf } from '../reconcile/failures.js';
import { type Planned, planNeedsTheAccount, planOnly } from '../reconcile/plan-only.js';
import type { AccountSettings } from '../settings/resolve.js';
import type { Settings } from '../settings/schema.js';
import type { State } from '../state/state.js';
import { stateStore } from '../state-store.js';
import { printable } from '../text/printable.js';
import { chosenAccounts, forAccounts } from './accounts.js';
import { otherManifests } from './against.js';
import { type CommandResult, type Invocation, usageError } from './command.js';
import { writePlans } from './plan-file.js';
import { withProgress } from './progress.js';
import type { BreakerFor } from './session.js';

export interface PlanCommandOptions {
  readonly detailedExitcode?: true;
  /** Other manifests to compare with, instead of state and account: see against.ts. */
  readonly against?: readonly string[];
  /** Where to save the plan. */
  readonly out?: string;
}

/** plan: shows what `apply` would do. Changes neither account nor state, and takes no lock. */
export async function planCommand(
  host: Host,
  invocation: Invocation,
  options: PlanCommandOptions,
): Promise<CommandResult> {
  if (options.out !== undefined && options.against !== undefined) {
    throw usageError('--out and --against cannot be used together: a comparison with a file cannot be applied');
  }
  const accounts = await chosenAccounts(host, invocation);
  const others = options.against === undefined ? null : await otherManifests(options.against, accounts);
  const plans = new Map<AccountSettings, PlannedAccount>();
  const shared: Shared = {};
  const result = await withProgress(host, accounts, (shownHost, during) => {
    const plan = (account: AccountSettings) =>
      during(account, async (onProgress) => {
        const planned = await planAccount(shownHost, account, others?.get(account), { shared, onProgress });
        plans.set(account, planned);
        const told = resultOf(shownHost, invocation, planned, options);
        const hasNews = planned.unread > 0 || planned.changes.some(({ action }) => action !== 'none');
        return accounts.length === 1 || hasNews ? told : { ...told, text: '' };
      });
    return forAccounts(accounts, plan, {
      total: () => totalOf([...plans.values()], accounts.length, host, invocation.output),
      documentOfFailed: ({ settings }) => ({ account: accountJson(unknownAccount(settings)) }),
    });
  });
  if (options.out === undefined) return result;
  const why = whyNotSaved([...plans.values()], accounts.length);
  if (why !== null) return { ...result, text: `${result.text ?? ''}The plan is not saved, since ${why}.\n` };
  await writePlans(options.out, {
    version: 1,
    plans: [...plans].map(([account, planned]) => savedPlan(account, planned)),
  });
  // A comment on a pull request does not tell its reader what to type next.
  if (invocation.output === 'markdown') return result;
  const text = `Saved the plan: "copernica-webhooks apply ${options.out}" does exactly this, or nothing.\n`;
  return { ...result, text: `${result.text ?? ''}${text}` };
}

/** Null: it may be saved, since `apply` can then do everything that was planned. */
function whyNotSaved(plans: readonly Planned[], accounts: number): string | null {
  if (plans.length < accounts) return 'not all accounts could be planned';
  if (plans.some(({ unread }) => unread > 0)) return 'not all webhooks could be checked';
  return plans.some(({ refusals }) => refusals.length > 0) ? 'some of it is refused' : null;
}

function totalOf(plans: readonly Planned[], all: number, host: Host, output: Invocation['output']): string {
  const changes = plans.flatMap((planned) => planned.changes);
  const unread = plans.reduce((sum, planned) => sum + planned.unread, 0);
  const withChanges = plans.filter((planned) => planned.changes.some(isPending)).length;
  const paint = painter(output === 'text' && wantsColor(host.stdout, host.environment));
  const summary = planSummary(changes, unread);
  const line = totalLine({ all, reached: plans.length, withChanges }, summary, paint);
  return output === 'github' ? `::notice title=plan::${line}` : line;
}

/** What accounts that are planned together share; made when first needed. */
interface Shared {
  breakerFor?: BreakerFor;
}

interface Planning {
  readonly shared: Shared;
  readonly onProgress: OnProgress;
}

interface PlannedAccount extends Planned {
  readonly about: AccountAbout;
  readonly digest: Digest;
  /** The manifest it was compared with. Undefined: state and account. */
  readonly other: string | undefined;
  readonly manifestWarnings: readonly Problem[];
  readonly hideValues: (text: string) => string;
  /** The account was asked, so the plan reflects what is there. */
  readonly refreshed: boolean;
}

async function planAccount(
  host: Host,
  account: AccountSettings,
  other: string | undefined,
  planning: Planning,
): Promise<PlannedAccount> {
  const { settings } = account;
  const manifest = loadValidManifest(settings.file, host.environment, host.secrets);
  const hideValues = hider(fillableValues(host.environment));
  const about = unknownAccount(settings);
  const common = { manifestWarnings: manifest.warnings, hideValues, other };
  if (other !== undefined) {
    const planned = planAgainst(other, host, settings, manifest);
    return { ...planned, ...common, about, digest: planDigest(planned.changes, null), refreshed: false };
  }
  const state = settings.sandbox ? null : await (await stateStore(host, account)).read();
  const planned = await planForState(host, account, manifest, { state, ...planning });
  const manifestWarnings = [...manifest.warnings, ...formerNameNotices(manifest, state)];
  const known = { ...about, id: state?.account ?? null, ...planned.account };
  const digest = planDigest(planned.changes, state);
  return { ...planned, ...common, manifestWarnings, about: known, digest, refreshed: settings.refresh ?? true };
}

function savedPlan({ name, settings }: AccountSettings, planned: PlannedAccount): SavedPlan {
  const { about, changes, digest, names, hideValues, refreshed } = planned;
  return {
    account: { label: name, ...accountJson(about) },
    file: settings.file,
    prune: settings.prune,
    refreshed,
    digest,
    changes: savedChanges(changes, { names, hideValues }),
  };
}

function resultOf(
  host: Host,
  invocation: Invocation,
  planned: PlannedAccount,
  options: PlanCommandOptions,
): CommandResult {
  const { about, changes, digest, other, names, refusals, unread, hideValues } = planned;
  const head = other === undefined ? accountLine(about) : `Compared with ${printable(other)}`;
  const color = wantsColor(host.stdout, host.environment);
  const shown = { names, unread, hideValues };
  return {
    document: {
      account: accountJson(about),
      digest,
      ...planJson(changes, { names, hideValues }),
    },
    text: textOf(invocation.output, changes, { head, color, ...shown }),
    problems: [...planned.manifestWarnings, ...planned.warnings, ...refusals],
    failures: [...refusals.map(() => 'refused' as const), ...(unread > 0 ? (['failed'] as const) : [])],
    exitCode: options.detailedExitcode && changes.some(isPending) ? EXIT.changes : EXIT.done,
  };
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

/** For pull requests, without state and token: the other manifest stands for what exists. */
function planAgainst(path: string, host: Host, settings: Settings, { entries, removed }: ValidManifest): Planned {
  const before = loadValidManifest(path, host.environment, host.secrets);
  const { manifests, names } = withStandIns([entries, before.entries]);
  const [desired = [], existing = []] = manifests;
  const { changes } = makePlan(desired, stateOfManifest(existing), new Map(), { prune: settings.prune, removed });
  return { account: null, changes, names, warnings: [], refusals: refusalsOf(changes), unread: 0 };
}

async function planForState(
  host: Host,
  account: AccountSettings,
  { entries, removed }: ValidManifest,
  { state, shared, onProgress }: Planning & { readonly state: State | null },
): Promise<Planned> {
  const { settings } = account;
  const options = { ...settings, removed, refresh: settings.refresh ?? true, onProgress };
  if (planNeedsTheAccount(entries, state, options)) {
    // This also loads the API's client, which a plan from the state alone does not need.
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
    message: `there is no state at ${settings.state}, so every entry counts as new`,
    remedy: 'run the first `apply` with --init; if there was a state before, restore it',
  };
  return { ...planned, warnings: [...planned.warnings, warning] };
}
