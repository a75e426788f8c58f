import { type Logger, pino } from 'pino';
import type { Exchange } from '../../src/copernica/answer.js';
import type { CopernicaApi } from '../../src/copernica/api.js';
import { CircuitBreaker, type Clock } from '../../src/copernica/circuit-breaker.js';
import { createCopernicaClient } from '../../src/copernica/client.js';
import { createOutcome } from '../../src/copernica/outcome.js';
import { redactor } from '../../src/copernica/redact.js';
import type { TransportRequest } from '../../src/copernica/transport.js';
import { productError } from '../../src/errors.js';
import type { ReconcilerPorts } from '../../src/reconcile/ports.js';
import type { WireReply } from '../../src/sandbox/model/exchange.js';
import { exchange } from '../../src/sandbox/model/exchange.js';
import type { State } from '../../src/state/state.js';
import type { OpenJournal, StateLease, StateStore } from '../../src/state/store.js';
import type { Weather } from './connection.js';
import { manifestOf } from './edits.js';
import type { CallKind, End } from './history.js';
import type { SentPost } from './recorder.js';
import { TIMEOUT_MS, TOKENS } from './terms.js';
import type { VirtualTime } from './virtual-time.js';
import type { World } from './world.js';

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
  /** How far the clock of its machine is ahead of that of the world's. */
  readonly aheadMs?: number;
  /** By how much a second of its own is shorter. */
  readonly drift?: number;
  /** What becomes of its calls to the database. */
  readonly weather?: readonly Weather[];
  /** How long it waits for another to give the state back. */
  readonly lockTimeoutMs?: number;
}

/**
 * A process that works with the world and may die at any boundary of its I/O: before and after each write, flush and
 * rename, each request and each answer. The journal is the real one on a simulated disk, and the client is the real one
 * on a simulated wire.
 */
export class Process {
  readonly stop = new AbortController();
  readonly hold: boolean;
  readonly force: boolean;
  readonly retry: boolean;
  readonly concurrency: number;
  readonly drift: number;
  readonly weather: readonly Weather[];
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
  #pausedUntil = 0;
  #lease: StateLease | null = null;
  #opened: OpenJournal | null = null;
  #store: StateStore | null = null;

  constructor(world: World, options: ProcessOptions) {
    this.#world = world;
    this.#options = options;
    this.hold = options.hold;
    this.force = options.force;
    this.retry = options.retry;
    this.concurrency = options.concurrency;
    this.drift = options.drift ?? 0;
    this.weather = options.weather ?? [];
    this.#redact = redactor([TOKENS[options.token]]);
    world.place.onStart();
  }

  get state(): State | null {
    return this.#opened?.state ?? null;
  }

  get #isPaused(): boolean {
    return this.#world.time.now() < this.#pausedUntil;
  }

  /** So much later by the true time, or when the process goes on; never once it is dead. */
  later(ms: number, task: () => void): () => void {
    let callOff = this.#world.time.after(Math.max(0, ms), () => {
      callOff = this.#whenAwake(task);
    });
    return () => callOff();
  }

  /** At once, or when the process goes on. */
  #whenAwake(task: () => void): () => void {
    const { time } = this.#world;
    if (this.dead) return () => {};
    if (this.#isPaused) return this.later(this.#pausedUntil - time.now(), task);
    task();
    return () => {};
  }

  /** True: the process is dead from here on. One that pauses does nothing more that is waited for by `later`. */
  boundary(): boolean {
    if (this.dead) return true;
    const { end } = this.#options;
    this.#boundaries += 1;
    if (this.#boundaries !== end?.at) return false;
    switch (end.how) {
      case 'kill':
        this.dead = true;
        this.#world.place.onKill(end.share);
        return true;
      case 'stop':
        this.stop.abort();
        return false;
      case 'disk-full':
        this.#isDiskFull = true;
        return false;
      case 'pause':
        this.#pausedUntil = this.#world.time.now() + end.ms;
        return false;
    }
  }

  #now(): Date {
    return this.#lease?.now?.() ?? new Date(this.#world.clock + (this.#options.aheadMs ?? 0));
  }

  ports(): ReconcilerPorts {
    const { recorder } = this.#world;
    return {
      loadManifest: async () => {
        const { entries, removed, isManifestValid } = this.#world;
        if (isManifestValid) return { ...manifestOf(entries, removed), warnings: [] };
        throw productError('input', { code: 'bad-manifest', message: 'the manifest is broken' });
      },
      lockState: () => this.#take(),
      api: this.#api(),
      now: () => this.#now(),
      startClock: () => {
        const [started, begun] = [this.#now().getTime(), this.#world.time.now()];
        return () => new Date(started + this.#world.time.now() - begun);
      },
      sleep: (ms, signal) => this.sleep(ms, signal),
      log: loggerTo((line) => recorder.onPrinted(this.#redact(line))),
    };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        signal?.removeEventListener('abort', wake);
        if (!this.dead) resolve();
      };
      this.later(ms, wake);
      signal?.addEventListener('abort', wake);
      if (signal?.aborted === true) wake();
    });
  }

  /** It touches the disk. */
  async pass(act: 'read' | 'write' | 'flush'): Promise<void> {
    if (act === 'flush') await this.sleep(FLUSH_MS);
    if (this.boundary()) return never();
    if (act === 'write' && this.#isDiskFull) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
  }

  async #take(): Promise<StateLease> {
    const since = new Date(this.#world.clock + (this.#options.aheadMs ?? 0)).toISOString();
    const holder = { pid: 1, host: 'simulated', command: 'apply', since };
    this.#store ??= this.#world.place.storeOf(this);
    const timeoutMs = this.#options.lockTimeoutMs ?? 0;
    const lease = await this.#store.take({ holder, timeoutMs, mayBegin: true });
    this.#lease = lease;
    return {
      ...lease,
      open: async () => {
        const journal = await lease.open();
        return journal === null ? null : this.#journal(journal);
      },
      create: async (account) => this.#journal(await lease.create(account)),
      release: async () => {
        await lease.release();
        if (this.boundary()) return never();
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
      predecessorUntil: journal.predecessorUntil,
      write: (record) => {
        if (this.dead) return;
        recorder.onRecord(this, record);
        journal.write(record);
      },
      flush: () => (this.dead ? never() : journal.flush()),
    };
  }

  #api(): CopernicaApi {
    const clock: Clock = {
      now: () => this.#world.clock,
      random: () => this.#world.random(),
      sleep: (ms, signal) => this.sleep(ms, signal),
    };
    const breaker = new CircuitBreaker(() => {}, clock);
    const client = createCopernicaClient({
      apiUrl: 'http://sandbox',
      authUrl: 'http://sandbox',
      version: 3,
      token: TOKENS[this.#options.token],
      concurrency: this.concurrency,
      timeoutMs: TIMEOUT_MS,
      userAgent: 'simulated',
      now: clock.now,
      beforeSend: () => this.#lease?.assertSound(),
      retry: this.#options.patient ? { signal: this.stop.signal, breaker } : undefined,
      transport: { send: (request) => this.#send(request), close: async () => {} },
    });
    return {
      ...client,
      identity: async () => {
        const outcome = await client.identity();
        if (outcome.ok) this.account = outcome.value.id === '34' ? 'ours' : 'other';
        return outcome;
      },
    };
  }

  /** One request and what came of it, with the client's time-out. A dead client's request goes on at the server. */
  #send({ method, path: pathAndQuery, headers, body = '' }: TransportRequest): Promise<Exchange> {
    const { model, time, recorder } = this.#world;
    if (this.boundary()) return never();
    const [path = '', query = ''] = pathAndQuery.split('?');
    const id = Number(/\/webhook\/(\d+)$/.exec(path)?.[1] ?? 0) || null;
    const kind = kindOf(method, path);
    recorder.onRequest(this, kind, id);
    const request = { method, path, query, headers: { ...headers, host: 'sandbox' }, body };
    if (this.#world.takesNoConnection(kind)) return this.#unsent();
    if (kind === 'read' && id !== null && this.#world.unreadable.has(id)) return this.#unread();
    const post = kind === 'create' ? recorder.onPost(this, request) : null;
    if (kind !== 'identity') this.#world.place.onSend(this, kind);
    return new Promise((resolve) => {
      let open = true;
      const end = (result: Exchange) => {
        if (!open || this.boundary()) return;
        open = false;
        cancelTimeout();
        this.#whenAwake(() => {
          if (post !== null) this.#onAnswer(post, result);
          resolve(result);
        });
      };
      // One that is paused between its check and this sends when it goes on.
      const leftMs = Math.max(0, this.#pausedUntil - time.now());
      time.after(leftMs + this.latency(), () => {
        const isBehind = kind === 'read' && id !== null && this.#world.isBehind(id);
        const served = isBehind ? { ...request, path: '/v3/webhook/999999999' } : request;
        exchange(model, served, time, (reply) => this.later(this.latency(), () => answer(reply, time, end)));
      });
      const cancelTimeout = this.later(leftMs + TIMEOUT_MS, () => end(noAnswer(true, 'no answer in time')));
    });
  }

  #onAnswer(post: SentPost, result: Exchange): void {
    const { recorder } = this.#world;
    const outcome = createOutcome(result);
    recorder.onOutcome(this, post, outcome.ok ? 'made' : outcome.kind);
  }

  async #unread(): Promise<Exchange> {
    await this.sleep(this.latency());
    return { kind: 'answer', status: 500, headers: {}, body: '{}', receivedAt: this.#world.time.now() };
  }

  async #unsent(): Promise<Exchange> {
    await this.sleep(this.latency());
    return noAnswer(false, 'connection refused');
  }

  latency(): number {
    return 1 + Math.floor(this.#world.random() * MOST_LATENCY_MS);
  }
}

function noAnswer(sent: boolean, message: string): Exchange {
  return { kind: 'no-answer', sent, message };
}

function kindOf(method: string, path: string): CallKind {
  switch (method) {
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'DELETE':
      return 'delete';
    default:
      if (path.endsWith('/identity')) return 'identity';
      return path.endsWith('/webhooks') ? 'list' : 'read';
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
