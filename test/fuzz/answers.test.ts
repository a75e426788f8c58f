import type { Socket } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CopernicaApi, Outcome } from '../../src/copernica/api.js';
import { createCopernicaClient } from '../../src/copernica/client.js';
import { ANSWER_BODY_BYTES } from '../../src/copernica/exchange.js';
import {
  answer,
  json,
  LOAD_BALANCER_PAGE,
  type RawServer,
  type Script,
  startRawServer,
} from '../helpers/raw-server.js';
import { runs } from './runs.js';

const TOKEN = 'token+of/an-account';
const SPEC = { handler: 'https://a.example', trigger: 'create' } as const;

const CALLS: Readonly<Record<string, (api: CopernicaApi) => Promise<Outcome<unknown>>>> = {
  identity: (api) => api.identity(),
  create: (api) => api.createWebhook(SPEC),
  read: (api) => api.readWebhook(1894),
  update: (api) => api.updateWebhook(1894, SPEC),
  delete: (api) => api.deleteWebhook(1894),
  list: (api) => api.listWebhooks(),
  databases: (api) => api.databases(),
  collections: (api) => api.collections(1017),
};

/** One server and one client for many answers: what one answer spoils must not reach the next. */
async function openPair(timeoutMs = 20_000) {
  let script: Script = (socket) => socket.end();
  const server = await startRawServer((socket, request, count) => script(socket, request, count));
  const open = () =>
    createCopernicaClient({
      apiUrl: server.url,
      authUrl: server.url,
      version: 3,
      token: TOKEN,
      concurrency: 1,
      timeoutMs,
      userAgent: 'copernica-webhooks/test',
    });
  return {
    server,
    open,
    answerWith: (next: Script) => {
      script = next;
    },
  };
}

/** What holds of the outcome of any call, whatever the answer was. */
function checkOutcome(outcome: Outcome<unknown>): void {
  const shown = JSON.stringify(outcome);
  expect(shown).not.toContain(TOKEN);
  expect(shown).not.toContain(encodeURIComponent(TOKEN));
  if (outcome.ok) return;
  expect(outcome.message.length).toBeGreaterThan(0);
  expect(outcome.message.length).toBeLessThan(500);
  expect(outcome.message).not.toMatch(/\p{C}/u);
}

const odd = fc.oneof(
  fc.constantFrom<unknown>(null, '', 0, -1, 1.5, 1e308, '1894', '01894', ' 1894', '1e3', '9'.repeat(400), true, [], {}),
  fc.constantFrom<unknown>(2 ** 53, '9007199254740993', 'removed', '2026-01-01 00:00:00', ['ms'], [null], { a: [] }),
  fc.string({ unit: 'binary', maxLength: 20 }),
);
const fields = fc.dictionary(
  fc.constantFrom(
    ...['ID', 'id', 'handler', 'trigger', 'callers', 'database', 'collection', 'removed', 'name', 'error', 'message'],
    ...['start', 'limit', 'count', 'total', 'data', '__proto__'],
  ),
  odd,
);
const body = fc.oneof(
  fields.map((value) => JSON.stringify(value)),
  fc.array(fields, { maxLength: 3 }).map((data) => JSON.stringify({ start: 0, limit: 100, count: 1, total: 1, data })),
  fields.map((error) => JSON.stringify({ error })),
  fc.constantFrom('', ' ', 'null', '[]', '"', '{', '[['.repeat(2_000), LOAD_BALANCER_PAGE, `{"id":"${TOKEN}"}`),
  fc.constantFrom(`<p>${TOKEN}`, `{"error":{"message":"${TOKEN} \\u001b[2J\\u202e"}}`, '\u001b[2J', '{"id":'),
  fc.string({ unit: 'binary', maxLength: 60 }),
);
const headerValue = fc.oneof(
  fc.constantFrom('1894', '0', '-5', '18 94', '1894, 1895', '9'.repeat(30), '', `https://x/?access_token=${TOKEN}`),
  fc.constantFrom('application/json', 'text/html', 'image/png; charset=\u00ff', '999999999999', 'Sun, 99 Foo'),
  fc.constantFrom('a\u001b[2Jb', 'x'.repeat(5_000), '/v3/webhook/1894'),
);
const headers = fc.dictionary(
  fc.constantFrom('X-Created', 'x-created', 'X-Location', 'Location', 'Content-Type', 'Retry-After', 'X-Deleted'),
  headerValue,
  { maxKeys: 4 },
);
const status = fc.oneof(
  fc.constantFrom(200, 201, 204, 301, 303, 400, 401, 403, 404, 429, 500, 502, 503, 504),
  fc.integer({ min: 200, max: 599 }),
);

/** Whole answers, answers that lie about themselves, and bytes that are no answer. */
const bytes = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(status, headers, body).map(([code, head, text]) => answer(code, head, text)) },
  fc.tuple(status, body, fc.nat(99)).map(([code, text, less]) => {
    return `HTTP/1.1 ${code} X\r\nContent-Length: ${Buffer.byteLength(text) + less}\r\nConnection: close\r\n\r\n${text}`;
  }),
  fc.constantFrom(
    'HTTP/1.1 201 Created\r\nX-Created: 7\r\nX-Created: 8\r\nContent-Length: 0\r\n\r\n',
    'HTTP/1.1 201 Created\r\nX-Created: 7\r\n X-Created: 8\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}x',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}',
    'HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}',
    'HTTP/1.1 999 \u0000\r\n\r\n',
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
    'HTTP/1.1 100 Continue\r\n\r\n',
    `HTTP/1.1 200 OK\r\nX: ${'y'.repeat(40_000)}\r\n\r\n`,
    'SSH-2.0-OpenSSH\r\n',
    '\u0016\u0003\u0001',
  ),
  fc.string({ unit: 'binary', maxLength: 80 }),
);

describe('any answer at all', () => {
  it('comes to an outcome with a harmless message, and never to a success that it does not hold', async () => {
    const { open, answerWith } = await openPair();
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...Object.keys(CALLS)), bytes, async (call, text) => {
        answerWith((socket) => void socket.end(text, 'latin1'));
        const api = open();
        try {
          const outcome = await (CALLS[call] as (typeof CALLS)[string])(api);
          checkOutcome(outcome);
          if (!outcome.ok || outcome.value === 'gone' || outcome.value === 'unavailable') return;
          if (call === 'create') expect(text).toMatch(/^HTTP\/1\.1 2\d\d[\s\S]*(x-created: |location: )/i);
          else if (outcome.value === 'done') expect(text).toMatch(/^HTTP\/1\.1 (20\d|303)/);
          else expect(text).toMatch(/^HTTP\/1\.1 200/);
        } finally {
          await api.close();
        }
      }),
      runs(700),
    );
  });
});

/** Writes for ever, as fast as it is read; gives the number of bytes that were taken before the client hung up. */
function writeForEver(socket: Socket, head: string, piece: string): Promise<number> {
  socket.write(head);
  const more = () => {
    while (!socket.destroyed && socket.write(piece));
  };
  socket.on('drain', more);
  more();
  return new Promise((resolve) => socket.on('close', () => resolve(socket.bytesWritten)));
}

/** What fits into the buffers of two sockets besides what the client reads. */
const BUFFERS_BYTES = 16 * 1024 * 1024;

describe('an answer that does not end', () => {
  it.each([
    [
      'a body of a known length',
      'HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n',
      'x'.repeat(65_536),
      /answered 200, but with more than 4194304 bytes/,
    ],
    [
      'a body in chunks',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
      `10000\r\n${'x'.repeat(65_536)}\r\n`,
      /answered 200, but with more than 4194304 bytes/,
    ],
    ['a body until the end', 'HTTP/1.1 400 Bad\r\n\r\n', '{"error":'.repeat(8_000), /answered 400/],
    ['headers', 'HTTP/1.1 200 OK\r\n', `X-Y: ${'z'.repeat(60_000)}\r\n`, /headers of the answer are too large/],
    ['answers that are none', '', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(1_000), /closed before the answer came/],
    ['one header line', 'HTTP/1.1 200 OK\r\nX: ', 'z'.repeat(65_536), /headers of the answer are too large/],
    [
      'trailers',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n',
      `X-Y: ${'z'.repeat(60_000)}\r\n`,
      /the answer broke off: the headers/,
    ],
  ])('is cut off after a bounded number of bytes: %s', async (_what, head, piece, says) => {
    const { open, answerWith } = await openPair();
    const sizes: Promise<number>[] = [];
    answerWith((socket) => void sizes.push(writeForEver(socket, head, piece)));
    const api = open();
    const outcome = await api.readWebhook(1894);
    await api.close();
    checkOutcome(outcome);
    expect(outcome).toMatchObject({ ok: false, message: expect.stringMatching(says) });
    for (const size of await Promise.all(sizes)) expect(size).toBeLessThan(ANSWER_BODY_BYTES + BUFFERS_BYTES);
  });

  it.each([
    ['before its first byte', ''],
    ['in its headers', 'HTTP/1.1 201 Created\r\nX-Cre'],
    ['in its body', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"ID":'],
  ])('is given up on at the deadline, drop by drop or still: %s', async (_where, text) => {
    const { server, open, answerWith } = await openPair(300);
    answerWith((socket) => drip(socket, text));
    const api = open();
    const outcome = await api.createWebhook(SPEC);
    await api.close();
    checkOutcome(outcome);
    expect(outcome).toMatchObject({ kind: 'unknown', message: 'no answer within 0.3 s' });
    expect(server.requests).toHaveLength(1);
  });

  it('is a list whose pages never end, and is left at a page that brings nothing new', async () => {
    const { server, open, answerWith } = await openPair();
    const row = { ID: '5', handler: 'https://a.example', trigger: 'create', callers: [] };
    answerWith((socket) => {
      socket.write(
        json({ start: 0, limit: 1000, count: 1000, total: 9e15, data: Array.from({ length: 1000 }, () => row) }),
      );
    });
    const api = open();
    const outcome = await api.listWebhooks();
    await api.close();
    expect(outcome).toEqual({ ok: true, value: 'unavailable' });
    expect((server as RawServer).requests.length).toBeLessThan(1_000);
  });
});

/** A byte at a time, for as long as the other side listens. */
function drip(socket: Socket, text: string): void {
  let sent = 0;
  const timer = setInterval(() => {
    if (socket.destroyed) clearInterval(timer);
    else socket.write(text === '' ? '' : (text[sent] ?? ' '));
    sent += 1;
  }, 20);
  socket.on('close', () => clearInterval(timer));
}
