import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import { errorCode, type ProductError, productError } from '../errors.js';
import { formatListen, type ListenAddress } from '../settings/values.js';
import { type Answers, type StatusAnswer, textAnswer } from './answers.js';
import { isWelcomeHost } from './hosts.js';

/** A reader that is slow, or says nothing, is let go of: this server is small and has no log-in. */
const LIMITS = {
  headersMs: 5_000,
  requestMs: 10_000,
  /** How often Node looks for connections that are over the two limits above. */
  checkEveryMs: 1_000,
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

export interface StatusServerOptions {
  readonly listen: ListenAddress;
  /** Take a free port where the wanted one is in use, as for a demonstration. */
  readonly anyPort: boolean;
  /** Host names that it answers to besides loopback names and IP addresses: in lower case, without a dot at the end. */
  readonly allowedHosts: readonly string[];
  readonly log: Logger;
}

export interface StatusServer {
  /** With the port that was really taken. */
  readonly url: string;
  /** Closes at once, answers under way included: nobody's shutdown waits for a reader. */
  close(): Promise<void>;
}

/**
 * Listens, and answers GET and HEAD. Throws ProductError of kind `input` when it can't: the port is in use, or the
 * address is none of this machine.
 */
export async function startStatusServer(
  options: StatusServerOptions & { readonly answers: Answers },
): Promise<StatusServer> {
  const { listen, anyPort, answers, log } = options;
  const allowedHosts = new Set(options.allowedHosts);
  const limits = { maxHeaderSize: LIMITS.headerBytes, connectionsCheckingInterval: LIMITS.checkEveryMs };
  const server = createServer(limits, (request, response) => {
    respond(request, response, answers, allowedHosts).catch((error: unknown) => {
      log.error({ path: request.url?.split('?')[0] }, `status server: ${String(error)}`);
      if (response.headersSent) response.destroy();
      else send(response, textAnswer(500, 'internal error: see the log'), request.method === 'HEAD');
    });
  });
  server.headersTimeout = LIMITS.headersMs;
  server.requestTimeout = LIMITS.requestMs;
  server.keepAliveTimeout = LIMITS.keepAliveMs;
  server.setTimeout(LIMITS.idleMs, (socket) => socket.destroy());
  keepRoomForNewConnections(server);
  await listenOn(server, listen, anyPort, log);
  survive(server, log);
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
  allowedHosts: ReadonlySet<string>,
): Promise<void> {
  const { method = '', headers } = request;
  // A body has no meaning here; it is read away, so that the connection can be used again.
  request.resume();
  if (!isWelcomeHost(headers.host, allowedHosts)) {
    const message = 'this host name is not one that the status server answers to; --allowed-hosts adds names';
    return send(response, textAnswer(421, message), method === 'HEAD');
  }
  if (method !== 'GET' && method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    return send(response, textAnswer(405, 'only GET and HEAD'), false);
  }
  const target = targetOf(request.url ?? '/');
  const answer = target === null ? null : await answers(target.pathname, target.searchParams);
  send(response, answer ?? textAnswer(404, 'there is nothing here; the status page is at /'), method === 'HEAD');
}

/** A path as most send it, or a whole URL as proxies do. Null: neither. */
function targetOf(url: string): URL | null {
  const base = url.startsWith('/') ? `http://status${url}` : url;
  return URL.canParse(base) ? new URL(base) : null;
}

function send(response: ServerResponse, { status, type, body, policy }: StatusAnswer, headOnly: boolean): void {
  response.writeHead(status, {
    ...HEADERS,
    'content-security-policy': policy ?? STRICTEST_POLICY,
    'content-type': type,
    'content-length': body.length,
  });
  response.end(headOnly ? undefined : body);
}

/**
 * When there are too many connections, drops the one that has waited longest without a whole request. Refusing new ones,
 * as `server.maxConnections` does, would keep the health check out as long as strangers hold theirs open, and a
 * container that does not answer its health check is restarted.
 */
function keepRoomForNewConnections(server: Server): void {
  // Sets keep the order in which things were added.
  const waiting = new Set<Socket>();
  const answering = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    if (waiting.size + answering.size >= LIMITS.connections) {
      const [oldest] = waiting.size > 0 ? waiting : answering;
      oldest?.destroy();
      // Its `close` event comes later, and the next connection may be here before.
      if (oldest !== undefined && !waiting.delete(oldest)) answering.delete(oldest);
    }
    waiting.add(socket);
    socket.once('close', () => {
      waiting.delete(socket);
      answering.delete(socket);
    });
  });
  server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    waiting.delete(socket);
    answering.add(socket);
    response.once('close', () => {
      answering.delete(socket);
      if (!socket.destroyed) waiting.add(socket);
    });
  });
}

/** Without a listener, an error of the listening socket (no descriptor for a new connection) would end the daemon. */
function survive(server: Server, log: Logger): void {
  let isLogged = false;
  server.on('error', (error) => {
    if (isLogged) return;
    isLogged = true;
    const reason = errorCode(error) || String(error);
    log.error({ reason }, 'the status server could not take a connection; it goes on, and says this only once');
  });
}

async function listenOn(server: Server, listen: ListenAddress, anyPort: boolean, log: Logger): Promise<void> {
  try {
    await listening(server, listen);
  } catch (error) {
    const code = errorCode(error) || 'unknown error';
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
