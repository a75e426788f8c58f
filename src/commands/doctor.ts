import { proxyOf } from '../create-reconciler.js';
import { type CheckResult, problemOf, resultsWithout, runChecks } from '../doctor/check.js';
import { CHECKS } from '../doctor/checks.js';
import { CONTACT_WITHIN_MS, contextOf, type Shared } from '../doctor/context.js';
import { handlerContacts } from '../doctor/handshake.js';
import { ProductError } from '../errors.js';
import { type Host, wantsColor } from '../host.js';
import { doctorFailures, doctorJson, doctorProblems, formatDoctor } from '../output/doctor.js';
import { settingsFileOf } from '../settings/load.js';
import type { AccountSettings } from '../settings/resolve.js';
import { chosenAccounts, forAccounts } from './accounts.js';
import type { CommandResult, Invocation } from './command.js';
import { withProgress } from './progress.js';

export interface DoctorOptions {
  readonly handlers: boolean;
}

/**
 * doctor: checks what the other commands depend on, and says how to fix what is wrong. Changes nothing, neither in the
 * account nor in the state. The exit code is that of a command which meets the gravest problem.
 */
export async function doctorCommand(
  host: Host,
  invocation: Invocation,
  options: DoctorOptions,
): Promise<CommandResult> {
  const accounts = await chosenAccounts(host, invocation).catch((error: unknown) => {
    if (error instanceof ProductError) return error;
    throw error;
  });
  if (accounts instanceof ProductError) return resultOf(host, invocation, settingsBroken(accounts));
  const shared = sharedBy(host, invocation, accounts, options);
  return withProgress(host, accounts, (_host, during) =>
    forAccounts(accounts, (account) =>
      during(account, async (onProgress) => {
        onProgress({ phase: 'checking' });
        return resultOf(host, invocation, await runChecks(CHECKS, contextOf(host, account, shared)));
      }),
    ),
  );
}

function settingsBroken({ kind, problems }: ProductError): readonly CheckResult[] {
  const finding = problemOf(kind, problems, 'correct each; nothing else can be checked before');
  return resultsWithout(CHECKS, 'settings', finding);
}

function sharedBy(
  host: Host,
  { settingsFile }: Invocation,
  accounts: readonly AccountSettings[],
  { handlers }: DoctorOptions,
): Shared {
  const shortest = Math.min(CONTACT_WITHIN_MS, ...accounts.map(({ settings }) => settings.timeoutMs));
  return {
    settingsFile: settingsFileOf(settingsFile) ?? null,
    accounts,
    proxy: proxyOf(host.environment),
    contactHandlers: handlers ? handlerContacts(host.now, shortest) : null,
  };
}

/** In JSON the problems are a separate list; for people each is shown where it was found. */
function resultOf(host: Host, { output }: Invocation, checks: readonly CheckResult[]): CommandResult {
  const color = wantsColor(host.stdout, host.environment);
  return {
    document: redacted(host, doctorJson(checks)),
    text: host.secrets.redact(formatDoctor(checks, { color })),
    problems: output === 'json' ? doctorProblems(checks) : [],
    failures: doctorFailures(checks),
  };
}

function redacted({ secrets }: Host, document: ReturnType<typeof doctorJson>) {
  const checks = document.checks.map((check) => ({
    ...check,
    message: secrets.redact(check.message),
    remedy: check.remedy === null ? null : secrets.redact(check.remedy),
  }));
  return { ...document, checks };
}
