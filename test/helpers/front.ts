import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, createServer as createRawServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Sandbox } from '../../src/sandbox/server.js';
import { TEST_CERTIFICATE, TEST_KEY } from '../unit/copernica/certificate.js';
import { listen } from './raw-server.js';

/** What a sandbox shows to nobody: the headers of each request, as they came, and each JWT that it gave out. */
export interface Front {
  readonly url: string;
  readonly headers: readonly Readonly<Record<string, string | string[] | undefined>>[];
  readonly jwts: readonly string[];
}

/**
 * A server that hands everything on to a sandbox and remembers what passed; each request waits for `gate` before it is
 * handed on. Ends with the test. As `api.example` it is reached through `openProxy` alone.
 */
export async function openFront(
  sandbox: Sandbox,
  scheme: 'http' | 'https' = 'http',
  host = scheme === 'http' ? '127.0.0.1' : 'localhost',
  gate: (request: IncomingMessage) => Promise<void> = async () => undefined,
): Promise<Front> {
  const headers: Front['headers'][number][] = [];
  const jwts: string[] = [];
  const handOn: RequestListener = (incoming, outgoing) => {
    // Who asked may have gone while it waited.
    handOnLater(incoming, outgoing).catch(() => outgoing.destroy());
  };
  const handOnLater = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    headers.push(incoming.headers);
    await gate(incoming);
    const answer = await fetch(`${sandbox.url}${incoming.url}`, await requestOf(incoming));
    const body = await answer.text();
    if (incoming.url === '/' && answer.status === 200) jwts.push(body);
    const { connection: _connection, ...rest } = Object.fromEntries(answer.headers);
    outgoing.writeHead(answer.status, rest).end(body);
  };
  const server =
    scheme === 'http' ? createServer(handOn) : createTlsServer({ key: TEST_KEY, cert: TEST_CERTIFICATE }, handOn);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `${scheme}://${host}:${await listen(server as Server)}`, headers, jwts };
}

async function requestOf(incoming: IncomingMessage): Promise<RequestInit> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const { authorization, 'content-type': type } = incoming.headers;
  return {
    method: incoming.method ?? 'GET',
    redirect: 'manual',
    headers: {
      ...(authorization === undefined ? {} : { authorization }),
      ...(type === undefined ? {} : { 'content-type': type }),
    },
    ...(chunks.length === 0 ? {} : { body: Buffer.concat(chunks).toString('utf8') }),
  };
}

/** A proxy that opens a tunnel for each CONNECT to a port of this machine, and keeps what it was told in the clear. */
export async function openProxy(): Promise<{ readonly url: string; readonly heads: readonly string[] }> {
  const heads: string[] = [];
  const sockets = new Set<Socket>();
  const server = createRawServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('data', (chunk) => {
      const head = chunk.toString('latin1');
      heads.push(head);
      const onward = connect(Number(/^CONNECT [^ ]*:(\d+) /.exec(head)?.[1]), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        socket.pipe(onward).pipe(socket);
      });
      sockets.add(onward);
      onward.on('error', () => socket.destroy());
    });
  });
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { url: `http://127.0.0.1:${await listen(server)}`, heads };
}
