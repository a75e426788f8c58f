import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  advance,
  BACKOFF,
  backoffMs,
  type Effect,
  IDLE,
  isRepetition,
  type RunResult,
  refreshes,
  type SchedulerEvent,
  type SchedulerState,
  SETTLE_WAIT,
  type Trigger,
} from '../../../src/daemon/scheduler.js';

const RUNNING: SchedulerState = { ...IDLE, running: true, current: ['start'] };
const ok = { kind: 'run-finished', result: 'ok', comeBackInMs: null, random: 0 } as const;
const failed = { ...ok, result: 'failed' } as const;
const inPart = { ...ok, result: 'in-part' } as const;
const broken = { ...ok, result: 'manifest-broken' } as const;
const come = (trigger: Trigger) => ({ kind: 'trigger', triggers: [trigger] }) as const;

interface Row {
  readonly title: string;
  readonly state: SchedulerState;
  readonly event: SchedulerEvent;
  readonly effects: readonly Effect[];
}

const ROWS: readonly Row[] = [
  {
    title: 'starts a run at a trigger',
    state: IDLE,
    event: come('manifest'),
    effects: [{ kind: 'clear-timer' }, { kind: 'start-run', triggers: ['manifest'] }],
  },
  { title: 'remembers a trigger during a run', state: RUNNING, event: come('schedule'), effects: [] },
  {
    title: 'makes one more run of all that came meanwhile',
    state: { ...RUNNING, pending: ['manifest', 'schedule'] },
    event: ok,
    effects: [{ kind: 'clear-timer' }, { kind: 'start-run', triggers: ['manifest', 'schedule'] }],
  },
  { title: 'idles after a good run', state: RUNNING, event: ok, effects: [] },
  {
    title: 'starts nothing at a trigger while it stands by',
    state: { ...IDLE, standingBy: true },
    event: come('schedule'),
    effects: [],
  },
  {
    title: 'starts a run at once when it begins to lead',
    state: { ...IDLE, standingBy: true },
    event: { kind: 'lead' },
    effects: [{ kind: 'clear-timer' }, { kind: 'start-run', triggers: ['start'] }],
  },
  {
    title: 'starts nothing when it begins to lead while it stops',
    state: { ...IDLE, stopping: true },
    event: { kind: 'lead' },
    effects: [],
  },
  {
    title: 'tries nothing again when it begins to stand by',
    state: { ...IDLE, current: ['schedule'], failures: 2 },
    event: { kind: 'stand-by' },
    effects: [{ kind: 'clear-timer' }],
  },
  {
    title: 'tries nothing again after a run that failed since another leads',
    state: { ...RUNNING, standingBy: true },
    event: failed,
    effects: [],
  },
  {
    title: 'comes back to a manifest that was behind when its time is over',
    state: RUNNING,
    event: { ...ok, result: 'manifest-behind', comeBackInMs: 120_000 },
    effects: [{ kind: 'set-timer', trigger: 'settle', afterMs: 120_000 }],
  },
  {
    title: 'tries again a second after the first failure',
    state: RUNNING,
    event: failed,
    effects: [{ kind: 'set-timer', trigger: 'retry', afterMs: 1_000 }],
  },
  {
    title: 'waits twice as long after each further one',
    state: { ...RUNNING, failures: 3 },
    event: failed,
    effects: [{ kind: 'set-timer', trigger: 'retry', afterMs: 8_000 }],
  },
  {
    title: 'does in a retry what the failed run was to do',
    state: { ...IDLE, current: ['schedule'], failures: 1 },
    event: come('retry'),
    effects: [{ kind: 'clear-timer' }, { kind: 'start-run', triggers: ['retry', 'schedule'] }],
  },
  {
    title: 'does what a failed run was to do in whichever run comes next',
    state: { ...IDLE, current: ['schedule'], failures: 1 },
    event: come('manifest'),
    effects: [{ kind: 'clear-timer' }, { kind: 'start-run', triggers: ['manifest', 'schedule'] }],
  },
  {
    title: 'does it in the one more run too',
    state: { ...RUNNING, current: ['schedule'], pending: ['manifest'] },
    event: failed,
    effects: [{ kind: 'clear-timer' }, { kind: 'start-run', triggers: ['manifest', 'schedule'] }],
  },
  {
    title: 'tries again after a run that failed in part',
    state: RUNNING,
    event: inPart,
    effects: [{ kind: 'set-timer', trigger: 'retry', afterMs: 1_000 }],
  },
  {
    title: 'owes nothing of a run that failed in part: that knows itself what it left',
    state: { ...RUNNING, current: ['schedule'], pending: ['manifest'] },
    event: inPart,
    effects: [{ kind: 'clear-timer' }, { kind: 'start-run', triggers: ['manifest'] }],
  },
  { title: 'waits for a change when there is no valid manifest', state: RUNNING, event: broken, effects: [] },
  {
    title: 'comes back before a retry that is further away',
    state: { ...RUNNING, failures: 20 },
    event: { ...failed, comeBackInMs: 70_000 },
    effects: [{ kind: 'set-timer', trigger: 'settle', afterMs: 70_000 }],
  },
  {
    title: 'tries again before it comes back when that is further away',
    state: RUNNING,
    event: { ...failed, comeBackInMs: 70_000 },
    effects: [{ kind: 'set-timer', trigger: 'retry', afterMs: BACKOFF.firstMs }],
  },
  {
    title: 'waits a second before it comes back to what has settled already',
    state: RUNNING,
    event: { ...ok, comeBackInMs: 0 },
    effects: [{ kind: 'set-timer', trigger: 'settle', afterMs: SETTLE_WAIT.leastMs }],
  },
  {
    title: 'waits at most a minute for that, however often it failed',
    state: { ...RUNNING, failures: 20 },
    event: { ...failed, comeBackInMs: 0 },
    effects: [{ kind: 'set-timer', trigger: 'settle', afterMs: SETTLE_WAIT.mostMs }],
  },
  {
    title: 'comes back when an uncertain create has settled',
    state: RUNNING,
    event: { ...ok, comeBackInMs: 60_000 },
    effects: [{ kind: 'set-timer', trigger: 'settle', afterMs: 60_000 }],
  },
  { title: 'ends at once when idle', state: IDLE, event: { kind: 'stop' }, effects: [{ kind: 'end' }] },
  {
    title: 'tells a run under way to start nothing new',
    state: RUNNING,
    event: { kind: 'stop' },
    effects: [{ kind: 'clear-timer' }, { kind: 'stop-run' }],
  },
  { title: 'ends with that run', state: { ...RUNNING, stopping: true }, event: ok, effects: [{ kind: 'end' }] },
  {
    title: 'ends at a second stop',
    state: { ...RUNNING, stopping: true },
    event: { kind: 'stop' },
    effects: [{ kind: 'end' }],
  },
  {
    title: 'ends when the grace time is over',
    state: { ...RUNNING, stopping: true },
    event: { kind: 'grace-over' },
    effects: [{ kind: 'end' }],
  },
  { title: 'knows no grace time before a stop', state: RUNNING, event: { kind: 'grace-over' }, effects: [] },
  {
    title: 'starts nothing while stopping',
    state: { ...RUNNING, stopping: true },
    event: come('manifest'),
    effects: [],
  },
];

const triggers = fc.constantFrom<Trigger>('start', 'manifest', 'schedule', 'hangup', 'retry', 'settle');
const events: fc.Arbitrary<SchedulerEvent> = fc.oneof(
  { weight: 4, arbitrary: triggers.map(come) },
  {
    weight: 4,
    arbitrary: fc
      .record({
        result: fc.constantFrom('ok' as const, 'in-part' as const, 'failed' as const, 'manifest-broken' as const),
        comeBackInMs: fc.constantFrom(null, 5),
      })
      .map((rest) => ({ kind: 'run-finished' as const, random: 0.5, ...rest })),
  },
  { weight: 1, arbitrary: fc.constant<SchedulerEvent>({ kind: 'stop' }) },
);

const isOwed = (result: RunResult) => result !== 'ok' && result !== 'in-part';

describe('the scheduler', () => {
  it.each(ROWS)('$title', ({ state, event, effects }) => {
    expect(advance(state, event).effects).toEqual(effects);
  });

  it('never has two runs at once, loses no trigger, and starts none after a stop', () => {
    fc.assert(
      fc.property(fc.array(events, { maxLength: 60 }), (history) => {
        let state = IDLE;
        let stopped = false;
        let waiting = new Set<Trigger>();
        for (const event of history) {
          // Only a run that is under way can finish.
          if (event.kind === 'run-finished' && !state.running) continue;
          const wasRunning = state.running && event.kind !== 'run-finished';
          const step = advance(state, event);
          const starts = step.effects.filter((effect) => effect.kind === 'start-run');
          if (event.kind === 'trigger' && !stopped) for (const trigger of event.triggers) waiting.add(trigger);
          expect(starts.length).toBeLessThanOrEqual(wasRunning || stopped ? 0 : 1);
          for (const { triggers: done } of starts)
            waiting = new Set([...waiting].filter((trigger) => !done.includes(trigger)));
          stopped ||= event.kind === 'stop';
          state = step.state;
          if (!state.running && !stopped) expect([...waiting]).toEqual([]);
        }
      }),
    );
  });

  it('makes one more run of any number of triggers that come during one, and names each once', () => {
    fc.assert(
      fc.property(fc.array(triggers, { minLength: 1, maxLength: 20 }), (came) => {
        const during = came.reduce((state, trigger) => advance(state, come(trigger)).state, RUNNING);
        const { state, effects } = advance(during, ok);
        expect(effects).toEqual([{ kind: 'clear-timer' }, { kind: 'start-run', triggers: [...new Set(came)] }]);
        expect(advance(state, ok).effects).toEqual([]);
      }),
    );
  });

  it('checks the live webhooks after a failure until a run that was to do so comes to its end', () => {
    fc.assert(
      fc.property(fc.array(events, { maxLength: 60 }), (history) => {
        let state = IDLE;
        let owing = false;
        for (const event of history) {
          if (event.kind === 'stop') return;
          if (event.kind === 'run-finished' && !state.running) continue;
          if (event.kind === 'run-finished') owing = isOwed(event.result) && refreshes(state.current, undefined);
          const step = advance(state, event);
          for (const effect of step.effects) {
            if (effect.kind === 'start-run' && owing) expect(refreshes(effect.triggers, undefined)).toBe(true);
          }
          state = step.state;
        }
      }),
    );
  });

  it('always has a timer set after a failure', () => {
    fc.assert(
      fc.property(fc.nat(1_000), fc.option(fc.nat(1_000_000)), (failures, comeBackInMs) => {
        const event = { ...failed, comeBackInMs };
        const { effects } = advance({ ...RUNNING, failures }, event);
        expect(effects).toHaveLength(1);
        const [timer] = effects;
        expect(timer).toMatchObject({ kind: 'set-timer' });
        const waitMs = timer?.kind === 'set-timer' ? timer.afterMs : 0;
        expect(waitMs).toBeGreaterThanOrEqual(BACKOFF.firstMs);
        expect(waitMs).toBeLessThanOrEqual(BACKOFF.mostMs);
      }),
    );
  });
});

describe('back-off', () => {
  it('doubles from a second to five minutes, less up to a fifth', () => {
    const whole = Array.from({ length: 12 }, (_, index) => backoffMs(index + 1, 0) / 1_000);
    expect(whole).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
    expect(backoffMs(1, 0.999)).toBe(800);
    expect(backoffMs(2_000, 0)).toBe(BACKOFF.mostMs);
  });
});

describe('the count of failures', () => {
  const failuresAfter = (state: SchedulerState, event: SchedulerEvent) => advance(state, event).state.failures;
  const waiting: SchedulerState = { ...IDLE, current: ['start'], failures: 4 };

  it('begins anew with a good run and with a change of the manifest, and with nothing else', () => {
    expect(failuresAfter({ ...RUNNING, failures: 4 }, ok)).toBe(0);
    expect(failuresAfter(waiting, come('manifest'))).toBe(0);
    expect(failuresAfter({ ...RUNNING, failures: 4, pending: ['manifest'] }, failed)).toBe(0);
    expect(failuresAfter(waiting, come('schedule'))).toBe(4);
    expect(failuresAfter(waiting, come('retry'))).toBe(4);
    expect(failuresAfter({ ...RUNNING, failures: 4 }, broken)).toBe(4);
    expect(failuresAfter({ ...RUNNING, failures: 4 }, failed)).toBe(5);
    expect(failuresAfter({ ...RUNNING, failures: 4 }, inPart)).toBe(5);
  });
});

describe('trying again what was left', () => {
  it.each<[Trigger[], boolean]>([
    [['retry'], true],
    [['settle'], true],
    [['retry', 'settle'], true],
    [['retry', 'start'], false],
    [['retry', 'schedule'], false],
    [['settle', 'manifest'], false],
    [['hangup'], false],
  ])('is all that a run is for that %j started: %s', (started, expected) => {
    expect(isRepetition(started)).toBe(expected);
  });
});

describe('checking the live webhooks', () => {
  it.each<[Trigger[], boolean | undefined, boolean]>([
    [['start'], undefined, true],
    [['schedule'], undefined, true],
    [['hangup'], undefined, true],
    [['manifest'], undefined, false],
    [['settle'], undefined, false],
    [['manifest', 'schedule'], undefined, true],
    [['retry', 'schedule'], undefined, true],
    [['retry', 'manifest'], undefined, false],
    [['manifest'], true, true],
    [['schedule'], false, false],
  ])('of a run that %j started, with the setting %s: %s', (started, setting, expected) => {
    expect(refreshes(started, setting)).toBe(expected);
  });
});
