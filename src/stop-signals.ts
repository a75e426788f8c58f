import { type EventEmitter, setMaxListeners } from 'node:events';

/** That the end was asked for, by SIGTERM or SIGINT. Neither can be missed: whoever comes later sees that it was. */
export interface StopSignals {
  /** Aborted by the first signal: nothing new is begun, and what is under way is finished. */
  readonly asked: AbortSignal;
  /** Aborted by the second one: nothing is waited for any longer. */
  readonly again: AbortSignal;
}

/**
 * Catches the signals from now on until the process has ended. They are never given back, since a signal that came in
 * the last milliseconds would then end the process by itself, and not with an exit code.
 */
export function catchStopSignals(source: Pick<EventEmitter, 'on'>): StopSignals {
  const asked = new AbortController();
  const again = new AbortController();
  // Each account of a daemon listens.
  setMaxListeners(0, asked.signal, again.signal);
  const onSignal = () => (asked.signal.aborted ? again : asked).abort();
  source.on('SIGTERM', onSignal);
  source.on('SIGINT', onSignal);
  return { asked: asked.signal, again: again.signal };
}

/**
 * Calls `listener` once: when the signal is aborted, or at once when it was. The function that it returns ends that.
 */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  if (signal.aborted) {
    listener();
    return () => {};
  }
  signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}
