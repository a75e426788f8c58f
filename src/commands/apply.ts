import type { FailureKind, Problem } from '../errors.js';
import { type Host, wantsColor } from '../host.js';
import { applyJson } from '../output/apply-json.js';
import { formatApplied } from '../output/apply-text.js';
import type { AppliedChange } from '../plan/applied.js';
import { untoldWarnings } from '../reconcile/open.js';
import { runOnce } from '../reconcile/run-once.js';
import { duplicateWarnings } from '../recovery/duplicates.js';
import { chosenAccounts, forAccounts } from './accounts.js';
import type { CommandResult, Invocation } from './command.js';
import { progressReporter } from './progress.js';
import { runOptions } from './run-options.js';
import { type Session, sharedBreakers, withSession, withStopOnSignal } from './session.js';

export interface ApplyCommandOptions {
  readonly force?: boolean;
  readonly retry?: boolean;
}

/** apply: reconciles each account once. A signal lets what is under way finish, and starts nothing new. */
export async function applyCommand(
  host: Host,
  invocation: Invocation,
  { force = false, retry = false }: ApplyCommandOptions,
): Promise<CommandResult> {
  const accounts = await chosenAccounts(host, invocation);
  const breakerFor = sharedBreakers();
  return withStopOnSignal(host, accounts, (stop) =>
    forAccounts(accounts, (account) =>
      withSession(host, account, { command: 'apply', stop, breakerFor }, (session) =>
        applyAccount(host, session, { force, retry, stop, alone: accounts.length === 1 }),
      ),
    ),
  );
}

async function applyAccount(
  host: Host,
  { settings, log, reconciler }: Session,
  own: { readonly force: boolean; readonly retry: boolean; readonly stop: AbortSignal; readonly alone: boolean },
): Promise<CommandResult> {
  const { force, retry, stop, alone } = own;
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
      }),
    );
    return {
      document: applyJson(report.changes),
      text: formatApplied(report.changes, {
        color: wantsColor(host.stdout, host.environment),
        target: reconciler.target,
        unread: report.unread,
      }),
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
