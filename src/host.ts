import type { Secrets } from './secrets.js';
import type { StopSignals } from './stop-signals.js';

/** A stream for text. */
export interface TextSink {
  /** Writes a result: if that fails, the program has failed. */
  write(text: string): void;
  /** Writes what the program can do without, for example on a full disk: its log. */
  offer(text: string): void;
  readonly isTTY: boolean;
  /** Width of the terminal now. Left out, or undefined: it is unknown, or this is no terminal. */
  readonly columns?: number | undefined;
}

/**
 * The process as commands see it: only main.ts makes one from `process`. `color`: the stream wants colours (it is a
 * terminal, and NO_COLOR is not set).
 */
export interface Host {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stdout: TextSink;
  readonly stderr: TextSink;
  readonly pid: number;
  readonly hostname: string;
  /** Number of the user it runs as. Null: the system has none. */
  readonly uid: number | null;
  readonly version: string;
  /** What no output may contain; grows as settings and tokens are read. */
  readonly secrets: Secrets;
  now(): Date;
  /**
   * SIGTERM and SIGINT, for commands that end in order. They are caught from the first call, which `run` and `apply`
   * make before anything else, until the process has ended.
   */
  stopSignals(): StopSignals;
  /** Calls `listener` on the signal until the returned function is called. */
  onSignal(signal: 'SIGTERM' | 'SIGINT' | 'SIGHUP', listener: () => void): () => void;
  /** Ends the process at once: at the second signal, or if something can't be stopped, such as a name lookup. */
  exitNow(code: number): never;
}

/** What the holder of a lock tells others. */
export function holderOf(host: Pick<Host, 'pid' | 'hostname' | 'uid' | 'now'>, command: string) {
  const { pid, hostname, uid } = host;
  return { pid, host: hostname, command, since: host.now().toISOString(), ...(uid === null ? {} : { uid }) };
}

/** True if this stream is a terminal that wants colours. https://no-color.org and FORCE_COLOR. */
export function wantsColor(sink: TextSink, environment: Host['environment']): boolean {
  if ((environment.NO_COLOR ?? '') !== '') return false;
  if ((environment.FORCE_COLOR ?? '') !== '') return environment.FORCE_COLOR !== '0';
  return sink.isTTY && environment.TERM !== 'dumb';
}
