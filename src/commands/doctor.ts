import { proxyOf } from '../assemble.js';
import { type Check, checkOf } from '../doctor/check.js';
import { judgeListen } from '../doctor/daemon.js';
import { examineAccount, nothingElse } from '../doctor/examine-account.js';
import type { Shared } from '../doctor/examine-shared.js';
import { gatherListen } from '../doctor/gather-daemon.js';
import { handlerProbe } from '../doctor/gather-handlers.js';
import { settingsFileRead } from '../doctor/gather-settings.js';
import { judgeSettings } from '../doctor/settings.js';
import { ProductError } from '../errors.js';
import { type Host, wantsColor } from '../host.js';
import { doctorFailures, doctorJson, doctorProblems, formatDoctor } from '../output/doctor.js';
import type { AccountSettings } from '../settings/resolve.js';
import { chosenAccounts, forAccounts } from './accounts.js';
import { type CommandResult, execute, type Invocation } from './command.js';

/** One connection takes less, or something is wrong with it; a shorter --timeout holds here, too. */
const CONNECT_WITHIN_MS = 10_000;

export interface DoctorOptions {
  readonly handlers: boolean;
}

/**
 * doctor: checks what the other commands stand on, and says what to do about what is wrong. Changes nothing, neither
 * remote nor state. Ends as the gravest problem would end the command that meets it.
 */
export function doctorCommand(host: Host, invocation: Invocation, options: DoctorOptions): Promise<number> {
  return execute(host, invocation, async () => {
    const accounts = await chosenAccounts(host, invocation).catch((error: unknown) => {
      if (error instanceof ProductError) return error;
      throw error;
    });
    if (accounts instanceof ProductError) return resultOf(host, invocation, settingsBroken(accounts));
    const examined = await shared(host, invocation, accounts, options);
    return forAccounts(accounts, async (account) =>
      resultOf(host, invocation, await examineAccount(host, account, examined)),
    );
  });
}

function settingsBroken({ kind, problems }: ProductError): Check[] {
  const settings = judgeSettings({ ok: false, failure: kind, problems });
  return [checkOf('settings', settings), ...nothingElse()];
}

/** What is the same for all accounts is looked at once. */
async function shared(
  host: Host,
  invocation: Invocation,
  accounts: readonly AccountSettings[],
  { handlers }: DoctorOptions,
): Promise<Shared> {
  const shortest = Math.min(CONNECT_WITHIN_MS, ...accounts.map(({ settings }) => settings.timeoutMs));
  const proxy = proxyOf(host.environment);
  const [first] = accounts;
  return {
    settingsFile: settingsFileRead(invocation.settingsFile),
    accounts,
    proxy,
    connectWithinMs: shortest,
    userAgent: `copernica-webhooks/${host.version}`,
    now: host.now,
    probeHandlers: handlers ? handlerProbe({ timeoutMs: shortest, now: host.now }) : null,
    listen: judgeListen(await gatherListen(first?.settings.listen ?? 'off')),
  };
}

/** In JSON the problems are a list of their own; for people each stands where it was found. */
function resultOf(host: Host, { output }: Invocation, checks: readonly Check[]): CommandResult {
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
