import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { CopernicaApi } from '../../../src/copernica/api.js';
import {
  type CopernicaClientOptions,
  createCopernicaClient,
  type RequestEvent,
} from '../../../src/copernica/client.js';
import type { WebhookSpec } from '../../../src/webhook.js';
import { answer, closedPort, json, LOAD_BALANCER_PAGE, type Script, startRawServer } from '../../helpers/raw-server.js';

const TOKEN = 'c0pern1ca+access/token=42';
const QUERY = 'access_token=c0pern1ca%2Baccess%2Ftoken%3D42';
const SPEC: WebhookSpec = { handler: 'https://my-webhook-url.com', trigger: 'create' };

function open(apiUrl: string, options: Partial<CopernicaClientOptions> = {}): CopernicaApi {
  const api = createCopernicaClient({
    apiUrl,
    authUrl: 'http://127.0.0.1:1',
    version: 3,
    token: TOKEN,
    concurrency: 4,
    timeoutMs: 20_000,
    userAgent: 'copernica-webhooks/1.2.3',
    ...options,
  });
  onTestFinished(() => api.close());
  return api;
}

const refusal = (message: string, status = 400) => json({ error: { message } }, status);

describe('what is sent', () => {
  it('makes a webhook by exactly one POST of exactly what the spec says', async () => {
    const server = await startRawServer((socket) => socket.write(answer(201, { 'X-Created': '1894' })));
    const api = open(server.url);
    const outcome = await api.createWebhook({ ...SPEC, collection: 42, database: 1017, callers: ['ms', 'publisher'] });
    expect(outcome).toEqual({ ok: true, value: 1894 });
    expect(server.requests).toHaveLength(1);
    const [request] = server.requests;
    expect(request).toMatchObject({ method: 'POST', target: `/v3/webhooks?${QUERY}` });
    expect(request?.body).toBe(
      '{"handler":"https://my-webhook-url.com","trigger":"create","callers":["ms","publisher"],"database":1017,"collection":42}',
    );
    expect(request?.headers).toMatchObject({
      'content-type': 'application/json',
      'user-agent': 'copernica-webhooks/1.2.3',
      accept: 'application/json',
    });
    expect(request?.headers).toHaveProperty('accept-encoding', 'identity');
  });

  it('leaves out of a POST what the spec leaves out', async () => {
    const server = await startRawServer((socket) => socket.write(answer(201, { 'X-Created': '1' })));
    await open(server.url).createWebhook(SPEC);
    expect(server.requests[0]?.body).toBe('{"handler":"https://my-webhook-url.com","trigger":"create"}');
  });

  it('sets both callers by PUT where the spec names none, and never database or collection', async () => {
    const server = await startRawServer((socket) => socket.write(answer(204)));
    expect(await open(server.url).updateWebhook(7, { ...SPEC, database: 1 })).toEqual({ ok: true, value: 'done' });
    expect(server.requests[0]).toMatchObject({
      method: 'PUT',
      target: `/v3/webhook/7?${QUERY}`,
      body: '{"handler":"https://my-webhook-url.com","trigger":"create","callers":["ms","publisher"]}',
    });
  });

  it.each([
    ['readWebhook', (api: CopernicaApi) => api.readWebhook(5), 'GET', '/v3/webhook/5?'],
    ['deleteWebhook', (api: CopernicaApi) => api.deleteWebhook(5), 'DELETE', '/v3/webhook/5?'],
    ['identity', (api: CopernicaApi) => api.identity(), 'GET', '/v3/identity?'],
  ] as const)('%s asks for the right thing, without a body', async (_, call, method, path) => {
    const server = await startRawServer((socket) => socket.write(refusal('No')));
    await call(open(server.url));
    expect(server.requests[0]).toMatchObject({ method, target: `${path}${QUERY}`, body: '' });
    expect(server.requests[0]?.headers).not.toHaveProperty('content-type');
  });

  it('puts a path of the API address before the API’s own', async () => {
    const server = await startRawServer((socket) => socket.write(json({ id: '34', name: 'Dev' })));
    const outcome = await open(`${server.url}/stand-in/`, { version: 2 }).identity();
    expect(outcome).toEqual({ ok: true, value: { id: '34', name: 'Dev', company: '' } });
    expect(server.requests[0]?.target).toBe(`/stand-in/v2/identity?${QUERY}`);
  });

  it('tells each request once, with how it ended', async () => {
    const events: RequestEvent[] = [];
    const server = await startRawServer((socket) => socket.write(refusal('No', 422)));
    let now = 0;
    const api = open(server.url, {
      onRequest: (event) => events.push(event),
      now: () => {
        now += 10;
        return now;
      },
    });
    await api.deleteWebhook(5);
    // 10 at the start, 20 at the answer, 30 at the end.
    expect(events).toEqual([{ call: 'deleteWebhook', outcome: 'refused', status: 422, durationMs: 20 }]);
  });
});

describe('requests at a time', () => {
  it('are as many as was said, and those that wait for their turn have all their time before them', async () => {
    let underWay = 0;
    let most = 0;
    const server = await startRawServer((socket) => {
      underWay += 1;
      most = Math.max(most, underWay);
      // Slower than the time-out for all of them together, faster than that for each.
      setTimeout(() => {
        underWay -= 1;
        socket.write(answer(201, { 'X-Created': '9' }));
      }, 60);
    });
    const api = open(server.url, { concurrency: 2, timeoutMs: 400 });
    const outcomes = await Promise.all(Array.from({ length: 16 }, () => api.createWebhook(SPEC)));
    expect(outcomes).toEqual(Array(16).fill({ ok: true, value: 9 }));
    expect([most, server.connections]).toEqual([2, 2]);
  });

  it('are finished when the client is closed, and what waits for its turn is not sent', async () => {
    const server = await startRawServer((socket) => socket.write(answer(201, { 'X-Created': '9' })));
    const api = open(server.url, { concurrency: 1 });
    const [first, second] = [api.createWebhook(SPEC), api.createWebhook(SPEC)];
    await server.requested(1);
    await api.close();
    expect(await first).toEqual({ ok: true, value: 9 });
    expect(await second).toEqual({ ok: false, kind: 'not-sent', message: 'the client was closed' });
    expect(server.requests).toHaveLength(1);
  });

  it('are not sent where the check before each one throws, which the call then throws', async () => {
    const server = await startRawServer((socket) => socket.write(answer(204)));
    let broken: Error | null = null;
    const beforeSend = () => {
      if (broken !== null) throw broken;
    };
    const api = open(server.url, { concurrency: 1, beforeSend, retry: {} });
    await api.deleteWebhook(1);
    broken = new Error('the journal is broken');
    await expect(api.deleteWebhook(2)).rejects.toThrow('the journal is broken');
    await expect(api.readWebhook(2)).rejects.toThrow('the journal is broken');
    broken = null;
    expect(await api.deleteWebhook(3)).toEqual({ ok: true, value: 'done' });
    expect(server.requests.map(({ target }) => target.split('?')[0])).toEqual(['/v3/webhook/1', '/v3/webhook/3']);
  });
});

describe('what a failed POST means, over the wire', () => {
  const refusalBody = '{"error":{"message":"No"}}';
  const encoded = (encoding: string, body: string) => answer(400, { 'Content-Encoding': encoding }, body);
  const gzipped = (status: number, body: string) => {
    const bytes = gzipSync(body);
    const head = `HTTP/1.1 ${status} Odd\r\nContent-Encoding: gzip\r\nContent-Length: ${bytes.length}\r\n\r\n`;
    return Buffer.concat([Buffer.from(head), bytes]);
  };

  const rows: readonly [what: string, Script, kind: string][] = [
    ['400', (socket) => socket.write(refusal('Invalid data provided')), 'refused'],
    ['401', (socket) => socket.write(refusal('No', 401)), 'refused'],
    ['403', (socket) => socket.write(refusal('No', 403)), 'refused'],
    ['404', (socket) => socket.write(refusal('Invalid method', 404)), 'refused'],
    ['422', (socket) => socket.write(refusal('No', 422)), 'refused'],
    ['an empty 401', (socket) => socket.write(answer(401)), 'unknown'],
    ['403 with a page', (socket) => socket.write(answer(403, {}, '<html>')), 'unknown'],
    ['a refusal in gzip', (socket) => socket.write(gzipped(400, refusalBody)), 'unknown'],
    ['a refusal in an encoding of its own', (socket) => socket.write(encoded('x-<b>', refusalBody)), 'unknown'],
    ['a refusal encoded as itself', (socket) => socket.write(encoded('identity', refusalBody)), 'refused'],
    ['a 503 in gzip', (socket) => socket.write(gzipped(503, refusalBody)), 'unknown'],
    ['429', (socket) => socket.write(answer(429, { 'Retry-After': '3' })), 'turned-away'],
    ['503', (socket) => socket.write(answer(503, {}, LOAD_BALANCER_PAGE)), 'turned-away'],
    ['502', (socket) => socket.write(answer(502, {}, '<html>')), 'unknown'],
    ['504', (socket) => socket.write(answer(504, {}, LOAD_BALANCER_PAGE)), 'unknown'],
    ['500', (socket) => socket.write(answer(500)), 'unknown'],
    ['a 2xx without an id', (socket) => socket.write(answer(201)), 'unknown'],
    ['a connection closed after sending', (socket) => socket.end(), 'unknown'],
    ['a reset after sending', (socket) => socket.resetAndDestroy(), 'unknown'],
    ['an answer that can not be read', (socket) => socket.end('\u0000\u0001\r\n\r\n'), 'unknown'],
    ['no answer in time', () => {}, 'unknown'],
  ];

  it.each(rows)('%s, and it is sent once', async (what, script, kind) => {
    const server = await startRawServer(script);
    const timeoutMs = what === 'no answer in time' ? 100 : 20_000;
    expect(await open(server.url, { timeoutMs }).createWebhook(SPEC)).toMatchObject({ kind });
    expect(server.requests).toHaveLength(1);
  });

  it('nothing listens', async () => {
    const port = await closedPort();
    expect(await open(`http://127.0.0.1:${port}`).createWebhook(SPEC)).toEqual({
      ok: false,
      kind: 'not-sent',
      message: `connection refused by 127.0.0.1:${port}`,
    });
  });
});

describe('secrets and redirects', () => {
  const calls: readonly [name: string, (api: CopernicaApi) => Promise<unknown>][] = [
    ['createWebhook', (api) => api.createWebhook(SPEC)],
    ['updateWebhook', (api) => api.updateWebhook(5, SPEC)],
    ['deleteWebhook', (api) => api.deleteWebhook(5)],
    ['readWebhook', (api) => api.readWebhook(5)],
    ['identity', (api) => api.identity()],
    ['listWebhooks', (api) => api.listWebhooks()],
    ['databases', (api) => api.databases()],
    ['collections', (api) => api.collections(5)],
  ];

  it.each(calls)('%s follows no redirect: the other server sees no connection', async (_, call) => {
    const other = await startRawServer((socket) => socket.write(answer(200)));
    const server = await startRawServer((socket, { target }, count) => {
      const status = [301, 302, 303, 307, 308][count - 1] ?? 302;
      socket.write(answer(status, { Location: `${other.url}${target}` }));
    });
    const api = open(server.url);
    for (let count = 1; count <= 5; count += 1) await call(api);
    expect(server.requests).toHaveLength(5);
    expect(other.connections).toBe(0);
  });

  it.each(calls)('%s tells no token, wherever the answer puts it', async (_, call) => {
    const encoded = encodeURIComponent(TOKEN);
    const echoes = [TOKEN, encoded, JSON.stringify(TOKEN), `https://h/v3?access_token=${encoded}`, btoa(TOKEN)];
    const answers = [400, 401, 403, 500, 503, 504, 200, 302].flatMap((status) =>
      echoes.flatMap((echo) => [
        refusal(`no, not for ${echo} here`, status),
        answer(
          status,
          { Location: `https://h/?access_token=${encoded}`, 'Content-Type': 'text/html' },
          `<html>${echo}`,
        ),
        json({ ID: echo, id: echo, data: [echo], total: echo }, status),
      ]),
    );
    const server = await startRawServer((socket, __, count) => socket.write(answers[count - 1] ?? answer(500)));
    const api = open(server.url);
    while (server.requests.length < answers.length) {
      const outcome = JSON.stringify(await call(api));
      for (const echo of [TOKEN, encoded, btoa(TOKEN).slice(0, 30)]) expect(outcome).not.toContain(echo);
    }
  });
});

describe('lists', () => {
  const item = (ID: number) => ({ ID: String(ID), handler: 'https://h', trigger: 'open', callers: ['ms'] });

  /** Answers the pages of a list of `total` items, at most `most` a page. */
  function pages(total: number, most: number, make: (id: number) => object): Script {
    return (socket, { target }) => {
      const query = new URL(target, 'http://h').searchParams;
      const start = Number(query.get('start'));
      const limit = Math.min(Number(query.get('limit')), most);
      const data = Array.from({ length: Math.max(0, Math.min(limit, total - start)) }, (_, at) => make(start + at + 1));
      socket.write(json({ start, limit, count: data.length, total, data }));
    };
  }

  it('reads all pages of the webhooks, also where a page is shorter than asked for', async () => {
    const server = await startRawServer(pages(25, 10, item));
    const outcome = await open(server.url).listWebhooks();
    expect(outcome).toHaveProperty('value.length', 25);
    expect(server.requests.map(({ target }) => target)).toEqual(
      [0, 10, 20].map((start) => `/v3/webhooks?${QUERY}&start=${start}&limit=1000`),
    );
  });

  it('leaves removed webhooks out, and an empty list is a list', async () => {
    const removed = await startRawServer(pages(3, 10, (ID) => (ID === 2 ? { ID, removed: '2026-11-23' } : item(ID))));
    const outcome = await open(removed.url).listWebhooks();
    expect(outcome).toMatchObject({ ok: true, value: [{ id: 1 }, { id: 3 }] });
    const none = await startRawServer(pages(0, 10, item));
    expect(await open(none.url).listWebhooks()).toEqual({ ok: true, value: [] });
  });

  it.each<[string, Script]>([
    ['answers 400', (socket) => socket.write(refusal('Invalid method'))],
    ['answers 404', (socket) => socket.write(answer(404))],
    ['answers 405', (socket) => socket.write(answer(405))],
    ['answers something else', (socket) => socket.write(json([item(1)]))],
    ['repeats its first page', (socket) => socket.write(json({ start: 0, count: 1, total: 3, data: [item(1)] }))],
    ['ends before its total', (socket, { target }) => socket.write(json({ count: 0, total: 3, data: [], target }))],
    ['shows more than its total', (socket) => socket.write(json({ count: 2, total: 1, data: [item(1), item(2)] }))],
  ])('has no list where the server %s', async (_, script) => {
    const server = await startRawServer(script);
    expect(await open(server.url).listWebhooks()).toEqual({ ok: true, value: 'unavailable' });
  });

  it('ends with a server that always has one more page', async () => {
    const server = await startRawServer((socket, _, count) =>
      socket.write(json({ count: 1, total: 1_000_000_000, data: [item(count)] })),
    );
    expect(await open(server.url).listWebhooks()).toEqual({ ok: true, value: 'unavailable' });
    expect(server.requests).toHaveLength(1000);
  });

  it.each<[string, Script, string]>([
    ['401', (socket) => socket.write(refusal('No', 401)), 'refused'],
    ['403', (socket) => socket.write(refusal('No', 403)), 'refused'],
    ['an empty 401', (socket) => socket.write(answer(401)), 'unknown'],
    ['403 with a page', (socket) => socket.write(answer(403, {}, '<html>')), 'unknown'],
    ['a bad token', (socket) => socket.write(refusal('Invalid access token')), 'refused'],
    ['503', (socket) => socket.write(answer(503, {}, LOAD_BALANCER_PAGE)), 'turned-away'],
    ['500', (socket) => socket.write(answer(500)), 'unknown'],
    ['a lost connection', (socket) => socket.end(), 'unknown'],
    ['half an answer', (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{'), 'unknown'],
  ])('could not tell whether there is a list: %s', async (_, script, kind) => {
    const server = await startRawServer(script);
    expect(await open(server.url).listWebhooks()).toMatchObject({ kind });
  });

  it('reads all databases, and all collections of one', async () => {
    const named = (ID: number) => ({ ID: String(ID), name: `No. ${ID}`, collections: { data: [] } });
    const server = await startRawServer(pages(3, 2, named));
    const api = open(server.url);
    const all = [1, 2, 3].map((id) => ({ id, name: `No. ${id}` }));
    expect(await api.databases()).toEqual({ ok: true, value: all });
    expect(await api.collections(1017)).toEqual({ ok: true, value: all });
    expect(server.requests.map(({ target }) => target.split('?')[0])).toEqual([
      '/v3/databases',
      '/v3/databases',
      '/v3/database/1017/collections',
      '/v3/database/1017/collections',
    ]);
  });

  it.each([
    ['refused in the API’s own words', refusal('Invalid method'), 'refused'],
    ['answered with a page on the way', answer(404, {}, '<html>'), 'unknown'],
  ])('are %s, and what that means is told', async (_, refused, kind) => {
    const server = await startRawServer((socket) => socket.write(refused));
    expect(await open(server.url).databases()).toMatchObject({ kind });
    expect(await open(server.url).collections(5)).toMatchObject({ kind });
  });

  it('knows a database that does not exist, and half a list of databases is none', async () => {
    const gone = await startRawServer((socket) => socket.write(refusal('No database with supplied ID')));
    expect(await open(gone.url).collections(5)).toEqual({ ok: true, value: 'gone' });
    const half = await startRawServer((socket) => socket.write(json({ count: 0, total: 3, data: [] })));
    expect(await open(half.url).databases()).toMatchObject({
      ok: false,
      kind: 'unknown',
      message: 'the list says that it has 3 items, but shows 0',
    });
  });
});
