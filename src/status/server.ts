import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { BlockList, isIP } from 'node:net';
import type { Logger } from 'pino';
import { type ProductError, productError } from '../errors.js';
import { formatListen, type ListenAddress } from '../settings/values.js';
import type { Answers, StatusAnswer } from './answers.js';

/** A reader that is slow, or says nothing, is let go of: this server is small and has no log-in. */
const LIMITS = {
  headersMs: 5_000,
  requestMs: 10_000,
  keepAliveMs: 5_000,
  /** Without a byte either way. */
  idleMs: 30_000,
  headerBytes: 8 * 1024,
  connections: 100,
} as const;

const HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
} as const;
const STRICTEST_POLICY = "default-src 'none'; frame-ancestors 'none'";
const LOCAL_NAMES: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

export interface StatusServer {
  /** With the port that was really taken. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Listens, and answers GET and HEAD. Throws ProductError of kind `input` when it can't: the port is in use, or the
 * address is none of this machine.
 */
export async function startStatusServer(options: {
  readonly listen: ListenAddress;
  readonly anyPort: boolean;
  readonly answers: Answers;
  readonly log: Logger;
}): Promise<StatusServer> {
  const { listen, anyPort, answers, log } = options;
  const isWelcome = hostCheck(listen);
  const server = createServer({ maxHeaderSize: LIMITS.headerBytes }, (request, response) => {
    respond(request, response, answers, isWelcome).catch((error: unknown) => {
      log.error({ path: request.url?.split('?')[0] }, `status server: ${String(error)}`);
      if (response.headersSent) response.destroy();
      else send(response, text(500, 'internal error: see the log'), request.method === 'HEAD');
    });
  });
  server.headersTimeout = LIMITS.headersMs;
  server.requestTimeout = LIMITS.requestMs;
  server.keepAliveTimeout = LIMITS.keepAliveMs;
  server.maxConnections = LIMITS.connections;
  server.setTimeout(LIMITS.idleMs, (socket) => socket.destroy());
  await listenOn(server, listen, anyPort, log);
  // The daemon lives by its own; a server that nobody closed must not keep a failed start from ending.
  server.unref();
  const url = urlOf(server, listen);
  log.info({ url, ...(listen.host === null ? { on: 'all addresses' } : {}) }, 'status page, health and metrics');
  return { url, close: () => close(server) };
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  answers: Answers,
  isWelcome: (host: string | undefined) => boolean,
): Promise<void> {
  const { method = '' } = request;
  // A body has no meaning here; it is read away, so that the connection can be used again.
  request.resume();
  if (!isWelcome(request.headers.host)) {
    return send(response, text(421, 'this server is not known under that host name'), method === 'HEAD');
  }
  if (method !== 'GET' && method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    return send(response, text(405, 'only GET and HEAD'), false);
  }
  const target = targetOf(request.url ?? '/');
  const answer = target === null ? null : await answers(target.pathname, target.searchParams);
  send(response, answer ?? text(404, 'there is nothing here; the status page is at /'), method === 'HEAD');
}

/** A path as most send it, or a whole URL as proxies do. Null: neither. */
function targetOf(url: string): URL | null {
  const base = url.startsWith('/') ? `http://status${url}` : url;
  return URL.canParse(base) ? new URL(base) : null;
}

function send(response: ServerResponse, { status, type, body, policy }: StatusAnswer, headOnly: boolean): void {
  const bytes = Buffer.from(body);
  response.writeHead(status, {
    ...HEADERS,
    'content-security-policy': policy ?? STRICTEST_POLICY,
    'content-type': type,
    'content-length': bytes.length,
  });
  response.end(headOnly ? undefined : bytes);
}

function text(status: number, message: string): StatusAnswer {
  return { status, type: 'text/plain; charset=utf-8', body: `${message}\n` };
}

/**
 * On loopback, only names of this machine: a page elsewhere whose own name was made to point at 127.0.0.1 (DNS
 * rebinding) is read by nobody through the browser of somebody who sits here. On other addresses any name may be ours.
 */
function hostCheck({ host }: ListenAddress): (header: string | undefined) => boolean {
  if (host === null || !isLoopback(host)) return () => true;
  const own = host.includes(':') ? `[${host}]` : host.toLowerCase();
  return (header) => {
    const name = header?.replace(/:\d*$/, '').toLowerCase() ?? '';
    return LOCAL_NAMES.has(name) || name === own;
  };
}

function isLoopback(host: string): boolean {
  if (host.toLowerCase() === 'localhost') return true;
  const loopback = new BlockList();
  loopback.addSubnet('127.0.0.0', 8, 'ipv4');
  loopback.addAddress('::1', 'ipv6');
  return isIP(host) !== 0 && loopback.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4');
}

async function listenOn(server: Server, listen: ListenAddress, anyPort: boolean, log: Logger): Promise<void> {
  try {
    await listening(server, listen);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    if (code !== 'EADDRINUSE' || !anyPort) throw listenError(listen, code);
    log.warn({ listen: formatListen(listen) }, 'the port of the status page is in use: a free one is taken');
    await listening(server, { ...listen, port: 0 });
  }
}

function listening(server: Server, { host, port }: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, ...(host === null ? {} : { host }) }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function listenError(listen: ListenAddress, code: string): ProductError {
  const where = formatListen(listen);
  if (code === 'EADDRINUSE') {
    return productError('input', {
      code: 'listen-in-use',
      message: `listen: ${where} is in use by another program`,
      remedy: 'end that one (another daemon?), or say --listen with another port, port 0 for any free one, or off',
    });
  }
  const why = code === 'EACCES' ? 'may not be used by this user' : `can't be listened on here (${code})`;
  return productError('input', {
    code: 'bad-setting',
    message: `listen: ${where} ${why}`,
    remedy: 'say --listen with an address of this machine and a port from 1024 on, or off',
  });
}

function urlOf(server: Server, { host }: ListenAddress): string {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return `http://${formatListen({ host: host ?? 'localhost', port })}/`;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
