import { createServer, type Server } from 'node:http';
import { productError } from '../errors.js';
import { timerMs } from '../timers.js';
import type { StoredWebhook } from './model/account.js';
import { CONTROL_PREFIX, control } from './model/control.js';
import { exchange, type SandboxTime } from './model/exchange.js';
import type { FaultOrder } from './model/faults.js';
import type { ModelOptions } from './model/options.js';
import type { LoggedRequest } from './model/request-log.js';
import { SandboxModel } from './model/sandbox-model.js';
import { readRequest, writeReply } from './wire.js';

const HOST = '127.0.0.1';

/** Long: a server that closes idle connections races with clients that are about to use them. */
const KEEP_ALIVE_MS = 600_000;

export interface SandboxOptions extends ModelOptions {
  /** 0 or left out: any free one. */
  readonly port?: number;
  /** Milliseconds since 1970. Default: the machine's clock. */
  readonly now?: () => number;
  /** Faults that are waiting from the start. */
  readonly faults?: readonly (FaultOrder | string)[];
}

/** A sandbox that serves on a loopback port. `url` is the API and the authentication host alike; it ends without `/`. */
export interface Sandbox {
  readonly url: string;
  /** The access token of the first account. */
  readonly token: string;
  /** Everything inside: out-of-band changes, removed webhooks, JWTs, reset. */
  readonly model: SandboxModel;
  /** The live webhooks of an account by rising id. `id`: its identity's; default: the first account. */
  account(id?: string): readonly StoredWebhook[];
  requests(): readonly LoggedRequest[];
  orderFault(order: FaultOrder | string): void;
  takeIds(count: number): void;
  /** Resolves as soon as it holds, which is looked at after each request and each act. Rejects when closed before. */
  until(holds: (model: SandboxModel) => boolean): Promise<void>;
  /** Drops all connections, hanging ones too, and forgets what was still to be acted on. */
  close(): Promise<void>;
}

/**
 * Serves a sandbox on a loopback port until it is closed.
 *
 * @throws ProductError of kind `failed` when the port cannot be had, of kind `input` for faults that make no sense.
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const model = new SandboxModel(options);
  for (const fault of options.faults ?? []) model.orderFault(fault);
  const watchers = new Watchers(model);
  const pending = new Set<NodeJS.Timeout>();
  const time: SandboxTime = {
    now: options.now ?? Date.now,
    after: (ms, task) => {
      const timer = setTimeout(() => {
        pending.delete(timer);
        task();
        watchers.look();
      }, timerMs(ms));
      pending.add(timer);
    },
  };
  const server = serve(model, time, () => watchers.look());
  const port = await listen(server, options.port ?? 0);
  return {
    url: `http://${HOST}:${port}`,
    token: model.accounts[0].token,
    model,
    account: (id) => model.webhooks(id),
    requests: () => model.requests,
    orderFault: (order) => model.orderFault(order),
    takeIds: (count) => model.takeIds(count),
    until: (holds) => watchers.until(holds),
    close: async () => {
      for (const timer of pending) clearTimeout(timer);
      watchers.stop();
      await close(server);
    },
  };
}

function serve(model: SandboxModel, time: SandboxTime, afterEach: () => void): Server {
  // No limit on how long a request may take: being slow is the client's to find out, or an ordered fault.
  const options = { keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: 0, headersTimeout: 0 };
  return createServer(options, (incoming, outgoing) => {
    readRequest(incoming, outgoing, (request) => {
      if (request.path.startsWith(CONTROL_PREFIX)) {
        writeReply(outgoing, { kind: 'answer', response: control(model, request, time.now()) });
      } else {
        exchange(model, request, time, (reply) => writeReply(outgoing, reply));
      }
      afterEach();
    });
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
    // Its error says that the server is closed already, which is as good.
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

interface Watcher {
  readonly holds: (model: SandboxModel) => boolean;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Those who wait for something to become true of the sandbox, so that nobody has to sleep and look. */
class Watchers {
  readonly #model: SandboxModel;
  readonly #waiting = new Set<Watcher>();

  constructor(model: SandboxModel) {
    this.#model = model;
  }

  until(holds: (model: SandboxModel) => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.add({ holds, resolve, reject });
      this.look();
    });
  }

  look(): void {
    for (const watcher of this.#waiting) {
      if (!watcher.holds(this.#model)) continue;
      this.#waiting.delete(watcher);
      watcher.resolve();
    }
  }

  stop(): void {
    for (const { reject } of this.#waiting) reject(new Error('the sandbox was closed before this came true'));
    this.#waiting.clear();
  }
}
