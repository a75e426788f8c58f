import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Schedules } from '../../../src/daemon/cron.js';

const QUARTER_MS = 15 * 60_000;
const HOUR_MS = 3_600_000;

// Waiting for a quarter of an hour, and setting the clock, needs another clock than the machine's.
describe('a started schedule', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: new Date('2026-11-23T10:07:00Z') });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  function started(text: string, timezone: string | undefined) {
    const due: string[] = [];
    const schedule = new Schedules().start(text, { timezone, onDue: () => due.push(new Date().toISOString()) });
    onTestFinished(() => schedule.stop());
    return { due, schedule };
  }

  it('is due at its times, and says when it is due next', async () => {
    const { due, schedule } = started('*/15 * * * *', 'UTC');
    expect(schedule.nextAt()?.toISOString()).toBe('2026-11-23T10:15:00.000Z');
    await vi.advanceTimersByTimeAsync(2 * QUARTER_MS);
    expect(due).toEqual(['2026-11-23T10:15:00.000Z', '2026-11-23T10:30:00.000Z']);
  });

  it('is one for all accounts that have it, until the last of them ends', async () => {
    const schedules = new Schedules();
    const due: string[] = [];
    const all = ['a', 'b', 'c'].map((name) =>
      schedules.start('*/15 * * * *', { timezone: 'UTC', onDue: () => due.push(name) }),
    );
    const other = schedules.start('*/15 * * * *', { timezone: 'Europe/Amsterdam', onDue: () => due.push('other') });
    expect(vi.getTimerCount()).toBe(2);
    all[1]?.stop();
    await vi.advanceTimersByTimeAsync(QUARTER_MS);
    expect(due.sort()).toEqual(['a', 'c', 'other']);
    for (const schedule of [...all, other]) schedule.stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('goes by the clock of its time zone', () => {
    const { schedule } = started('0 3 * * *', 'Europe/Amsterdam');
    expect(schedule.nextAt()?.toISOString()).toBe('2026-11-24T02:00:00.000Z');
  });

  it('does not wake up in between', () => {
    started('0 3 * * *', 'UTC');
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersToNextTimer();
    expect(new Date().toISOString()).toBe('2026-11-24T03:00:00.000Z');
  });

  it('makes up once for the times that a machine slept through', async () => {
    const { due } = started('*/15 * * * *', 'UTC');
    vi.setSystemTime('2026-11-23T18:20:00Z');
    await vi.advanceTimersToNextTimerAsync();
    expect(due).toHaveLength(1);
    await vi.advanceTimersToNextTimerAsync();
    expect(due).toHaveLength(2);
    expect(due.at(-1)).toBe('2026-11-23T18:30:00.000Z');
  });

  it('comes although the process was too busy to be there in time', async () => {
    const { due } = started('0 3 * * *', 'UTC');
    vi.setSystemTime('2026-11-24T03:00:05Z');
    await vi.advanceTimersToNextTimerAsync();
    expect(due).toHaveLength(1);
  });

  it('goes on when the clock is set back, once a minute later than regular', async () => {
    const { due } = started('*/15 * * * *', 'UTC');
    vi.setSystemTime(Date.now() - 2 * HOUR_MS);
    await vi.advanceTimersByTimeAsync(HOUR_MS);
    expect(due).toEqual([
      '2026-11-23T08:23:00.000Z',
      '2026-11-23T08:30:00.000Z',
      '2026-11-23T08:45:00.000Z',
      '2026-11-23T09:00:00.000Z',
    ]);
  });

  it.each(['UTC', 'Europe/Amsterdam'])(
    'goes on in the hour that comes twice in autumn, on a machine in %s',
    async (zone) => {
      vi.stubEnv('TZ', zone);
      onTestFinished(() => void vi.unstubAllEnvs());
      vi.setSystemTime('2026-10-24T23:40:00Z');
      const { due } = started('*/15 * * * *', 'Europe/Amsterdam');
      await vi.advanceTimersByTimeAsync(2 * HOUR_MS);
      const waits = due.map((time, index) => Date.parse(time) - Date.parse(due[index - 1] ?? '2026-10-24T23:40:00Z'));
      expect(Math.max(...waits)).toBeLessThanOrEqual(QUARTER_MS + 60_000);
      expect(due.at(-1)).toBe('2026-10-25T01:30:00.000Z');
    },
  );

  it('comes once on the day in spring that has no such time', async () => {
    vi.setSystemTime('2027-03-27T00:00:00Z');
    const { due } = started('30 2 * * *', 'Europe/Amsterdam');
    await vi.advanceTimersByTimeAsync(3 * 24 * HOUR_MS);
    expect(due).toEqual(['2027-03-27T01:30:00.000Z', '2027-03-28T01:31:00.000Z', '2027-03-29T00:30:00.000Z']);
  });

  it('waits for longer than a timer holds', async () => {
    const { due } = started('0 0 1 1,3 *', 'UTC');
    await vi.advanceTimersByTimeAsync(39 * 24 * HOUR_MS);
    expect(due).toEqual(['2027-01-01T00:00:00.000Z']);
  });

  it('keeps nothing that would hold up the end of the process once it is stopped', async () => {
    const { due, schedule } = started('* * * * *', 'UTC');
    schedule.stop();
    expect(vi.getTimerCount()).toBe(0);
    await vi.advanceTimersByTimeAsync(HOUR_MS);
    expect(due).toEqual([]);
  });
});
