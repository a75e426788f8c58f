import { isMap, isScalar, isSeq, LineCounter, type ParsedNode, parseDocument, type YAMLMap } from 'yaml';
import type { ProblemCode } from '../error-codes.js';
import type { Problem } from '../errors.js';
import { cut, quote } from '../manifest/printable.js';
import { nearest } from '../manifest/suggest.js';
import { ACCOUNT_NAME_PATTERN, ACCOUNTS_KEY, OWN_ACCOUNT_KEYS, PROCESS_WIDE } from './account-keys.js';
import { SETTINGS_LIMITS, tooComplex } from './bounds.js';
import { SETTINGS } from './definitions.js';

export interface SettingsFile {
  readonly path: string;
  readonly text: string;
}

export interface FilePlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** What a source says, as text. */
export interface SourcedText {
  readonly text: string;
  /** For the message: `flag --timeout`, `environment variable COPERNICA_WEBHOOKS_TIMEOUT`. */
  readonly origin: string;
  readonly place?: FilePlace;
}

export type TextValues = ReadonlyMap<string, SourcedText>;

/** One of the file's accounts: its own keys and the settings that it overrides. */
export interface RawAccount {
  readonly name: string;
  readonly values: TextValues;
  readonly place: FilePlace;
}

export interface FileValues {
  readonly values: TextValues;
  readonly accounts: readonly RawAccount[];
  readonly problems: readonly Problem[];
}

interface Reading {
  readonly problems: Problem[];
  readonly placeOf: (offset: number) => FilePlace;
}

/** The settings file as texts by key, and everything that is wrong with its form. */
export function readSettingsFile(file: SettingsFile): FileValues {
  const read = readWholeFile(file);
  const beyond = read.problems[SETTINGS_LIMITS.problems];
  if (beyond === undefined) return read;
  const more: Problem = { ...beyond, code: 'more-problems', message: 'there are more problems from here on' };
  return { ...read, problems: [...read.problems.slice(0, SETTINGS_LIMITS.problems), more] };
}

function readWholeFile(file: SettingsFile): FileValues {
  const nothing = { values: new Map<string, SourcedText>(), accounts: [] };
  const lines = new LineCounter();
  const complaint = tooComplex(file.text);
  const text = file.text.slice(0, complaint?.offset);
  // The library compares each key with every other one of its mapping; `readTexts` does it in linear time.
  const document = parseDocument(text, { lineCounter: lines, merge: false, uniqueKeys: false });
  const placeOf = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { file: file.path, line, column: col };
  };
  if (complaint !== null) {
    return { ...nothing, problems: [settingsProblem('settings-syntax', complaint.message, placeOf(complaint.offset))] };
  }
  const problems: Problem[] = [...document.errors, ...document.warnings].map((error) => ({
    code: 'settings-syntax',
    severity: 'error',
    // Some of the parser's messages quote the text at length.
    message: cut(
      error.message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? 'not YAML',
      SETTINGS_LIMITS.messageChars,
    ),
    ...placeOf(error.pos[0]),
  }));
  if (problems.length > 0 || document.contents === null) return { ...nothing, problems };
  if (!isMap(document.contents)) {
    return { ...nothing, problems: [settingsProblem('settings-shape', 'settings must be a mapping', placeOf(0))] };
  }
  const reading = { problems, placeOf };
  const known = [...Object.values(SETTINGS).map(({ name }) => name), ACCOUNTS_KEY];
  const values = readTexts(document.contents, known, reading);
  const list = document.contents.get(ACCOUNTS_KEY, true) as unknown;
  return { values, accounts: list === undefined ? [] : readAccounts(list, reading), problems };
}

function readTexts(map: YAMLMap, known: readonly string[], { problems, placeOf }: Reading): Map<string, SourcedText> {
  const values = new Map<string, SourcedText>();
  const seen = new Set<string>();
  for (const { key, value } of map.items) {
    const name = isScalar(key) ? String(key.value) : '';
    const place = placeOf(offsetOf(key));
    if (seen.has(name)) {
      const remedy = 'remove one of them';
      problems.push(settingsProblem('settings-syntax', `${quote(name)} stands twice in one mapping`, place, remedy));
      continue;
    }
    seen.add(name);
    const text = name === SETTINGS.allowedHosts.name ? namesIn(value) : isScalar(value) ? value.value : null;
    if (name === ACCOUNTS_KEY && known.includes(name)) continue;
    if (!known.includes(name)) problems.push(unknownSetting(name, known, place));
    else if (text === null) {
      problems.push(settingsProblem('bad-setting', `${name} has no value`, place, 'give a value or leave the key out'));
    } else {
      const origin = `${place.file}:${place.line}`;
      values.set(name, { text: String(text), origin, place: placeOf(offsetOf(value)) });
    }
  }
  return values;
}

/** A list, or names with commas between them; null: neither. */
function namesIn(node: unknown): string | null {
  const items = isSeq(node) ? node.items : [node];
  const names = items.map((item) => (isScalar(item) && item.value !== null ? String(item.value) : null));
  return names.includes(null) || names.length === 0 ? null : names.join(',');
}

function unknownSetting(name: string, known: readonly string[], place: FilePlace): Problem {
  const near = nearest(name, known);
  const remedy = near === undefined ? `known are ${known.join(', ')}` : `did you mean ${near}?`;
  return settingsProblem('unknown-setting', `unknown setting ${quote(name)}`, place, remedy);
}

function readAccounts(list: unknown, reading: Reading): RawAccount[] {
  const { problems, placeOf } = reading;
  if (!isSeq(list) || list.items.length === 0) {
    const remedy = 'begin each with a dash: - name: …, or leave the key out';
    problems.push(settingsProblem('bad-accounts', `${ACCOUNTS_KEY} must be a list`, placeOf(offsetOf(list)), remedy));
    return [];
  }
  const known = [...OWN_ACCOUNT_KEYS, ...Object.values(SETTINGS).map(({ name }) => name)].filter(
    (name) => !PROCESS_WIDE.has(name),
  );
  const accounts: RawAccount[] = [];
  for (const item of list.items) {
    const place = placeOf(offsetOf(item));
    if (!isMap(item)) {
      problems.push(settingsProblem('bad-accounts', 'an account must be a mapping', place, 'write - name: …'));
      continue;
    }
    const values = readTexts(item, known, reading);
    const name = values.get('name')?.text;
    const complaint = nameComplaint(name, accounts);
    if (complaint !== null) problems.push({ ...complaint, severity: 'error', ...(values.get('name')?.place ?? place) });
    else if (name !== undefined) accounts.push({ name, values, place });
  }
  return accounts;
}

function nameComplaint(
  name: string | undefined,
  before: readonly RawAccount[],
): Pick<Problem, 'code' | 'message' | 'remedy'> | null {
  const remedy = 'give each account a name of its own: letters, digits, . _ -';
  if (name === undefined) return { code: 'bad-account-name', message: 'an account has no name', remedy };
  const quoted = quote(name);
  if (!ACCOUNT_NAME_PATTERN.test(name)) {
    return { code: 'bad-account-name', message: `account name ${quoted} can't be used`, remedy };
  }
  const taken = before.some((account) => account.name === name);
  return taken ? { code: 'duplicate-account', message: `there are two accounts ${quoted}`, remedy } : null;
}

function offsetOf(node: unknown): number {
  return (node as ParsedNode | null)?.range?.[0] ?? 0;
}

export function settingsProblem(code: ProblemCode, message: string, place: FilePlace, remedy?: string): Problem {
  return { code, severity: 'error', message, ...place, ...(remedy === undefined ? {} : { remedy }) };
}
