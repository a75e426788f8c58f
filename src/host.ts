import type { Secrets } from './secrets.js';
import type { StopSignals } from './stop-signals.js';

/** A stream that text can be written to. */
export interface TextSink {
  /** A result: when it can't be written, the program has failed. */
  write(text: string): void;
  /** What the program goes on without when it can't be written, as on a full disk: its log. */
  offer(text: string): void;
  readonly isTTY: boolean;
  /** How wide the terminal is now. Left out, or undefined: that is not known, or it is none. */
  readonly columns?: number | undefined;
}

/**
 * The process as the commands see it: only main.ts makes one from `process`.
 * `color` says whether a stream wants colours (a terminal, and NO_COLOR is not set).
 */
export interface Host {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stdout: TextSink;
  readonly stderr: TextSink;
  readonly pid: number;
  readonly hostname: string;
  /** The number of the user that it runs as; null where the system has none. */
  readonly uid: number | null;
  readonly version: string;
  /** What no output may hold; grows as settings and tokens are read. */
  readonly secrets: Secrets;
  now(): Date;
  /**
   * SIGTERM and SIGINT, for the commands that end in order. Caught from the first call on, which `run` and `apply` get
   * as the first thing of all, until the process has ended.
   */
  stopSignals(): StopSignals;
  /** Calls `listener` on the signal until the returned function is called. */
  onSignal(signal: 'SIGTERM' | 'SIGINT' | 'SIGHUP', listener: () => void): () => void;
  /** Ends the process at once: the second signal, or what can't be broken off, such as the look-up of a name. */
  exitNow(code: number): never;
}

/** What a held lock tells others. */
export function holderOf(host: Pick<Host, 'pid' | 'hostname' | 'uid' | 'now'>, command: string) {
  const { pid, hostname, uid } = host;
  return { pid, host: hostname, command, since: host.now().toISOString(), ...(uid === null ? {} : { uid }) };
}

/** Whether people see this stream as a terminal that wants colours. https://no-color.org and FORCE_COLOR. */
export function wantsColor(sink: TextSink, environment: Host['environment']): boolean {
  if ((environment.NO_COLOR ?? '') !== '') return false;
  if ((environment.FORCE_COLOR ?? '') !== '') return environment.FORCE_COLOR !== '0';
  return sink.isTTY && environment.TERM !== 'dumb';
}
