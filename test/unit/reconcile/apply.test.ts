import { describe, expect, it } from 'vitest';
import type { CopernicaApi } from '../../../src/copernica/api.js';
import { approve } from '../../../src/plan/guard.js';
import { makePlan } from '../../../src/plan/plan.js';
import { applyPlan } from '../../../src/reconcile/apply.js';
import type { OpenJournal } from '../../../src/reconcile/edges.js';
import { applyRecord, startState } from '../../../src/state/fold.js';
import type { StateRecord } from '../../../src/state/records.js';
import type { DesiredWebhook } from '../../../src/webhook.js';

const NOW = new Date('2026-01-01T00:00:00.000Z');
const CONCURRENCY = 2;

/** A run over creates, with the requests in the test's hand. */
function startCreating(entries: number, onUncertain: 'recover' | 'hold' = 'recover') {
  const state = startState({ type: 'header', version: 1, account: '34', createdAt: NOW.toISOString(), highestId: 10 });
  const records: StateRecord[] = [];
  const journal: OpenJournal = {
    state,
    write(record) {
      applyRecord(state, record);
      records.push(record);
    },
    flush: () => Promise.resolve(),
  };
  const answers: ((id: number) => void)[] = [];
  const api = {
    createWebhook: () => new Promise((answer) => answers.push((id) => answer({ kind: 'made', id }))),
  } as unknown as CopernicaApi;
  const desired = Array.from(
    { length: entries },
    (_, index): DesiredWebhook => ({
      name: `entry-${index}`,
      spec: { handler: `https://a.example/${index}`, trigger: 'create' },
      line: index + 1,
      column: 1,
    }),
  );
  const stopping = new AbortController();
  const verdict = approve(makePlan(desired, state), state, { force: false });
  if (verdict.kind === 'refused') throw new Error('refused');
  const results = applyPlan(verdict.plan, {
    journal,
    api,
    manifestFile: 'webhooks.yaml',
    concurrency: CONCURRENCY,
    onUncertain,
    now: () => NOW,
    stop: stopping.signal,
    onProgress: () => {},
    maySendAgain: () => false,
    openBecause: new Map(),
  });
  return { state, records, answers, stopping, results };
}

/** Everything that goes on without an answer has gone on. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('creates', () => {
  it('are sent no more at a time than was asked for, with a few intents on disk ahead of their turn', async () => {
    const { answers, records } = startCreating(20);
    await settled();
    expect(answers).toHaveLength(CONCURRENCY);
    expect(records).toHaveLength(CONCURRENCY * 4);
    answers[0]?.(11);
    await settled();
    expect(answers).toHaveLength(CONCURRENCY + 1);
  });

  it('have no intents ahead of their turn on hold, where each that is unconfirmed needs somebody', async () => {
    const { answers, records } = startCreating(20, 'hold');
    await settled();
    expect(answers).toHaveLength(CONCURRENCY);
    expect(records).toHaveLength(CONCURRENCY);
  });

  it('that wait for their turn when told to stop are cancelled, and never sent', async () => {
    const { answers, state, stopping, results } = startCreating(20);
    await settled();
    stopping.abort();
    answers[0]?.(11);
    answers[1]?.(12);
    const done = (await results).map(({ result }) => result);
    expect(done.filter((result) => result === 'done')).toHaveLength(CONCURRENCY);
    expect(done.filter((result) => result === 'skipped')).toHaveLength(20 - CONCURRENCY);
    expect(answers).toHaveLength(CONCURRENCY);
    expect(state.intents.size).toBe(0);
    expect([...state.owners.keys()]).toEqual([11, 12]);
  });
});
