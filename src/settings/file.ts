import { isMap, isScalar, isSeq, type YAMLMap } from 'yaml';
import type { ProblemCode } from '../error-codes.js';
import type { Problem } from '../errors.js';
import { boundsProblem } from '../manifest/bounds.js';
import { Findings, moreProblems, type Report } from '../manifest/findings.js';
import { LIMITS } from '../manifest/limits.js';
import { placeOf, type Source, sourceOf } from '../manifest/source.js';
import { parseYaml, syntaxError, unsupportedTags } from '../manifest/syntax.js';
import { isBroken, rangeOf, resolveTree } from '../manifest/tree.js';
import { quote } from '../text/printable.js';
import { nearest } from '../text/suggest.js';
import { PROCESS_WIDE, SETTING_NAMES, SETTINGS } from './schema.js';

/** What reading a settings file may cost: like a manifest, it can come from a stranger's pull request. */
export const SETTINGS_LIMITS = {
  /** The smallest pieces of YAML text. A thousand accounts of eight keys have 50,000. */
  lexemes: 100_000,
  /** It needs four. Much deeper ones overflow the parser's stack. */
  nestingLevels: 20,
  /** Accounts may share values. */
  aliases: 10_000,
} as const;

const ACCOUNTS_KEY = 'accounts';
const ACCOUNT_KEYS = [
  ...['name', 'access-token-env', 'access-token-file'],
  ...SETTING_NAMES.filter((name) => !PROCESS_WIDE.has(name)),
];
/** As in names of entries: they occur in logs, metrics and file names. */
const ACCOUNT_NAME = /^[A-Za-z0-9._-]{1,100}$/;

/** A place in the settings file. */
export interface FilePlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** The value that a source gives, as text. */
export interface SourcedText {
  readonly text: string;
  /** For the message: `flag --timeout`, `environment variable COPERNICA_WEBHOOKS_TIMEOUT`. */
  readonly origin: string;
  readonly place?: FilePlace;
}

/** By the names of the settings. */
export type TextValues = ReadonlyMap<string, SourcedText>;

/** One of the file's accounts: its own keys, and the settings that it overrides. */
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
 * The settings file as texts by key, with all problems of its form. Whatever can be read of a broken file is included.
 * No line and no value is ever shown: it may contain a secret in an unexpected place.
 */
export function readSettingsFile({ path, text }: { readonly path: string; readonly text: string }): FileValues {
  const source = sourceOf(path, text);
  const findings = new Findings(source);
  const contents = readTree(source, (finding) => {
    findings.report({ ...finding, code: 'settings-syntax', withoutFrame: true });
  });
  const problems = () => [
    ...findings.errors.slice(0, LIMITS.problems),
    ...(findings.isFull ? [moreProblems(path, 'error')] : []),
  ];
  // If it is not YAML, any further message would be guesswork.
  const reading = new Reading(source, findings.errors.length > 0 ? () => {} : findings.report);
  if (!isMap(contents)) {
    if (contents !== null)
      reading.complain(contents, 'settings-shape', 'settings must be a mapping', 'write key: value');
    return { values: new Map(), accounts: [], problems: problems() };
  }
  const values = reading.values(contents, [...SETTING_NAMES, ACCOUNTS_KEY]);
  const accounts = reading.accounts(contents.get(ACCOUNTS_KEY, true));
  return { values, accounts, problems: problems() };
}

/** Null: nothing may be looked at. */
function readTree(source: Source, report: Report): unknown {
  const refusal = boundsProblem(source.text, SETTINGS_LIMITS);
  if (refusal !== null) {
    report(refusal);
    return null;
  }
  const document = parseYaml(source.text);
  const error = syntaxError(document, source);
  for (const finding of [...(error === null ? [] : [error]), ...unsupportedTags(document, source)]) report(finding);
  const { contents } = document;
  return contents !== null && resolveTree(contents, source, error === null ? report : () => {}) ? contents : null;
}

/** Reads one settings file and reports its problems. */
class Reading {
  readonly #source: Source;
  readonly #report: Report;

  constructor(source: Source, report: Report) {
    this.#source = source;
    this.#report = report;
  }

  complain(node: unknown, code: ProblemCode, message: string, remedy: string): void {
    this.#report({ code, message, remedy, ...rangeOf(node), withoutFrame: true });
  }

  accounts(list: unknown): RawAccount[] {
    const accounts = new Map<string, RawAccount>();
    const items = isSeq(list) ? list.items : [];
    if (list !== undefined && !isBroken(list) && items.length === 0) {
      const remedy = 'begin each with a dash: - name: …, or leave the key out';
      this.complain(list, 'bad-accounts', `${ACCOUNTS_KEY} must be a list`, remedy);
    }
    for (const item of items) {
      if (isBroken(item)) continue;
      if (!isMap(item)) {
        this.complain(item, 'bad-accounts', 'an account must be a mapping', 'write - name: …');
        continue;
      }
      const values = this.values(item, ACCOUNT_KEYS);
      const name = values.get('name')?.text;
      const remedy = 'give each account its own name: letters, digits, . _ -';
      const at = item.get('name', true) ?? item;
      if (name === undefined) this.complain(item, 'bad-account-name', 'an account has no name', remedy);
      else if (!ACCOUNT_NAME.test(name)) {
        this.complain(at, 'bad-account-name', `account name ${quote(name)} can't be used`, remedy);
      } else if (accounts.has(name)) {
        this.complain(at, 'duplicate-account', `there are two accounts ${quote(name)}`, remedy);
      } else accounts.set(name, { name, values, place: this.#placeOf(item) });
    }
    return [...accounts.values()];
  }

  /** The values of a mapping's keys. */
  values(map: YAMLMap, known: readonly string[]): TextValues {
    const values = new Map<string, SourcedText>();
    for (const { key, value } of map.items) {
      const name = String(isScalar(key) ? key.value : '');
      const text = textOf(name, value);
      if (!known.includes(name)) {
        const near = nearest(name, known);
        const remedy = near === undefined ? `use one of ${known.join(', ')}` : `did you mean ${near}?`;
        this.complain(key, 'unknown-setting', `unknown setting ${quote(name)}`, remedy);
      } else if (text !== null) {
        const place = this.#placeOf(value);
        values.set(name, { text, origin: `${place.file}:${this.#placeOf(key).line}`, place });
      } else if (name !== ACCOUNTS_KEY && !isBroken(value)) {
        this.complain(key, 'bad-setting', `${name} has no value`, 'give a value or leave the key out');
      }
    }
    return values;
  }

  #placeOf(node: unknown): FilePlace {
    return { file: this.#source.file, ...placeOf(rangeOf(node).start, this.#source) };
  }
}

/** The value of a key as text. Null: it can't be a setting. Only host names may be a list. */
function textOf(name: string, node: unknown): string | null {
  const items = isSeq(node) && name === SETTINGS.allowedHosts.name ? node.items : [node];
  const texts = items.map((item) => (isScalar(item) && item.value != null ? String(item.value) : null));
  return texts.includes(null) || texts.length === 0 ? null : texts.join(',');
}
