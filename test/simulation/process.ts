import { type Logger, pino } from 'pino';
import type { Exchange } from '../../src/copernica/answer.js';
import { identityOutcome, readOutcome, webhookPage } from '../../src/copernica/answers.js';
import type { CopernicaApi, ListOutcome, LiveWebhook } from '../../src/copernica/api.js';
import { createOutcome, writeOutcome } from '../../src/copernica/outcome.js';
import { redactor } from '../../src/copernica/redact.js';
import { withRetries } from '../../src/copernica/retry.js';
import { productError } from '../../src/errors.js';
import type { ReconcilerEdges } from '../../src/reconcile/edges.js';
import type { WireReply } from '../../src/sandbox/model/effects.js';
import { exchange } from '../../src/sandbox/model/exchange.js';
import type { State } from '../../src/state/state.js';
import type { OpenJournal, StateLease } from '../../src/state/store.js';
import { CALLERS } from '../../src/webhook.js';
import type { CallKind, End } from './history.js';
import { memoryStore } from './memory-store.js';
import type { SentPost } from './recorder.js';
import { TOKENS } from './terms.js';
import type { VirtualTime } from './virtual-time.js';
import type { World } from './world.js';

const TIMEOUT_MS = 30_000;
const MOST_LATENCY_MS = 12;
const FLUSH_MS = 2;

/** Never: what a dead process gets from everything it waits for. */
function never<T>(): Promise<T> {
  return new Promise<T>(() => {});
}

export interface ProcessOptions {
  readonly end: End | null;
  readonly concurrency: number;
  readonly retry: boolean;
  readonly token: keyof typeof TOKENS;
  readonly patient: boolean;
  readonly hold: boolean;
  readonly force: boolean;
}

/**
 * A process that works with the world and may die at any boundary of its I/O: before and after each write, flush and
 * rename, each request and each answer. The journal is the real one on a simulated disk, and the API's answers go through
 * the real outcome tables and retries.
 */
export class Process {
  readonly stop = new AbortController();
  readonly hold: boolean;
  readonly force: boolean;
  readonly retry: boolean;
  readonly concurrency: number;
  /** POSTs under way. */
  underWay = 0;
  /** An id was answered, and no answer was lost since. */
  isTrusted = false;
  account: 'unknown' | 'ours' | 'other' = 'unknown';
  doomed = 0;
  managed = 0;
  dead = false;
  readonly #world: World;
  readonly #options: ProcessOptions;
  readonly #redact: (text: string) => string;
  #boundaries = 0;
  #isDiskFull = false;
  #opened: OpenJournal | null = null;

  constructor(world: World, options: ProcessOptions) {
    this.#world = world;
    this.#options = options;
    this.hold = options.hold;
    this.force = options.force;
    this.retry = options.retry;
    this.concurrency = options.concurrency;
    this.#redact = redactor([TOKENS[options.token]]);
    world.recorder.onStart();
  }

  get state(): State | null {
    return this.#opened?.state ?? null;
  }

  /** True: the process is dead from here on. */
  #boundary(): boolean {
    if (this.dead) return true;
    const { end } = this.#options;
    this.#boundaries += 1;
    if (this.#boundaries !== end?.at) return false;
    switch (end.how) {
      case 'kill':
        this.dead = true;
        this.#world.disk.crash(end.share);
        return true;
      case 'stop':
        this.stop.abort();
        return false;
      case 'disk-full':
        this.#isDiskFull = true;
        return false;
    }
  }

  edges(): ReconcilerEdges {
    const { stop } = this;
    const { recorder } = this.#world;
    const api = this.#api();
    const clock = { now: () => this.#world.clock, random: () => this.#world.random() };
    const sleep = (ms: number, signal: AbortSignal | undefined) => this.#sleep(ms, signal);
    return {
      loadManifest: async () => {
        const { entries, isManifestValid } = this.#world;
        if (isManifestValid) return { entries, warnings: [] };
        throw productError('input', { code: 'bad-manifest', message: 'the manifest is broken' });
      },
      lockState: () => this.#take(),
      api: this.#options.patient ? withRetries(api, { ...clock, sleep, signal: stop.signal }) : api,
      now: () => new Date(clock.now()),
      startClock: () => {
        const [started, begun] = [clock.now(), this.#world.time.now()];
        return () => new Date(started + this.#world.time.now() - begun);
      },
      sleep: (ms, signal) => this.#sleep(ms, signal),
      log: loggerTo((line) => recorder.onPrinted(this.#redact(line))),
    };
  }

  #sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        signal?.removeEventListener('abort', wake);
        if (!this.dead) resolve();
      };
      this.#world.time.after(Math.max(0, ms), wake);
      signal?.addEventListener('abort', wake);
      if (signal?.aborted === true) wake();
    });
  }

  async #pass(act: 'read' | 'write' | 'flush'): Promise<void> {
    if (act === 'flush') await this.#sleep(FLUSH_MS, undefined);
    if (this.#boundary()) return never();
    if (act === 'write' && this.#isDiskFull) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
  }

  /** One process at a time has the state here: that of a dead one is the next one's. */
  async #take(): Promise<StateLease> {
    const disk = this.#world.disk.files({ pass: (act) => this.#pass(act) });
    const since = new Date(this.#world.clock).toISOString();
    const holder = { pid: 1, host: 'simulated', command: 'apply', since };
    const lease = await memoryStore(disk, { holder: null }).take({ holder, timeoutMs: 0 });
    return {
      ...lease,
      open: async () => {
        const journal = await lease.open();
        return journal === null ? null : this.#journal(journal);
      },
      create: async (account) => this.#journal(await lease.create(account)),
      release: async () => {
        await lease.release();
        if (this.#boundary()) return never();
      },
    };
  }

  #journal(journal: OpenJournal): OpenJournal {
    const { recorder } = this.#world;
    this.#opened = journal;
    return {
      get state() {
        return journal.state;
      },
      write: (record) => {
        if (this.dead) return;
        recorder.onRecord(this, record);
        journal.write(record);
      },
      flush: () => (this.dead ? never() : journal.flush()),
    };
  }

  #api(): CopernicaApi {
    const redact = this.#redact;
    return {
      identity: async () => {
        const outcome = identityOutcome(await this.#call('identity', 'GET', 'identity', null), redact);
        if (outcome.kind === 'identity') this.account = outcome.identity.id === '34' ? 'ours' : 'other';
        return outcome;
      },
      createWebhook: async (spec) => createOutcome(await this.#call('create', 'POST', 'webhooks', null, spec), redact),
      readWebhook: async (id) => readOutcome(id, await this.#call('read', 'GET', `webhook/${id}`, id), redact),
      updateWebhook: async (id, { handler, trigger, callers = CALLERS }) => {
        const body = { handler, trigger, callers };
        return writeOutcome('update', await this.#call('update', 'PUT', `webhook/${id}`, id, body), redact);
      },
      deleteWebhook: async (id) =>
        writeOutcome('delete', await this.#call('delete', 'DELETE', `webhook/${id}`, id), redact),
      listWebhooks: async () => listOutcome(webhookPage(await this.#call('list', 'GET', 'webhooks', null), redact)),
      databases: () => never(),
      collections: () => never(),
      close: async () => {},
    };
  }

  /** One request and what came of it, with the client's time-out. A dead client's request goes on at the server. */
  #call(kind: CallKind, method: string, resource: string, id: number | null, body?: object): Promise<Exchange> {
    const { model, time, recorder } = this.#world;
    if (this.#boundary()) return never();
    recorder.onRequest(this, kind, id);
    const query = `access_token=${TOKENS[this.#options.token]}${kind === 'list' ? '&limit=1000' : ''}`;
    const type = body === undefined ? undefined : 'application/json';
    const headers = { host: 'sandbox', 'content-type': type };
    const request = { method, path: `/v3/${resource}`, query, headers, body: JSON.stringify(body ?? '') };
    if (this.#world.takesNoConnection(kind)) return this.#unsent();
    if (kind === 'read' && id !== null && this.#world.unreadable.has(id)) return this.#unread();
    const post = kind === 'create' ? recorder.onPost(this, request) : null;
    return new Promise((resolve) => {
      let open = true;
      const end = (result: Exchange) => {
        if (!open || this.#boundary()) return;
        open = false;
        cancelTimeout();
        if (post !== null) this.#onAnswer(post, result);
        resolve(result);
      };
      time.after(this.#latency(), () => {
        const isBehind = kind === 'read' && id !== null && this.#world.isBehind(id);
        const served = isBehind ? { ...request, path: '/v3/webhook/999999999' } : request;
        exchange(model, served, time, (reply) => time.after(this.#latency(), () => answer(reply, time, end)));
      });
      const cancelTimeout = time.after(TIMEOUT_MS, () => end(noAnswer(true, 'no answer in time')));
    });
  }

  #onAnswer(post: SentPost, result: Exchange): void {
    const { recorder } = this.#world;
    recorder.onOutcome(this, post, createOutcome(result, this.#redact).kind);
  }

  async #unread(): Promise<Exchange> {
    await this.#sleep(this.#latency(), undefined);
    return { kind: 'answer', status: 500, headers: {}, body: '{}', receivedAt: this.#world.time.now() };
  }

  async #unsent(): Promise<Exchange> {
    await this.#sleep(this.#latency(), undefined);
    return noAnswer(false, 'connection refused');
  }

  #latency(): number {
    return 1 + Math.floor(this.#world.random() * MOST_LATENCY_MS);
  }
}

function noAnswer(sent: boolean, message: string): Exchange {
  return { kind: 'no-answer', sent, message };
}

/** As the client reads the pages, of which there is one here. */
function listOutcome(page: ReturnType<typeof webhookPage>): ListOutcome {
  switch (page.kind) {
    case 'page': {
      if (page.items.length !== page.total) return { kind: 'unavailable' };
      const webhooks = page.items.flatMap(({ live }): LiveWebhook[] => (live === null ? [] : [live]));
      return { kind: 'listed', webhooks };
    }
    case 'no-envelope':
    case 'no-call':
    case 'gone':
      return { kind: 'unavailable' };
    case 'not-sent':
    case 'turned-away':
    case 'refused':
    case 'unknown':
      return page;
  }
}

function answer(reply: WireReply, time: VirtualTime, end: (result: Exchange) => void): void {
  if (reply.kind === 'hang') return;
  if (reply.kind !== 'answer') {
    end(noAnswer(true, 'the connection was closed'));
    return;
  }
  const { status, headers, body, promisedBytes } = reply.response;
  const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  const whole = promisedBytes === undefined || promisedBytes === body.length;
  const told = whole ? body : { broken: 'lost' as const, message: 'the answer broke off' };
  end({ kind: 'answer', status, headers: lower, body: told, receivedAt: time.now() });
}

function loggerTo(write: (line: string) => void): Logger {
  return pino({ level: 'trace', base: null }, { write });
}
