import { pino } from 'pino';
import type { CopernicaApi, CreateOutcome, LiveWebhook, WriteOutcome } from '../../../src/copernica/api.js';
import { approve } from '../../../src/plan/guard.js';
import type { LiveViews } from '../../../src/plan/live.js';
import { makePlan } from '../../../src/plan/plan.js';
import { applyPlan } from '../../../src/reconcile/apply.js';
import type { ApplyContext } from '../../../src/reconcile/context.js';
import { Recovery } from '../../../src/recovery/recover.js';
import { applyRecord, fold } from '../../../src/state/fold.js';
import type { StateRecord } from '../../../src/state/records.js';
import type { OpenJournal } from '../../../src/state/store.js';
import type { DesiredWebhook, WebhookSpec } from '../../../src/webhook.js';

export const START = Date.parse('2026-01-01T00:00:00.000Z');
export const at = (seconds: number) => new Date(START + seconds * 1_000).toISOString();
export const SETTLE_MS = 60_000;
export const UNKNOWN: CreateOutcome = { ok: false, kind: 'unknown', message: 'no answer in time' };
export const REFUSED: CreateOutcome = { ok: false, kind: 'refused', message: 'no' };

const HEADER: StateRecord = { type: 'header', version: 2, account: '34', createdAt: at(0), highestId: 10 };

export function spec(path: string, more: Partial<WebhookSpec> = {}): WebhookSpec {
  return { handler: `https://a.example/${path}`, trigger: 'create', ...more };
}

/** Entries of these names, each with a handler of its own. */
export function entries(...names: string[]): DesiredWebhook[] {
  return names.map((name, index) => entry(name, spec(name), index));
}

export function entry(name: string, webhook: WebhookSpec, line = 1): DesiredWebhook {
  return { name, spec: webhook, file: 'webhooks.yaml', line, column: 1 };
}

/** An intent of which nobody knows what it made. */
export function lost(intent: number, name: string, seconds = 0, webhook = spec(name)): StateRecord[] {
  return [
    { type: 'intent', intent, name, above: 10, at: at(seconds), webhook, timeoutMs: 30_000 },
    { type: 'unknown', intent, at: at(seconds), reason: 'no answer' },
  ];
}

export function known(name: string, id: number, webhook = spec(name)): StateRecord {
  return { type: 'entry', name, id, createdAt: at(0), webhook };
}

interface Scene {
  /** What the state has, and the time at which it is looked at, in seconds. */
  readonly records?: readonly StateRecord[];
  readonly seconds?: number;
  readonly live?: LiveViews;
  readonly context?: Partial<ApplyContext>;
  /** True: each flush is in the test's hand. */
  readonly holdsFlushes?: boolean;
  readonly deletes?: WriteOutcome;
}

/** A POST that waits for its answer. */
interface Posted {
  readonly handler: string;
  readonly database: number | undefined;
  answer(outcome: CreateOutcome | number): void;
}

/** Everything that goes on without an answer has gone on. */
export const settled = () => new Promise((resolve) => setImmediate(resolve));

/** One round of changes for these entries, with the answers of POSTs in the test's hand. */
export function startApplying(desired: readonly DesiredWebhook[], scene: Scene = {}) {
  const { records = [], seconds = 0, live, context = {}, holdsFlushes = false, deletes } = scene;
  const state = fold([HEADER, ...records]);
  const written: StateRecord[] = [];
  const posts: Posted[] = [];
  const requests: string[] = [];
  const flushes: (() => void)[] = [];
  const account = new Map<number, LiveWebhook>();
  const stopping = new AbortController();
  let broken: Error | null = null;
  const journal: OpenJournal = {
    state,
    write(record) {
      applyRecord(state, record);
      written.push(record);
    },
    flush: () => {
      if (broken !== null) return Promise.reject(broken);
      return holdsFlushes ? new Promise((resolve) => flushes.push(resolve)) : Promise.resolve();
    },
  };
  const api = {
    listWebhooks: async () => ({ ok: true, value: 'unavailable' }),
    readWebhook: async (id: number) => {
      requests.push(`GET ${id}`);
      return { ok: true, value: account.get(id) ?? 'gone' };
    },
    createWebhook: async ({ handler, database }: WebhookSpec) => {
      // As the client does, before each request.
      if (broken !== null) throw broken;
      requests.push(`POST ${handler.split('/').at(-1)}`);
      return new Promise((resolve) => {
        posts.push({
          handler,
          database,
          answer: (outcome) => resolve(typeof outcome === 'number' ? { ok: true, value: outcome } : outcome),
        });
      });
    },
    deleteWebhook: async (id: number) => {
      requests.push(`DELETE ${id}`);
      return deletes ?? { ok: true, value: 'gone' };
    },
  } as unknown as CopernicaApi;
  const now = () => new Date(START + seconds * 1_000);
  const common = {
    journal,
    api,
    concurrency: 4,
    stop: stopping.signal,
    settling: { settleMs: SETTLE_MS, scanLimit: 100 },
    now,
    onProgress: () => {},
  };
  const recovery = new Recovery({
    ...common,
    mayClose: true,
    wanted: () => new Map(desired.map(({ name, spec: wanted }) => [name, wanted])),
    namesToPost: () => new Set(desired.map(({ name }) => name)),
    log: pino({ level: 'silent' }),
  });
  const verdict = approve(makePlan(desired, state, live), state, { force: true });
  if (verdict.kind === 'refused') throw new Error('refused');
  const { plan } = verdict;
  const whole: ApplyContext = {
    ...common,
    recovery,
    timeoutMs: 30_000,
    onUncertain: 'recover',
    refusedBefore: () => null,
    takeRetry: () => false,
    ...context,
  };
  const applied = applyPlan(plan, whole);
  // What is open and was not sent is explained elsewhere.
  const results = applied.then((all) => {
    const told = all.filter(({ result, error }) => result !== 'uncertain' || error !== null);
    return Object.fromEntries(
      told.map(({ change, result, error }) => [change.name, error?.problems[0]?.code ?? result]),
    );
  });
  results.catch(() => undefined);
  return {
    state,
    written,
    posts,
    requests,
    flushes,
    stopping,
    results,
    /** The server acted on it after all: it has a webhook with this id. */
    acted({ handler, database }: Posted, id: number) {
      account.set(id, { id, handler, trigger: 'create', callers: ['ms', 'publisher'], database, collection: null });
    },
    /** Nothing can be flushed any more. */
    breakDisk(reason: Error) {
      broken = reason;
    },
    /** Answers a POST, and lets all go on that can. */
    async answer(index: number, outcome: CreateOutcome | number) {
      posts[index]?.answer(outcome);
      await settled();
    },
    sent: () => requests.filter((request) => request.startsWith('POST')).map((request) => request.slice(5)),
  };
}
