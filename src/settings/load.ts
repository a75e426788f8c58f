import { readFileSync, statSync } from 'node:fs';
import { errorCode, ProductError, productError } from '../errors.js';
import { SETTINGS, type Settings } from './definitions.js';
import type { FileValues, SettingsFile } from './file.js';
import { NOTIFY_ACCEPTS, parseNotifyUrl } from './notify-url.js';
import {
  type AccountSettings,
  resolveSettings,
  type ScheduleJudge,
  type SettingsSources,
  type TokenSource,
} from './resolve.js';
import { checkToken } from './token.js';
import { isPlainSchedule, parseScheduleShape } from './values.js';

export const DEFAULT_SETTINGS_FILE = 'config/settings.yaml';

/** A settings, token or certificate file larger than this is a mistake. */
const LARGEST_FILE_BYTES = 1024 * 1024;

/**
 * Reads the three sources and resolves them.
 *
 * `settingsFile` is the path from `--config`, which must exist; left out, the default file is read when it is there.
 * Throws ProductError of kind `input` with every problem.
 */
export async function loadSettings(options: {
  readonly flags: ReadonlyMap<string, string>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly settingsFile: string | undefined;
}): Promise<{ common: AccountSettings; accounts: readonly AccountSettings[] }> {
  const path = options.settingsFile ?? DEFAULT_SETTINGS_FILE;
  const text = readSmallFile(path, 'settings file', options.settingsFile === undefined);
  const { flags, environment } = options;
  const file = text === undefined ? undefined : await parseSettings({ path, text });
  const judgeSchedule = await judgeOfSchedules({ flags, environment, file });
  const resolved = resolveSettings({ flags, environment, file, judgeSchedule });
  if (!resolved.ok) throw new ProductError('input', resolved.problems);
  return resolved;
}

/** Loaded where it is needed too: most schedules are plain ones. */
async function judgeOfSchedules({ flags, environment, file }: SettingsSources): Promise<ScheduleJudge> {
  const { name, environment: variable } = SETTINGS.schedule;
  const said = [
    flags.get(name),
    environment[variable],
    ...[file, ...(file?.accounts ?? [])].map((place) => place?.values.get(name)?.text),
  ];
  const shaped = said.map((text) => parseScheduleShape(text ?? '')).filter((schedule) => schedule !== undefined);
  if (shaped.every(isPlainSchedule)) return () => null;
  const { parseSchedule } = await import('../daemon/cron.js');
  return (schedule) => {
    const parsed = schedule === 'off' ? null : parseSchedule(schedule);
    return parsed?.ok === false ? parsed.why : null;
  };
}

/** Loaded where it is needed: most installations have no settings file, and the YAML parser is slow to load. */
async function parseSettings(file: SettingsFile): Promise<FileValues> {
  const { readSettingsFile } = await import('./file.js');
  return readSettingsFile(file);
}

/**
 * The access token of an account: from where its settings say, else from COPERNICA_ACCESS_TOKEN or from the file that
 * COPERNICA_ACCESS_TOKEN_FILE names. Throws ProductError of kind `input`; no message holds any part of it.
 */
export async function loadToken(
  environment: Readonly<Record<string, string | undefined>>,
  source: TokenSource | null,
): Promise<string> {
  if (source === null) return loadDefaultToken(environment);
  if ('file' in source) return checkToken(readTokenFile(source.file), `token file ${source.file}`);
  const token = environment[source.variable] ?? '';
  if (token !== '') return checkToken(token, source.variable);
  throw productError('input', {
    code: 'token-missing',
    message: `no access token: ${source.variable} is not set`,
    remedy: 'set it, or name another variable under access-token-env',
  });
}

/** What is there of an account's token, usable or not, to keep it out of sight; empty when there is nothing to read. */
export function loadTokenIfThere(
  environment: Readonly<Record<string, string | undefined>>,
  source: TokenSource | null,
): string {
  const file = source === null ? environment.COPERNICA_ACCESS_TOKEN_FILE : 'file' in source ? source.file : undefined;
  if (file === undefined || file === '') {
    return environment[source !== null && 'variable' in source ? source.variable : 'COPERNICA_ACCESS_TOKEN'] ?? '';
  }
  // Whoever needs the token is told what is wrong with its file; others do without.
  try {
    return readTokenFile(file);
  } catch {
    return '';
  }
}

async function loadDefaultToken(environment: Readonly<Record<string, string | undefined>>): Promise<string> {
  const direct = environment.COPERNICA_ACCESS_TOKEN ?? '';
  const file = environment.COPERNICA_ACCESS_TOKEN_FILE ?? '';
  if (direct !== '' && file !== '') {
    throw productError('input', {
      code: 'token-twice',
      message: 'both COPERNICA_ACCESS_TOKEN and COPERNICA_ACCESS_TOKEN_FILE are set',
      remedy: 'unset one of them',
    });
  }
  if (direct === '' && file === '') {
    throw productError('input', {
      code: 'token-missing',
      message: 'no access token',
      remedy:
        'set COPERNICA_ACCESS_TOKEN, or COPERNICA_ACCESS_TOKEN_FILE to the path of a file that holds it; --sandbox and plan --no-refresh need none',
    });
  }
  const from = direct !== '' ? 'COPERNICA_ACCESS_TOKEN' : `token file ${file}`;
  return checkToken(direct !== '' ? direct : readTokenFile(file), from);
}

function readTokenFile(path: string): string {
  return readSmallFile(path, 'token file', false) ?? '';
}

/**
 * Where notices are POSTed, from the setting itself or from the file that it names; null: nowhere.
 * Throws ProductError of kind `input`; no message holds any part of it.
 */
export function loadNotifyUrl({ notify, notifyFile }: Pick<Settings, 'notify' | 'notifyFile'>): string | null {
  const text = notify ?? (notifyFile === undefined ? 'off' : readSmallFile(notifyFile, 'notify file', false));
  const url = parseNotifyUrl(text ?? '');
  if (url !== undefined) return url === 'off' ? null : url;
  throw productError('input', {
    code: 'notify-unusable',
    message: `notify file ${notifyFile} does not hold what it should`,
    remedy: `put into it ${NOTIFY_ACCEPTS}`,
  });
}

/** What is there of it, usable or not, to keep it out of sight; empty when there is nothing to read. */
export function loadNotifyUrlIfThere({ notify, notifyFile }: Pick<Settings, 'notify' | 'notifyFile'>): string {
  if (notify !== undefined || notifyFile === undefined) return notify ?? '';
  try {
    return readSmallFile(notifyFile, 'notify file', false) ?? '';
  } catch {
    return '';
  }
}

/** PEM text of a certificate file. Throws ProductError of kind `input` when it can't be read or holds no certificate. */
export async function loadCertificates(path: string): Promise<string> {
  const text = readSmallFile(path, 'certificate file', false) ?? '';
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw unreadable(path, 'certificate file', 'holds no certificate in PEM form', 'export the certificate as PEM');
}

/** At once: nothing else goes on while a command starts, and threads for it would take longer to start than this. */
function readSmallFile(path: string, what: string, mayBeMissing: boolean): string | undefined {
  try {
    const about = statSync(path);
    if (!about.isFile()) throw unreadable(path, what, 'is not a file');
    if (about.size > LARGEST_FILE_BYTES) throw unreadable(path, what, `is larger than ${LARGEST_FILE_BYTES} bytes`);
    return readFileSync(path, 'utf8');
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
  return productError('input', {
    code: 'file-unreadable',
    message: `${what} ${path} ${why}`,
    remedy,
  });
}
