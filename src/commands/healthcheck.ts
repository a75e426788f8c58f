import { productError } from '../errors.js';
import type { Host } from '../host.js';
import { readSettingsFile, type SourcedText } from '../settings/file.js';
import { settingsFileOf } from '../settings/load.js';
import { resolveSettings } from '../settings/resolve.js';
import { SETTINGS } from '../settings/schema.js';
import { readSmallFile } from '../settings/small-file.js';
import { formatListen, type ListenAddress, parseListen } from '../settings/values.js';
import { ANSWER_WITHIN_MS, addressToAsk, askStatus } from '../status/ask.js';
import type { CommandResult, Invocation } from './command.js';

/** healthcheck: asks the daemon's status server, at the address in the settings. 0: healthy. 1: not. */
export async function healthcheckCommand(
  host: Host,
  invocation: Invocation,
  options: { readonly ready?: true },
): Promise<CommandResult> {
  const address = knownAddress(await listenSetting(host, invocation));
  const path = options.ready ? '/readyz' : '/healthz';
  const { status, body } = await askStatus(address, path).catch((error: unknown) => {
    throw unhealthy(`no answer from ${formatListen(address)}${path} (${reasonOf(error)})`);
  });
  if (status !== 200) throw unhealthy(body.trim().replaceAll('\n', '; ') || `answered ${status}`);
  return { text: body };
}

/**
 * Flag, environment, settings file, default, as everywhere, but no other setting is looked at: a running daemon is
 * healthy, whatever has happened to the settings file since it started.
 */
async function listenSetting({ environment }: Host, { flags, settingsFile }: Invocation) {
  const { name, environment: variable } = SETTINGS.listen;
  const inFile = await listenInFile(settingsFile);
  const isUsable = inFile !== undefined && parseListen(inFile.text) !== undefined;
  const { common } = resolveSettings({
    flags: new Map([...flags].filter(([flag]) => flag === name)),
    environment: { [variable]: environment[variable] },
    file: { values: new Map(isUsable ? [[name, inFile]] : []), accounts: [], problems: [] },
  });
  return common.settings.listen;
}

/** As far as the file can be read. */
async function listenInFile(settingsFile: string | undefined): Promise<SourcedText | undefined> {
  const path = settingsFileOf(settingsFile);
  if (path === undefined) return undefined;
  const text = await readSmallFile(path, 'settings file').catch(() => '');
  return readSettingsFile({ path, text }).values.get(SETTINGS.listen.name);
}

function unhealthy(message: string) {
  return productError('failed', { code: 'unhealthy', message, remedy: 'see the log of the daemon' });
}

function knownAddress(listen: ListenAddress | 'off'): ListenAddress {
  const remedy = 'give the address that the daemon listens on, with --listen or COPERNICA_WEBHOOKS_LISTEN';
  if (listen === 'off' || listen.port === 0) {
    const why = listen === 'off' ? 'off, so there is nothing to ask' : 'any free port, so it is not known which one';
    throw productError('input', { code: 'bad-setting', message: `listen is ${why}`, remedy });
  }
  return addressToAsk(listen);
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'AbortError' || error.name === 'TimeoutError') return `none within ${ANSWER_WITHIN_MS / 1_000} s`;
  return 'code' in error ? String(error.code) : error.message;
}
