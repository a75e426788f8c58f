import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { createServer as createTlsServer } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SharedDispatchers } from '../../../src/copernica/dispatcher.js';
import { ANSWER_BODY_BYTES } from '../../../src/copernica/exchange.js';
import { createTransport, type TransportOptions } from '../../../src/copernica/transport.js';
import { answer, closedPort, listen, startRawServer } from '../../helpers/raw-server.js';
import { TEST_CERTIFICATE, TEST_KEY } from './certificate.js';

function open(origin: string, options: Partial<TransportOptions> = {}) {
  const transport = createTransport({ origin, connections: 1, timeoutMs: 20_000, ...options });
  onTestFinished(() => transport.close());
  return transport;
}

const POST = { method: 'POST', path: '/v3/webhooks?access_token=t', headers: {}, body: '{}' } as const;

describe('the connections of several accounts', () => {
  it('are shared: as many as there are requests at a time, which outlive the account that opened them', async () => {
    const server = await startRawServer((socket) => socket.write(answer(200)));
    const dispatchers = new SharedDispatchers();
    onTestFinished(() => dispatchers.close());
    for (let account = 0; account < 5; account += 1) {
      const transport = open(server.url, { dispatchers });
      expect(await transport.send(POST)).toMatchObject({ kind: 'answer', status: 200 });
      await transport.close();
      // undici takes a connection for free a turn after its answer.
      await setImmediate();
    }
    expect(server.connections).toBe(1);
  });
});

describe('what was not sent', () => {
  it('a connection that is refused', async () => {
    const port = await closedPort();
    expect(await open(`http://127.0.0.1:${port}`).send(POST)).toEqual({
      kind: 'no-answer',
      sent: false,
      message: `connection refused by 127.0.0.1:${port}`,
    });
  });

  it('a name that does not exist', async () => {
    const exchange = await open('https://copernica.invalid').send(POST);
    expect(exchange).toMatchObject({ kind: 'no-answer', sent: false });
    // Without any name server the same lookup ends in another way.
    expect(exchange).toHaveProperty(
      'message',
      expect.stringMatching(/^(name not found|the name can't be looked up).*: copernica\.invalid/),
    );
  });

  it('TLS to a port that speaks plain HTTP', async () => {
    const server = await startRawServer((socket) => socket.end(answer(200)));
    const plain = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    onTestFinished(() => void plain.close());
    const port = await listen(plain);
    expect(await open(`https://127.0.0.1:${port}`).send(POST)).toEqual({
      kind: 'no-answer',
      sent: false,
      message: expect.stringMatching(/^no TLS connection to 127\.0\.0\.1:\d+ \(ERR_SSL_\w+\)$/),
    });
    expect(server.requests).toEqual([]);
  });

  it('a reset while TLS is being set up, which looks like a reset after sending', async () => {
    const server = createServer((socket) => socket.once('data', () => socket.resetAndDestroy()));
    onTestFinished(() => void server.close());
    const port = await listen(server);
    expect(await open(`https://127.0.0.1:${port}`).send(POST)).toEqual({
      kind: 'no-answer',
      sent: false,
      message: `the connection to 127.0.0.1:${port} was closed again`,
    });
  });

  it('a certificate that nobody vouches for', async () => {
    const { port, requests } = await startTlsServer();
    expect(await open(`https://127.0.0.1:${port}`).send(POST)).toEqual({
      kind: 'no-answer',
      sent: false,
      message: `no TLS connection to 127.0.0.1:${port} (DEPTH_ZERO_SELF_SIGNED_CERT)`,
    });
    expect(requests()).toBe('');
  });

  it('a connection that is not there in time, and it is not sent later either', async () => {
    const held: Socket[] = [];
    const { tls, requests } = await startTlsServer();
    const front = createServer((socket) => held.push(socket));
    onTestFinished(() => void front.close());
    const port = await listen(front);
    const transport = open(`https://127.0.0.1:${port}`, { timeoutMs: 100, ca: TEST_CERTIFICATE });
    const connected = once(front, 'connection');

    expect(await transport.send(POST)).toEqual({
      kind: 'no-answer',
      sent: false,
      message: `no connection to 127.0.0.1:${port} within 0.1 s`,
    });
    await connected;
    // Only now does the server set up TLS: the connection comes up, with nothing that may be written to it.
    const closed = held.map((socket) => new Promise((resolve) => socket.on('close', resolve)));
    for (const socket of held) tls.emit('connection', socket);
    await Promise.all(closed);
    expect(closed).toHaveLength(1);
    expect(requests()).toBe('');
  });

  it('a request that can not be written as HTTP', async () => {
    const server = await startRawServer((socket) => socket.end(answer(200)));
    const exchange = await open(server.url).send({ ...POST, path: '/a b?access_token=t' });
    expect(exchange).toEqual({ kind: 'no-answer', sent: false, message: 'network error UND_ERR_INVALID_ARG' });
  });
});

describe('what was sent, and may have been acted on', () => {
  it.each<[string, (socket: Socket) => void, string]>([
    ['a reset', (socket) => socket.resetAndDestroy(), 'the connection was closed before the answer came'],
    ['an empty reply', (socket) => socket.end(), 'the connection was closed before the answer came'],
    [
      'an announcement of an answer, and no answer',
      (socket) => socket.end('HTTP/1.1 103 Early Hints\r\nX-Created: 5\r\n\r\n'),
      'the connection was closed before the answer came',
    ],
    ['half a status line', (socket) => socket.end('HTTP/1.1 2'), 'the connection was closed before the answer came'],
    [
      'half a header',
      (socket) => socket.end('HTTP/1.1 201 Created\r\nX-Created: 18'),
      'the connection was closed before the answer came',
    ],
    ['no HTTP at all', (socket) => socket.end('hello\r\n\r\n'), 'the answer is not HTTP'],
    [
      'endless headers',
      (socket) => socket.write(`HTTP/1.1 201 Created\r\n${'X-A: b\r\n'.repeat(5000)}`),
      'the headers of the answer are too large',
    ],
  ])('%s', async (_, script, message) => {
    const server = await startRawServer(script);
    expect(await open(server.url).send(POST)).toEqual({ kind: 'no-answer', sent: true, message });
    expect(server.requests).toHaveLength(1);
  });

  it('no answer in time', async () => {
    const server = await startRawServer(() => {});
    expect(await open(server.url, { timeoutMs: 150 }).send(POST)).toEqual({
      kind: 'no-answer',
      sent: true,
      message: 'no answer within 0.15 s',
    });
  });

  it('is sent once, also on a kept-alive connection that the server closes as the request arrives', async () => {
    const server = await startRawServer((socket, _, count) => {
      if (count < 3) socket.write(answer(200));
      else socket.resetAndDestroy();
    });
    const transport = open(server.url);
    expect(await transport.send(POST)).toMatchObject({ kind: 'answer' });
    expect(await transport.send(POST)).toMatchObject({ kind: 'answer' });
    expect(await transport.send(POST)).toMatchObject({ kind: 'no-answer', sent: true });
    expect(server.requests).toHaveLength(3);
    expect(server.connections).toBe(1);
  });

  it('leaves the requests behind it unharmed: they go out on another connection, each once', async () => {
    const server = await startRawServer((socket, { body }) => {
      if (body === '2') socket.resetAndDestroy();
      else socket.write(answer(201, { 'X-Created': body }));
    });
    const transport = open(server.url);
    const exchanges = await Promise.all(['1', '2', '3', '4'].map((body) => transport.send({ ...POST, body })));
    expect(exchanges.map(({ kind }) => kind)).toEqual(['answer', 'no-answer', 'answer', 'answer']);
    expect(server.requests.map(({ body }) => body)).toEqual(['1', '2', '3', '4']);
  });
});

describe('answers', () => {
  it('gives status, headers in lower case and the body', async () => {
    const server = await startRawServer((socket) => {
      socket.write('HTTP/1.1 103 Early Hints\r\nX-Created: 1\r\n\r\n');
      socket.write(answer(201, { 'X-Created': '1894' }, '{"ü":1}'));
    });
    expect(await open(server.url).send(POST)).toMatchObject({
      kind: 'answer',
      status: 201,
      headers: { 'x-created': '1894' },
      body: '{"ü":1}',
    });
  });

  it('keeps connections, no more than it was told to', async () => {
    const server = await startRawServer((socket) => socket.write(answer(200)));
    const transport = open(server.url, { connections: 3 });
    await Promise.all(Array.from({ length: 30 }, () => transport.send(POST)));
    expect(server.requests).toHaveLength(30);
    expect(server.connections).toBe(3);
  });

  it.each<[string, (socket: Socket) => void, object]>([
    [
      'breaks off',
      (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"ID"'),
      { broken: 'lost', message: expect.stringMatching(/^the answer broke off/) },
    ],
    [
      'ends in nonsense',
      (socket) => socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'),
      { broken: 'lost', message: expect.stringMatching(/^the answer broke off: the answer is not HTTP/) },
    ],
    [
      'never ends',
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
        flood(socket);
      },
      { broken: 'too-large', message: `with more than ${ANSWER_BODY_BYTES} bytes` },
    ],
    [
      'trickles',
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n');
        const timer = setInterval(() => socket.write('x'), 20);
        socket.on('close', () => clearInterval(timer));
      },
      { broken: 'time-out', message: 'the answer did not end within 0.2 s' },
    ],
  ])('tells status and headers of an answer whose body %s', async (_, script, body) => {
    const server = await startRawServer(script);
    const timeoutMs = 'trickles' === _ ? 200 : 20_000;
    expect(await open(server.url, { timeoutMs }).send(POST)).toMatchObject({ kind: 'answer', status: 200, body });
  });

  it('trusts a certificate authority that it is given, beside the usual ones', async () => {
    const { port, requests } = await startTlsServer();
    const exchange = await open(`https://localhost:${port}`, { ca: TEST_CERTIFICATE }).send(POST);
    expect(exchange).toMatchObject({ kind: 'answer', status: 201, headers: { 'x-created': '77' } });
    expect(requests()).toMatch(/^POST \/v3\/webhooks\?access_token=t HTTP\/1\.1/);
  });
});

/** Writes for as long as somebody reads. */
function flood(socket: Socket): void {
  const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
  const more = () => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on('drain', more);
  more();
}

async function startTlsServer() {
  let received = '';
  const tls = createTlsServer({ key: TEST_KEY, cert: TEST_CERTIFICATE }, (socket) => {
    socket.on('data', (chunk) => {
      received += chunk;
      socket.write(answer(201, { 'X-Created': '77' }));
    });
    socket.on('error', () => {});
  });
  tls.on('tlsClientError', () => {});
  onTestFinished(() => void tls.close());
  return { tls, port: await listen(tls), requests: () => received };
}

describe('a transport that is closed', () => {
  it('ends the connections that are idle without asking for a stack, for which all source maps would be read', async () => {
    const server = await startRawServer((socket) => socket.write(answer(200)));
    const transport = createTransport({ origin: server.url, connections: 1, timeoutMs: 20_000 });
    expect(await transport.send(POST)).toMatchObject({ kind: 'answer' });
    const before = Error.prepareStackTrace;
    onTestFinished(() => {
      Error.prepareStackTrace = before;
    });
    let asked = 0;
    Error.prepareStackTrace = () => {
      asked += 1;
    };
    await transport.close();
    expect(asked).toBe(0);
  });
});
