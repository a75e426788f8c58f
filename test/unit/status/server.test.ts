import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { request, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { askStatus } from '../../../src/status/ask.js';
import { startStatusServer } from '../../../src/status/server.js';

const ANSWER = async () => ({ status: 200, type: 'text/plain', body: Buffer.from('alive\n') });

async function open(options: { readonly allowedHosts?: readonly string[]; readonly host?: string | null } = {}) {
  const lines: string[] = [];
  const { host = '127.0.0.1', allowedHosts = [] } = options;
  const server = await startStatusServer({
    listen: { host, port: 0 },
    allowedHosts,
    anyPort: false,
    answer: ANSWER,
    log: pino({}, { write: (line) => void lines.push(line) }),
  });
  onTestFinished(() => server.close());
  return { lines, port: Number(new URL(server.url).port) };
}

/** A GET of /healthz that says to be for that host. */
function ask(port: number, host: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request({ port, host: '127.0.0.1', path: '/healthz', headers: { host }, agent: false }, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }));
    });
    asked.on('error', reject).end();
  });
}

/** Connections that are opened, and send that and nothing more. They end with the test. */
async function hold(port: number, count: number, text: string): Promise<Socket[]> {
  const sockets = Array.from({ length: count }, () => connect(port, '127.0.0.1').on('error', () => {}));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('connect', resolve))));
  for (const socket of sockets) socket.write(text);
  return sockets;
}

describe('the status server', () => {
  it.each([
    ['localhost', 200],
    ['LocalHost:9465', 200],
    ['localhost.', 200],
    ['page.localhost:80', 200],
    ['127.0.0.1:9465', 200],
    ['10.1.2.3', 200],
    ['192.0.2.7:9465', 200],
    ['[::1]:9465', 200],
    ['[2001:db8::7]', 200],
    ['status.example.com', 200],
    ['STATUS.example.com.:443', 200],
    ['webhooks', 200],
    ['evil.example', 421],
    ['status.example.com.evil.example', 421],
    ['localhost.evil.example', 421],
    ['127.0.0.1.evil.example', 421],
    ['127.0.0.1:80:80', 421],
    ['[evil.example]', 421],
    ['::1', 421],
    ['300.1.2.3', 421],
  ])('answers to loopback, addresses and allowed names alone: %s with %i', async (host, status) => {
    const allowedHosts = ['status.example.com', 'webhooks'];
    for (const listen of ['127.0.0.1', null]) {
      const { port } = await open({ allowedHosts, host: listen });
      expect((await ask(port, host)).status).toBe(status);
    }
  });

  it('names the setting where a host name is refused', async () => {
    const { port } = await open();
    expect((await ask(port, 'status.example.com')).body).toContain('--allowed-hosts');
  });

  it('is asked by its own machine under a name that is always welcome', async () => {
    const { port } = await open();
    expect(await askStatus({ host: 'localhost', port }, '/healthz')).toEqual({ status: 200, body: 'alive\n' });
  });

  it.each([
    ['nothing', ''],
    ['half a header', 'GET /healthz HTTP/1.1\r\nhost: localhost\r\nx-half: '],
    ['half a body', 'POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\nhalf'],
  ])('answers while strangers hold 200 connections open that send %s', async (_what, text) => {
    const { port } = await open();
    const held = await hold(port, 200, text);
    expect(await askStatus({ host: '127.0.0.1', port }, '/healthz')).toMatchObject({ status: 200 });
    expect(held.some(({ destroyed, readyState }) => !destroyed && readyState === 'open')).toBe(true);
  });

  it('goes on when connections can’t be taken, as with too many open files, and says so once', async () => {
    const { port, lines } = await open();
    const servers = new Set<Server>();
    const remember = (message: unknown) => void servers.add((message as { server: Server }).server);
    subscribe('http.server.request.start', remember);
    onTestFinished(() => void unsubscribe('http.server.request.start', remember));
    await ask(port, 'localhost');
    const [server] = servers;
    // What Node does when the system has no descriptor for a new connection.
    for (const _time of [1, 2, 3]) {
      server?.emit('error', Object.assign(new Error('accept EMFILE'), { code: 'EMFILE', syscall: 'accept' }));
    }
    expect((await ask(port, 'localhost')).status).toBe(200);
    expect(lines.filter((line) => line.includes('EMFILE'))).toHaveLength(1);
  });
});
