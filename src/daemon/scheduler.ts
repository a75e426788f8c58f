/** Why a run is made. In logs, metrics and the status page. */
export type Trigger = 'start' | 'manifest' | 'schedule' | 'hangup' | 'retry' | 'settle';

/** Waiting after failed runs: doubling, with jitter so that several daemons do not come back together. */
export const BACKOFF = { firstMs: 1_000, mostMs: 300_000, jitterShare: 0.2 };

export interface SchedulerState {
  readonly running: boolean;
  /** Triggers of the run under way, to repeat what it was to do when it fails. */
  readonly current: readonly Trigger[];
  /** Triggers that came during it: they make one more run. */
  readonly pending: readonly Trigger[];
  /** Failed runs since the last good one. */
  readonly failures: number;
  readonly stopping: boolean;
}

export const IDLE: SchedulerState = { running: false, current: [], pending: [], failures: 0, stopping: false };

/** Times are milliseconds since 1970. */
export type SchedulerEvent =
  | { readonly kind: 'trigger'; readonly trigger: Trigger }
  | {
      readonly kind: 'run-finished';
      readonly result: 'ok' | 'failed';
      /** When an uncertain create can be looked at again. */
      readonly comeBackAt: number | null;
      /** From 0 to below 1. */
      readonly random: number;
    }
  | { readonly kind: 'stop' }
  | { readonly kind: 'grace-over' };

export type Effect =
  | { readonly kind: 'start-run'; readonly triggers: readonly Trigger[] }
  /** One timer: setting it replaces the one before. When it is due, its trigger comes. */
  | { readonly kind: 'set-timer'; readonly trigger: 'retry' | 'settle'; readonly at: number }
  | { readonly kind: 'clear-timer' }
  /** The run under way is to start no new request. */
  | { readonly kind: 'stop-run' }
  | { readonly kind: 'end' };

export interface Step {
  readonly state: SchedulerState;
  readonly effects: readonly Effect[];
}

/**
 * What the daemon does next.
 *
 *     event          state              does
 *     -------------  -----------------  -----------------------------------------------------------------
 *     trigger        idle               starts a run
 *     trigger        running            remembers it: all that come make one more run
 *     run-finished   stopping           ends
 *     run-finished   something pending  starts one more run; a failure is remembered for its back-off
 *     run-finished   failed             sets the retry timer, further away with each failure
 *     run-finished   ok, come back      sets the settle timer
 *     run-finished   ok                 idles
 *     stop           idle               ends
 *     stop           running            tells the run to start no new request
 *     stop           stopping           ends at once: what was sent is on disk as an intent
 *     grace-over     stopping           ends at once
 *     trigger        stopping           nothing
 */
export function advance(state: SchedulerState, event: SchedulerEvent, now: number): Step {
  switch (event.kind) {
    case 'trigger':
      return onTrigger(state, event.trigger);
    case 'run-finished':
      return onFinished(state, event, now);
    case 'stop':
      if (!state.running || state.stopping) return { state: { ...state, stopping: true }, effects: [{ kind: 'end' }] };
      return { state: { ...state, stopping: true }, effects: [{ kind: 'clear-timer' }, { kind: 'stop-run' }] };
    case 'grace-over':
      return { state, effects: state.stopping ? [{ kind: 'end' }] : [] };
  }
}

function onTrigger(state: SchedulerState, trigger: Trigger): Step {
  if (state.stopping) return { state, effects: [] };
  // A retry is to do what the failed run was to do, checking the live webhooks included.
  const again = trigger === 'retry' ? state.current.filter((earlier) => earlier !== 'retry') : [];
  if (!state.running) return start(state, [trigger, ...again]);
  const pending = state.pending.includes(trigger) ? state.pending : [...state.pending, trigger];
  return { state: { ...state, pending }, effects: [] };
}

function start(state: SchedulerState, triggers: readonly Trigger[]): Step {
  return {
    state: { ...state, running: true, current: triggers, pending: [] },
    effects: [{ kind: 'clear-timer' }, { kind: 'start-run', triggers }],
  };
}

function onFinished(
  state: SchedulerState,
  event: Extract<SchedulerEvent, { kind: 'run-finished' }>,
  now: number,
): Step {
  if (state.stopping) return { state: { ...state, running: false }, effects: [{ kind: 'end' }] };
  const failures = event.result === 'ok' ? 0 : state.failures + 1;
  const idle = { ...state, running: false, failures };
  if (state.pending.length > 0) return start(idle, state.pending);
  if (event.result === 'failed') {
    const at = now + backoffMs(failures, event.random);
    return { state: idle, effects: [{ kind: 'set-timer', trigger: 'retry', at }] };
  }
  if (event.comeBackAt === null) return { state: { ...idle, current: [] }, effects: [] };
  return { state: idle, effects: [{ kind: 'set-timer', trigger: 'settle', at: Math.max(now, event.comeBackAt) }] };
}

/** 1 s, 2 s, 4 s … 5 min, less up to a fifth. */
export function backoffMs(failures: number, random: number): number {
  const whole = Math.min(BACKOFF.mostMs, BACKOFF.firstMs * 2 ** (failures - 1));
  return Math.round(whole * (1 - BACKOFF.jitterShare * random));
}

/** Live webhooks are checked too, but for runs that nothing but a change of the file started: those are to be quick. */
export function refreshes(triggers: readonly Trigger[], setting: boolean | undefined): boolean {
  return setting ?? triggers.some((trigger) => trigger === 'start' || trigger === 'schedule' || trigger === 'hangup');
}
