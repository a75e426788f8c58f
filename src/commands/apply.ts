import type { Identity } from '../copernica/api.js';
import { hider } from '../copernica/redact.js';
import { type FailureKind, type Problem, productError } from '../errors.js';
import { type Host, wantsColor } from '../host.js';
import { fillableValues } from '../manifest/interpolate.js';
import { type AccountAbout, accountJson, accountLine, unknownAccount } from '../output/account.js';
import { applyJson } from '../output/apply-json.js';
import { appliedLine, appliedSummary, formatApplied } from '../output/apply-text.js';
import { applyMarkdown } from '../output/markdown.js';
import { painter } from '../output/paint.js';
import { totalLine } from '../output/summary.js';
import { columnWidth } from '../output/table.js';
import type { AppliedChange } from '../plan/applied.js';
import type { ShownAs } from '../plan/sides.js';
import { untoldWarnings } from '../reconcile/open.js';
import { type PlanToFollow, type RunOptions, type RunReport, runOnce } from '../reconcile/run-once.js';
import { duplicateWarnings } from '../recovery/duplicates.js';
import type { AccountSettings } from '../settings/resolve.js';
import { printable } from '../text/printable.js';
import { padColumns } from '../text/width.js';
import { chosenAccounts, forAccounts } from './accounts.js';
import type { CommandResult, Invocation } from './command.js';
import { readPlans } from './plan-file.js';
import { withProgress } from './progress.js';
import { runOptions } from './run-options.js';
import { type Session, sharedBreakers, withSession, withStopOnSignal } from './session.js';

export interface ApplyCommandOptions {
  /** Path of a saved plan: exactly that is carried out, or nothing. */
  readonly plan?: string;
  readonly force?: boolean;
  readonly retry?: boolean;
}

/** apply: reconciles each account once. After a signal, what is under way is finished, and nothing new is started. */
export async function applyCommand(
  host: Host,
  invocation: Invocation,
  { plan: path, force = false, retry = false }: ApplyCommandOptions,
): Promise<CommandResult> {
  const shownAs: ShownAs = { names: new Map(), hideValues: hider(fillableValues(host.environment)) };
  const planned = await accountsToApply(host, invocation, { path, shownAs });
  const accounts = planned.map(({ account }) => account);
  const breakerFor = sharedBreakers();
  const color = wantsColor(host.stdout, host.environment);
  const isLive = host.stdout.isTTY && invocation.output === 'text';
  const reports: RunReport[] = [];
  return withProgress(host, accounts, (shownHost, during) =>
    withStopOnSignal(shownHost, accounts, (stop) => {
      const applyTo = (account: AccountSettings) =>
        during(account, (onProgress) =>
          withSession(shownHost, account, { command: 'apply', stop, breakerFor }, async (session) => {
            const live = isLive ? showResults(shownHost, session, color, prefixOf(account, accounts)) : NOT_SHOWN;
            const savedPlan = planned.find((each) => each.account === account)?.savedPlan;
            const { onBegin, onResult } = live;
            const report = await applyOnce(session, { force, retry, stop, savedPlan, onProgress, onBegin, onResult });
            reports.push(report);
            return resultOf(session, report, { color, live, shownAs, output: invocation.output });
          }),
        );
      return forAccounts(accounts, applyTo, {
        total: () => totalOf(reports, accounts.length, color),
        documentOfFailed: ({ settings }) => ({ account: accountJson(unknownAccount(settings)) }),
      });
    }),
  );
}

/** A saved plan itself decides these, so that flags can't make another plan of it. */
const DECIDED_BY_THE_PLAN = ['file', 'prune', 'refresh'] as const;

interface AccountToApply {
  readonly account: AccountSettings;
  readonly savedPlan: PlanToFollow | undefined;
}

/** The chosen accounts; with a saved plan, those it was made for, with its manifest and settings. */
async function accountsToApply(
  host: Host,
  invocation: Invocation,
  { path, shownAs }: { readonly path: string | undefined; readonly shownAs: ShownAs },
): Promise<readonly AccountToApply[]> {
  if (path === undefined) {
    return (await chosenAccounts(host, invocation)).map((account) => ({ account, savedPlan: undefined }));
  }
  const flag = DECIDED_BY_THE_PLAN.find((name) => invocation.flags.has(name));
  if (flag !== undefined) {
    throw productError('input', {
      code: 'flag-with-plan',
      message: `--${flag} can't be given with a saved plan, which already contains it`,
      remedy: 'give it to "plan --out" instead',
    });
  }
  const { plans } = await readPlans(path);
  const accounts = await chosenAccounts(host, invocation);
  const found = accounts.flatMap((account) => {
    const plan = plans.find(({ account: { label } }) => label === account.name);
    if (plan === undefined) return [];
    const { file, prune, refreshed } = plan;
    const settings = { ...account.settings, file, prune, refresh: refreshed };
    return [{ account: { ...account, settings }, savedPlan: { path, plan, shown: shownAs } }];
  });
  const unknown = plans.find(({ account: { label } }) => !accounts.some(({ name }) => name === label));
  if (found.length > 0 && (unknown === undefined || invocation.account !== undefined)) return found;
  throw productError('input', {
    code: 'unknown-account',
    message: `${path} is a plan for ${labelText(unknown?.account.label ?? plans[0]?.account.label)}, which the settings do not have`,
    remedy: 'use the settings that it was saved with',
  });
}

function labelText(label: string | null | undefined): string {
  return typeof label === 'string' ? `account ${label}` : 'a single account without a name';
}

async function applyOnce(
  { settings, reconciler }: Session,
  own: Pick<RunOptions, 'force' | 'retry' | 'stop' | 'savedPlan' | 'onProgress' | 'onBegin' | 'onResult'>,
): Promise<RunReport> {
  // Reports a broken manifest before waiting for the lock; under the lock the run rereads it.
  await reconciler.ports.loadManifest();
  const options = { init: reconciler.init, refresh: settings.refresh ?? true, waitToSettle: true };
  return runOnce(reconciler.ports, runOptions(settings, { ...own, ...options }));
}

interface ShownResults extends Pick<RunOptions, 'onBegin' | 'onResult'> {
  /** The lines shown so far. Null: nothing is shown during the run. */
  readonly shown: ReadonlySet<string> | null;
}

/** If nobody watches, all results come together at the end. */
const NOT_SHOWN: ShownResults = { shown: null };

/** Shows which account it is about, and then each result once, as it comes. */
function showResults({ stdout, secrets }: Host, session: Session, color: boolean, prefix: string): ShownResults {
  const paint = painter(color);
  const shown = new Set<string>();
  const write = (line: string) => stdout.write(secrets.hide(`${prefix}${line}\n`));
  const onResult = (applied: AppliedChange) => {
    const line = appliedLine(applied, paint);
    if (line === null || shown.has(line)) return;
    shown.add(line);
    write(line);
  };
  return { onBegin: (account, id) => write(`${accountLine(aboutOf(session, account, id))}\n`), onResult, shown };
}

function aboutOf({ settings, reconciler }: Session, account: Identity | null, id: string): AccountAbout {
  return { ...unknownAccount({ ...settings, apiUrl: reconciler.apiUrl }), id, ...account };
}

/** Names the account that a line is about, if there are several. */
function prefixOf({ name }: AccountSettings, accounts: readonly AccountSettings[]): string {
  if (accounts.length === 1) return '';
  const labelOf = (text: string | null) => `[${printable(text ?? '')}]`;
  return padColumns(labelOf(name), columnWidth(accounts.map((account) => labelOf(account.name))));
}

function totalOf(reports: readonly RunReport[], all: number, color: boolean): string {
  const paint = painter(color);
  const changes = reports.flatMap((report) => report.changes);
  const unread = reports.reduce((sum, report) => sum + report.unread, 0);
  return totalLine({ all, reached: reports.length }, appliedSummary(changes, unread, paint), paint);
}

interface ResultOptions {
  readonly color: boolean;
  readonly live: ShownResults;
  readonly shownAs: ShownAs;
  readonly output: Invocation['output'];
}

function resultOf(session: Session, report: RunReport, options: ResultOptions): CommandResult {
  const { color, live, shownAs, output } = options;
  const about = aboutOf(session, report.account, report.state.account);
  const { unread } = report;
  const head = accountLine(about);
  const results = formatApplied(report.changes, { color, unread, shown: live.shown ?? new Set() });
  const text = live.shown === null ? `${head}\n\n${results}` : results;
  return {
    document: {
      account: accountJson(about),
      digest: report.digest(),
      ...applyJson(report.changes, shownAs),
    },
    text: output === 'markdown' ? applyMarkdown(report.changes, { head, unread, ...shownAs }) : text,
    problems: [
      ...report.warnings,
      ...untoldWarnings(report),
      ...duplicateWarnings(report.state),
      ...problemsOf(report.changes),
    ],
    failures: [...failuresOf(report.changes), ...(unread > 0 ? (['failed'] as const) : [])],
  };
}

function problemsOf(changes: readonly AppliedChange[]): Problem[] {
  return changes.flatMap((change) => change.error?.problems ?? []);
}

function failuresOf(changes: readonly AppliedChange[]): FailureKind[] {
  return changes.flatMap((change) => (change.error === null ? [] : [change.error.kind]));
}
