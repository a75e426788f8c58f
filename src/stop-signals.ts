import { type EventEmitter, setMaxListeners } from 'node:events';

/** Requests to end, by SIGTERM or SIGINT. They can't be missed: a later listener sees that they came. */
export interface StopSignals {
  /** Aborted by the first signal: begin nothing new, finish what is under way. */
  readonly asked: AbortSignal;
  /** Aborted by the second signal: wait for nothing any longer. */
  readonly again: AbortSignal;
}

/**
 * Catches the signals from now on until the process has ended. They are never released: otherwise a signal in the last
 * milliseconds would end the process without an exit code.
 */
export function catchStopSignals(source: Pick<EventEmitter, 'on'>): StopSignals {
  const asked = new AbortController();
  const again = new AbortController();
  // Each account of a daemon adds a listener.
  setMaxListeners(0, asked.signal, again.signal);
  const onSignal = () => (asked.signal.aborted ? again : asked).abort();
  source.on('SIGTERM', onSignal);
  source.on('SIGINT', onSignal);
  return { asked: asked.signal, again: again.signal };
}

/**
 * Calls `listener` once: when the signal is aborted, or at once if it already was. The returned function removes it.
 */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  if (signal.aborted) {
    listener();
    return () => {};
  }
  signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}
