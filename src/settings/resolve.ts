import type { Problem } from '../errors.js';
import { quote } from '../manifest/printable.js';
import { nearest } from '../manifest/suggest.js';
import type { FileValues, RawAccount, SourcedText, TextValues } from './file.js';
import { SETTINGS, type Setting, type SettingKey, type Settings, settingsSchema } from './schema.js';
import { mayBeSecret } from './values.js';

/** What the three sources say, as text; `undefined` where they say nothing. */
export interface SettingsSources {
  /** By setting name (`lock-timeout`), as given on the command line. */
  readonly flags: ReadonlyMap<string, string>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly file: FileValues | undefined;
  /**
   * Why a schedule of the right shape can't be used, as a sentence that goes on from "it …"; null: it can. Left out: each
   * can.
   */
  readonly complaintAboutSchedule?: (schedule: string) => string | null;
}

const NO_FILE: FileValues = { values: new Map(), accounts: [], problems: [] };

/** Where an access token comes from: a variable that holds it, or a file. */
export type TokenSource = { readonly variable: string } | { readonly file: string };

/** What is settled for one account. */
export interface AccountSettings {
  /** Null: the settings file lists no accounts, and there is one without a name. */
  readonly name: string | null;
  readonly settings: Settings;
  /** The settings that the command line itself gave. */
  readonly flagged: ReadonlySet<SettingKey>;
  /** Null: COPERNICA_ACCESS_TOKEN or COPERNICA_ACCESS_TOKEN_FILE. */
  readonly token: TokenSource | null;
}

export type ResolvedSettings =
  | {
      readonly ok: true;
      /** What holds where no account says otherwise. */
      readonly common: AccountSettings;
      /** Those of the settings file, in its order; else `common` alone. */
      readonly accounts: readonly AccountSettings[];
    }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * Flag before account before environment before settings file before default: what is said of one account is meant
 * more exactly than what is said of all. All problems at once.
 */
export function resolveSettings(sources: SettingsSources): ResolvedSettings {
  const file = sources.file ?? NO_FILE;
  const problems = [...file.problems];
  const common = { name: null, token: null, ...resolveOne(sources, file.values, new Map(), problems) };
  const accounts = file.accounts.map((account) => ({
    name: account.name,
    ...resolveOne(sources, file.values, account.values, problems),
    token: tokenSource(account, problems),
  }));
  // A variable that can't be used would be told once for each account.
  const told = [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()];
  if (told.length > 0) return { ok: false, problems: told };
  return { ok: true, common, accounts: accounts.length === 0 ? [common] : accounts };
}

/** A source with how near it is: a lower rank goes before. */
type Found = SourcedText & { readonly rank: number };

function resolveOne(
  sources: SettingsSources,
  fromFile: TextValues,
  ofAccount: TextValues,
  problems: Problem[],
): Pick<AccountSettings, 'settings' | 'flagged'> {
  const found = new Map<SettingKey, Found>();
  for (const key of Object.keys(SETTINGS) as SettingKey[]) {
    const source = findSource(SETTINGS[key], sources, fromFile, ofAccount);
    if (source !== undefined) found.set(key, source);
  }
  const texts = Object.fromEntries([...found].map(([key, { text }]) => [key, text]));
  const { data, error } = settingsSchema.safeParse(texts);
  const bad = new Set(error?.issues.map(({ path }) => path[0] as SettingKey));
  for (const [key, source] of found) {
    const why = key === 'schedule' && !bad.has(key) ? sources.complaintAboutSchedule?.(source.text) : undefined;
    if (bad.has(key) || typeof why === 'string') problems.push(badValue(SETTINGS[key], source, why ?? null));
  }
  // Of one said nearer and one said further away the nearer counts; at one place neither does.
  const [url, file] = [found.get('notify'), found.get('notifyFile')];
  const further =
    url !== undefined && file !== undefined ? (url.rank < file.rank ? 'notifyFile' : 'notify') : undefined;
  if (file !== undefined && url?.rank === file.rank) problems.push(notifyTwice(file));
  const settings = { ...NOT_SET, ...data, ...(further === undefined ? {} : { [further]: undefined }) };
  const flagged = new Set([...found].filter(([, { rank }]) => rank === 0).map(([key]) => key));
  // Where something can't be used, nobody asks for the rest.
  return { settings: settings as Settings, flagged };
}

const NOT_SET = Object.fromEntries(Object.keys(SETTINGS).map((key) => [key, undefined]));

function findSource(
  { name, environment }: Setting,
  sources: SettingsSources,
  fromFile: TextValues,
  ofAccount: TextValues,
): Found | undefined {
  const flag = sources.flags.get(name);
  if (flag !== undefined) return { text: flag, origin: `flag --${name}`, rank: 0 };
  const own = ofAccount.get(name);
  if (own !== undefined) return { ...own, rank: 1 };
  // An empty variable is how compose files and shells write "not set".
  const text = sources.environment[environment];
  if (text !== undefined && text !== '') return { text, origin: `environment variable ${environment}`, rank: 2 };
  const common = fromFile.get(name);
  return common === undefined ? undefined : { ...common, rank: 3 };
}

function badValue(setting: Setting, { text, origin, place, frame }: SourcedText, why: string | null): Problem {
  const hidden = setting.secret === true || mayBeSecret(text);
  const near = setting.choices === undefined ? undefined : nearest(text, setting.choices);
  return {
    code: 'bad-setting',
    severity: 'error',
    message: `${setting.name}: ${hidden ? 'the value' : quote(text)} (from ${origin}) can't be used${why === null ? '' : `: it ${why}`}`,
    remedy: `${near === undefined ? '' : `did you mean ${near}? `}give ${setting.accepts}`,
    ...place,
    ...(hidden || frame === undefined ? {} : { frame: frame() }),
  };
}

function notifyTwice({ place, origin }: Found): Problem {
  const { notify, notifyFile } = SETTINGS;
  const [one, other] = origin.startsWith('environment')
    ? [notify.environment, notifyFile.environment]
    : [notify.name, notifyFile.name];
  const message = `both ${one} and ${other} say where notices go`;
  return { code: 'notify-twice', severity: 'error', message, remedy: 'leave one of them out', ...place };
}

/** Names of environment variables, as POSIX has them. */
const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

function tokenSource({ name, values, place }: RawAccount, problems: Problem[]): TokenSource | null {
  const variable = values.get('access-token-env')?.text;
  const file = values.get('access-token-file')?.text;
  const complain = (message: string) => {
    const remedy =
      'write access-token-env: with the name of the variable that holds it, or access-token-file: with a path';
    problems.push({ code: 'account-token', severity: 'error', message, remedy, ...place });
    return null;
  };
  if (variable === undefined && file === undefined) return complain(`account ${name} says nothing of its access token`);
  if (variable === undefined) return file === undefined ? null : { file };
  if (file !== undefined) return complain(`account ${name} has two access tokens`);
  // The value is not quoted: it may be the token itself, in the wrong place.
  if (VARIABLE_NAME.test(variable)) return { variable };
  return complain(`account ${name}: access-token-env is no name of an environment variable`);
}

/** An account with its place in the file, and its files as names that are the same for the same file. */
export interface Located {
  readonly account: AccountSettings;
  readonly place: RawAccount['place'] | undefined;
  readonly state: string;
  readonly manifest: string;
  readonly token: string;
}

/**
 * Two accounts with one state would undo each other's work; with one token and manifest they would double it. What the
 * command line says is meant for one of them, and is not compared.
 */
export function sharedFiles(accounts: readonly Located[]): readonly Problem[] {
  const first = new Map<string, string | null>();
  const problems: Problem[] = [];
  const compare = ({ account, place }: Located, key: string, problem: Pick<Problem, 'code' | 'message' | 'remedy'>) => {
    const other = first.get(key);
    if (other === undefined) first.set(key, account.name);
    else {
      const message = `accounts ${other} and ${account.name} ${problem.message}`;
      problems.push({ ...problem, message, severity: 'error', ...place });
    }
  };
  for (const located of accounts) {
    const { account, state, manifest, token } = located;
    const webhooks = JSON.stringify([manifest, token, account.settings.apiUrl]);
    if (!account.flagged.has('state')) compare(located, state, SHARED_STATE);
    if (!account.flagged.has('file')) compare(located, webhooks, SHARED_WEBHOOKS);
  }
  return problems;
}

const SHARED_STATE = {
  code: 'shared-state',
  message: 'have the same state file',
  remedy: 'give each a state: of its own',
} as const;
const SHARED_WEBHOOKS = {
  code: 'shared-webhooks',
  message: 'have the same token and manifest',
  remedy: 'remove one of them: it would make all twice',
} as const;
