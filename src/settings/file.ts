import { isMap, isScalar, isSeq, Lexer, LineCounter, type ParsedNode, Parser, parseDocument, type YAMLMap } from 'yaml';
import type { ProblemCode } from '../error-codes.js';
import type { Problem } from '../errors.js';
import { frame } from '../manifest/frame.js';
import { cut, quote } from '../manifest/printable.js';
import { nearest } from '../manifest/suggest.js';
import { PROCESS_WIDE, SETTING_NAMES, SETTINGS } from './schema.js';

/** What a settings file may cost to read: it can come from a stranger's pull request, as a manifest can. */
export const SETTINGS_LIMITS = {
  /** Smallest pieces of YAML text. A thousand accounts of eight keys have 50,000. */
  lexemes: 100_000,
  /** It needs four. Far deeper ones overflow the parser's stack. */
  nestingLevels: 20,
  /** Problems that are told; of more than that, only that there are more. */
  problems: 100,
  /** Of the parser's messages, some of which quote the text at length. */
  messageChars: 160,
  /** Of a line that is shown below a message. */
  frameChars: 200,
} as const;

const ACCOUNTS_KEY = 'accounts';
const ACCOUNT_KEYS = [
  ...['name', 'access-token-env', 'access-token-file'],
  ...SETTING_NAMES.filter((name) => !PROCESS_WIDE.has(name)),
];
/** As in names of entries: they stand in logs, metrics and file names. */
const ACCOUNT_NAME = /^[A-Za-z0-9._-]{1,100}$/;

/** Where something stands in the settings file. */
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
  /** The line of the file with a caret under the value. */
  readonly frame?: () => string;
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
  readonly text: string;
  readonly problems: Problem[];
  readonly placeOf: (offset: number) => FilePlace;
}

/** The settings file as texts by key, and everything that is wrong with its form. */
export function readSettingsFile(file: { readonly path: string; readonly text: string }): FileValues {
  const read = readWholeFile(file);
  const beyond = read.problems[SETTINGS_LIMITS.problems];
  if (beyond === undefined) return read;
  const { frame: _, ...place } = beyond;
  const more: Problem = { ...place, code: 'more-problems', message: 'there are more problems from here on' };
  return { ...read, problems: [...read.problems.slice(0, SETTINGS_LIMITS.problems), more] };
}

function readWholeFile({ path, text }: { readonly path: string; readonly text: string }): FileValues {
  const lines = new LineCounter();
  const placeOf = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { file: path, line, column: col };
  };
  const problems: Problem[] = [];
  const reading = { text, problems, placeOf };
  const nothing = { values: new Map<string, SourcedText>(), accounts: [], problems };
  const tooComplex = findTooComplex(text);
  // The library compares each key with every other one of its mapping; `readTexts` does it in linear time.
  const document = parseDocument(text.slice(0, tooComplex?.offset), {
    lineCounter: lines,
    merge: false,
    uniqueKeys: false,
  });
  if (tooComplex !== null) {
    problems.push(problemAt('settings-syntax', tooComplex.message, placeOf(tooComplex.offset)));
    return nothing;
  }
  for (const { message, pos } of [...document.errors, ...document.warnings]) {
    // No line is shown: it may hold a secret where none is looked for.
    const what = message.split('\n', 1)[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? 'not YAML';
    problems.push(problemAt('settings-syntax', cut(what, SETTINGS_LIMITS.messageChars), placeOf(pos[0])));
  }
  if (problems.length > 0 || document.contents === null) return nothing;
  if (!isMap(document.contents)) {
    problems.push(problemAt('settings-shape', 'settings must be a mapping', placeOf(0)));
    return nothing;
  }
  const values = readTexts(document.contents, [...SETTING_NAMES, ACCOUNTS_KEY], reading);
  const list = document.contents.get(ACCOUNTS_KEY, true) as unknown;
  return { values, accounts: list === undefined ? [] : readAccounts(list, reading), problems };
}

/** Why a text would cost too much to compose, and from where on; null: it wouldn't. Takes linear time, keeps nothing. */
function findTooComplex(text: string): { readonly offset: number; readonly message: string } | null {
  const parser = new Parser();
  let lexemes = 0;
  for (const lexeme of new Lexer().lex(text)) {
    for (const _token of parser.next(lexeme)) {
      // Only its depth is of interest here.
    }
    lexemes += 1;
    const at = { offset: Math.max(0, parser.offset - lexeme.length) };
    if (parser.stack.length > SETTINGS_LIMITS.nestingLevels) {
      return { ...at, message: `nested more than ${SETTINGS_LIMITS.nestingLevels} levels deep` };
    }
    if (lexemes > SETTINGS_LIMITS.lexemes) {
      return { ...at, message: `more than ${SETTINGS_LIMITS.lexemes} words and marks` };
    }
  }
  return null;
}

function readTexts(map: YAMLMap, known: readonly string[], reading: Reading): Map<string, SourcedText> {
  const { problems, placeOf } = reading;
  const values = new Map<string, SourcedText>();
  const seen = new Set<string>();
  for (const { key, value } of map.items) {
    const name = isScalar(key) ? String(key.value) : '';
    const [from, to] = rangeOf(key);
    const place = placeOf(from);
    const atKey = () => ({ ...place, frame: frameOf(from, from, to, reading) });
    if (seen.has(name)) {
      const message = `${quote(name)} stands twice in one mapping`;
      problems.push(problemAt('settings-syntax', message, atKey(), 'remove one of them'));
      continue;
    }
    seen.add(name);
    const text = name === SETTINGS.allowedHosts.name ? namesIn(value) : isScalar(value) ? value.value : null;
    if (name === ACCOUNTS_KEY && known.includes(name)) continue;
    if (!known.includes(name)) {
      const near = nearest(name, known);
      const remedy = near === undefined ? `known are ${known.join(', ')}` : `did you mean ${near}?`;
      problems.push(problemAt('unknown-setting', `unknown setting ${quote(name)}`, atKey(), remedy));
    } else if (text === null) {
      const remedy = 'give a value or leave the key out';
      problems.push(problemAt('bad-setting', `${name} has no value`, atKey(), remedy));
    } else {
      const [start, end] = rangeOf(value);
      values.set(name, {
        text: String(text),
        origin: `${place.file}:${place.line}`,
        place: placeOf(start),
        frame: () => frameOf(from, start, end, reading),
      });
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

function readAccounts(list: unknown, reading: Reading): RawAccount[] {
  const { problems, placeOf } = reading;
  if (!isSeq(list) || list.items.length === 0) {
    const remedy = 'begin each with a dash: - name: …, or leave the key out';
    problems.push(problemAt('bad-accounts', `${ACCOUNTS_KEY} must be a list`, placeOf(rangeOf(list)[0]), remedy));
    return [];
  }
  const accounts = new Map<string, RawAccount>();
  for (const item of list.items) {
    const place = placeOf(rangeOf(item)[0]);
    if (!isMap(item)) {
      problems.push(problemAt('bad-accounts', 'an account must be a mapping', place, 'write - name: …'));
      continue;
    }
    const values = readTexts(item, ACCOUNT_KEYS, reading);
    const name = values.get('name');
    const complaint = nameComplaint(name?.text, accounts);
    if (complaint !== null) {
      const remedy = 'give each account a name of its own: letters, digits, . _ -';
      problems.push(problemAt(complaint.code, complaint.message, name?.place ?? place, remedy));
    } else if (name !== undefined) accounts.set(name.text, { name: name.text, values, place });
  }
  return [...accounts.values()];
}

function nameComplaint(
  name: string | undefined,
  before: ReadonlyMap<string, RawAccount>,
): { readonly code: ProblemCode; readonly message: string } | null {
  if (name === undefined) return { code: 'bad-account-name', message: 'an account has no name' };
  if (!ACCOUNT_NAME.test(name))
    return { code: 'bad-account-name', message: `account name ${quote(name)} can't be used` };
  return before.has(name) ? { code: 'duplicate-account', message: `there are two accounts ${quote(name)}` } : null;
}

/**
 * The key and the value, up to the end of the line, with a caret under what is meant. The rest of the line is left out:
 * in `{notify: https://…, prune: maybe}` it may hold a secret.
 */
function frameOf(keyStart: number, start: number, end: number, { text, placeOf }: Reading): string {
  const place = placeOf(start);
  const from = placeOf(keyStart).line === place.line ? keyStart : start;
  const shown = text.slice(from, Math.min(end, from + SETTINGS_LIMITS.frameChars)).split(/\r?\n/, 1)[0] ?? '';
  return frame(text, { line: place.line, lineRange: [from, from + shown.length], start, end });
}

/** Offsets of the first character of a node and of the one after its last. */
function rangeOf(node: unknown): readonly [number, number] {
  const [from, to] = (node as ParsedNode | null)?.range ?? [0, 0];
  return [from, to];
}

function problemAt(
  code: ProblemCode,
  message: string,
  place: Pick<Problem, 'file' | 'line' | 'column' | 'frame'>,
  remedy?: string,
): Problem {
  return { code, severity: 'error', message, ...place, ...(remedy === undefined ? {} : { remedy }) };
}
