import { hider } from '../copernica/redact.js';
import { type FailureKind, type Problem, productError } from '../errors.js';
import { type Host, wantsColor } from '../host.js';
import { fillableValues } from '../manifest/interpolate.js';
import { accountJson, accountLine, unknownAccount } from '../output/account.js';
import { applyJson } from '../output/apply-json.js';
import { formatApplied } from '../output/apply-text.js';
import { applyMarkdown } from '../output/markdown.js';
import type { AppliedChange } from '../plan/applied.js';
import { untoldWarnings } from '../reconcile/open.js';
import { type PlanToFollow, runOnce } from '../reconcile/run-once.js';
import { duplicateWarnings } from '../recovery/duplicates.js';
import type { AccountSettings } from '../settings/resolve.js';
import { chosenAccounts, forAccounts } from './accounts.js';
import type { CommandResult, Invocation } from './command.js';
import { readPlans } from './plan-file.js';
import { progressReporter } from './progress.js';
import { runOptions } from './run-options.js';
import { type Session, sharedBreakers, withSession, withStopOnSignal } from './session.js';

export interface ApplyCommandOptions {
  /** Path of a saved plan: that is done, or nothing. */
  readonly plan?: string;
  readonly force?: boolean;
  readonly retry?: boolean;
}

/** apply: reconciles each account once. A signal lets what is under way finish, and starts nothing new. */
export async function applyCommand(
  host: Host,
  invocation: Invocation,
  { plan: path, force = false, retry = false }: ApplyCommandOptions,
): Promise<CommandResult> {
  const planned = await accountsToApply(host, invocation, path);
  const accounts = planned.map(({ account }) => account);
  const breakerFor = sharedBreakers();
  return withStopOnSignal(host, accounts, (stop) =>
    forAccounts(
      accounts,
      (account) => {
        const savedPlan = planned.find((each) => each.account === account)?.savedPlan;
        return withSession(host, account, { command: 'apply', stop, breakerFor }, (session) =>
          applyAccount(host, session, {
            force,
            retry,
            stop,
            savedPlan,
            alone: accounts.length === 1,
            output: invocation.output,
          }),
        );
      },
      ({ settings }) => ({ account: accountJson(unknownAccount(settings)) }),
    ),
  );
}

/** What a saved plan decides by itself, so that flags can't make it another one. */
const DECIDED_BY_THE_PLAN = ['file', 'prune', 'refresh'] as const;

interface AccountToApply {
  readonly account: AccountSettings;
  readonly savedPlan: PlanToFollow | undefined;
}

/** The accounts that are meant; with a saved plan, those that it is for, with the manifest and settings of the plan. */
async function accountsToApply(host: Host, invocation: Invocation, path?: string): Promise<readonly AccountToApply[]> {
  if (path === undefined) {
    return (await chosenAccounts(host, invocation)).map((account) => ({ account, savedPlan: undefined }));
  }
  const flag = DECIDED_BY_THE_PLAN.find((name) => invocation.flags.has(name));
  if (flag !== undefined) {
    throw productError('input', {
      code: 'flag-with-plan',
      message: `--${flag} can not be given with a saved plan, which says that itself`,
      remedy: 'give it to "plan --out" instead',
    });
  }
  const { plans } = await readPlans(path);
  const accounts = await chosenAccounts(host, invocation);
  const shown = { names: new Map(), hideValues: hider(fillableValues(host.environment)) };
  const found = accounts.flatMap((account) => {
    const plan = plans.find(({ account: { label } }) => label === account.name);
    if (plan === undefined) return [];
    const { file, prune, refreshed } = plan;
    const settings = { ...account.settings, file, prune, refresh: refreshed };
    return [{ account: { ...account, settings }, savedPlan: { path, plan, shown } }];
  });
  const unknown = plans.find(({ account: { label } }) => !accounts.some(({ name }) => name === label));
  if (found.length > 0 && (unknown === undefined || invocation.account !== undefined)) return found;
  throw productError('input', {
    code: 'unknown-account',
    message: `${path} is a plan for ${labelText(unknown?.account.label ?? plans[0]?.account.label)}, which the settings do not have`,
    remedy: 'use the settings with which it was saved',
  });
}

function labelText(label: string | null | undefined): string {
  return typeof label === 'string' ? `account ${label}` : 'a single account without a name';
}

async function applyAccount(
  host: Host,
  { settings, log, reconciler }: Session,
  own: {
    readonly force: boolean;
    readonly retry: boolean;
    readonly stop: AbortSignal;
    readonly savedPlan: PlanToFollow | undefined;
    readonly alone: boolean;
    readonly output: Invocation['output'];
  },
): Promise<CommandResult> {
  const { force, retry, stop, savedPlan, alone, output } = own;
  const progress = progressReporter(host.stderr, log, { alone });
  try {
    // A broken one is told at once, not after waiting for the lock; the run reads it anew when it has that.
    await reconciler.ports.loadManifest();
    const report = await runOnce(
      reconciler.ports,
      runOptions(settings, {
        init: reconciler.init,
        refresh: settings.refresh ?? true,
        force,
        retry,
        waitToSettle: true,
        stop,
        onProgress: progress.update,
        savedPlan,
      }),
    );
    const { apiUrl } = reconciler;
    const about = { ...unknownAccount({ ...settings, apiUrl }), id: report.state.account, ...report.account };
    const shown = { names: new Map(), hideValues: hider(fillableValues(host.environment)) };
    const { unread } = report;
    const head = accountLine(about);
    const text =
      output === 'markdown'
        ? applyMarkdown(report.changes, { head, unread, ...shown })
        : `${head}\n\n${formatApplied(report.changes, { color: wantsColor(host.stdout, host.environment), unread })}`;
    return {
      document: {
        account: accountJson(about),
        digest: report.digest,
        ...applyJson(report.changes, shown),
      },
      text,
      problems: [
        ...report.warnings,
        ...untoldWarnings(report),
        ...duplicateWarnings(report.state),
        ...problemsOf(report.changes),
      ],
      failures: [...failuresOf(report.changes), ...(report.unread > 0 ? (['failed'] as const) : [])],
    };
  } finally {
    progress.end();
  }
}

function problemsOf(changes: readonly AppliedChange[]): Problem[] {
  return changes.flatMap((change) => change.error?.problems ?? []);
}

function failuresOf(changes: readonly AppliedChange[]): FailureKind[] {
  return changes.flatMap((change) => (change.error === null ? [] : [change.error.kind]));
}
