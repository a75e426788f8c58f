import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import type { CopernicaApi, CreateOutcome, LiveWebhook, WriteOutcome } from '../../../src/copernica/api.js';
import { approve } from '../../../src/plan/guard.js';
import type { LiveViews } from '../../../src/plan/live.js';
import { makePlan } from '../../../src/plan/plan.js';
import { applyPlan } from '../../../src/reconcile/apply.js';
import { Recovery } from '../../../src/recovery/recover.js';
import { applyRecord } from '../../../src/state/fold.js';
import { startState } from '../../../src/state/folded-state.js';
import type { StateRecord } from '../../../src/state/records.js';
import type { OpenJournal } from '../../../src/state/store.js';
import type { DesiredWebhook, WebhookSpec } from '../../../src/webhook.js';

const AT = '2026-01-01T00:00:00.000Z';
const SPEC: WebhookSpec = { handler: 'https://a.example', trigger: 'create' };
const EDITED: WebhookSpec = { handler: 'https://b.example', trigger: 'create' };
const LIMITED: WebhookSpec = { ...SPEC, database: 7 };

const FAILED = { ok: false, message: 'no' } as const;

interface Answers {
  readonly post?: CreateOutcome;
  readonly put?: WriteOutcome;
  readonly delete?: WriteOutcome;
  readonly live?: LiveViews;
  /** What reading an id shows. */
  readonly reads?: ReadonlyMap<number, LiveWebhook>;
}

/** Applies what a manifest with this entry, or none, asks for where entry `a` is webhook 5 and `b` webhook 6. */
async function applied(spec: WebhookSpec | null, answers: Answers = {}, name = 'a') {
  const state = startState({ type: 'header', version: 2, account: '34', createdAt: AT, highestId: 10 });
  applyRecord(state, { type: 'entry', name: 'a', id: 5, createdAt: AT, webhook: SPEC });
  applyRecord(state, { type: 'entry', name: 'b', id: 6, createdAt: AT, webhook: { ...SPEC, trigger: 'click' } });
  const records: StateRecord['type'][] = [];
  const onDisk: StateRecord['type'][] = [];
  const requests: string[] = [];
  const journal: OpenJournal = {
    state,
    write(record) {
      applyRecord(state, record);
      records.push(record.type);
    },
    async flush() {
      onDisk.splice(0, onDisk.length, ...records);
    },
  };
  const request = (what: string) => requests.push(`${what} after ${onDisk.join(' ')}`);
  const api = {
    listWebhooks: async () => ({ ok: true, value: 'unavailable' }),
    readWebhook: async (id: number) => {
      return { ok: true, value: answers.reads?.get(id) ?? 'gone' };
    },
    createWebhook: async () => {
      request('POST');
      return answers.post ?? { ok: true, value: 11 };
    },
    updateWebhook: async (id: number) => {
      request(`PUT ${id}`);
      return answers.put ?? { ok: true, value: 'done' };
    },
    deleteWebhook: async (id: number) => {
      request(`DELETE ${id}`);
      return answers.delete ?? { ok: true, value: 'done' };
    },
  } as unknown as CopernicaApi;
  const other: DesiredWebhook = {
    name: 'b',
    spec: { ...SPEC, trigger: 'click' },
    file: 'webhooks.yaml',
    line: 9,
    column: 1,
  };
  const asBefore: DesiredWebhook = { name: 'a', spec: SPEC, file: 'webhooks.yaml', line: 5, column: 1 };
  const entry = spec === null ? [] : [{ name, spec, file: 'webhooks.yaml', line: 1, column: 1 }];
  const desired = [other, ...(name === 'a' ? [] : [asBefore]), ...entry];
  const verdict = approve(makePlan(desired, state, answers.live, { prune: true }), state, { force: false });
  if (verdict.kind === 'refused') throw new Error('refused');
  const common = {
    journal,
    api,
    concurrency: 1,
    stop: new AbortController().signal,
    settling: { settleMs: 60_000, scanLimit: 100 },
    now: () => new Date(AT),
    onProgress: () => {},
  };
  const wanted = () => new Map(desired.map((each) => [each.name, each.spec]));
  const log = pino({ level: 'silent' });
  const recovery = new Recovery({ ...common, mayClose: true, wanted, namesToPost: () => new Set(), log });
  const results = await applyPlan(verdict.plan, {
    ...common,
    recovery,
    timeoutMs: 30_000,
    onUncertain: 'recover',
    refusedBefore: () => null,
    takeRetry: () => false,
  });
  return { requests, records, state, result: results.find(({ change }) => change.name === name)?.result };
}

describe('what is on disk when a request leaves', () => {
  it('is the intent, of a POST', async () => {
    const { requests, records } = await applied({ ...SPEC, trigger: 'open' }, {}, 'c');
    expect(requests).toEqual(['POST after intent']);
    expect(records).toEqual(['intent', 'created']);
  });

  it('is what the webhook is to become, of a PUT', async () => {
    const { requests, records } = await applied(EDITED);
    expect(requests).toEqual(['PUT 5 after updating']);
    expect(records).toEqual(['updating', 'updated']);
  });

  it('is the new webhook and that the old one is to go, of the DELETE of a replace', async () => {
    const { requests, records } = await applied(LIMITED);
    expect(requests).toEqual(['POST after intent', 'DELETE 5 after intent created']);
    expect(records).toEqual(['intent', 'created', 'removed']);
  });

  it('is that the webhook is to go, of the DELETE of a pruned one', async () => {
    const { requests, records } = await applied(null);
    expect(requests).toEqual(['DELETE 5 after deleting']);
    expect(records).toEqual(['deleting', 'removed']);
  });
});

describe('a webhook that is gone', () => {
  const GONE: Answers = { live: new Map([[5, { kind: 'gone' }]]), delete: { ok: true, value: 'gone' } };

  it('is deleted before it is made again, since the read may have lagged behind', async () => {
    const { requests, records } = await applied(SPEC, GONE);
    expect(requests).toEqual(['DELETE 5 after ', 'POST after removed intent']);
    expect(records).toEqual(['removed', 'intent', 'created']);
  });

  it('is made again, too, when it was there after all and the DELETE worked', async () => {
    const { requests, result } = await applied(SPEC, { ...GONE, delete: { ok: true, value: 'done' } });
    expect([requests, result]).toEqual([['DELETE 5 after ', 'POST after removed intent'], 'done']);
  });

  it.each(['not-sent', 'turned-away', 'refused', 'unknown'] as const)(
    'is not made again when the DELETE came to %s',
    async (kind) => {
      const { requests, records, state, result } = await applied(SPEC, { ...GONE, delete: { kind, ...FAILED } });
      expect([requests, records, result]).toEqual([['DELETE 5 after '], [], 'failed']);
      expect(state.entries.get('a')?.id).toBe(5);
    },
  );

  it.each([
    [400, 'done'],
    [404, 'done'],
    [403, 'failed'],
  ])('is made again or not when the DELETE was refused with status %i: %s', async (status, expected) => {
    const { requests, result } = await applied(SPEC, { ...GONE, delete: { kind: 'refused', ...FAILED, status } });
    expect([requests.length, result]).toEqual([expected === 'done' ? 2 : 1, expected]);
  });

  it('is made again, too, when only the PUT shows it', async () => {
    const { requests, records, result } = await applied(EDITED, {
      put: { ok: true, value: 'gone' },
      delete: { ok: true, value: 'gone' },
    });
    expect(requests).toEqual(['PUT 5 after updating', 'DELETE 5 after updating', 'POST after updating removed intent']);
    expect([records, result]).toEqual([['updating', 'removed', 'intent', 'created'], 'done']);
  });

  it('counts as deleted', async () => {
    expect(await applied(null, { delete: { ok: true, value: 'gone' } })).toMatchObject({
      records: ['deleting', 'removed'],
    });
    expect(await applied(LIMITED, { delete: { ok: true, value: 'gone' } })).toMatchObject({
      records: ['intent', 'created', 'removed'],
      result: 'done',
    });
  });
});

describe('what is recorded of a POST', () => {
  it.each<[string, CreateOutcome, string, string]>([
    ['that made it', { ok: true, value: 11 }, 'created', 'done'],
    ['that never left', { kind: 'not-sent', ...FAILED }, 'cancelled', 'failed'],
    ['that was turned away', { kind: 'turned-away', ...FAILED }, 'cancelled', 'failed'],
    ['that was refused', { kind: 'refused', ...FAILED }, 'cancelled', 'failed'],
    ['of which nobody knows', { kind: 'unknown', ...FAILED }, 'unknown', 'uncertain'],
    ['whose answer names a webhook of another entry', { ok: true, value: 6 }, 'unknown', 'uncertain'],
    ['whose answer names the webhook that it replaces', { ok: true, value: 5 }, 'unknown', 'uncertain'],
  ])('%s', async (_what, post, record, expected) => {
    const { records, result } = await applied(LIMITED, { post });
    expect([records[1], result]).toEqual([record, expected]);
  });
});

describe('an id that is not above what was known before', () => {
  const low = (more: Partial<LiveWebhook> = {}): Answers => {
    const webhook = { id: 7, ...SPEC, callers: [], database: 7, collection: null, ...more };
    return { post: { ok: true, value: 7 }, reads: new Map([[7, webhook]]) };
  };

  it('is that of the new webhook where that is there as it was sent, and ids do not rise then', async () => {
    const { records, state, result } = await applied(LIMITED, low());
    expect([records, result]).toEqual([['intent', 'created', 'removed'], 'done']);
    expect([state.entries.get('a')?.id, state.idsRise]).toEqual([7, false]);
  });

  it('is of unknown outcome where it is another webhook, or none', async () => {
    for (const answers of [low({ trigger: 'open' }), { ...low(), reads: new Map() }]) {
      const { records, state, result } = await applied(LIMITED, answers);
      expect([records, result]).toEqual([['intent', 'unknown'], 'uncertain']);
      expect([state.entries.get('a')?.id, state.idsRise]).toEqual([5, true]);
    }
  });
});

describe('what is recorded of a PUT or DELETE', () => {
  it.each(['not-sent', 'turned-away', 'refused', 'unknown'] as const)(
    'that came to %s: that it is still to do',
    async (kind) => {
      const put = await applied(EDITED, { put: { kind, ...FAILED } });
      expect([put.records, put.result]).toEqual([['updating'], 'failed']);
      expect(put.state.entries.get('a')).toMatchObject({ spec: SPEC, updating: EDITED });
      const pruned = await applied(null, { delete: { kind, ...FAILED } });
      expect([pruned.records, pruned.result, pruned.state.pendingDeletes.has(5)]).toEqual([
        ['deleting'],
        'failed',
        true,
      ]);
      const replaced = await applied(LIMITED, { delete: { kind, ...FAILED } });
      expect([replaced.records, replaced.result]).toEqual([['intent', 'created'], 'failed']);
      expect(replaced.state.pendingDeletes.has(5)).toBe(true);
    },
  );
});
