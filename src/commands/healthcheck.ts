import { get } from 'node:http';
import { productError } from '../errors.js';
import type { Host } from '../host.js';
import { loadSettings } from '../settings/load.js';
import { formatListen, type ListenAddress } from '../settings/values.js';
import { execute, type Invocation } from './command.js';

/** A daemon that takes longer than this to say that it lives does not. */
const ANSWER_WITHIN_MS = 5_000;
const LONGEST_ANSWER_CHARACTERS = 10_000;

/** healthcheck: asks the daemon's status server, where the settings say that it is. 0: it is well. 1: it is not. */
export function healthcheckCommand(
  host: Host,
  invocation: Invocation,
  options: { readonly ready: boolean },
): Promise<number> {
  return execute(host, invocation, async () => {
    const {
      common: { settings },
    } = await loadSettings({ ...invocation, environment: host.environment });
    const address = addressToAsk(settings.listen);
    const path = options.ready ? '/readyz' : '/healthz';
    const { status, body } = await ask(address, path).catch((error: unknown) => {
      throw unhealthy(`no answer from ${formatListen(address)}${path} (${reasonOf(error)})`);
    });
    if (status !== 200) throw unhealthy(body.trim().replaceAll('\n', '; ') || `answered ${status}`);
    return { document: {}, text: body, problems: [], failures: [] };
  });
}

function unhealthy(message: string) {
  return productError('failed', { code: 'unhealthy', message, remedy: 'see the log of the daemon' });
}

/** A server on all addresses is asked on loopback, like one on the address that stands for all of them. */
function addressToAsk(listen: ListenAddress | 'off'): ListenAddress {
  const remedy = 'say --listen or COPERNICA_WEBHOOKS_LISTEN with the address that the daemon listens on';
  if (listen === 'off' || listen.port === 0) {
    const why = listen === 'off' ? 'off: there is no one to ask' : 'any free port: it is not known which to ask';
    throw productError('input', { code: 'bad-setting', message: `listen is ${why}`, remedy });
  }
  if (listen.host === '::') return { ...listen, host: '::1' };
  return listen.host === null || listen.host === '0.0.0.0' ? { ...listen, host: '127.0.0.1' } : listen;
}

function ask({ host, port }: ListenAddress, path: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
    const request = get({ host, port, path, agent: false, signal }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        body = (body + text).slice(0, LONGEST_ANSWER_CHARACTERS);
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      response.on('error', reject);
    });
    request.on('error', reject);
  });
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'AbortError' || error.name === 'TimeoutError') return `none within ${ANSWER_WITHIN_MS / 1_000} s`;
  return 'code' in error ? String(error.code) : error.message;
}
