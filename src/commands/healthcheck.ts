import { readFileSync, statSync } from 'node:fs';
import { parseDocument } from 'yaml';
import { productError } from '../errors.js';
import type { Host } from '../host.js';
import { quote } from '../manifest/printable.js';
import { DEFAULT_SETTINGS_FILE } from '../settings/load.js';
import { SETTINGS, settingsSchema } from '../settings/schema.js';
import { formatListen, type ListenAddress, parseListen } from '../settings/values.js';
import { ANSWER_WITHIN_MS, addressToAsk, askStatus } from '../status/ask.js';
import { execute, type Invocation } from './command.js';

/** healthcheck: asks the daemon's status server, where the settings say that it is. 0: it is well. 1: it is not. */
export function healthcheckCommand(
  host: Host,
  invocation: Invocation,
  options: { readonly ready: boolean },
): Promise<number> {
  return execute(host, invocation, async () => {
    const address = knownAddress(listenSetting(host, invocation));
    const path = options.ready ? '/readyz' : '/healthz';
    const { status, body } = await askStatus(address, path).catch((error: unknown) => {
      throw unhealthy(`no answer from ${formatListen(address)}${path} (${reasonOf(error)})`);
    });
    if (status !== 200) throw unhealthy(body.trim().replaceAll('\n', '; ') || `answered ${status}`);
    return { document: {}, text: body, problems: [], failures: [] };
  });
}

/**
 * Flag, environment, settings file, default, as everywhere, and nothing else of the settings is looked at: a daemon that
 * runs is well, whatever became of the settings file since it started.
 */
function listenSetting({ environment }: Host, { flags, settingsFile }: Invocation): ListenAddress | 'off' {
  const { name, environment: variable, accepts } = SETTINGS.listen;
  const said = flags.get(name) ?? (environment[variable] || undefined);
  if (said === undefined) {
    return parseListen(listenInFile(settingsFile ?? DEFAULT_SETTINGS_FILE)) ?? settingsSchema.parse({}).listen;
  }
  const listen = parseListen(said);
  if (listen !== undefined) return listen;
  const from = flags.has(name) ? `flag --${name}` : `environment variable ${variable}`;
  throw productError('input', {
    code: 'bad-setting',
    message: `${name}: ${quote(said)} (from ${from}) can't be used`,
    remedy: `give ${accepts}`,
  });
}

/** Settings files are small; the parser is not given more. */
const LARGEST_FILE_BYTES = 64 * 1024;

/** What the file says of it, as far as the file can be read: the parser goes on after an error. Else empty. */
function listenInFile(path: string): string {
  try {
    const about = statSync(path);
    if (!about.isFile() || about.size > LARGEST_FILE_BYTES) return '';
    const text = readFileSync(path, 'utf8');
    const listen: unknown = parseDocument(text, { uniqueKeys: false, logLevel: 'silent' }).get('listen');
    return typeof listen === 'string' ? listen : (/^listen: *["']?([^\s"'#]+)/m.exec(text)?.[1] ?? '');
  } catch {
    return '';
  }
}

function unhealthy(message: string) {
  return productError('failed', { code: 'unhealthy', message, remedy: 'see the log of the daemon' });
}

function knownAddress(listen: ListenAddress | 'off'): ListenAddress {
  const remedy = 'say --listen or COPERNICA_WEBHOOKS_LISTEN with the address that the daemon listens on';
  if (listen === 'off' || listen.port === 0) {
    const why = listen === 'off' ? 'off: there is no one to ask' : 'any free port: it is not known which to ask';
    throw productError('input', { code: 'bad-setting', message: `listen is ${why}`, remedy });
  }
  return addressToAsk(listen);
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'AbortError' || error.name === 'TimeoutError') return `none within ${ANSWER_WITHIN_MS / 1_000} s`;
  return 'code' in error ? String(error.code) : error.message;
}
