import { productError } from '../errors.js';
import { type Environment, TOKEN_FILE_VARIABLE, TOKEN_VARIABLE, type TokenSource } from './resolve.js';
import { A_NOTIFY_URL, type Settings } from './schema.js';
import { readSmallFile } from './small-file.js';
import { parseNotifyUrl } from './values.js';

/** An account's token as it is stored, usable or not. */
export interface RawToken {
  readonly text: string;
  /** For messages: `token file /run/secrets/copernica`. */
  readonly from: string;
}

/** Throws ProductError of kind `input` if there is a file that can't be read. */
export async function readToken(environment: Environment, { variable = '', file }: TokenSource): Promise<RawToken> {
  if (file === undefined) return { text: environment[variable] ?? '', from: variable };
  return { text: await readSmallFile(file, 'token file'), from: `token file ${file}` };
}

/** Hiding a shorter token wherever it appears would hide half of every message. */
const SHORTEST_TOKEN_LENGTH = 8;

/**
 * The access token of an account, without the white space that files and shells add around it. Throws ProductError of
 * kind `input`; no message contains any part of the token.
 */
export async function loadToken(environment: Environment, source: TokenSource): Promise<string> {
  const { variable, file } = source;
  if (file !== undefined && variable !== undefined && environment[variable]) {
    throw productError('input', {
      code: 'token-twice',
      message: `both ${TOKEN_VARIABLE} and ${TOKEN_FILE_VARIABLE} are set`,
      remedy: 'unset one of them',
    });
  }
  const { text, from } = await readToken(environment, source);
  if (text === '' && file === undefined) throw missingToken(from);
  const token = text.trim();
  const complain = (message: string) =>
    productError('input', {
      code: 'token-unusable',
      message: `${from} ${message}`,
      remedy: 'copy the access token from the Copernica dashboard again',
    });
  if (token === '') throw complain('is empty');
  if (!/^[\x21-\x7e]+$/.test(token)) throw complain('contains white space or characters that no access token has');
  if (token.length < SHORTEST_TOKEN_LENGTH) throw complain(`is shorter than ${SHORTEST_TOKEN_LENGTH} characters`);
  return token;
}

function missingToken(variable: string) {
  const isUsual = variable === TOKEN_VARIABLE;
  return productError('input', {
    code: 'token-missing',
    message: isUsual ? 'no access token' : `no access token: ${variable} is not set`,
    remedy: isUsual
      ? `set ${TOKEN_VARIABLE}, or ${TOKEN_FILE_VARIABLE} to the path of a file that holds it; ` +
        '--sandbox and plan --no-refresh need none'
      : 'set it, or name another variable under access-token-env',
  });
}

type NotifySettings = Pick<Settings, 'notify' | 'notifyFile'>;

/**
 * The address for notices as in the setting or its file, usable or not; empty: none. Throws ProductError of kind
 * `input` if there is a file that can't be read.
 */
export async function readNotifyUrl({ notify, notifyFile }: NotifySettings): Promise<string> {
  return notify ?? (notifyFile === undefined ? '' : await readSmallFile(notifyFile, 'notify file'));
}

/** The address for notices. Null: none. Throws ProductError of kind `input`; no message contains any part of it. */
export async function loadNotifyUrl(settings: NotifySettings): Promise<string | null> {
  const { notify, notifyFile } = settings;
  if (notify === undefined && notifyFile === undefined) return null;
  const url = parseNotifyUrl(await readNotifyUrl(settings));
  if (url !== undefined) return url === 'off' ? null : url;
  throw productError('input', {
    code: 'notify-unusable',
    message: `notify file ${notifyFile} does not contain a usable URL`,
    remedy: `put into it ${A_NOTIFY_URL}`,
  });
}
