import type { Logger } from 'pino';
import { type Assembly, assemble } from '../assemble.js';
import type { Pacer, Spell } from '../copernica/pacer.js';
import { createPacer } from '../copernica/retry.js';
import { type Host, type TextSink, wantsColor } from '../host.js';
import { createLog } from '../log.js';
import type { CommandName, Settings } from '../settings/definitions.js';
import { loadToken } from '../settings/load.js';
import type { AccountSettings } from '../settings/resolve.js';

/** What a command has for the length of its work on one account. */
export interface Session {
  readonly settings: Settings;
  readonly log: Logger;
  readonly assembly: Assembly;
}

export interface SessionOptions {
  readonly command: CommandName;
  /** Aborted: nothing waits any longer, and nothing new is sent. Left out: never. */
  readonly stop?: AbortSignal;
  /** Left out: a pace of its own. */
  readonly pacerFor?: PacerFor;
}

/** The pace of a host: all accounts that call it pause together. */
export type PacerFor = (apiUrl: string, log: Logger) => Pacer;

/** Opens a session, and closes it whatever becomes of the work. Logs to stderr. */
export async function withSession<T>(
  host: Host,
  account: AccountSettings,
  { command, stop = new AbortController().signal, pacerFor = sharedPace() }: SessionOptions,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const { token, log } = await openAccount(host, account, host.stderr);
  const assembly = await assemble({ host, account, command, token, log, stop, pacerFor });
  try {
    return await work({ settings: account.settings, log, assembly });
  } finally {
    await assembly.close();
  }
}

/** An account's token, null in the sandbox, and a log that never shows it. Throws ProductError of kind `input`. */
export async function openAccount(
  host: Host,
  account: AccountSettings,
  sink: TextSink,
): Promise<{ readonly token: string | null; readonly log: Logger }> {
  const token = account.settings.sandbox ? null : await loadToken(host.environment, account.token);
  if (token !== null) host.secrets.learnValue(token);
  const log = await openLog(host, account.settings, sink);
  return { token, log: account.name === null ? log : log.child({ account: account.name }) };
}

/** A log that shows no token of any account. */
export function openLog(host: Host, settings: Settings, sink: TextSink): Promise<Logger> {
  return createLog({
    level: settings.logLevel,
    format: settings.logFormat ?? (sink.isTTY ? 'pretty' : 'json'),
    color: wantsColor(sink, host.environment),
    sink,
    redact: host.secrets.redact,
  });
}

/** One pace for each host that is called. */
export function sharedPace(): PacerFor {
  const pacers = new Map<string, Pacer>();
  return (apiUrl, log) => {
    const { host } = new URL(apiUrl);
    const pacer = pacers.get(host) ?? createPacer((spell) => logSpell(spell, log));
    pacers.set(host, pacer);
    return pacer;
  };
}

/** A spell of failures is told once, not for each entry. */
function logSpell({ phase, reason, pausedMs }: Spell, log: Logger): void {
  if (phase === 'begin') log.warn({ reason, pausedMs }, 'the API takes no requests for now: all of them wait');
  else log.info({ reason, pausedMs }, 'the API takes requests again');
}
