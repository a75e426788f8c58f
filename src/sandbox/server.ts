import { EventEmitter, once, setMaxListeners } from 'node:events';
import { createServer, type Server } from 'node:http';
import { productError } from '../errors.js';
import { sleep } from '../timers.js';
import type { StoredWebhook } from './model/account.js';
import { CONTROL_PREFIX, control } from './model/control.js';
import { exchange, type SandboxTime } from './model/exchange.js';
import type { FaultOrder } from './model/faults.js';
import type { ModelOptions } from './model/options.js';
import type { LoggedRequest } from './model/request-log.js';
import { SandboxModel } from './model/sandbox-model.js';
import { readRequest, writeReply } from './wire.js';

const HOST = '127.0.0.1';

/** Long, since a server that closes idle connections races with clients about to use them. */
const KEEP_ALIVE_MS = 600_000;

export interface SandboxOptions extends ModelOptions {
  /** 0 or left out: any free one. */
  readonly port?: number;
  /** Milliseconds since 1970. Default: the machine's clock. */
  readonly now?: () => number;
  /** Faults that are queued from the start. */
  readonly faults?: readonly (FaultOrder | string)[];
}

/** A sandbox on a loopback port. `url`, without a final `/`, is that of both the API and the authentication host. */
export interface Sandbox {
  readonly url: string;
  /** The access token of the first account. */
  readonly token: string;
  /** Everything inside: changes from outside, removed webhooks, JWTs, reset. */
  readonly model: SandboxModel;
  /** The live webhooks of an account by rising id. `id`: its identity's; default: the first account. */
  account(id?: string): readonly StoredWebhook[];
  requests(): readonly LoggedRequest[];
  orderFault(order: FaultOrder | string): void;
  takeIds(count: number): void;
  /** Resolves once `holds` returns true, which is checked after each request and each act. Rejects if closed before. */
  until(holds: (model: SandboxModel) => boolean): Promise<void>;
  /** Drops all connections, even hanging ones, and forgets what was still to be acted on. */
  close(): Promise<void>;
}

/**
 * Serves a sandbox on a loopback port until it is closed.
 *
 * @throws ProductError of kind `failed` if the port can't be used, of kind `input` for impossible faults.
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const model = new SandboxModel(options);
  for (const fault of options.faults ?? []) model.orderFault(fault);
  const changes = new EventEmitter();
  const closed = new AbortController();
  setMaxListeners(0, changes, closed.signal);
  const time: SandboxTime = {
    now: options.now ?? Date.now,
    after: async (ms, task) => {
      await sleep(ms, closed.signal);
      if (closed.signal.aborted) return;
      task();
      changes.emit('change');
    },
  };
  const server = serve(model, time, () => changes.emit('change'));
  const port = await listen(server, options.port ?? 0);
  return {
    url: `http://${HOST}:${port}`,
    token: model.accounts[0].token,
    model,
    account: (id) => model.webhooks(id),
    requests: () => model.requests,
    orderFault: (order) => model.orderFault(order),
    takeIds: (count) => model.takeIds(count),
    until: async (holds) => {
      while (!holds(model)) {
        await once(changes, 'change');
        if (closed.signal.aborted) throw new Error('the sandbox was closed before this came true');
      }
    },
    close: async () => {
      closed.abort();
      changes.emit('change');
      await close(server);
    },
  };
}

function serve(model: SandboxModel, time: SandboxTime, afterEach: () => void): Server {
  // No limit on the time of a request: slowness is for the client to detect, or an ordered fault.
  const options = { keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: 0, headersTimeout: 0 };
  return createServer(options, async (incoming, outgoing) => {
    const request = await readRequest(incoming);
    if (request === null) return;
    if (request.path.startsWith(CONTROL_PREFIX)) {
      writeReply(outgoing, { kind: 'answer', response: control(model, request, time.now()) });
    } else {
      exchange(model, request, time, (reply) => writeReply(outgoing, reply));
    }
    afterEach();
  });
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const message = `the sandbox cannot listen on ${HOST}:${port}: ${cause.code ?? cause.message}`;
      const remedy = 'choose another port, or 0 for any free one';
      reject(productError('failed', { code: 'sandbox-port', message, remedy }, { cause }));
    });
    server.listen(port, HOST, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    // An error here means that the server is already closed.
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
