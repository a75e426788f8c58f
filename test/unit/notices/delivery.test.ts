import { pino } from 'pino';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { DELIVERY, Delivery, type DeliveryPorts } from '../../../src/notices/delivery.js';
import { makePost, type PostOutcome, postOutcome } from '../../../src/notices/post.js';
import { openProxy } from '../../helpers/front.js';
import { closedPort, startRawServer } from '../../helpers/raw-server.js';
import { openReceiver } from '../../helpers/receiver.js';
import { TEST_CERTIFICATE } from '../copernica/certificate.js';

const delivered: PostOutcome = { kind: 'delivered' };
const again: PostOutcome = { kind: 'again', message: 'the answer was 503', waitMs: 0 };
const refused: PostOutcome = { kind: 'refused', message: 'the answer was 404' };

/** A receiver that answers as the script says, the last answer ever after, in a time that only waiting moves. */
function receiver(script: readonly (PostOutcome | (() => Promise<PostOutcome>))[]) {
  const posts: string[] = [];
  const said: string[] = [];
  const waits: number[] = [];
  let time = 0;
  let last: AbortSignal | undefined;
  const ports: DeliveryPorts = {
    post: async (body, broken) => {
      last = broken;
      posts.push(`${time / 1_000}s ${body}`);
      const next = script[Math.min(posts.length, script.length) - 1] ?? delivered;
      return typeof next === 'function' ? next() : next;
    },
    now: () => time,
    wait: async (ms, signal) => {
      if (signal.aborted) return;
      waits.push(ms);
      time += ms;
    },
    onResult: (result) => said.push(result),
    log: pino({}, { write: (line) => void said.push(textOf(JSON.parse(line))) }),
  };
  return { delivery: new Delivery(ports), posts, said, waits, isBroken: () => last?.aborted };
}

const textOf = ({ msg, reason }: { msg: string; reason?: string }) =>
  reason === undefined ? msg : `failing: ${reason}`;

const never = new Promise(() => {});

/** A promise and what resolves it. */
function gate<T>() {
  let open: (value: T) => void = () => {};
  const opened = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** Ends when everything is delivered or given up, as time passes. */
async function settle(said: readonly string[], results: number): Promise<void> {
  const ended = () => said.filter((each) => !each.includes(' ')).length;
  while (ended() < results) await new Promise((resolve) => setImmediate(resolve));
}

describe('the delivery of notices', () => {
  it('delivers one after the other', async () => {
    const { delivery, posts, said } = receiver([delivered]);
    delivery.offer('account', 'one');
    delivery.offer('drift', 'two');
    expect(await delivery.close(never)).toBe(true);
    expect([posts, said]).toEqual([
      ['0s one', '0s two'],
      ['delivered', 'delivered'],
    ]);
  });

  it('tries again with longer and longer waits, and says once that it fails', async () => {
    const { delivery, posts, said } = receiver([again, again, again, delivered]);
    delivery.offer('account', 'one');
    await settle(said, 1);
    expect(posts).toEqual(['0s one', '1s one', '3s one', '7s one']);
    expect(said).toEqual(['failing: the answer was 503', 'notices are delivered again', 'delivered']);
  });

  it('waits as long as the receiver asks for', async () => {
    const { delivery, posts, said } = receiver([{ ...again, waitMs: 45_000 }, delivered]);
    delivery.offer('account', 'one');
    await settle(said, 1);
    expect(posts).toEqual(['0s one', '45s one']);
  });

  it('gives up after five minutes, and takes the next notice all the same', async () => {
    const { delivery, waits, said } = receiver([again]);
    delivery.offer('account', 'one');
    await settle(said, 1);
    expect(waits.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(DELIVERY.forMs);
    expect(waits.slice(0, 8)).toEqual([1, 2, 4, 8, 16, 32, 60, 60].map((seconds) => seconds * 1_000));
    delivery.offer('account', 'two');
    await settle(said, 2);
    expect(said).toEqual(['failing: the answer was 503', 'failed', 'failed']);
  });

  it('tries once where the receiver says no', async () => {
    const { delivery, posts, said } = receiver([refused, delivered]);
    delivery.offer('account', 'one');
    await settle(said, 1);
    delivery.offer('account', 'two');
    await settle(said, 2);
    expect(posts).toEqual(['0s one', '0s two']);
    expect(said).toEqual(['failing: the answer was 404', 'failed', 'notices are delivered again', 'delivered']);
  });

  it('lets a newer notice take the place of one that is not delivered', async () => {
    const { opened, open } = gate<PostOutcome>();
    const { delivery, posts, said } = receiver([() => opened, delivered]);
    delivery.offer('account', 'one');
    for (const newer of ['two', 'three', 'four']) delivery.offer('account', newer);
    open(again);
    await settle(said, 4);
    expect(posts).toEqual(['0s one', '0s four']);
    expect(said.filter((each) => each === 'replaced')).toHaveLength(3);
    expect(said.at(-1)).toBe('delivered');
  });

  it('tries what waits once more when the program is about to end', async () => {
    const { delivery, posts, said } = receiver([() => Promise.resolve(again), again]);
    delivery.hurry();
    delivery.offer('account', 'one');
    expect(await delivery.close(never)).toBe(true);
    expect([posts, said]).toEqual([['0s one'], ['failing: the answer was 503', 'failed']]);
  });

  it('breaks off a receiver that hangs, and takes nothing more', async () => {
    const { delivery, posts, isBroken } = receiver([() => new Promise<PostOutcome>(() => {})]);
    delivery.offer('account', 'one');
    delivery.offer('account', 'two');
    expect(await delivery.close(Promise.resolve())).toBe(false);
    delivery.offer('account', 'three');
    expect([posts, isBroken()]).toEqual([['0s one'], true]);
  });
});

describe('an answer to a notice', () => {
  const answer = (status: number, headers = {}) => postOutcome({ status, headers, receivedAt: 0 });

  it.each([
    [200, 'delivered'],
    [204, 'delivered'],
    [302, 'refused'],
    [400, 'refused'],
    [404, 'refused'],
    [410, 'refused'],
    [408, 'again'],
    [429, 'again'],
    [500, 'again'],
    [503, 'again'],
  ])('of %i means %s, whatever its body', (status, kind) => {
    expect(answer(status).kind).toBe(kind);
  });

  it('tells how long to wait', () => {
    expect(answer(429, { 'retry-after': '30' })).toMatchObject({ kind: 'again', waitMs: 30_000 });
  });
});

describe('a POST of a notice', () => {
  const unbroken = new AbortController().signal;
  const ports = { userAgent: 'test', proxy: {}, ca: undefined, now: () => new Date(0) };

  it('is tried again where nobody answers', async () => {
    const port = await closedPort();
    const post = makePost({ ...ports, url: `http://127.0.0.1:${port}/` });
    expect(await post('{}', unbroken)).toMatchObject({
      kind: 'again',
      message: `connection refused by 127.0.0.1:${port}`,
    });
  });

  it('is tried again where the answer does not come in time', async () => {
    const { url } = await startRawServer(() => {});
    const post = makePost({ ...ports, url, timeoutMs: 50 });
    expect(await post('{}', unbroken)).toMatchObject({
      kind: 'again',
      message: expect.stringMatching(/^no answer from .*0.05 s$/),
    });
  });

  it('is delivered when the receiver says so, whether or not its answer ends', async () => {
    const { url } = await startRawServer((socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok'));
    expect(await makePost({ ...ports, url })('{}', unbroken)).toEqual({ kind: 'delivered' });
  });

  it('is broken off when the program ends, and nothing more is sent', async () => {
    const { url, requested, requests } = await startRawServer(() => {});
    const post = makePost({ ...ports, url });
    const broken = new AbortController();
    const posted = post('{}', broken.signal);
    await requested(1);
    broken.abort();
    expect(await posted).toMatchObject({ kind: 'refused' });
    expect(await post('{}', broken.signal)).toMatchObject({ kind: 'refused' });
    expect(requests).toHaveLength(1);
  });

  it('goes through the proxy, and by the certificates that it is given', async () => {
    const receiver = await openReceiver({ scheme: 'https', host: 'api.example' });
    const proxy = await openProxy();
    const post = makePost({ ...ports, url: receiver.url, proxy: { httpsProxy: proxy.url }, ca: TEST_CERTIFICATE });
    expect(await post('{}', unbroken)).toEqual({ kind: 'delivered' });
    expect(proxy.heads.join('')).toMatch(/^CONNECT api\.example:\d+ /);
    expect(proxy.heads.join('')).not.toContain(receiver.key);
  });

  it('is not sent to a server that nobody knows, although NODE_TLS_REJECT_UNAUTHORIZED says so', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    onTestFinished(() => void vi.unstubAllEnvs());
    const receiver = await openReceiver({ scheme: 'https' });
    expect(await makePost({ ...ports, url: receiver.url })('{}', unbroken)).toMatchObject({ kind: 'again' });
    expect(receiver.headers).toEqual([]);
  });

  it('is not sent where a redirect points', async () => {
    const elsewhere = await openReceiver();
    const receiver = await openReceiver({
      answer: (response) => response.writeHead(307, { location: elsewhere.url }).end(),
    });
    const message = 'the answer was 307, and redirects are not followed';
    expect(await makePost({ ...ports, url: receiver.url })('{}', unbroken)).toEqual({ kind: 'refused', message });
    expect(elsewhere.notices).toEqual([]);
  });
});
