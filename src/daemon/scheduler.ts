/** Why a run is made. Shown in logs, metrics and on the status page. */
export const TRIGGERS = ['start', 'manifest', 'schedule', 'hangup', 'retry', 'settle'] as const;
export type Trigger = (typeof TRIGGERS)[number];

/** The wait after failed runs doubles, with jitter so that several daemons do not come back together. */
export const BACKOFF = { firstMs: 1_000, mostMs: 300_000, jitterShare: 0.2 };

/** A back-off delays settling creates by `mostMs` at most; between two looks there are always `leastMs`. */
export const SETTLE_WAIT = { leastMs: 1_000, mostMs: 60_000 };

export interface SchedulerState {
  readonly running: boolean;
  /** Triggers of the run under way. If there is none: those that a failed run still owes, and the next run includes. */
  readonly current: readonly Trigger[];
  /** Triggers that came during the run: they cause one more run. */
  readonly pending: readonly Trigger[];
  /** Runs that failed, wholly or in part, since the last good one or the last change of the manifest. */
  readonly failures: number;
  readonly stopping: boolean;
  /** Another replica leads and makes the runs. */
  readonly standingBy: boolean;
}

export const IDLE: SchedulerState = {
  running: false,
  current: [],
  pending: [],
  failures: 0,
  stopping: false,
  standingBy: false,
};

export type RunResult = 'ok' | 'in-part' | 'failed' | 'manifest-broken' | 'manifest-behind';

/** Times are durations in milliseconds: setting a clock changes no wait. */
export type SchedulerEvent =
  /** Triggers that come together are served by one run. */
  | { readonly kind: 'trigger'; readonly triggers: readonly Trigger[] }
  | {
      readonly kind: 'run-finished';
      /**
       * `in-part`: the run came to its end and knows what must be tried again.
       * `failed`: the run did not come to its end; all of it must be tried again.
       * `manifest-broken`: nothing was tried without a valid manifest; only a change of the file can help.
       * `manifest-behind`: nothing was tried with an outdated manifest; a change of the file or time can help.
       */
      readonly result: RunResult;
      /** After how long there is something to do even if nothing else happens. Null: never. */
      readonly comeBackInMs: number | null;
      /** From 0 to below 1. */
      readonly random: number;
    }
  /** From now on this process leads, or another one does. */
  | { readonly kind: 'lead' | 'stand-by' }
  | { readonly kind: 'stop' }
  | { readonly kind: 'grace-over' };

export type Effect =
  | { readonly kind: 'start-run'; readonly triggers: readonly Trigger[] }
  /** There is one timer: setting it replaces the last one. When it is due, its trigger comes. */
  | { readonly kind: 'set-timer'; readonly trigger: 'retry' | 'settle'; readonly afterMs: number }
  | { readonly kind: 'clear-timer' }
  /** The run under way must start no new request. */
  | { readonly kind: 'stop-run' }
  | { readonly kind: 'end' };

export interface Step {
  readonly state: SchedulerState;
  readonly effects: readonly Effect[];
}

/**
 * Decides what the daemon does next.
 *
 *     event          state              does
 *     -------------  -----------------  -----------------------------------------------------------------
 *     trigger        idle               starts a run, which includes what a failed one still owes
 *     trigger        running            remembers it: all of them cause one more run
 *     trigger        stopping           nothing
 *     trigger        standing by        nothing: taking over does it all
 *     run-finished   stopping           ends
 *     run-finished   something pending  starts one more run, which includes what a failed one still owes
 *     run-finished   failed             sets the retry timer, longer with each failure, and owes what the run was to do
 *     run-finished   in part            sets the retry timer likewise, and owes nothing: the run knows what it left
 *     run-finished   both, come back    sets the timer for whichever is earlier
 *     run-finished   manifest broken    idles, and still owes what the run was to do
 *     run-finished   manifest behind    sets the settle timer, and still owes what the run was to do
 *     run-finished   standing by        idles, and owes nothing
 *     run-finished   ok, come back      sets the settle timer
 *     run-finished   ok                 idles
 *     lead           stopping           nothing
 *     lead           any other          acts as the trigger `start`, to look at once at what others left
 *     stand-by       any                clears the timer and owes nothing; a run under way ends by itself
 *     stop           idle               ends
 *     stop           running            tells the run to start no new request
 *     stop           stopping           ends at once: what was sent is on disk as an intent
 *     grace-over     stopping           ends at once
 *     grace-over     not stopping       nothing
 *
 * A run started by the manifest resets the back-off: the edit may have fixed what failed.
 */
export function advance(state: SchedulerState, event: SchedulerEvent): Step {
  switch (event.kind) {
    case 'trigger':
      return onTrigger(state, event.triggers);
    case 'run-finished':
      return onFinished(state, event);
    case 'lead':
      return onTrigger({ ...state, standingBy: false }, ['start']);
    case 'stand-by':
      return {
        state: { ...state, standingBy: true, current: state.running ? state.current : [], pending: [], failures: 0 },
        effects: [{ kind: 'clear-timer' }],
      };
    case 'stop':
      if (!state.running || state.stopping) return { state: { ...state, stopping: true }, effects: [{ kind: 'end' }] };
      return { state: { ...state, stopping: true }, effects: [{ kind: 'clear-timer' }, { kind: 'stop-run' }] };
    case 'grace-over':
      return { state, effects: state.stopping ? [{ kind: 'end' }] : [] };
  }
}

function onTrigger(state: SchedulerState, triggers: readonly Trigger[]): Step {
  if (state.stopping || state.standingBy) return { state, effects: [] };
  if (!state.running) return start(state, triggers, state.current);
  return { state: { ...state, pending: unique([...state.pending, ...triggers]) }, effects: [] };
}

/** `owed`: what a failed run was to do, including checks of live webhooks. The next run includes it. */
function start(state: SchedulerState, triggers: readonly Trigger[], owed: readonly Trigger[]): Step {
  const all = unique([...triggers, ...owed]);
  const failures = triggers.includes('manifest') ? 0 : state.failures;
  return {
    state: { ...state, running: true, current: all, pending: [], failures },
    effects: [{ kind: 'clear-timer' }, { kind: 'start-run', triggers: all }],
  };
}

function onFinished(state: SchedulerState, event: Extract<SchedulerEvent, { kind: 'run-finished' }>): Step {
  if (state.stopping) return { state: { ...state, running: false }, effects: [{ kind: 'end' }] };
  if (state.standingBy) return { state: { ...state, running: false, current: [] }, effects: [] };
  const failures = failuresAfter(event.result, state.failures);
  const isOwed = event.result !== 'ok' && event.result !== 'in-part';
  const owed = isOwed ? state.current.filter((trigger) => trigger !== 'retry' && trigger !== 'manifest') : [];
  const idle = { ...state, running: false, failures, current: owed };
  if (state.pending.length > 0) return start(idle, state.pending, owed);
  const timer = nextTimer(event, failures);
  return { state: idle, effects: timer === null ? [] : [timer] };
}

function failuresAfter(result: RunResult, before: number): number {
  switch (result) {
    case 'ok':
      return 0;
    case 'in-part':
    case 'failed':
      return before + 1;
    case 'manifest-broken':
    case 'manifest-behind':
      return before;
  }
}

function nextTimer(
  { result, comeBackInMs, random }: Extract<SchedulerEvent, { kind: 'run-finished' }>,
  failures: number,
): Effect | null {
  const isRetried = result === 'failed' || result === 'in-part';
  const leastMs = isRetried ? backoffMs(failures, random) : SETTLE_WAIT.leastMs;
  const retry = isRetried ? ({ kind: 'set-timer', trigger: 'retry', afterMs: leastMs } as const) : null;
  if (comeBackInMs === null) return retry;
  // With no time to settle, `comeBackInMs` can be 0: without a least wait this would be a busy loop.
  const settleInMs = Math.max(comeBackInMs, Math.min(leastMs, SETTLE_WAIT.mostMs));
  if (retry !== null && retry.afterMs <= settleInMs) return retry;
  return { kind: 'set-timer', trigger: 'settle', afterMs: settleInMs };
}

function unique(triggers: readonly Trigger[]): Trigger[] {
  return [...new Set(triggers)];
}

/** 1 s, 2 s, 4 s … 5 min, less up to a fifth. */
export function backoffMs(failures: number, random: number): number {
  const whole = Math.min(BACKOFF.mostMs, BACKOFF.firstMs * 2 ** (failures - 1));
  return Math.round(whole * (1 - BACKOFF.jitterShare * random));
}

/** Started by time alone: only what the run before left is tried again. */
export function isRepetition(triggers: readonly Trigger[]): boolean {
  return triggers.every((trigger) => trigger === 'retry' || trigger === 'settle');
}

/** Also check live webhooks, unless only a change of the file started the run: that one must be quick. */
export function refreshes(triggers: readonly Trigger[], setting: boolean | undefined): boolean {
  return setting ?? triggers.some((trigger) => trigger === 'start' || trigger === 'schedule' || trigger === 'hangup');
}
