import { connect, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ProxySettings } from '../../../src/copernica/proxy.js';
import { createTransport } from '../../../src/copernica/transport.js';
import { answer, closedPort, listen, startRawServer } from '../../helpers/raw-server.js';
import { TEST_CERTIFICATE, TEST_KEY } from './certificate.js';

const POST = { method: 'POST', path: '/v3/webhooks?access_token=t', headers: {}, body: '{}' } as const;

function open(origin: string, proxy: ProxySettings, timeoutMs = 20_000) {
  const transport = createTransport({ origin, connections: 2, timeoutMs, proxy, ca: TEST_CERTIFICATE });
  onTestFinished(() => transport.close());
  return transport;
}

/** A proxy that does what `script` says with the head of each CONNECT. */
async function startProxy(script: (socket: Socket, port: number) => void) {
  const heads: string[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (chunk) => {
      const head = chunk.toString();
      heads.push(head);
      script(socket, Number(/^CONNECT [^ ]*:(\d+) /.exec(head)?.[1]));
    });
  });
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${await listen(server)}`, heads };
}

function tunnel(socket: Socket, port: number): void {
  const onward = connect(port, '127.0.0.1', () => {
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    socket.pipe(onward).pipe(socket);
  });
  onward.on('error', () => socket.destroy());
}

async function startTlsApi(onData: (socket: Socket) => void) {
  let received = '';
  const server = createTlsServer({ key: TEST_KEY, cert: TEST_CERTIFICATE }, (socket) => {
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      received += chunk;
      onData(socket);
    });
  });
  server.on('tlsClientError', () => {});
  onTestFinished(() => void server.close());
  return { origin: `https://api.example:${await listen(server)}`, received: () => received };
}

describe('NODE_TLS_REJECT_UNAUTHORIZED=0', () => {
  it('lets no request go to an API that nobody knows, in a tunnel', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    onTestFinished(() => void vi.unstubAllEnvs());
    const api = await startTlsApi((socket) => socket.write(answer(201)));
    const proxy = await startProxy(tunnel);
    const transport = createTransport({
      origin: api.origin,
      connections: 1,
      timeoutMs: 20_000,
      proxy: { httpsProxy: proxy.url },
    });
    onTestFinished(() => transport.close());
    expect(await transport.send(POST)).toMatchObject({ kind: 'no-answer', sent: false });
    expect([api.received(), proxy.heads.length]).toEqual(['', 1]);
  });

  it('lets nothing go to a proxy that nobody knows, its password neither', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    onTestFinished(() => void vi.unstubAllEnvs());
    const { origin, received } = await startTlsApi((socket) => socket.end('HTTP/1.1 403 No\r\n\r\n'));
    const transport = createTransport({
      origin: 'https://api.example',
      connections: 1,
      timeoutMs: 20_000,
      proxy: { httpsProxy: origin.replace('//api.example', '//me:pass@localhost') },
    });
    onTestFinished(() => transport.close());
    expect(await transport.send(POST)).toMatchObject({ kind: 'no-answer', sent: false });
    expect(received()).toBe('');
  });
});

describe('through a proxy', () => {
  it('reaches the API in a tunnel, so that the proxy sees neither token nor body', async () => {
    const api = await startTlsApi((socket) => socket.write(answer(201, { 'X-Created': '5' })));
    const proxy = await startProxy(tunnel);
    const withPassword = proxy.url.replace('//', '//me:pass@');
    const transport = open(api.origin, { httpsProxy: withPassword });
    expect(await transport.send(POST)).toMatchObject({ kind: 'answer', headers: { 'x-created': '5' } });
    expect(proxy.heads).toHaveLength(1);
    expect(proxy.heads[0]).toMatch(/^CONNECT api\.example:\d+ HTTP\/1\.1/);
    expect(proxy.heads[0]?.toLowerCase()).toContain(`proxy-authorization: basic ${btoa('me:pass').toLowerCase()}`);
    expect(proxy.heads[0]).not.toContain('access_token');
  });

  it('knows that a request was sent when the API drops the tunnel on it', async () => {
    const api = await startTlsApi((socket) => socket.destroy());
    const proxy = await startProxy(tunnel);
    expect(await open(api.origin, { httpsProxy: proxy.url }).send(POST)).toEqual({
      kind: 'no-answer',
      sent: true,
      message: 'the connection was closed before the answer came',
    });
    expect(api.received()).toContain('POST /v3/webhooks');
  });

  it.each<[string, (socket: Socket) => void, string | RegExp]>([
    [
      'refuses',
      (socket) => socket.end('HTTP/1.1 403 Forbidden\r\n\r\n'),
      'the proxy answered 403 and opened no way to api.example:443',
    ],
    [
      'wants a password',
      (socket) => socket.end('HTTP/1.1 407 Who?\r\n\r\n'),
      'the proxy answered 407 and opened no way to api.example:443',
    ],
    ['closes the connection', (socket) => socket.end(), 'the proxy closed the connection'],
    ['resets the connection', (socket) => socket.resetAndDestroy(), /^the connection to .* was closed again$/],
    [
      'closes the tunnel at once',
      (socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n'),
      /^the connection to .* was closed again$/,
    ],
  ])('has sent nothing when the proxy %s', async (_, script, message) => {
    const proxy = await startProxy(script);
    const transport = open('https://api.example:443', { httpsProxy: proxy.url });
    const exchanges = await Promise.all([transport.send(POST), transport.send(POST), transport.send(POST)]);
    for (const exchange of exchanges) {
      expect(exchange).toEqual({ kind: 'no-answer', sent: false, message: expect.stringMatching(message) });
    }
    // It does not come back for more by itself.
    expect(proxy.heads.length).toBeLessThanOrEqual(3);
  });

  it('has sent nothing when the proxy can not be reached, or does not answer in time', async () => {
    const port = await closedPort();
    expect(await open('https://api.example:1', { httpsProxy: `127.0.0.1:${port}` }).send(POST)).toEqual({
      kind: 'no-answer',
      sent: false,
      message: `connection refused by 127.0.0.1:${port}`,
    });
    const silent = await startProxy(() => {});
    expect(await open('https://api.example:1', { httpsProxy: silent.url }, 200).send(POST)).toMatchObject({
      kind: 'no-answer',
      sent: false,
    });
  });

  it('goes without the proxy where NO_PROXY names the host', async () => {
    const proxy = await startProxy(() => {});
    const settings = { httpProxy: proxy.url, httpsProxy: proxy.url, noProxy: 'other.example,api.example' };
    expect(await open('https://api.example:1', settings).send(POST)).toMatchObject({ kind: 'no-answer', sent: false });
    expect(proxy.heads).toEqual([]);
  });

  it.each(['localhost', '127.0.0.1'])(
    'goes to %s without it, which would read the token in the clear',
    async (host) => {
      const proxy = await startProxy(() => {});
      const server = await startRawServer((socket) => socket.write(answer(200)));
      const settings = { httpProxy: proxy.url, httpsProxy: proxy.url };
      const exchange = await open(`http://${host}:${server.port}`, settings).send(POST);
      expect([exchange.kind, server.requests.length, proxy.heads]).toEqual(['answer', 1, []]);
    },
  );

  it('refuses an address that is none, without repeating the password in it', () => {
    for (const httpsProxy of ['socks5://me:pass@h:1', 'http://me:pass@h:x', '://']) {
      expect(() => open('https://localhost:1', { httpsProxy })).toThrow(
        /^HTTPS_PROXY is not the address of an http or https proxy$/,
      );
    }
  });
});
