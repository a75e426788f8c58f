import { readFile, readlink, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { parseSchedule } from '../daemon/cron.js';
import { errorCode, ProductError, productError } from '../errors.js';
import { type FileValues, readSettingsFile } from './file.js';
import { type AccountSettings, type Located, resolveSettings, sharedFiles, type TokenSource } from './resolve.js';
import { A_NOTIFY_URL, type Settings } from './schema.js';
import { parseNotifyUrl } from './values.js';

export const DEFAULT_SETTINGS_FILE = 'config/settings.yaml';

/** A settings, token or certificate file larger than this is a mistake. */
const LARGEST_FILE_BYTES = 1024 * 1024;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the three sources and resolves them.
 *
 * `settingsFile` is the path from `--config`, which must exist; left out, the default file is read when it is there.
 * Throws ProductError of kind `input` with every problem.
 */
export async function loadSettings(options: {
  readonly flags: ReadonlyMap<string, string>;
  readonly environment: Environment;
  readonly settingsFile: string | undefined;
}): Promise<{ common: AccountSettings; accounts: readonly AccountSettings[] }> {
  const { flags, environment, settingsFile } = options;
  const path = settingsFile ?? DEFAULT_SETTINGS_FILE;
  const text = await readSmallFile(path, 'settings file', settingsFile === undefined);
  const file = text === undefined ? undefined : readSettingsFile({ path, text });
  const resolved = resolveSettings({ flags, environment, file, complaintAboutSchedule });
  if (!resolved.ok) throw new ProductError('input', resolved.problems);
  const problems = file === undefined ? [] : sharedFiles(await located(resolved.accounts, file));
  if (problems.length > 0) throw new ProductError('input', problems);
  return resolved;
}

function complaintAboutSchedule(schedule: string): string | null {
  const parsed = schedule === 'off' ? null : parseSchedule(schedule);
  return parsed?.ok === false ? parsed.why : null;
}

function located(accounts: readonly AccountSettings[], file: FileValues): Promise<Located[]> {
  const places = new Map(file.accounts.map(({ name, place }) => [name, place]));
  return Promise.all(
    accounts.map(async (account) => ({
      account,
      place: places.get(account.name ?? ''),
      state: await identityOf(account.settings.state),
      manifest: await identityOf(account.settings.file),
      token: await tokenIdentity(account.token),
    })),
  );
}

async function tokenIdentity(source: TokenSource | null): Promise<string> {
  if (source === null) return '';
  return 'file' in source ? `file ${await identityOf(source.file)}` : `variable ${source.variable}`;
}

/**
 * The same for every path to a file, through links of either kind: device and inode of one that exists, else where it
 * would be made.
 */
async function identityOf(path: string): Promise<string> {
  try {
    const { dev, ino } = await stat(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return await whereItWouldBe(resolve(path));
  }
}

/** More links than this lead nowhere. */
const MOST_LINKS = 40;

async function whereItWouldBe(path: string, links = 0): Promise<string> {
  const real = await realpath(path).catch(() => null);
  if (real !== null) return real;
  // A link whose target does not exist yet.
  const target = await readlink(path).catch(() => null);
  if (target !== null && links < MOST_LINKS) return await whereItWouldBe(resolve(dirname(path), target), links + 1);
  const parent = dirname(path);
  return parent === path ? path : join(await whereItWouldBe(parent, links), basename(path));
}

/**
 * The access token of an account: from where its settings say, else from COPERNICA_ACCESS_TOKEN or from the file that
 * COPERNICA_ACCESS_TOKEN_FILE names. Throws ProductError of kind `input`; no message holds any part of it.
 */
export async function loadToken(environment: Environment, source: TokenSource | null): Promise<string> {
  const { variable, file } = tokenPlaces(environment, source);
  const direct = variable === undefined ? '' : (environment[variable] ?? '');
  if (direct !== '' && file !== undefined) {
    throw productError('input', {
      code: 'token-twice',
      message: 'both COPERNICA_ACCESS_TOKEN and COPERNICA_ACCESS_TOKEN_FILE are set',
      remedy: 'unset one of them',
    });
  }
  if (file !== undefined) return checkToken(await readTokenFile(file), `token file ${file}`);
  if (direct !== '') return checkToken(direct, `${variable}`);
  throw productError('input', {
    code: 'token-missing',
    message: source === null ? 'no access token' : `no access token: ${variable} is not set`,
    remedy:
      source === null
        ? 'set COPERNICA_ACCESS_TOKEN, or COPERNICA_ACCESS_TOKEN_FILE to the path of a file that holds it; ' +
          '--sandbox and plan --no-refresh need none'
        : 'set it, or name another variable under access-token-env',
  });
}

/** What is there of an account's token, usable or not, to keep it out of sight; empty when there is nothing to read. */
export async function loadTokenIfThere(environment: Environment, source: TokenSource | null): Promise<string> {
  const { variable, file } = tokenPlaces(environment, source);
  // Whoever needs the token is told what is wrong with its file; others do without.
  if (file !== undefined) return await readTokenFile(file).catch(() => '');
  return variable === undefined ? '' : (environment[variable] ?? '');
}

/** The variable that holds the token, and the file that does. */
function tokenPlaces(
  environment: Environment,
  source: TokenSource | null,
): { readonly variable?: string; readonly file?: string } {
  if (source !== null) return source;
  const file = environment.COPERNICA_ACCESS_TOKEN_FILE ?? '';
  return { variable: 'COPERNICA_ACCESS_TOKEN', ...(file === '' ? {} : { file }) };
}

async function readTokenFile(path: string): Promise<string> {
  return (await readSmallFile(path, 'token file', false)) ?? '';
}

/** Shorter than this, hiding the token wherever it appears would hide half of every message. */
const SHORTEST_TOKEN_LENGTH = 8;

/** The token without the white space around it that files and shells add. Throws ProductError that never quotes it. */
function checkToken(text: string, from: string): string {
  const token = text.trim();
  const complain = (message: string) =>
    productError('input', {
      code: 'token-unusable',
      message: `${from} ${message}`,
      remedy: 'copy the access token from the Copernica dashboard once more',
    });
  if (token === '') throw complain('is empty');
  if (!/^[\x21-\x7e]+$/.test(token)) throw complain('holds white space or characters that no access token has');
  if (token.length < SHORTEST_TOKEN_LENGTH) throw complain(`is shorter than ${SHORTEST_TOKEN_LENGTH} characters`);
  return token;
}

/**
 * Where notices are POSTed, from the setting itself or from the file that it names; null: nowhere.
 * Throws ProductError of kind `input`; no message holds any part of it.
 */
export async function loadNotifyUrl(settings: Pick<Settings, 'notify' | 'notifyFile'>): Promise<string | null> {
  const { notify, notifyFile } = settings;
  if (notify === undefined && notifyFile === undefined) return null;
  const url = parseNotifyUrl(notify ?? (await readNotifyFile(settings)));
  if (url !== undefined) return url === 'off' ? null : url;
  throw productError('input', {
    code: 'notify-unusable',
    message: `notify file ${notifyFile} does not hold what it should`,
    remedy: `put into it ${A_NOTIFY_URL}`,
  });
}

/** What is there of it, usable or not, to keep it out of sight; empty when there is nothing to read. */
export async function loadNotifyUrlIfThere(settings: Pick<Settings, 'notify' | 'notifyFile'>): Promise<string> {
  return settings.notify ?? (await readNotifyFile(settings).catch(() => ''));
}

async function readNotifyFile({ notifyFile }: Pick<Settings, 'notifyFile'>): Promise<string> {
  return notifyFile === undefined ? '' : ((await readSmallFile(notifyFile, 'notify file', false)) ?? '');
}

/** PEM text of a certificate file. Throws ProductError of kind `input` when it can't be read or holds no certificate. */
export async function loadCertificates(path: string): Promise<string> {
  const text = (await readSmallFile(path, 'certificate file', false)) ?? '';
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw unreadable(path, 'certificate file', 'holds no certificate in PEM form', 'export the certificate as PEM');
}

async function readSmallFile(path: string, what: string, mayBeMissing: boolean): Promise<string | undefined> {
  try {
    // A pipe would be waited for, so it is looked at first.
    const about = await stat(path);
    if (!about.isFile()) throw unreadable(path, what, 'is not a file');
    if (about.size > LARGEST_FILE_BYTES) throw unreadable(path, what, `is larger than ${LARGEST_FILE_BYTES} bytes`);
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof ProductError) throw error;
    const code = errorCode(error) || 'unknown error';
    if (mayBeMissing && (code === 'ENOENT' || code === 'ENOTDIR')) return undefined;
    throw unreadable(path, what, code === 'ENOENT' ? 'does not exist' : `can't be read (${code})`);
  }
}

function unreadable(
  path: string,
  what: string,
  why: string,
  remedy = 'check the path and its permissions',
): ProductError {
  return productError('input', { code: 'file-unreadable', message: `${what} ${path} ${why}`, remedy });
}
