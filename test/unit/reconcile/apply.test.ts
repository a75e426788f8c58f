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

interface Creating {
  readonly onUncertain: 'recover' | 'hold';
  readonly highestId: number | null;
  /** Told apart by their databases alone. */
  readonly alike: boolean;
  /** Told how many records there are. */
  readonly flush: (records: number) => Promise<void>;
}

/** A run over creates, with the requests in the test's hand. */
function startCreating(
  entries: number,
  { onUncertain = 'recover', highestId = 10, alike = false, flush = () => Promise.resolve() }: Partial<Creating> = {},
) {
  const header = { type: 'header', version: 1, account: '34', createdAt: NOW.toISOString() } as const;
  const state = startState({ ...header, ...(highestId === null ? {} : { highestId }) });
  const records: StateRecord[] = [];
  const journal: OpenJournal = {
    state,
    write(record) {
      applyRecord(state, record);
      records.push(record);
    },
    flush: () => flush(records.length),
  };
  const answers: ((id: number) => void)[] = [];
  const api = {
    createWebhook: () => new Promise((answer) => answers.push((id) => answer({ kind: 'made', id }))),
  } as unknown as CopernicaApi;
  const desired = Array.from(
    { length: entries },
    (_, index): DesiredWebhook => ({
      name: `entry-${index}`,
      spec: alike
        ? { handler: 'https://a.example', trigger: 'create', database: index + 1 }
        : { handler: `https://a.example/${index}`, trigger: 'create' },
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

const SPECS = {
  x: { handler: 'https://a.example/x', trigger: 'create' },
  y: { handler: 'https://a.example/y', trigger: 'create' },
} as const;

/** Two uncertain entries, edited so that each wants what was lost of the other. */
function startRecovering(maySendAgain: (name: string) => boolean) {
  const state = startState({ type: 'header', version: 1, account: '34', createdAt: NOW.toISOString(), highestId: 10 });
  const at = NOW.toISOString();
  for (const [index, [name, webhook]] of (
    [
      ['a', SPECS.x],
      ['b', SPECS.y],
    ] as const
  ).entries()) {
    applyRecord(state, { type: 'intent', intent: index + 1, name, above: 10, at, webhook });
  }
  const desired = (
    [
      ['a', SPECS.y],
      ['b', SPECS.x],
    ] as const
  ).map(([name, spec], line) => ({ name, spec, line, column: 1 }));
  const posted: string[] = [];
  let id = 10;
  const api = {
    createWebhook: async ({ handler }: { handler: string }) => {
      posted.push(handler);
      id += 1;
      return { kind: 'made', id };
    },
  } as unknown as CopernicaApi;
  const verdict = approve(makePlan(desired, state), state, { force: false });
  if (verdict.kind === 'refused') throw new Error('refused');
  const journal: OpenJournal = { state, write: (record) => applyRecord(state, record), flush: () => Promise.resolve() };
  const results = applyPlan(verdict.plan, {
    journal,
    api,
    manifestFile: 'webhooks.yaml',
    concurrency: CONCURRENCY,
    onUncertain: 'recover',
    now: () => NOW,
    stop: new AbortController().signal,
    onProgress: () => {},
    maySendAgain,
    openBecause: new Map(),
  });
  return { results, posted };
}

/** Everything that goes on without an answer has gone on. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('creates', () => {
  it('are sent no more at a time than was asked for, with as many intents on disk ahead of their turn', async () => {
    const { answers, records } = startCreating(20);
    await settled();
    expect(answers).toHaveLength(CONCURRENCY);
    expect(records).toHaveLength(CONCURRENCY * 2);
    answers[0]?.(11);
    await settled();
    expect(answers).toHaveLength(CONCURRENCY + 1);
  });

  it('have more intents ahead of their turn each time that the wire waits for the disk, up to a bound', async () => {
    let disk = Promise.resolve();
    const { answers, records } = startCreating(200, { flush: () => disk });
    const unanswered: number[] = [];
    let answered = 0;
    await settled();
    while (answered < 100) {
      let flushed = () => {};
      disk = new Promise((resolve) => {
        flushed = resolve;
      });
      // All that is on disk is sent and answered before the disk has what came since.
      for (let answer = answers.shift(); answer !== undefined; answer = answers.shift()) {
        answered += 1;
        answer(10 + answered);
        await settled();
      }
      unanswered.push(records.filter(({ type }) => type === 'intent').length - answered);
      flushed();
      await settled();
    }
    expect(unanswered[0]).toBeGreaterThan(CONCURRENCY * 2);
    expect(Math.max(...unanswered)).toBe(CONCURRENCY * 8);
  });

  it('have no intents ahead of their turn on hold, where each that is unconfirmed needs somebody', async () => {
    const { answers, records } = startCreating(20, { onUncertain: 'hold' });
    await settled();
    expect(answers).toHaveLength(CONCURRENCY);
    expect(records).toHaveLength(CONCURRENCY);
  });

  it('have none ahead either where the account shows nothing to tell them apart', async () => {
    const { answers, records } = startCreating(20, { alike: true });
    await settled();
    expect([answers.length, records.length]).toEqual([CONCURRENCY, CONCURRENCY]);
    answers[0]?.(11);
    await settled();
    expect([answers.length, records.length]).toEqual([CONCURRENCY + 1, CONCURRENCY + 2]);
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

describe('creates while no id is known', () => {
  it('are sent one at a time, so that at most one that is lost has no lower bound', async () => {
    const { answers, records } = startCreating(20, { highestId: null });
    await settled();
    expect([answers.length, records.length]).toEqual([1, 1]);
    answers[0]?.(11);
    await settled();
    expect(answers).toHaveLength(1 + CONCURRENCY);
  });
});

describe('a state file that can’t be written any more', () => {
  it('ends the run only when no request is under way, since the lock is given back then', async () => {
    const broken = new Error('no space left');
    const { answers, results } = startCreating(20, {
      // The intents of those in hand are on disk, those after them are not.
      flush: (records) => (records > CONCURRENCY * 2 ? Promise.reject(broken) : Promise.resolve()),
    });
    let ended = false;
    results
      .catch(() => undefined)
      .finally(() => {
        ended = true;
      });
    await settled();
    for (let sent = 0; sent < CONCURRENCY * 2; sent += 1) {
      expect([answers.length > sent, ended]).toEqual([true, false]);
      answers[sent]?.(11 + sent);
      await settled();
    }
    await expect(results).rejects.toBe(broken);
    expect(answers).toHaveLength(CONCURRENCY * 2);
  });
});

describe('an uncertain entry that is edited to what was lost of another', () => {
  it('waits until that is settled, too', async () => {
    const { results, posted } = startRecovering((name) => name === 'a');
    expect((await results).map(({ result, error }) => [result, error?.problems[0]?.code])).toEqual([
      ['skipped', 'waits-for-uncertain'],
      ['uncertain', 'uncertain-create'],
    ]);
    expect(posted).toEqual([]);
  });

  it('is sent once nothing can come of either any more', async () => {
    const { results, posted } = startRecovering(() => true);
    expect((await results).map(({ result }) => result)).toEqual(['done', 'done']);
    expect(posted).toHaveLength(2);
  });
});
