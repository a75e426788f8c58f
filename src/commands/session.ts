import type { Logger } from 'pino';
import { CircuitBreaker, type Outage } from '../copernica/circuit-breaker.js';
import type { OnAnswer } from '../copernica/client.js';
import { createReconciler, type Reconciler } from '../create-reconciler.js';
import { type Host, type TextSink, wantsColor } from '../host.js';
import { createLog } from '../log.js';
import { EXIT } from '../output/exit-code.js';
import type { AccountSettings } from '../settings/resolve.js';
import type { CommandName, Settings } from '../settings/schema.js';
import { loadToken } from '../settings/secrets.js';
import { onAbort } from '../stop-signals.js';

/** What a command has while it works on one account. */
export interface Session {
  readonly settings: Settings;
  readonly log: Logger;
  readonly reconciler: Reconciler;
}

export interface SessionOptions {
  readonly command: CommandName;
  /** Aborted: all waits end, and nothing new is sent. Left out: never. */
  readonly stop?: AbortSignal;
  /** Left out: a breaker of its own. */
  readonly breakerFor?: BreakerFor;
  /** Called with what each answer of the API looked like. */
  readonly onAnswer?: OnAnswer;
}

/** Finds the circuit breaker of a host: all accounts that call it pause together. `log`: the process's. */
export type BreakerFor = (apiUrl: string, log: Logger) => CircuitBreaker;

/** Opens a session, and closes it however the work ends. Logs to stderr. */
export async function withSession<T>(
  host: Host,
  account: AccountSettings,
  { command, stop = new AbortController().signal, breakerFor = sharedBreakers(), onAnswer }: SessionOptions,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const { token, log, processLog } = await openAccount(host, account, host.stderr);
  const reconciler = await createReconciler({
    host,
    account,
    command,
    token,
    log,
    stop,
    breakerFor: (apiUrl) => breakerFor(apiUrl, processLog),
    onAnswer,
  });
  try {
    return await work({ settings: account.settings, log, reconciler });
  } finally {
    await reconciler.close();
  }
}

/**
 * An account's token (null in the sandbox) and a log that never shows it. `processLog` is the same without the
 * account's name, for what concerns all accounts. Throws ProductError of kind `input`.
 */
export async function openAccount(
  host: Host,
  account: AccountSettings,
  sink: TextSink,
): Promise<{ readonly token: string | null; readonly log: Logger; readonly processLog: Logger }> {
  const token = account.settings.sandbox ? null : await loadToken(host.environment, account.token);
  if (token !== null) host.secrets.learnValue(token);
  const processLog = openLog(host, account.settings, sink);
  const log = account.name === null ? processLog : processLog.child({ account: account.name });
  return { token, log, processLog };
}

/** A log that shows no account's token. */
export function openLog(host: Host, settings: Settings, sink: TextSink): Logger {
  return createLog({
    level: settings.logLevel,
    format: settings.logFormat ?? (sink.isTTY ? 'pretty' : 'json'),
    color: wantsColor(sink, host.environment),
    sink,
    redact: host.secrets.redact,
  });
}

/** One circuit breaker for each host. */
export function sharedBreakers(): BreakerFor {
  const breakers = new Map<string, CircuitBreaker>();
  return (apiUrl, log) => {
    const { host } = new URL(apiUrl);
    const breaker = breakers.get(host) ?? new CircuitBreaker((outage) => logOutage(host, outage, log));
    breakers.set(host, breaker);
    return breaker;
  };
}

/** Reports an outage once, not for each entry or account. */
function logOutage(host: string, { phase, reason, pausedMs }: Outage, log: Logger): void {
  if (phase === 'begin')
    log.warn({ host, reason, pausedMs }, 'the API is not taking requests right now, so all of them wait');
  else log.info({ host, reason, pausedMs }, 'the API is taking requests again');
}

/**
 * Runs the work with a signal that SIGTERM or SIGINT aborts, even if it came before: then nothing new is sent. A second
 * signal ends the process at once; either way, what was sent is on disk as an intent.
 */
export async function withStopOnSignal<T>(
  host: Host,
  accounts: readonly AccountSettings[],
  work: (stop: AbortSignal) => Promise<T>,
): Promise<T> {
  const [first] = accounts;
  const log = first === undefined ? null : openLog(host, first.settings, host.stderr);
  const { asked, again } = host.stopSignals();
  const onAgain = () => {
    log?.warn('stopped at once: whatever was not finished is looked for at the next run');
    host.exitNow(EXIT.failed);
  };
  const releases = [
    onAbort(asked, () => log?.warn('stopping: requests under way are finished and recorded')),
    onAbort(again, onAgain),
  ];
  try {
    return await work(asked);
  } finally {
    for (const release of releases) release();
  }
}
