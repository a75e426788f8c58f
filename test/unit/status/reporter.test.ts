import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { RunReport } from '../../../src/reconcile/run-once.js';
import type { StatusSnapshot } from '../../../src/status/snapshot.js';
import { openStatus } from '../../../src/status/status.js';
import { readMetrics } from '../../helpers/metrics-text.js';
import { type Fate, report } from '../../helpers/outcomes.js';

async function openOne() {
  const status = await openStatus({
    listen: { host: '127.0.0.1', port: 0 },
    allowedHosts: [],
    anyPort: false,
    version: '1.2.3',
    now: () => new Date(),
    log: pino({ level: 'silent' }),
    redact: (text) => text,
  });
  onTestFinished(() => status.close());
  const reporter = status.account({ name: null, target: 'here', file: 'webhooks.yaml', schedule: 'off' });
  const snapshot = async () => {
    const answer = await fetch(new URL('status.json', status.url ?? ''));
    return ((await answer.json()) as StatusSnapshot).accounts[0];
  };
  const metrics = async () => (await fetch(new URL('metrics', status.url ?? ''))).text();
  return { reporter, snapshot, metrics };
}

describe('what is reported of a run', () => {
  it('ends it, also when it broke off by an error that nobody expected', async () => {
    const { reporter, snapshot } = await openOne();
    const run = reporter.observeRun(['start'], async () => {
      expect(await snapshot()).toMatchObject({ running: { triggers: ['start'] } });
      throw new TypeError('x is not a function');
    });
    await expect(run).rejects.toThrow(TypeError);
    expect(await snapshot()).toMatchObject({
      running: null,
      health: { kind: 'run-failed' },
      runs: [{ result: 'failed' }],
    });
  });
});

describe('what is reported of the manifest', () => {
  it('is what is new: looks that find it as it was, every two seconds, change nothing', async () => {
    const { reporter } = await openOne();
    const good = { ok: true as const, entries: [], removed: [], warnings: [] };
    const manifest = { reload: async () => false, good, problems: [], commit: null };
    let changes = 0;
    reporter.onChange(() => {
      changes += 1;
    });
    for (const _ of [1, 2, 3]) await reporter.observeReload(manifest);
    expect(changes).toBe(1);
    for (const _ of [1, 2, 3]) await reporter.observeReload({ ...manifest, commit: 'a'.repeat(40) });
    expect(changes).toBe(2);
  });
});

describe('drift', () => {
  it('is counted, so that one that was put back within a run is not missed', async () => {
    const { reporter, metrics } = await openOne();
    const drifted = async (name: string) => {
      const { samples } = readMetrics(await metrics());
      return samples.find((sample) => sample.name === `copernica_webhooks_${name}`)?.value;
    };
    expect(await drifted('drifted_total')).toBe(0);
    const run = (b: Fate) =>
      reporter.observeRun(['schedule'], async () => {
        const { manifest, ...view } = report({ a: 'fine', b }).view;
        const rest = { warnings: [], refreshed: true, unread: 0, lookFailure: null, comeBackInMs: null };
        return { ...view, ...rest, manifest: { ok: true, warnings: [], ...manifest } } as unknown as RunReport;
      });
    await run('drifted');
    await run('fine');
    expect([await drifted('drifted_total'), await drifted('drifted')]).toEqual([1, 0]);
    await run('drifted');
    expect([await drifted('drifted_total'), await drifted('drifted')]).toEqual([2, 1]);
  });
});

describe('an entry that was refused and is left alone', () => {
  it('is still one that failed, and is counted as tried only once', async () => {
    const { reporter, snapshot, metrics } = await openOne();
    const run = (refusal: 'now' | 'before') =>
      reporter.observeRun(['schedule'], async () => {
        const { manifest, ...view } = report({ a: 'fine', b: 'unmended' }).view;
        const changes = view.changes.map((applied) =>
          applied.result === 'failed' ? { ...applied, refusal } : applied,
        );
        return { ...view, changes, warnings: [], refreshed: refusal === 'now', manifest } as unknown as RunReport;
      });
    await run('now');
    await run('before');
    const remedy = expect.stringContaining('tried again when its entry changes');
    expect(await snapshot()).toMatchObject({
      counts: { failed: 1, drifted: 1 },
      health: { kind: 'webhooks-failed', advice: [{ remedy }, {}] },
      runs: [
        { result: 'partial', notDone: 1, changes: [] },
        { result: 'partial', notDone: 1, changes: [{ name: 'b' }] },
      ],
    });
    const { samples } = readMetrics(await metrics());
    const failures = samples.filter(({ name, labels }) => {
      return name === 'copernica_webhooks_changes_total' && labels.includes('result="failed"');
    });
    expect(failures).toMatchObject([{ value: 1 }]);
  });
});
