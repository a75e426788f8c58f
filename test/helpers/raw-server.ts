import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** One request as it came over the wire. */
export interface RawRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * What the server does with a request: writes bytes, nothing, or ends the connection. `count` is the request's number,
 * from 1.
 */
export type Script = (socket: Socket, request: RawRequest, count: number) => void;

export interface RawServer {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  readonly port: number;
  /** Every request so far, in order of arrival. */
  readonly requests: readonly RawRequest[];
  /** Connections that were opened so far. */
  readonly connections: number;
  /** Resolves when so many requests have come in all. */
  requested(count: number): Promise<void>;
}

/**
 * A server on a loopback port that answers with whatever bytes the script writes, however odd. It reads requests with
 * a content length or without a body, and ends with the test.
 */
export async function startRawServer(script: Script): Promise<RawServer> {
  const requests: RawRequest[] = [];
  const waiting: { readonly count: number; readonly go: () => void }[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    readRequests(socket, (request) => {
      requests.push(request);
      script(socket, request, requests.length);
      for (const { go } of waiting.filter(({ count }) => requests.length >= count)) go();
    });
  });
  const port = await listen(server);
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    get connections() {
      return connections;
    },
    requested: (count) =>
      requests.length >= count ? Promise.resolve() : new Promise((go) => waiting.push({ count, go })),
  };
}

/** Starts listening on a free loopback port. */
export async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** A loopback port that nothing listens on. */
export async function closedPort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** An answer as bytes, with its content length. */
export function answer(status: number, headers: Readonly<Record<string, string>> = {}, body = ''): string {
  const lines = Object.entries({ 'Content-Length': String(Buffer.byteLength(body)), ...headers });
  return `HTTP/1.1 ${status} Odd\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`;
}

/** An answer of JSON. */
export function json(value: unknown, status = 200): string {
  return answer(status, { 'Content-Type': 'application/json' }, JSON.stringify(value));
}

/** The load balancer's page, as it was seen. */
export const LOAD_BALANCER_PAGE =
  '<html><head><title>Loadbalancer Error</title></head><body><h1>Error</h1><p>Too many requests.</p></body></html>';

function readRequests(socket: Socket, onRequest: (request: RawRequest) => void): void {
  let buffered = '';
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    buffered += chunk;
    for (let end = buffered.indexOf('\r\n\r\n'); end >= 0; end = buffered.indexOf('\r\n\r\n')) {
      const [first = '', ...lines] = buffered.slice(0, end).split('\r\n');
      const headers = Object.fromEntries(lines.map((line) => splitAt(line, ':')));
      const length = Number(headers['content-length'] ?? 0);
      if (buffered.length < end + 4 + length) return;
      const body = Buffer.from(buffered.slice(end + 4, end + 4 + length), 'latin1').toString('utf8');
      buffered = buffered.slice(end + 4 + length);
      const [method = '', target = ''] = first.split(' ');
      onRequest({ method, target, headers, body });
    }
  });
}

function splitAt(line: string, separator: string): [string, string] {
  const at = line.indexOf(separator);
  return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()];
}
