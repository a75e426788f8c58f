import { onAbort, type StopSignals } from '../stop-signals.js';
import { timerMs } from '../timers.js';
import type { Schedule } from './cron.js';
import type { Leadership } from './leadership.js';
import { advance, type Effect, IDLE, type RunResult, type SchedulerEvent, type Trigger } from './scheduler.js';
import type { Watcher } from './watch.js';

export interface RunOutcome {
  readonly result: RunResult;
  /**
   * In how many milliseconds there is something to do again, although nothing else happens; null: there is no such
   * thing.
   */
  readonly comeBackInMs: number | null;
}

/** What one of several replicas with one state knows of itself. */
export interface Replica {
  readonly leadership: Leadership;
  /** Resolves when it was found out for the first time, or could not be. */
  readonly decided: Promise<void>;
  /** Others may lead from then on. Never rejects. */
  withdraw(): Promise<void>;
}

export interface DaemonPorts {
  /** Stands for leading, and tells when it leads and when another does. Null: no other process has this state. */
  standForLeading(onChange: (leadership: Leadership) => void): Replica | null;
  /** One run. Rejects only for what no other run could mend: then the daemon ends. */
  run(triggers: readonly Trigger[], stop: AbortSignal): Promise<RunOutcome>;
  /** Reads the manifest again. True: there is a new valid one. */
  reload(): Promise<boolean>;
  startWatching(onMaybeChanged: () => Promise<void>): Watcher;
  startSchedule(onDue: () => void): Schedule | null;
  /** The end is asked for. May have been before it began. */
  readonly stops: StopSignals;
  /** Calls the listener on SIGHUP until the returned function is called. */
  onHangup(listener: () => void): () => void;
  random(): number;
  /** How long the run under way may take after the first signal, in milliseconds. */
  readonly graceMs: number;
  /** Told that nothing but time starts the next run, if nothing else does: in so many milliseconds. */
  onWaiting(afterMs: number): void;
  /** Told when the first signal comes. */
  onStopping(): void;
}

/**
 * Runs until it is told to stop: at start, when the manifest changes, on the schedule, on SIGHUP (which rereads the
 * manifest first), and again after a failure. Everything that happens goes through the scheduler, which decides; this
 * carries out.
 *
 * Resolves when it has ended: `finished`, or `cut-short` by a second signal or the end of the grace time. Nothing is
 * lost by the latter, since every POST is on disk before it is sent. Rejects when a run does.
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
    // What would be started now would outlive the end.
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

  /** What was acquired is let go of in reverse. */
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

  /**
   * A run reads what the watcher has seen, which may be a moment behind: whoever sends SIGHUP means the file as it is.
   */
  async #onHangup(): Promise<void> {
    // The first run is yet to come, and does what this one would.
    if (!this.#hasManifest || this.#state.stopping) return;
    const changed = await this.#ports.reload();
    this.#handle({ kind: 'trigger', triggers: changed ? ['hangup', 'manifest'] : ['hangup'] });
  }

  /** While nobody can tell who leads, all goes on as before: no run can begin without the place of the state. */
  #onLeadership(leadership: Leadership): void {
    // What was found out first decides whether there is a first run.
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
