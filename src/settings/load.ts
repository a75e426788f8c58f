import { existsSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { type Problem, ProductError, productError } from '../errors.js';
import { readSettingsFile } from './file.js';
import {
  type AccountSettings,
  type ResolvedSettings,
  resolveSettings,
  type SettingsSources,
  withStatePlace,
} from './resolve.js';
import { SETTINGS } from './schema.js';
import { readSmallFile } from './small-file.js';
import { type StatePlace, shownPlace, whyNoStatePlace } from './state-place.js';

export const DEFAULT_SETTINGS_FILE = 'config/settings.yaml';

/** The settings file to read: that of `--config`, else the default one if it exists, else none. */
export function settingsFileOf(config: string | undefined): string | undefined {
  return config ?? (existsSync(DEFAULT_SETTINGS_FILE) ? DEFAULT_SETTINGS_FILE : undefined);
}

/**
 * Reads the three sources and resolves them. `settingsFile` is the path from `--config`, if it was given.
 * Throws ProductError of kind `input` with every problem.
 */
export async function loadSettings(options: {
  readonly flags: SettingsSources['flags'];
  readonly environment: SettingsSources['environment'];
  readonly settingsFile: string | undefined;
}): Promise<ResolvedSettings> {
  const { flags, environment, settingsFile } = options;
  const path = settingsFileOf(settingsFile);
  const file =
    path === undefined ? undefined : readSettingsFile({ path, text: await readSmallFile(path, 'settings file') });
  const { common, accounts: all } = resolveSettings({ flags, environment, file });
  const accounts = await Promise.all(all.map(withStateOfFile));
  const problems = accounts.length > 1 ? await sharedFiles(accounts) : [];
  if (problems.length > 0) throw new ProductError('input', problems);
  return { common, accounts };
}

/** If a file says where the state is, reads it. */
async function withStateOfFile(account: AccountSettings): Promise<AccountSettings> {
  const { stateFile } = account.settings;
  if (stateFile === undefined) return account;
  const text = (await readSmallFile(stateFile, 'state file')).trim();
  const why = whyNoStatePlace(text);
  if (why === null) return withStatePlace(account, text);
  throw productError('input', {
    code: 'state-unusable',
    message: `the content of ${stateFile} can't be used as the place of the state: it ${why}`,
    remedy: `put into it ${SETTINGS.state.accepts}`,
  });
}

/**
 * Two accounts with one state would undo each other's work; with one token and manifest they would create everything
 * twice. Values from the command line are meant for one account, and are not compared.
 */
async function sharedFiles(accounts: readonly AccountSettings[]): Promise<readonly Problem[]> {
  const first = new Map<string, string | null>();
  const problems: Problem[] = [];
  for (const { name, settings, flagged, token, place, statePlace } of accounts) {
    const compare = (files: readonly string[], problem: Pick<Problem, 'code' | 'message' | 'remedy'>) => {
      const key = JSON.stringify(files);
      const other = first.get(key);
      if (other === undefined) first.set(key, name);
      else {
        const message = `accounts ${other} and ${name} ${problem.message}`;
        problems.push({ ...problem, message, severity: 'error', ...place });
      }
    };
    const tokenId = token.file === undefined ? `${token.variable}` : await realPathOf(token.file);
    if (!flagged.has('state')) compare([await keyOf(statePlace)], SHARED_STATE);
    if (!flagged.has('file')) compare([await realPathOf(settings.file), tokenId, settings.apiUrl], SHARED_WEBHOOKS);
  }
  return problems;
}

async function keyOf(place: StatePlace): Promise<string> {
  return place.kind === 'file' ? realPathOf(place.path) : shownPlace(place);
}

/** The same for every path to a file, even through linked folders, and even if the file does not exist yet. */
async function realPathOf(path: string): Promise<string> {
  const absolute = resolve(path);
  const parent = dirname(absolute);
  return realpath(absolute).catch(async () =>
    parent === absolute ? absolute : join(await realPathOf(parent), basename(absolute)),
  );
}

const SHARED_STATE = {
  code: 'shared-state',
  message: 'have the same state',
  remedy: 'give each a `state:` of its own',
} as const;
const SHARED_WEBHOOKS = {
  code: 'shared-webhooks',
  message: 'have the same token and manifest',
  remedy: 'remove one of them: every webhook would be created twice',
} as const;
