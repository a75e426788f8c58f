import { isMap, isScalar, LineCounter, parseDocument } from 'yaml';
import type { Problem } from '../errors.js';
import { nearest } from '../manifest/suggest.js';
import { SETTINGS, type Setting, type SettingKey, type Settings } from './definitions.js';

/** What the three sources say, as text; `undefined` where they say nothing. */
export interface SettingsSources {
  /** By setting name (`lock-timeout`), as given on the command line. */
  readonly flags: ReadonlyMap<string, string>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly file: { readonly path: string; readonly text: string } | undefined;
}

/** `flagged`: the settings that the command line itself gave. */
export type ResolvedSettings =
  | { readonly ok: true; readonly settings: Settings; readonly flagged: ReadonlySet<SettingKey> }
  | { readonly ok: false; readonly problems: readonly Problem[] };

interface SourcedText {
  readonly text: string;
  /** For the message: `flag --timeout`, `environment variable COPERNICA_WEBHOOKS_TIMEOUT`. */
  readonly origin: string;
  readonly place?: { readonly file: string; readonly line: number; readonly column: number };
}

/** Flag before environment before settings file before default. All problems at once. */
export function resolveSettings(sources: SettingsSources): ResolvedSettings {
  const fromFile = readSettingsFile(sources.file);
  const problems = [...fromFile.problems];
  const values: Record<string, unknown> = {};
  const flagged = new Set<SettingKey>();
  for (const key of settingKeys()) {
    const setting: Setting<unknown> = SETTINGS[key];
    const source = findSource(setting, sources, fromFile.values);
    values[key] = setting.fallback;
    if (source === undefined) continue;
    if (sources.flags.has(setting.name)) flagged.add(key);
    const value = setting.parse(source.text);
    if (value === undefined) problems.push(badValue(setting, source));
    else values[key] = value;
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, settings: values as Settings, flagged };
}

function settingKeys(): SettingKey[] {
  return Object.keys(SETTINGS) as SettingKey[];
}

function findSource(
  setting: Setting<unknown>,
  sources: SettingsSources,
  fromFile: ReadonlyMap<string, SourcedText>,
): SourcedText | undefined {
  const flag = sources.flags.get(setting.name);
  if (flag !== undefined) return { text: flag, origin: `flag --${setting.name}` };
  const variable = sources.environment[setting.environment];
  // An empty variable is how compose files and shells write "not set".
  if (variable !== undefined && variable !== '') {
    return { text: variable, origin: `environment variable ${setting.environment}` };
  }
  return fromFile.get(setting.name);
}

function badValue(setting: Setting<unknown>, source: SourcedText): Problem {
  return {
    code: 'bad-setting',
    severity: 'error',
    message: `${setting.name}: ${JSON.stringify(source.text)} (from ${source.origin}) can't be used`,
    remedy: `give ${setting.accepts}`,
    ...source.place,
  };
}

interface FileValues {
  readonly values: ReadonlyMap<string, SourcedText>;
  readonly problems: readonly Problem[];
}

function readSettingsFile(file: SettingsSources['file']): FileValues {
  const values = new Map<string, SourcedText>();
  if (file === undefined) return { values, problems: [] };
  const lines = new LineCounter();
  const document = parseDocument(file.text, { lineCounter: lines, merge: false });
  const placeOf = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { file: file.path, line, column: col };
  };
  const problems: Problem[] = [...document.errors, ...document.warnings].map((error) => ({
    code: 'settings-syntax',
    severity: 'error',
    message: error.message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? 'not YAML',
    ...placeOf(error.pos[0]),
  }));
  if (problems.length > 0 || document.contents === null) return { values, problems };
  if (!isMap(document.contents)) {
    return { values, problems: [settingsProblem('settings-shape', 'settings must be a mapping', placeOf(0))] };
  }
  const names = new Set<string>(settingKeys().map((key) => SETTINGS[key].name));
  for (const { key, value } of document.contents.items) {
    const name = isScalar(key) ? String(key.value) : '';
    const place = placeOf(isScalar(key) ? (key.range?.[0] ?? 0) : 0);
    if (!names.has(name)) {
      const near = nearest(name, [...names]);
      const remedy = near === undefined ? `known are ${[...names].join(', ')}` : `did you mean ${near}?`;
      problems.push(settingsProblem('unknown-setting', `unknown setting ${JSON.stringify(name)}`, place, remedy));
    } else if (!isScalar(value) || value.value === null) {
      problems.push(settingsProblem('bad-setting', `${name} has no value`, place, 'give a value or leave the key out'));
    } else {
      values.set(name, {
        text: String(value.value),
        origin: `${file.path}:${place.line}`,
        place: placeOf(value.range?.[0] ?? 0),
      });
    }
  }
  return { values, problems };
}

function settingsProblem(
  code: string,
  message: string,
  place: { file: string; line: number; column: number },
  remedy?: string,
): Problem {
  return { code, severity: 'error', message, ...place, ...(remedy === undefined ? {} : { remedy }) };
}
