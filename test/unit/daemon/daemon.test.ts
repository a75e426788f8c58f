import { afterEach, describe, expect, it, vi } from 'vitest';
import { type DaemonPorts, type RunOutcome, runDaemon } from '../../../src/daemon/daemon.js';

const DAY_MS = 24 * 3_600_000;
const WELL: RunOutcome = { result: 'ok', comeBackInMs: null };

/** What somebody waits for, and the test brings about. */
function promised<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<T>((done, failed) => {
    resolve = done;
    reject = failed;
  });
  return { promise, resolve, reject };
}

/** Lets everything happen that waits for nothing. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

/** A daemon with its surroundings, which write down what it does. */
function start(ports: Partial<DaemonPorts> = {}, before: (stops: Stops) => void = () => {}) {
  const did: string[] = [];
  const stops: Stops = { asked: new AbortController(), again: new AbortController() };
  const hangupListeners = new Set<() => void>();
  let due = () => {};
  let maybeChanged = async () => {};
  before(stops);
  const ended = runDaemon({
    standForLeading: () => null,
    run: async (triggers) => {
      did.push(`run ${triggers.join(' ')}`);
      return WELL;
    },
    reload: async () => {
      did.push('read');
      return true;
    },
    startWatching: (onMaybeChanged) => {
      did.push('watch');
      maybeChanged = onMaybeChanged;
      return { ready: Promise.resolve(), close: async () => void did.push('watch no more') };
    },
    startSchedule: (onDue) => {
      did.push('schedule');
      due = onDue;
      return { nextAt: () => null, longestWaitMs: DAY_MS, stop: () => void did.push('schedule no more') };
    },
    stops: { asked: stops.asked.signal, again: stops.again.signal },
    onHangup: (listener) => {
      hangupListeners.add(listener);
      return () => void hangupListeners.delete(listener);
    },
    random: () => 0,
    graceMs: 25_000,
    onWaiting: (afterMs) => void did.push(`wait ${afterMs}`),
    onStopping: () => void did.push('stopping'),
    ...ports,
  });
  return {
    did,
    ended,
    /** SIGTERM or SIGINT. */
    stop: () => (stops.asked.signal.aborted ? stops.again : stops.asked).abort(),
    hangUp: () => {
      for (const listener of hangupListeners) listener();
    },
    due: () => due(),
    maybeChanged: () => maybeChanged(),
  };
}

interface Stops {
  readonly asked: AbortController;
  readonly again: AbortController;
}

afterEach(() => {
  vi.useRealTimers();
});

describe('the daemon', () => {
  it('reads the manifest, runs, and then waits for the schedule and for changes', async () => {
    const daemon = start();
    await settled();
    daemon.due();
    await settled();
    await daemon.maybeChanged();
    await settled();
    expect(daemon.did).toEqual(['read', 'run start', 'schedule', 'watch', 'run schedule', 'read', 'run manifest']);
    daemon.stop();
    expect(await daemon.ended).toBe('finished');
    expect(daemon.did.slice(-3)).toEqual(['stopping', 'watch no more', 'schedule no more']);
  });

  it('rejects with what a run rejects with, and lets go of everything', async () => {
    const daemon = start({ run: async () => Promise.reject(new Error('no other run could mend this')) });
    await expect(daemon.ended).rejects.toThrow('no other run could mend this');
    expect(daemon.did.slice(-2)).toEqual(['watch no more', 'schedule no more']);
  });

  it('waits for longer than a timer holds without running in between', async () => {
    vi.useFakeTimers();
    let runs = 0;
    const daemon = start({
      run: async () => {
        runs += 1;
        return { result: 'ok', comeBackInMs: 40 * DAY_MS };
      },
    });
    await vi.advanceTimersByTimeAsync(24 * DAY_MS);
    expect(runs).toBe(1);
    daemon.stop();
    await daemon.ended;
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('the end', () => {
  it('comes at once when it was asked for before the beginning: nothing is read', async () => {
    const daemon = start({}, ({ asked }) => asked.abort());
    expect(await daemon.ended).toBe('finished');
    expect(daemon.did).toEqual(['stopping']);
  });

  it('comes while the manifest is read for the first time, and nothing is started after it', async () => {
    const read = promised<boolean>();
    const daemon = start({ reload: () => read.promise });
    daemon.stop();
    expect(await daemon.ended).toBe('finished');
    read.resolve(true);
    await settled();
    expect(daemon.did).toEqual(['stopping']);
  });

  it('is told once, however often it is asked for', async () => {
    const daemon = start();
    await settled();
    daemon.stop();
    daemon.stop();
    expect(await daemon.ended).toBe('finished');
    expect(daemon.did.filter((what) => what === 'stopping')).toHaveLength(1);
  });

  it('waits for the run under way, which is told to start nothing new', async () => {
    const run = promised<RunOutcome>();
    let stop: AbortSignal | undefined;
    const daemon = start({
      run: (_triggers, signal) => {
        stop = signal;
        return run.promise;
      },
    });
    await settled();
    daemon.stop();
    expect(stop?.aborted).toBe(true);
    run.resolve(WELL);
    expect(await daemon.ended).toBe('finished');
  });

  it('waits no longer when it is asked for again, or when the grace time is over', async () => {
    const hangs = { run: () => new Promise<RunOutcome>(() => {}) };
    const impatient = start(hangs);
    await settled();
    impatient.stop();
    impatient.stop();
    expect(await impatient.ended).toBe('cut-short');
    const patient = start({ ...hangs, graceMs: 1 });
    await settled();
    patient.stop();
    expect(await patient.ended).toBe('cut-short');
  });

  it('lets nothing begin that comes meanwhile: no change, no schedule, no hangup', async () => {
    const run = promised<RunOutcome>();
    const runs: string[] = [];
    const daemon = start({
      run: (triggers) => {
        runs.push(...triggers);
        return run.promise;
      },
    });
    await settled();
    daemon.stop();
    daemon.due();
    daemon.hangUp();
    await daemon.maybeChanged();
    run.resolve(WELL);
    await daemon.ended;
    expect(runs).toEqual(['start']);
  });
});

describe('SIGHUP', () => {
  it('has the manifest read again before the run', async () => {
    const changes = [true, false, true];
    const did: string[] = [];
    const daemon = start({
      reload: async () => {
        did.push('read');
        return changes.shift() ?? false;
      },
      run: async (triggers) => {
        did.push(`run ${triggers.join(' ')}`);
        return WELL;
      },
    });
    await settled();
    daemon.hangUp();
    await settled();
    daemon.hangUp();
    await settled();
    expect(did).toEqual(['read', 'run start', 'read', 'run hangup', 'read', 'run hangup manifest']);
    daemon.stop();
    await daemon.ended;
  });

  it('is no run of its own while the manifest is read for the first time: the first run is yet to come', async () => {
    const read = promised<boolean>();
    const daemon = start({ reload: () => read.promise });
    daemon.hangUp();
    read.resolve(true);
    await settled();
    expect(daemon.did).toEqual(['run start', 'schedule', 'watch']);
    daemon.stop();
    await daemon.ended;
  });
});
