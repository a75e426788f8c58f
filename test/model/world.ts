import { pino } from 'pino';
import { identityOutcome, readOutcome, webhookPage } from '../../src/copernica/answers.js';
import type { CopernicaApi, LiveWebhook } from '../../src/copernica/api.js';
import { createOutcome, type Exchange, writeOutcome } from '../../src/copernica/outcome.js';
import type { LockedState, OpenJournal, ReconcilerEdges } from '../../src/reconcile/edges.js';
import type { WireReply } from '../../src/sandbox/model/effects.js';
import { exchange } from '../../src/sandbox/model/exchange.js';
import { SANDBOX_TOKEN } from '../../src/sandbox/model/options.js';
import type { SandboxModel } from '../../src/sandbox/model/sandbox-model.js';
import { applyRecord, fold, startState } from '../../src/state/fold.js';
import type { HeaderRecord, StateRecord } from '../../src/state/records.js';
import type { State } from '../../src/state/state.js';
import type { DesiredWebhook } from '../../src/webhook.js';
import type { VirtualTime } from './virtual-time.js';

const TIMEOUT_MS = 30_000;
const LATENCY_MS = 5;
const asIs = (text: string) => text;

/** Never: what a dead process gets from everything it waits for. */
function never<T>(): Promise<T> {
  return new Promise<T>(() => {});
}

/**
 * One account and one disk in simulated time, and processes that work with them and may die at any boundary: before
 * and after each flush, each request and each answer. The API's answers go through the real outcome tables.
 */
export class World {
  readonly model: SandboxModel;
  readonly time: VirtualTime;
  /** What a crash leaves. */
  disk: StateRecord[] = [];
  desired: readonly DesiredWebhook[] = [];

  constructor(model: SandboxModel, time: VirtualTime) {
    this.model = model;
    this.time = time;
  }

  /** The state that the disk holds, or null before the first run. */
  get state(): State | null {
    return this.disk.length === 0 ? null : fold(this.disk);
  }

  /** A process that dies at the boundary of this number, or never. `tornAt` of its unflushed records survive. */
  startProcess(dieAtBoundary: number, tornAt: (pending: number) => number): Process {
    return new Process(this, dieAtBoundary, tornAt);
  }
}

export class Process {
  readonly #world: World;
  readonly #dieAt: number;
  readonly #tornAt: (pending: number) => number;
  #boundaries = 0;
  #pending: StateRecord[] = [];
  dead = false;

  constructor(world: World, dieAt: number, tornAt: (pending: number) => number) {
    this.#world = world;
    this.#dieAt = dieAt;
    this.#tornAt = tornAt;
  }

  get boundaries(): number {
    return this.#boundaries;
  }

  /** True: the process is dead from here on. */
  #boundary(): boolean {
    if (this.dead) return true;
    this.#boundaries += 1;
    if (this.#boundaries !== this.#dieAt) return false;
    this.dead = true;
    this.#world.disk.push(...this.#pending.slice(0, this.#tornAt(this.#pending.length)));
    return true;
  }

  edges(): ReconcilerEdges {
    const { time, desired } = this.#world;
    return {
      loadManifest: async () => ({ entries: desired, warnings: [] }),
      lockState: async () => this.#lock(),
      api: this.#api(),
      now: () => new Date(time.now()),
      sleepUntil: (until) => this.#sleep(until.getTime() - time.now()),
      log: pino({ level: 'silent' }),
    };
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.#world.time.after(Math.max(0, ms), () => !this.dead && resolve()));
  }

  #lock(): LockedState {
    return {
      open: async () => (this.#world.disk.length === 0 ? null : this.#journal(fold(this.#world.disk))),
      create: async (account) => {
        const header: HeaderRecord = { type: 'header', version: 1, account, createdAt: this.#at() };
        this.#world.disk.push(header);
        return this.#boundary() ? never() : this.#journal(startState(header));
      },
      release: async () => this.#flush(),
    };
  }

  #at(): string {
    return new Date(this.#world.time.now()).toISOString();
  }

  #journal(state: State): OpenJournal {
    // Folding makes a state of its own each time, so it is this process's to add to.
    const mine = state as ReturnType<typeof startState>;
    return {
      state: mine,
      write: (record) => {
        if (this.dead) return;
        applyRecord(mine, record);
        this.#pending.push(record);
      },
      flush: () => this.#flush(),
    };
  }

  async #flush(): Promise<void> {
    if (this.#boundary()) return never();
    this.#world.disk.push(...this.#pending);
    this.#pending = [];
    if (this.#boundary()) return never();
  }

  #api(): CopernicaApi {
    return {
      identity: async () => identityOutcome(await this.#call('GET', '/v3/identity'), asIs),
      createWebhook: async (spec) => createOutcome(await this.#call('POST', '/v3/webhooks', spec), asIs),
      readWebhook: async (id) => readOutcome(id, await this.#call('GET', `/v3/webhook/${id}`), asIs),
      updateWebhook: async (id, spec) =>
        writeOutcome('update', await this.#call('PUT', `/v3/webhook/${id}`, spec), asIs),
      deleteWebhook: async (id) => writeOutcome('delete', await this.#call('DELETE', `/v3/webhook/${id}`), asIs),
      listWebhooks: async () => {
        const page = webhookPage(await this.#call('GET', '/v3/webhooks', undefined, '&limit=1000'), asIs);
        if (page.kind === 'page') {
          const live = page.items.flatMap(({ live: webhook }): LiveWebhook[] => (webhook === null ? [] : [webhook]));
          return { kind: 'listed', webhooks: live };
        }
        return 'message' in page && page.kind !== 'no-call' && page.kind !== 'no-envelope'
          ? page
          : { kind: 'unavailable' };
      },
      databases: () => never(),
      collections: () => never(),
      close: async () => {},
    };
  }

  /** One request and what came of it, with the client's time-out. A dead client's request goes on at the server. */
  #call(method: string, path: string, body?: object, query = ''): Promise<Exchange> {
    const { time, model } = this.#world;
    if (this.#boundary()) return never();
    const request = {
      method,
      path,
      query: `access_token=${SANDBOX_TOKEN}${query}`,
      headers: { host: 'sandbox', 'content-type': body === undefined ? undefined : 'application/json' },
      body: body === undefined ? '' : JSON.stringify(body),
    };
    return new Promise((resolve) => {
      let open = true;
      const end = (result: Exchange) => {
        if (!open || this.#boundary()) return;
        open = false;
        resolve(result);
      };
      time.after(LATENCY_MS, () => {
        exchange(model, request, time, (reply) => time.after(LATENCY_MS, () => answer(reply, time, end)));
      });
      time.after(TIMEOUT_MS, () => open && end({ kind: 'no-answer', sent: true, message: 'no answer in time' }));
    });
  }
}

function answer(reply: WireReply, time: VirtualTime, end: (result: Exchange) => void): void {
  if (reply.kind === 'hang') return;
  if (reply.kind !== 'answer') {
    end({ kind: 'no-answer', sent: true, message: 'the connection was closed' });
    return;
  }
  const { status, headers, body } = reply.response;
  const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  end({ kind: 'answer', status, headers: lower, body, receivedAt: time.now() });
}
