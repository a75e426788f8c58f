import { type Problem, ProductError } from '../errors.js';
import { quote } from '../text/printable.js';
import { nearest } from '../text/suggest.js';
import type { FilePlace, FileValues, RawAccount, SourcedText, TextValues } from './file.js';
import { SETTINGS, type Setting, type SettingKey, type Settings, settingsSchema } from './schema.js';
import { type StatePlace, shownPlace, statePlaceOf } from './state-place.js';
import { mayBeSecret } from './values.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The values from the three sources. */
export interface SettingsSources {
  /** By setting name (`lock-timeout`), as given on the command line. */
  readonly flags: ReadonlyMap<string, string>;
  readonly environment: Environment;
  /** Undefined: there is none. */
  readonly file: FileValues | undefined;
}

/** Where an access token comes from: a variable, a file, or whichever of the two is set. */
export interface TokenSource {
  readonly variable?: string;
  readonly file?: string;
}

/** The resolved settings of one account. */
export interface AccountSettings {
  /** Null: the settings file lists no accounts, so there is one without a name. */
  readonly name: string | null;
  readonly settings: Settings;
  /** Names of the settings given on the command line. */
  readonly flagged: ReadonlySet<string>;
  readonly token: TokenSource;
  /** What `settings.state` shows to people. */
  readonly statePlace: StatePlace;
  /** Where the account begins in the settings file. */
  readonly place?: FilePlace;
}

export interface ResolvedSettings {
  /** Settings that apply unless an account overrides them. */
  readonly common: AccountSettings;
  /** The accounts of the settings file, in its order; without any, `common` alone. */
  readonly accounts: readonly AccountSettings[];
}

/**
 * The order is flag, account, environment, settings file, default: a setting for one account is more specific than one
 * for all. Throws ProductError of kind `input` with all problems at once.
 */
export function resolveSettings({ flags, environment, file }: SettingsSources): ResolvedSettings {
  const problems: Problem[] = [...(file?.problems ?? [])];
  const flagged = new Set(flags.keys());
  const settingsOf = (own: TextValues) => {
    const said = sayings([file?.values ?? new Map(), environmentValues(environment), own, flagValues(flags)], problems);
    return check(said, problems);
  };
  const settings = settingsOf(new Map());
  const accounts = (file?.accounts ?? []).map((account) =>
    withStatePlace({
      name: account.name,
      settings: settingsOf(account.values),
      flagged,
      token: tokenSource(account, problems),
      place: account.place,
    }),
  );
  // Otherwise an unusable variable would be reported once for each account.
  const told = [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()];
  if (told.length > 0) throw new ProductError('input', told);
  const common = withStatePlace({ name: null, settings, flagged, token: usualTokenSource(environment) });
  return { common, accounts: accounts.length === 0 ? [common] : accounts };
}

/** `text`: the content of `state-file`. Left out: the setting itself is used. A password stays in `statePlace`. */
export function withStatePlace(
  account: Omit<AccountSettings, 'statePlace'>,
  text: string = account.settings.state,
): AccountSettings {
  const statePlace = statePlaceOf(text, account.name);
  return { ...account, statePlace, settings: { ...account.settings, state: shownPlace(statePlace) } };
}

function flagValues(flags: SettingsSources['flags']): TextValues {
  return new Map([...flags].map(([name, text]) => [name, { text, origin: `flag --${name}` }]));
}

function environmentValues(values: Environment): TextValues {
  return new Map(
    Object.values(SETTINGS).flatMap(({ name, environment }) => {
      const text = values[environment];
      // Compose files and shells write "not set" as an empty variable.
      return text ? [[name, { text, origin: `environment variable ${environment}` }] as const] : [];
    }),
  );
}

/** A setting that a file may hold, as containers are given secrets. */
const IN_A_FILE = [
  { text: SETTINGS.notify, file: SETTINGS.notifyFile, code: 'notify-twice', what: 'where notices go' },
  { text: SETTINGS.state, file: SETTINGS.stateFile, code: 'state-twice', what: 'where the state is kept' },
] as const;

/** The text for each setting. `sources` go from the furthest to the nearest, which overrides the others. */
function sayings(sources: readonly TextValues[], problems: Problem[]): TextValues {
  const said = new Map<string, SourcedText>();
  for (const source of sources) {
    for (const pair of IN_A_FILE) {
      const [text, file] = [source.get(pair.text.name), source.get(pair.file.name)];
      if (text !== undefined && file !== undefined) problems.push(saidTwice(pair, file));
      // Both name the same thing, so each overrides the other.
      if (text !== undefined) said.delete(pair.file.name);
      if (file !== undefined) said.delete(pair.text.name);
    }
    for (const [name, text] of source) said.set(name, text);
  }
  return said;
}

function saidTwice({ text, file, code, what }: (typeof IN_A_FILE)[number], { place, origin }: SourcedText): Problem {
  const by = origin.startsWith('environment') ? 'environment' : 'name';
  const message = `both ${text[by]} and ${file[by]} say ${what}`;
  return { code, severity: 'error', message, remedy: 'leave one of them out', ...place };
}

const DEFAULTS = settingsSchema.parse({});

/** The settings as values. If one can't be used, that is a problem, and the result must not be used. */
function check(said: TextValues, problems: Problem[]): Settings {
  const texts = Object.entries(SETTINGS).flatMap(([key, { name }]) => {
    const text = said.get(name)?.text;
    return text === undefined ? [] : [[key, text]];
  });
  const { data, error } = settingsSchema.safeParse(Object.fromEntries(texts));
  for (const issue of error?.issues ?? []) {
    const setting = SETTINGS[issue.path[0] as SettingKey];
    const source = said.get(setting.name);
    const why: unknown = issue.code === 'custom' ? issue.params?.why : undefined;
    if (source !== undefined) problems.push(badValue(setting, source, typeof why === 'string' ? `: it ${why}` : ''));
  }
  return data ?? DEFAULTS;
}

function badValue(setting: Setting, { text, origin, place }: SourcedText, why: string): Problem {
  const hidden = setting.secret === true || mayBeSecret(text);
  const near = setting.choices === undefined ? undefined : nearest(text, setting.choices);
  return {
    code: 'bad-setting',
    severity: 'error',
    message: `${setting.name}: ${hidden ? 'the value' : quote(text)} (from ${origin}) can't be used${why}`,
    remedy: `${near === undefined ? '' : `did you mean ${near}? `}give ${setting.accepts}`,
    ...place,
  };
}

export const TOKEN_VARIABLE = 'COPERNICA_ACCESS_TOKEN';
export const TOKEN_FILE_VARIABLE = 'COPERNICA_ACCESS_TOKEN_FILE';

function usualTokenSource(environment: Environment): TokenSource {
  const file = environment[TOKEN_FILE_VARIABLE];
  return { variable: TOKEN_VARIABLE, ...(file ? { file } : {}) };
}

/** Names of environment variables according to POSIX. */
const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

function tokenSource({ name, values, place }: RawAccount, problems: Problem[]): TokenSource {
  const variable = values.get('access-token-env')?.text;
  const file = values.get('access-token-file')?.text;
  const complain = (message: string) => {
    const remedy =
      'write access-token-env: with the name of the variable that holds it, or access-token-file: with a path';
    problems.push({ code: 'account-token', severity: 'error', message, remedy, ...place });
  };
  if (variable !== undefined && file !== undefined) complain(`account ${name} has two access tokens`);
  else if (file !== undefined) return { file };
  else if (variable === undefined) complain(`account ${name} does not say where its access token comes from`);
  else if (VARIABLE_NAME.test(variable)) return { variable };
  // The value is not quoted: it may be the token itself, in the wrong place.
  else complain(`account ${name}: access-token-env is not the name of an environment variable`);
  return {};
}
