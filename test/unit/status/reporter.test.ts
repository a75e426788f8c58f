import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { StatusSnapshot } from '../../../src/status/snapshot.js';
import { openStatus } from '../../../src/status/status.js';

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
  return { reporter, snapshot };
}

describe('what is reported of a run', () => {
  it('ends it, also when it broke off by an error that nobody expected', async () => {
    const { reporter, snapshot } = await openOne();
    const run = reporter.observeRun(['start'], true, async () => {
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
