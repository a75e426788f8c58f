import type { ProblemCode } from '../error-codes.js';
import type { Problem } from '../errors.js';
import { quote } from '../manifest/printable.js';
import { VARIABLE_NAME_PATTERN } from './account-keys.js';
import { SETTINGS, type Setting, type SettingKey, type Settings } from './definitions.js';
import type { FileValues, RawAccount, SourcedText, TextValues } from './file.js';

/** What the three sources say, as text; `undefined` where they say nothing. */
export interface SettingsSources {
  /** By setting name (`lock-timeout`), as given on the command line. */
  readonly flags: ReadonlyMap<string, string>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly file: FileValues | undefined;
  /** Left out: each schedule of the right shape can be used. */
  readonly judgeSchedule?: ScheduleJudge;
}

/** Why a schedule of the right shape can't be used, as a sentence that goes on from "it …"; null: it can. */
export type ScheduleJudge = (schedule: string) => string | null;

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
  const common = resolveOne(sources, file.values, new Map());
  const accounts = file.accounts.map((account) => resolveAccount(account, sources, file.values));
  const problems = [
    ...file.problems,
    ...common.problems,
    ...accounts.flatMap((account) => account.problems),
    ...shared(accounts),
  ];
  // A variable that can't be used would be told once for each account.
  const told = [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()];
  if (told.length > 0) return { ok: false, problems: told };
  const { settings, flagged } = common;
  const unnamed = { name: null, settings, flagged, token: null };
  const named = accounts.flatMap(({ account }) => (account === null ? [] : [account]));
  return { ok: true, common: unnamed, accounts: named.length === 0 ? [unnamed] : named };
}

interface Resolved {
  readonly settings: Settings;
  readonly flagged: ReadonlySet<SettingKey>;
  readonly problems: readonly Problem[];
}

function resolveOne(sources: SettingsSources, fromFile: TextValues, ofAccount: TextValues): Resolved {
  const problems: Problem[] = [];
  const values: Record<string, unknown> = {};
  const flagged = new Set<SettingKey>();
  const found = new Map<SettingKey, Found | undefined>();
  for (const key of Object.keys(SETTINGS) as SettingKey[]) {
    const setting: Setting<unknown> = SETTINGS[key];
    const source = findSource(setting, sources, fromFile, ofAccount);
    found.set(key, source);
    values[key] = setting.fallback;
    if (source === undefined) continue;
    if (sources.flags.has(setting.name)) flagged.add(key);
    const value = setting.parse(source.text);
    const why = key === 'schedule' && value !== undefined ? sources.judgeSchedule?.(String(value)) : null;
    if (value === undefined || typeof why === 'string') problems.push(badValue(setting, source, why));
    else values[key] = value;
  }
  const [url, file] = [found.get('notify'), found.get('notifyFile')];
  if (url !== undefined && file !== undefined) {
    if (url.rank === file.rank) problems.push(notifyTwice(file));
    else values[url.rank < file.rank ? 'notifyFile' : 'notify'] = undefined;
  }
  return { settings: values as Settings, flagged, problems };
}

/** A source with how near it is: a lower rank goes before. */
type Found = SourcedText & { readonly rank: number };

function findSource(
  setting: Setting<unknown>,
  sources: SettingsSources,
  fromFile: TextValues,
  ofAccount: TextValues,
): Found | undefined {
  const flag = sources.flags.get(setting.name);
  if (flag !== undefined) return { text: flag, origin: `flag --${setting.name}`, rank: 0 };
  const own = ofAccount.get(setting.name);
  if (own !== undefined) return { ...own, rank: 1 };
  const variable = sources.environment[setting.environment];
  // An empty variable is how compose files and shells write "not set".
  if (variable !== undefined && variable !== '') {
    return { text: variable, origin: `environment variable ${setting.environment}`, rank: 2 };
  }
  const common = fromFile.get(setting.name);
  return common === undefined ? undefined : { ...common, rank: 3 };
}

/** Of one said nearer and one said further away the nearer counts; at one place neither does. */
function notifyTwice({ place, origin }: Found): Problem {
  const { notify, notifyFile } = SETTINGS;
  const [one, other] = origin.startsWith('environment')
    ? [notify.environment, notifyFile.environment]
    : [notify.name, notifyFile.name];
  const message = `both ${one} and ${other} say where notices go`;
  return { code: 'notify-twice', severity: 'error', message, remedy: 'leave one of them out', ...place };
}

function badValue(setting: Setting<unknown>, source: SourcedText, why?: string | null): Problem {
  return {
    code: 'bad-setting',
    severity: 'error',
    message: `${setting.name}: ${setting.secret ? 'what is said' : quote(source.text)} (from ${source.origin}) can't be used${typeof why === 'string' ? `: it ${why}` : ''}`,
    remedy: `give ${setting.accepts}`,
    ...source.place,
  };
}

interface ResolvedAccount {
  readonly raw: RawAccount;
  readonly account: AccountSettings | null;
  readonly problems: readonly Problem[];
}

function resolveAccount(raw: RawAccount, sources: SettingsSources, fromFile: TextValues): ResolvedAccount {
  const { settings, flagged, problems } = resolveOne(sources, fromFile, raw.values);
  const token = tokenSource(raw);
  if ('message' in token) {
    const problem: Problem = { severity: 'error', code: 'account-token', ...token, ...raw.place };
    return { raw, account: null, problems: [...problems, problem] };
  }
  return { raw, account: { name: raw.name, settings, flagged, token }, problems };
}

function tokenSource({ name, values }: RawAccount): TokenSource | { message: string; remedy: string } {
  const variable = values.get('access-token-env')?.text;
  const file = values.get('access-token-file')?.text;
  const remedy =
    'write access-token-env: with the name of the variable that holds it, or access-token-file: with a path';
  if ((variable === undefined) === (file === undefined)) {
    const message = variable === undefined ? 'says nothing of its access token' : 'has two access tokens';
    return { message: `account ${name} ${message}`, remedy };
  }
  if (file !== undefined) return { file };
  // The value is not quoted: it may be the token itself, in the wrong place.
  if (variable !== undefined && VARIABLE_NAME_PATTERN.test(variable)) return { variable };
  return { message: `account ${name}: access-token-env is no name of an environment variable`, remedy };
}

/**
 * Two accounts with one state would undo each other's work; with one token and manifest they would double it. What the
 * command line says is meant for one of them, and is not compared.
 */
function shared(accounts: readonly ResolvedAccount[]): Problem[] {
  const problems: Problem[] = [];
  const find = (
    code: ProblemCode,
    message: string,
    remedy: string,
    keyOf: (account: AccountSettings) => string | null,
  ) => {
    const first = new Map<string, string>();
    for (const { account, raw } of accounts) {
      const key = account === null ? null : keyOf(account);
      if (key === null) continue;
      const other = first.get(key);
      if (other === undefined) first.set(key, raw.name);
      else {
        const both = `accounts ${other} and ${raw.name} ${message}`;
        problems.push({ code, severity: 'error', message: both, remedy, ...raw.place });
      }
    }
  };
  const state = ({ settings, flagged }: AccountSettings) =>
    flagged.has('state') ? null : settings.state.replace(/^(\.\/)+/, '');
  find('shared-state', 'have the same state file', 'give each a state: of its own', state);
  const webhooks = ({ settings, token, flagged }: AccountSettings) =>
    flagged.has('file') ? null : JSON.stringify([settings.file, token, settings.apiUrl]);
  find('shared-webhooks', 'have the same token and manifest', 'remove one of them: it would make all twice', webhooks);
  return problems;
}
