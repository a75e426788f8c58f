import { onAbort, type StopSignals } from '../stop-signals.js';
import { timerMs } from '../timers.js';
import type { Schedule } from './cron.js';
import type { Leadership } from './leadership.js';
import { advance, type Effect, IDLE, type RunResult, type SchedulerEvent, type Trigger } from './scheduler.js';
import type { Watcher } from './watch.js';

export interface RunOutcome {
  readonly result: RunResult;
  /** After how many milliseconds there is something to do even if nothing else happens. Null: never. */
  readonly comeBackInMs: number | null;
}

/** What this replica, one of several with one state, knows of its role. */
export interface Replica {
  readonly leadership: Leadership;
  /** Resolves after the first attempt to find out, even if that failed. */
  readonly decided: Promise<void>;
  /** Lets others lead from now on. Never rejects. */
  withdraw(): Promise<void>;
}

export interface DaemonPorts {
  /** Stands for leading, and reports each change of leadership. Null: no other process uses this state. */
  standForLeading(onChange: (leadership: Leadership) => void): Replica | null;
  /** Makes one run. Rejects only if no later run could help: then the daemon ends. */
  run(triggers: readonly Trigger[], stop: AbortSignal): Promise<RunOutcome>;
  /** Rereads the manifest. True: there is a new valid one. */
  reload(): Promise<boolean>;
  startWatching(onMaybeChanged: () => Promise<void>): Watcher;
  startSchedule(onDue: () => void): Schedule | null;
  /** Signals to end, which may have come before the daemon began. */
  readonly stops: StopSignals;
  /** Calls the listener on SIGHUP until the returned function is called. */
  onHangup(listener: () => void): () => void;
  random(): number;
  /** How long a run may go on after the first signal, in milliseconds. */
  readonly graceMs: number;
  /** Called when the next run starts after this many milliseconds, unless something else starts one before. */
  onWaiting(afterMs: number): void;
  /** Called at the first signal. */
  onStopping(): void;
}

/**
 * Runs until it is told to stop: at the start, when the manifest changes, on the schedule, on SIGHUP (which rereads the
 * manifest first), and again after a failure. The scheduler decides about every event; this carries it out.
 *
 * Resolves when it has ended: `finished`, or `cut-short` by a second signal or the end of the grace time. The latter
 * loses nothing, since the intent of every POST is on disk before it is sent. Rejects if a run does.
 */
export function runDaemon(ports: DaemonPorts): Promise<'finished' | 'cut-short'> {
  return new Daemon(ports).ended;
}

class Daemon {
  readonly ended: Promise<'finished' | 'cut-short'>;
  readonly #ports: DaemonPorts;
  readonly #stop = new AbortController();
  readonly #releases: (() => Promise<void> | void)[] = [];
  #state = IDLE;
  #hasManifest = false;
  #isOver = false;
  #timer: NodeJS.Timeout | undefined;
  #grace: NodeJS.Timeout | undefined;
  #end: (how: 'finished' | 'cut-short') => void = () => {};
  #fail: (error: unknown) => void = () => {};

  constructor(ports: DaemonPorts) {
    this.#ports = ports;
    const ending = new Promise<'finished' | 'cut-short'>((resolve, reject) => {
      this.#end = resolve;
      this.#fail = reject;
    });
    this.ended = this.#untilReleased(ending);
    this.#begin().catch(this.#fail);
  }

  async #begin(): Promise<void> {
    const { stops, onHangup, reload, startSchedule, startWatching } = this.#ports;
    this.#releases.push(onAbort(stops.asked, () => this.#onStopAsked()));
    this.#releases.push(onAbort(stops.again, () => this.#handle({ kind: 'stop' })));
    this.#releases.push(onHangup(() => void this.#onHangup().catch(this.#fail)));
    if (this.#state.stopping) return;
    await reload();
    // Whatever is started now would outlive the end.
    if (this.#state.stopping) return;
    const replica = this.#ports.standForLeading((leadership) => this.#onLeadership(leadership));
    if (replica !== null) this.#releases.push(() => replica.withdraw());
    await replica?.decided;
    if (this.#state.stopping) return;
    this.#hasManifest = true;
    this.#handle({ kind: replica?.leadership === 'standing-by' ? 'stand-by' : 'lead' });
    const schedule = startSchedule(() => this.#handle({ kind: 'trigger', triggers: ['schedule'] }));
    if (schedule !== null) this.#releases.push(() => schedule.stop());
    const watcher = startWatching(async () => {
      if (await reload()) this.#handle({ kind: 'trigger', triggers: ['manifest'] });
    });
    this.#releases.push(() => watcher.close());
  }

  async #untilReleased(ending: Promise<'finished' | 'cut-short'>): Promise<'finished' | 'cut-short'> {
    try {
      return await ending;
    } finally {
      await this.#release();
    }
  }

  /** Releases in the reverse order of acquiring. */
  async #release(): Promise<void> {
    this.#isOver = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#grace);
    for (const release of this.#releases.reverse()) await release();
  }

  #onStopAsked(): void {
    if (this.#isOver) return;
    this.#ports.onStopping();
    this.#grace = setTimeout(() => this.#handle({ kind: 'grace-over' }), timerMs(this.#ports.graceMs));
    this.#handle({ kind: 'stop' });
  }

  /** A run uses what the watcher has read, which may be a moment old. SIGHUP refers to the file as it is now. */
  async #onHangup(): Promise<void> {
    // The first run has yet to start, and will do the same.
    if (!this.#hasManifest || this.#state.stopping) return;
    const changed = await this.#ports.reload();
    this.#handle({ kind: 'trigger', triggers: changed ? ['hangup', 'manifest'] : ['hangup'] });
  }

  /** While the leader is unknown, nothing changes: no run can begin without the place of the state anyway. */
  #onLeadership(leadership: Leadership): void {
    // The first result decides whether there is a first run.
    if (!this.#hasManifest || leadership === 'unknown') return;
    this.#handle({ kind: leadership === 'leading' ? 'lead' : 'stand-by' });
  }

  #handle(event: SchedulerEvent): void {
    if (this.#isOver) return;
    const { state, effects } = advance(this.#state, event);
    this.#state = state;
    for (const effect of effects) this.#carryOut(effect);
  }

  #carryOut(effect: Effect): void {
    switch (effect.kind) {
      case 'start-run':
        this.#run(effect.triggers).catch(this.#fail);
        return;
      case 'set-timer': {
        const triggers = [effect.trigger];
        this.#ports.onWaiting(effect.afterMs);
        this.#timer = setTimeout(() => this.#handle({ kind: 'trigger', triggers }), timerMs(effect.afterMs));
        return;
      }
      case 'clear-timer':
        clearTimeout(this.#timer);
        return;
      case 'stop-run':
        this.#stop.abort();
        return;
      case 'end':
        this.#end(this.#state.running ? 'cut-short' : 'finished');
        return;
    }
  }

  async #run(triggers: readonly Trigger[]): Promise<void> {
    const { result, comeBackInMs } = await this.#ports.run(triggers, this.#stop.signal);
    this.#handle({ kind: 'run-finished', result, comeBackInMs, random: this.#ports.random() });
  }
}
