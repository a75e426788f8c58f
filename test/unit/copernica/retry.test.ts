import type { Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { CallFailure, CopernicaApi } from '../../../src/copernica/api.js';
import { CircuitBreaker, type Outage } from '../../../src/copernica/circuit-breaker.js';
import { createCopernicaClient } from '../../../src/copernica/client.js';
import { isRefusedForGood, mayRepeat, RETRY, waitAfter } from '../../../src/copernica/retry-policy.js';
import type { WebhookSpec } from '../../../src/webhook.js';
import { answer, closedPort, json, LOAD_BALANCER_PAGE, type Script, startRawServer } from '../../helpers/raw-server.js';

const SPEC: WebhookSpec = { handler: 'https://my-webhook-url.com', trigger: 'create' };

/** Time that passes only when somebody waits: a wait is over when no shorter one is left. */
class VirtualTime {
  now = 1_000_000;
  readonly waits: number[] = [];
  readonly #sleepers: { readonly at: number; readonly wake: () => void }[] = [];

  readonly sleep = (ms: number, signal?: AbortSignal): Promise<void> => {
    this.waits.push(ms);
    return new Promise((wake) => {
      if (signal?.aborted === true) return wake();
      signal?.addEventListener('abort', () => wake());
      this.#sleepers.push({ at: this.now + ms, wake });
    });
  };

  get sleeping(): number {
    return this.#sleepers.length;
  }

  /** Wakes those who wait shortest. */
  pass(): void {
    const next = Math.min(...this.#sleepers.map(({ at }) => at));
    if (next === Number.POSITIVE_INFINITY) return;
    this.now = Math.max(this.now, next);
    const due = this.#sleepers.filter(({ at }) => at <= this.now);
    for (const sleeper of due) this.#sleepers.splice(this.#sleepers.indexOf(sleeper), 1);
    for (const { wake } of due) wake();
  }

  /** Lets time pass whenever everybody waits, until the work is done. */
  async during<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    const done = work.finally(() => {
      isDone = true;
    });
    const turn = () => {
      if (isDone) return;
      this.pass();
      setImmediate(turn);
    };
    setImmediate(turn);
    return done;
  }
}

async function open(script: Script, options: { readonly signal?: AbortSignal; readonly url?: string } = {}) {
  const server = await startRawServer(script);
  const time = new VirtualTime();
  const outages: Outage[] = [];
  const clock = { sleep: time.sleep, now: () => time.now, random: () => 0.5 };
  const breaker = new CircuitBreaker((outage) => outages.push(outage), clock);
  const api = createCopernicaClient({
    apiUrl: options.url ?? server.url,
    authUrl: 'http://127.0.0.1:1',
    version: 3,
    token: 'access-token-0123456789',
    concurrency: 4,
    timeoutMs: 20_000,
    userAgent: 'copernica-webhooks/1.2.3',
    retry: { signal: options.signal, breaker },
  });
  onTestFinished(() => api.close());
  return { api, server, time, outages };
}

const failure = (kind: CallFailure['kind'], status?: number): CallFailure => ({
  ok: false,
  kind,
  message: 'm',
  status,
});

describe('whether a call may be sent again', () => {
  it.each([
    [failure('not-sent'), true, true],
    [failure('turned-away', 503), true, true],
    [failure('unknown'), true, false],
    [failure('unknown', 504), true, false],
    [failure('unknown', 408), true, false],
    [failure('unknown', 200), false, false],
    [failure('unknown', 302), false, false],
    [failure('refused', 400), false, false],
  ])('after %j: reads, PUT and DELETE %s, POST %s', (failed, others, post) => {
    expect(['GET', 'PUT', 'DELETE'].map((method) => mayRepeat(method, failed))).toEqual([others, others, others]);
    expect(mayRepeat('POST', failed)).toBe(post);
  });

  it('waits twice as long each time, up to a limit, a random part of it, and never less than it was asked to', () => {
    expect([1, 2, 3, 4, 7, 8, 2000].map((failures) => waitAfter(failures, undefined, 1))).toEqual([
      500, 1000, 2000, 4000, 30_000, 30_000, 30_000,
    ]);
    expect(waitAfter(3, undefined, 0)).toBe(0);
    expect(waitAfter(3, undefined, 0.25)).toBe(500);
    expect(waitAfter(3, 10_000, 0.25)).toBe(10_000);
    expect(waitAfter(3, 86_400_000, 0.25)).toBe(RETRY.retryAfterMaxMs);
  });
});

describe('a call that is sent again', () => {
  const calls: readonly [name: string, (api: CopernicaApi) => Promise<unknown>, good: string][] = [
    ['identity', (api) => api.identity(), json({ id: 1, name: 'a' })],
    ['readWebhook', (api) => api.readWebhook(5), json({ ID: 5, handler: 'h', trigger: 't' })],
    ['updateWebhook', (api) => api.updateWebhook(5, SPEC), answer(303)],
    ['deleteWebhook', (api) => api.deleteWebhook(5), answer(200)],
    ['listWebhooks', (api) => api.listWebhooks(), json({ total: 0, data: [] })],
    ['databases', (api) => api.databases(), json({ total: 0, data: [] })],
    ['collections', (api) => api.collections(5), json({ total: 0, data: [] })],
  ];

  it.each(calls)('%s passes over a reset, a 504 and a 502', async (_, call, good) => {
    const { api, time, server } = await open((socket, __, count) => {
      if (count === 1) socket.resetAndDestroy();
      else if (count < 4) socket.write(answer(count === 2 ? 504 : 502));
      else socket.write(good);
    });
    expect(await time.during(call(api))).toMatchObject({ ok: true });
    expect(server.requests).toHaveLength(4);
    expect(time.waits).toEqual([250, 500, 1000]);
  });

  it('ends with the failure when it has been tried often enough', async () => {
    const { api, time, server } = await open((socket) => socket.write(answer(500)));
    expect(await time.during(api.readWebhook(5))).toMatchObject({ kind: 'unknown', status: 500 });
    expect(server.requests).toHaveLength(RETRY.attempts.unknown);
  });

  it('takes a DELETE for done when the one before had worked after all', async () => {
    const { api, time } = await open((socket, _, count) => {
      if (count === 1) socket.end();
      else socket.write(json({ error: { message: 'This webhook has already been removed' } }, 400));
    });
    expect(await time.during(api.deleteWebhook(5))).toEqual({ ok: true, value: 'gone' });
  });

  it.each<[string, Script]>([
    ['504', (socket) => socket.write(answer(504, {}, LOAD_BALANCER_PAGE))],
    ['a reset', (socket) => socket.resetAndDestroy()],
    ['a success without an id', (socket) => socket.write(answer(201))],
    ['400', (socket) => socket.write(answer(400))],
  ])('is never a POST that met %s', async (_, script) => {
    const { api, time, server } = await open(script);
    await time.during(api.createWebhook(SPEC));
    expect(server.requests).toHaveLength(1);
    expect(time.waits).toEqual([]);
  });

  it('is a POST that was turned away, or could not be sent', async () => {
    const { api, time, server } = await open((socket, _, count) => {
      if (count < 3) socket.write(answer(count === 1 ? 429 : 503));
      else socket.write(answer(201, { 'X-Created': '8' }));
    });
    expect(await time.during(api.createWebhook(SPEC))).toEqual({ ok: true, value: 8 });
    expect(server.requests).toHaveLength(3);

    const url = `http://127.0.0.1:${await closedPort()}`;
    const unreachable = await open(() => {}, { url });
    expect(await unreachable.time.during(unreachable.api.createWebhook(SPEC))).toMatchObject({ kind: 'not-sent' });
    expect(unreachable.time.waits).toEqual([250, 500, 1000]);
  });
});

describe('the pace of all calls together', () => {
  it('pauses everything when one is turned away, lets one go first, then the rest, and tells the outage once', async () => {
    const arrivals: { readonly at: number; readonly underWay: number }[] = [];
    const first: Socket[] = [];
    let underWay = 0;
    const turnAway = (socket: Socket, seconds: number) => {
      socket.write(answer(503, { 'Retry-After': String(seconds) }, LOAD_BALANCER_PAGE));
    };
    const { api, time, server, outages } = await open((socket, _, count) => {
      underWay += 1;
      arrivals.push({ at: time.now, underWay });
      if (count <= 4) {
        // All four are under way before the first of them is turned away.
        first.push(socket);
        if (count === 4) for (const [index, one] of first.entries()) turnAway(one, index === 0 ? 9 : 0);
        if (count === 4) underWay = 0;
        return;
      }
      setImmediate(() => {
        underWay -= 1;
        // The one that goes first after the first pause is turned away once more.
        if (count === 5) turnAway(socket, 0);
        else socket.write(answer(201, { 'X-Created': String(count) }));
      });
    });
    const begin = time.now;
    const outcomes = await time.during(Promise.all(Array.from({ length: 4 }, () => api.createWebhook(SPEC))));
    expect(outcomes.map(({ ok }) => ok)).toEqual([true, true, true, true]);
    expect(server.requests).toHaveLength(4 + 1 + 4);
    // The whole lot, alone after Retry-After, alone after the next pause, and then the other three.
    const waves = arrivals.map(({ at }) => at - begin);
    expect(waves).toEqual([0, 0, 0, 0, 9000, 9500, 9500, 9500, 9500]);
    expect(arrivals.slice(4, 6).map((arrival) => arrival.underWay)).toEqual([1, 1]);
    const reason = 'the load balancer answered 503 (too many requests)';
    expect(outages).toEqual([
      { phase: 'begin', reason, pausedMs: expect.any(Number) },
      { phase: 'end', reason, pausedMs: 9500 },
    ]);
  });

  it('lets calls fail at once, unsent, when an outage has lasted too long, and tries one whenever a pause is over', async () => {
    let isWell = false;
    const { api, time, server, outages } = await open((socket) => {
      socket.write(isWell ? answer(201, { 'X-Created': '8' }) : answer(503, { 'Retry-After': '100' }));
    });
    expect(await time.during(api.createWebhook(SPEC))).toMatchObject({ kind: 'turned-away' });
    expect(time.now - 1_000_000).toBe(RETRY.outagePatienceMs);
    const sent = server.requests.length;
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => api.createWebhook(SPEC)));
    expect(outcomes).toEqual(
      Array(50).fill({
        ok: false,
        kind: 'not-sent',
        message: 'not sent, because the API is not taking requests',
        retryAfterMs: 80_000,
      }),
    );
    expect(server.requests).toHaveLength(sent);
    expect(outages).toHaveLength(1);

    isWell = true;
    time.now += 80_000;
    expect(await api.createWebhook(SPEC)).toEqual({ ok: true, value: 8 });
    expect(outages.at(-1)).toMatchObject({ phase: 'end', pausedMs: 200_000 });
  });

  it('does not let a stopping program wait', async () => {
    const stop = new AbortController();
    const { api, time, server } = await open((socket) => socket.write(answer(503, { 'Retry-After': '60' })), {
      signal: stop.signal,
    });
    const calls = [api.createWebhook(SPEC), api.readWebhook(5)];
    await server.requested(2);
    while (time.sleeping < 2) await new Promise(setImmediate);
    const late = api.deleteWebhook(5);
    stop.abort();
    expect(await Promise.all(calls)).toMatchObject([{ kind: 'turned-away' }, { kind: 'turned-away' }]);
    expect(await late).toEqual({ ok: false, kind: 'not-sent', message: 'stopped before it was sent' });
    expect(server.requests).toHaveLength(2);
  });

  it('waits in real time too, and a real wait ends when the program is stopped', async () => {
    const stop = new AbortController();
    const server = await startRawServer((socket) => {
      socket.write(answer(503, { 'Retry-After': '60' }));
      setImmediate(() => stop.abort());
    });
    const api = createCopernicaClient({
      apiUrl: server.url,
      authUrl: 'http://127.0.0.1:1',
      version: 3,
      token: 'access-token-0123456789',
      concurrency: 1,
      timeoutMs: 20_000,
      userAgent: 'copernica-webhooks/1.2.3',
      retry: { signal: stop.signal },
    });
    onTestFinished(() => api.close());
    expect(await api.createWebhook(SPEC)).toMatchObject({ kind: 'turned-away', retryAfterMs: 60_000 });
  });
});

describe('a request that Copernica refuses', () => {
  it.each<[string, Omit<CallFailure, 'ok' | 'message'>, boolean]>([
    ['400', { kind: 'refused', status: 400 }, true],
    ['422', { kind: 'refused', status: 422 }, true],
    ['400, for the token', { kind: 'refused', status: 400, tokenRejected: true }, false],
    ['401', { kind: 'refused', status: 401, tokenRejected: true }, false],
    ['404', { kind: 'refused', status: 404 }, false],
    ['400 from a proxy', { kind: 'unknown', status: 400 }, false],
    ['429', { kind: 'turned-away', status: 429 }, false],
    ['no connection', { kind: 'not-sent' }, false],
  ])('%s gets the same answer until something changes: %s', (_answer, failure, expected) => {
    expect(isRefusedForGood({ ok: false, message: '', ...failure })).toBe(expected);
  });
});
