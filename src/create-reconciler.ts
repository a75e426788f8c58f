import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { CircuitBreaker } from './copernica/circuit-breaker.js';
import { createCopernicaClient, type OnAnswer, type RequestEvent } from './copernica/client.js';
import type { SharedDispatchers } from './copernica/dispatcher.js';
import type { ProxySettings } from './copernica/proxy.js';
import { hider } from './copernica/redact.js';
import { productError } from './errors.js';
import { type Host, holderOf } from './host.js';
import { fillableValues } from './manifest/interpolate.js';
import { ManifestLoader } from './manifest/load.js';
import type { ReconcilerPorts, ValidManifest } from './reconcile/ports.js';
import type { AccountSettings } from './settings/resolve.js';
import { loadCertificates } from './settings/small-file.js';
import { fileStore } from './state/file/store.js';
import { describeHolder, type StateLease, type StateStore } from './state/store.js';
import { stateStore, warnOfClearText } from './state-store.js';
import { sleep } from './timers.js';

/** The ports of one reconciler, and how to release them. */
export interface Reconciler {
  readonly ports: ReconcilerPorts;
  /** The state may be missing: because of --init, or in the sandbox, which has its own state. */
  readonly init: boolean;
  /** The API that the webhooks are created in. */
  readonly apiUrl: string;
  close(): Promise<void>;
  /** Releases without waiting for requests under way: the process is about to end. */
  abandon(): Promise<void>;
}

export interface ReconcilerOptions {
  readonly host: Host;
  readonly account: AccountSettings;
  /** Named in the lock's message to others. */
  readonly command: string;
  readonly token: string | null;
  readonly log: Logger;
  /** Aborted: waits between retries end, and nothing is retried. */
  readonly stop: AbortSignal;
  /** The circuit breaker of a host, shared with others that call it. */
  readonly breakerFor: (apiUrl: string) => CircuitBreaker;
  /** Left out, and in the sandbox: connections of its own. */
  readonly dispatchers?: SharedDispatchers;
  /** Replaces reading the file at each run: the daemon uses the last good manifest. */
  readonly loadManifest?: () => Promise<ValidManifest>;
  /** Called for every request. */
  readonly onRequest?: (event: RequestEvent) => void;
  /** Called with what each answer looked like. */
  readonly onAnswer?: OnAnswer | undefined;
}

/** Builds one reconciler's ports: for the token's account, or for a sandbox of its own. */
export async function createReconciler(options: ReconcilerOptions): Promise<Reconciler> {
  const { settings, flagged } = options.account;
  if (!settings.sandbox) {
    const { token } = options;
    if (token === null) throw new Error('assembled without a token');
    warnOfClearText(options.account.statePlace, options.log);
    const ca = settings.caFile === undefined ? undefined : await loadCertificates(settings.caFile);
    const ports = buildPorts(options, {
      store: await stateStore(options.host, options.account),
      apiUrl: settings.apiUrl,
      authUrl: settings.authUrl,
      token,
      proxy: proxyOf(options.host.environment),
      ca,
      dispatchers: options.dispatchers,
    });
    return {
      ports,
      init: settings.init,
      apiUrl: settings.apiUrl,
      close: () => ports.api.close(),
      abandon: async () => {},
    };
  }
  if (flagged.has('state')) {
    throw productError('input', {
      code: 'sandbox-state',
      message: '--state and --sandbox cannot be used together: the sandbox has its own state, which ends with it',
      remedy: 'remove one of them; for a sandbox that outlives one run, use the `sandbox` command and --api-url',
    });
  }
  const { startSandbox } = await import('./sandbox/server.js');
  const sandbox = await startSandbox({});
  const folder = await mkdtemp(join(tmpdir(), 'copernica-webhooks-sandbox-'));
  const store = fileStore(join(folder, 'webhooks.state.jsonl'));
  const ports = buildPorts(options, { store, apiUrl: sandbox.url, authUrl: sandbox.url, token: sandbox.token });
  const abandon = () => rm(folder, { recursive: true, force: true });
  const close = async () => {
    await ports.api.close();
    await sandbox.close();
    await abandon();
  };
  return { ports, init: true, apiUrl: sandbox.url, close, abandon };
}

interface Target {
  readonly store: StateStore;
  readonly apiUrl: string;
  readonly authUrl: string;
  readonly token: string;
  /** Left out: none, as for a private sandbox. */
  readonly proxy?: ProxySettings;
  readonly ca?: string;
  readonly dispatchers?: SharedDispatchers;
}

/** The variables from which command-line tools take a proxy, in either spelling. */
export function proxyOf(environment: Host['environment']): ProxySettings {
  const read = (name: string) => environment[name.toLowerCase()] || environment[name] || undefined;
  return { httpProxy: read('HTTP_PROXY'), httpsProxy: read('HTTPS_PROXY'), noProxy: read('NO_PROXY') };
}

function buildPorts(options: ReconcilerOptions, target: Target): ReconcilerPorts {
  const { host, log, stop, command, breakerFor } = options;
  const { settings } = options.account;
  const { store } = target;
  const manifest = new ManifestLoader(settings.file, host.environment, host.secrets);
  let lease: StateLease | null = null;
  const now = () => lease?.now?.() ?? host.now();
  const api = createCopernicaClient({
    apiUrl: target.apiUrl,
    authUrl: target.authUrl,
    version: settings.apiVersion === '4' ? 4 : 3,
    token: target.token,
    concurrency: settings.concurrency,
    timeoutMs: settings.timeoutMs,
    userAgent: `copernica-webhooks/${host.version}`,
    proxy: target.proxy,
    ca: target.ca,
    dispatchers: target.dispatchers,
    retry: { signal: stop, breaker: breakerFor(target.apiUrl) },
    beforeSend: () => lease?.assertSound(),
    onRequest: options.onRequest,
    onAnswer: options.onAnswer,
    hideValues: hider(fillableValues(host.environment)),
  });
  return {
    loadManifest: options.loadManifest ?? (async () => manifest.load()),
    lockState: async () => {
      lease = await store.take({
        timeoutMs: settings.lockTimeoutMs,
        holder: holderOf(host, command),
        mayBegin: settings.init,
        onWaiting: (by) => log.info(`waiting for the lock on ${store.place}, which ${describeHolder(by)} holds`),
        onRepaired: ({ code, message, remedy }) => log.warn({ code, remedy }, message),
      });
      return lease;
    },
    api,
    now,
    startClock: () => steadyClock(now()),
    sleep,
    log,
  };
}

/** Continues from a moment by the monotonic clock. */
function steadyClock(start: Date): () => Date {
  const begun = performance.now();
  return () => new Date(Math.round(start.getTime() + performance.now() - begun));
}
