import { isMap, isScalar, isSeq, type ParsedNode, parseDocument, type YAMLMap } from 'yaml';
import type { ProblemCode } from '../error-codes.js';
import type { Problem } from '../errors.js';
import { boundsProblem } from '../manifest/bounds.js';
import { lineRange, placeOf, type Source, sourceOf } from '../manifest/source.js';
import { frame } from '../text/frame.js';
import { cut, quote } from '../text/printable.js';
import { nearest } from '../text/suggest.js';
import { PROCESS_WIDE, SETTING_NAMES, SETTINGS } from './schema.js';

/** What a settings file may cost to read: it can come from a stranger's pull request, as a manifest can. */
export const SETTINGS_LIMITS = {
  /** Smallest pieces of YAML text. A thousand accounts of eight keys have 50,000. */
  lexemes: 100_000,
  /** It needs four. Far deeper ones overflow the parser's stack. */
  nestingLevels: 20,
  /** No setting can be one. */
  aliases: 100,
  /** Problems that are told; of more than that, only that there are more. */
  problems: 100,
} as const;

/** Of the parser's messages, some of which quote the text at length. */
const LONGEST_MESSAGE_CHARS = 160;

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
  /** The key and the value with a caret under the value. */
  readonly frame?: () => string;
}

/** By the names of the settings. */
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

/**
 * The settings file as texts by key, and everything that is wrong with its form. What can be read of a broken file is
 * there all the same.
 */
export function readSettingsFile({ path, text }: { readonly path: string; readonly text: string }): FileValues {
  const reading = new Reading(sourceOf(path, text));
  const refusal = boundsProblem(text, SETTINGS_LIMITS);
  if (refusal !== null) {
    reading.complain(refusal.start, 'settings-syntax', refusal.message);
    return reading;
  }
  // The library compares each key with every other one of its mapping; `read` does it in linear time.
  const document = parseDocument(text, { merge: false, uniqueKeys: false, logLevel: 'silent' });
  for (const { message, pos } of [...document.errors, ...document.warnings]) {
    // No line is shown: it may hold a secret where none is looked for.
    const what = message.split('\n', 1)[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? 'not YAML';
    reading.complain(pos[0], 'settings-syntax', cut(what, LONGEST_MESSAGE_CHARS));
  }
  const { contents } = document;
  if (isMap(contents)) reading.readAll(contents);
  else if (contents !== null && document.errors.length === 0) {
    reading.complain(0, 'settings-shape', 'settings must be a mapping');
  }
  return reading;
}

/** What is found on the way through a settings file. */
class Reading implements FileValues {
  values: TextValues = new Map();
  readonly problems: Problem[] = [];
  readonly #accounts = new Map<string, RawAccount>();
  readonly #source: Source;

  constructor(source: Source) {
    this.#source = source;
  }

  get accounts(): RawAccount[] {
    return [...this.#accounts.values()];
  }

  readAll(map: YAMLMap): void {
    this.values = this.#read(map, [...SETTING_NAMES, ACCOUNTS_KEY]);
    const list: unknown = map.get(ACCOUNTS_KEY, true);
    if (isSeq(list) && list.items.length > 0) for (const item of list.items) this.#readAccount(item);
    else if (list !== undefined) {
      const remedy = 'begin each with a dash: - name: …, or leave the key out';
      this.complain(rangeOf(list)[0], 'bad-accounts', `${ACCOUNTS_KEY} must be a list`, { remedy });
    }
  }

  #readAccount(item: unknown): void {
    const [start] = rangeOf(item);
    if (!isMap(item)) {
      this.complain(start, 'bad-accounts', 'an account must be a mapping', { remedy: 'write - name: …' });
      return;
    }
    const values = this.#read(item, ACCOUNT_KEYS);
    const name = values.get('name')?.text;
    const remedy = 'give each account a name of its own: letters, digits, . _ -';
    const [at] = name === undefined ? [start] : rangeOf(item.get('name', true));
    if (name === undefined) this.complain(at, 'bad-account-name', 'an account has no name', { remedy });
    else if (!ACCOUNT_NAME.test(name)) {
      this.complain(at, 'bad-account-name', `account name ${quote(name)} can't be used`, { remedy });
    } else if (this.#accounts.has(name)) {
      this.complain(at, 'duplicate-account', `there are two accounts ${quote(name)}`, { remedy });
    } else this.#accounts.set(name, { name, values, place: this.#placeOf(start) });
  }

  /** The values of a mapping's keys. */
  #read(map: YAMLMap, known: readonly string[]): TextValues {
    const values = new Map<string, SourcedText>();
    const seen = new Set<string>();
    for (const { key, value } of map.items) {
      const name = isScalar(key) ? String(key.value) : '';
      const [at, end] = rangeOf(key);
      const complain = (code: ProblemCode, message: string, remedy: string) =>
        this.complain(at, code, message, { remedy, frame: this.#frameOf(at, at, end) });
      const text = textOf(name, value);
      if (seen.has(name))
        complain('settings-syntax', `${quote(name)} stands twice in one mapping`, 'remove one of them');
      else if (!known.includes(name)) {
        const near = nearest(name, known);
        const remedy = near === undefined ? `known are ${known.join(', ')}` : `did you mean ${near}?`;
        complain('unknown-setting', `unknown setting ${quote(name)}`, remedy);
      } else if (text !== null) {
        const [start, valueEnd] = rangeOf(value);
        const place = this.#placeOf(start);
        const origin = `${place.file}:${this.#placeOf(at).line}`;
        values.set(name, { text, origin, place, frame: () => this.#frameOf(at, start, valueEnd) });
      } else if (name !== ACCOUNTS_KEY) {
        complain('bad-setting', `${name} has no value`, 'give a value or leave the key out');
      }
      seen.add(name);
    }
    return values;
  }

  complain(at: number, code: ProblemCode, message: string, more: Pick<Problem, 'remedy' | 'frame'> = {}): void {
    const problem: Problem = { code, severity: 'error', message, ...this.#placeOf(at), ...more };
    const { length } = this.problems;
    if (length < SETTINGS_LIMITS.problems) this.problems.push(problem);
    else if (length === SETTINGS_LIMITS.problems) {
      const { frame: _, remedy: __, ...rest } = problem;
      this.problems.push({ ...rest, code: 'more-problems', message: 'there are more problems from here on' });
    }
  }

  #placeOf(offset: number): FilePlace {
    return { file: this.#source.file, ...placeOf(offset, this.#source) };
  }

  /**
   * The key and the value, up to the end of the line, with a caret under what is meant. The rest of the line is left
   * out:
   * in `{notify: https://…, prune: maybe}` it may hold a secret.
   */
  #frameOf(keyStart: number, start: number, end: number): string {
    const { line } = placeOf(start, this.#source);
    const [lineStart, lineEnd] = lineRange(line, this.#source);
    const from = keyStart < lineStart ? start : keyStart;
    return frame(this.#source.text, { line, lineRange: [from, Math.min(end, lineEnd)], start, end });
  }
}

/** What a key says; null: nothing that could be a setting. Only names of hosts may be a list. */
function textOf(name: string, node: unknown): string | null {
  const items = isSeq(node) && name === SETTINGS.allowedHosts.name ? node.items : [node];
  const texts = items.map((item) => (isScalar(item) && item.value !== null ? String(item.value) : null));
  return texts.includes(null) || texts.length === 0 ? null : texts.join(',');
}

/** Offsets of the first character of a node and of the one after its last. */
function rangeOf(node: unknown): readonly [number, number] {
  const [from, to] = (node as ParsedNode | null)?.range ?? [0, 0];
  return [from, to];
}
