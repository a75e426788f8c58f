import { describe, expect, it } from 'vitest';
import { createMetrics } from '../../../src/status/metrics.js';
import { snapshotOf } from '../../../src/status/summarize.js';

const NOW = new Date('2026-01-01T00:00:00.000Z');
const NONE = snapshotOf([], { version: '1', startedAt: NOW, now: NOW });

describe('a request', () => {
  it.each([
    ['made', 'ok'],
    ['gone', 'ok'],
    ['no-call', 'ok'],
    ['not-sent', 'error'],
    ['turned-away', 'error'],
    ['refused', 'error'],
    ['unknown', 'unknown'],
  ])('with the outcome %s counts as %s', async (outcome, result) => {
    const metrics = createMetrics('1');
    metrics.countersOf(null).requestMade({ call: 'createWebhook', outcome, durationMs: 1 });
    const labels = `{call="createWebhook",outcome="${outcome}",result="${result}"}`;
    expect(await metrics.text(NONE)).toContain(`copernica_webhooks_requests_total${labels} 1\n`);
  });
});
