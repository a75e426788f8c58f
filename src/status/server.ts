import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isIP, type Socket } from 'node:net';
import type { Logger } from 'pino';
import { errorCode, type ProductError, productError } from '../errors.js';
import { formatListen, type ListenAddress } from '../settings/values.js';
import { parseUrl } from '../text/parse-url.js';
import { type Answers, type StatusAnswer, textAnswer } from './answers.js';

/** More than probes and people need, but few enough for any machine. */
const MOST_CONNECTIONS = 100;

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
  /** If the port is in use, take a free one, as for a demonstration. */
  readonly anyPort: boolean;
  /** Host names that it answers to besides loopback names and IP addresses: in lower case, without a final dot. */
  readonly allowedHosts: readonly string[];
  readonly log: Logger;
}

export interface StatusServer {
  /** With the port that was actually taken. */
  readonly url: string;
  /** Closes at once, even during answers: nobody's shutdown waits for a reader. */
  close(): Promise<void>;
}

/**
 * Listens, and answers GET and HEAD. Throws ProductError of kind `input` if it can't: the port is in use, or the
 * address is not this machine's.
 */
export async function startStatusServer(options: StatusServerOptions & Pick<Answers, 'answer'>): Promise<StatusServer> {
  const { listen, anyPort, answer, log } = options;
  const allowedHosts = new Set(options.allowedHosts);
  const server = createServer((request, response) => {
    respond(request, response, answer, allowedHosts).catch((error: unknown) => {
      log.error({ path: request.url?.split('?')[0] }, `status server: ${String(error)}`);
      if (response.headersSent) response.destroy();
      else send(response, textAnswer(500, 'internal error: see the log'), request.method === 'HEAD');
    });
  });
  keepRoomForNewConnections(server);
  await listenOn(server, listen, anyPort, log);
  survive(server, log);
  // The daemon stays alive without it, and a server that nobody closed must not keep a failed start from ending.
  server.unref();
  const url = urlOf(server, listen);
  log.info({ url, ...(listen.host === null ? { on: 'all addresses' } : {}) }, 'status page, health and metrics');
  return { url, close: () => close(server) };
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answers['answer'],
  allowedHosts: ReadonlySet<string>,
): Promise<void> {
  const { method = '', headers } = request;
  // A body has no meaning here; it is read and dropped, so that the connection can be reused.
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
  const found = target === null ? null : await answer(target.pathname, target.searchParams);
  send(response, found ?? textAnswer(404, 'there is nothing here; the status page is at /'), method === 'HEAD');
}

/** Always this machine, whoever resolves the name: https://www.rfc-editor.org/rfc/rfc6761#section-6.3. */
const LOOPBACK_NAME = /^(.*\.)?localhost$/;

/**
 * Whether a request's Host header names this server: a loopback name, an IP address, or a name in `--allowed-hosts`.
 *
 * Without this check, any page open in somebody's browser could read the status page, by letting its own name resolve
 * to this server's address (DNS rebinding). Browsers always send the name that the page came from, and an IP address
 * can't be made to resolve to another one.
 */
function isWelcomeHost(header: string | undefined, allowedHosts: ReadonlySet<string>): boolean {
  const host = (header ?? '').replace(/:\d{0,5}$/, '').toLowerCase();
  if (host.startsWith('[')) return host.endsWith(']') && isIP(host.slice(1, -1)) === 6;
  const name = host.replace(/\.$/, '');
  return isIP(name) === 4 || LOOPBACK_NAME.test(name) || allowedHosts.has(name);
}

/** Most clients send a path, proxies a whole URL. Null: neither. */
function targetOf(url: string): URL | null {
  return parseUrl(url.startsWith('/') ? `http://status${url}` : url);
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
 * If there are too many connections, drops the one that has been silent for longest. Refusing new ones, as
 * `server.maxConnections` does, would lock out the health check while strangers hold connections open, and a container
 * that fails its health check is restarted.
 */
function keepRoomForNewConnections(server: Server): void {
  // Sets keep the order of insertion.
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    const [oldest] = open;
    if (oldest !== undefined && open.size >= MOST_CONNECTIONS) {
      oldest.destroy();
      // Its `close` event comes later, perhaps after the next connection.
      open.delete(oldest);
    }
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  server.on('request', ({ socket }: IncomingMessage) => {
    if (open.delete(socket)) open.add(socket);
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

/** Rejects if the server can't listen. */
async function listening(server: Server, { host, port }: ListenAddress): Promise<void> {
  server.listen({ port, ...(host === null ? {} : { host }) });
  await once(server, 'listening');
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

async function close(server: Server): Promise<void> {
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
}
