import { Composer, type CST, Lexer, type Node, Parser } from 'yaml';
import type { Finding, Report } from './findings.js';
import { LIMITS } from './limits.js';
import { COMPOSER_OPTIONS, type Cutter } from './pieces.js';
import { quote } from './printable.js';
import { reportErrors, syntaxError } from './yaml-errors.js';

/** What YAML allows in a text, without the byte order mark's other uses. https://yaml.org/spec/1.2.2/#51-character-set */
const NOT_ALLOWED = /[^\t\n\r\u0020-\u007e\u0085\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

type ReadingLimits = Readonly<Record<'nestingLevels' | 'lexemes' | 'problems', number>>;

export interface YamlReading {
  readonly contents: Node | null;
  /** From this offset on the shape of the document can't be trusted. Null: all of it can. */
  readonly unsoundFrom: number | null;
}

export interface YamlOptions {
  readonly report: Report;
  readonly limits?: ReadingLimits;
  /** The field whose list is handed on in pieces, and what takes them: `contents` has the last of its items only. */
  readonly cutter?: Cutter;
}

/**
 * Text → syntax tree, as YAML 1.2 core, with errors reported. Null: too broken or too big to go on, or a piece was not
 * taken. `text` is without byte order mark.
 */
export function readYaml(text: string, { report, limits = LIMITS, cutter }: YamlOptions): YamlReading | null {
  const clean = text.replace(NOT_ALLOWED, (character, offset: number) => {
    report(syntaxError('control-character', `character ${hex(character)} is not allowed in YAML`, offset, offset + 1));
    return '\ufffd';
  });
  const tokens = boundedTokens(clean, { report, limits, cutter });
  if (tokens === null) return null;
  const composer = new Composer(COMPOSER_OPTIONS);
  try {
    stopAfterErrors(composer, limits.problems);
    for (const { contents, errors, warnings } of composer.compose(tokens, true, clean.length)) {
      return { contents, unsoundFrom: reportErrors([...errors, ...warnings], { contents, text: clean, report }) };
    }
  } catch (error) {
    if (!(error instanceof TooManyErrors)) throw error;
    const { errors, warnings } = composer.streamInfo();
    reportErrors([...errors, ...warnings], { contents: null, text: clean, report });
    const [start, end] = errors.at(-1)?.pos ?? [0, 0];
    report(syntaxError('too-many-errors', `more than ${limits.problems} errors of syntax up to here`, start, end));
  }
  return null;
}

class TooManyErrors extends Error {}

/**
 * The parser keeps an object of two kilobytes for each error, and 10 MiB can hold five million of them. It offers no
 * limit, so this reaches for a method that its types keep private; the test of a text full of errors holds it in place.
 */
function stopAfterErrors(composer: Composer, most: number): void {
  const inside = composer as unknown as { onError: (...args: unknown[]) => void };
  const { onError } = inside;
  let count = 0;
  inside.onError = (...args) => {
    count += 1;
    if (count > most) throw new TooManyErrors();
    onError(...args);
  };
}

interface TokenOptions {
  readonly report: Report;
  readonly limits: ReadingLimits;
  readonly cutter: Cutter | undefined;
}

/**
 * The tokens of the first document; null when there are too many or they are nested too deep, which is reported then.
 * Composing recurses, so depth has to be known before.
 */
function boundedTokens(text: string, { report, limits, cutter }: TokenOptions): CST.Token[] | null {
  const parser = new Parser();
  const tokens: CST.Token[] = [];
  let lexemes = 0;
  let parts = 0;
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) {
      tokens.push(token);
      if (token.type === 'error' || token.type === 'directive' || token.type === 'document') parts += 1;
    }
    // What follows would only be more of the same errors.
    if (parts > limits.problems) break;
    if (cutter?.cut(parser.stack) === false) return null;
    lexemes += 1;
    const tooDeep = parser.stack.length > limits.nestingLevels;
    if (!tooDeep && lexemes <= limits.lexemes) continue;
    const message = tooDeep
      ? `nested more than ${limits.nestingLevels} levels deep`
      : `more than ${limits.lexemes} words and marks`;
    report({
      ...syntaxError('too-complex', message, parser.offset - lexeme.length, parser.offset),
      remedy: tooDeep ? 'a manifest needs six levels: check the brackets and dashes' : 'make several manifests of it',
    });
    return null;
  }
  for (const token of parser.end()) tokens.push(token);
  return withoutDirectives(tokens, report);
}

/** What is left is one document under the rules of YAML 1.2. */
function withoutDirectives(tokens: readonly CST.Token[], report: Report): CST.Token[] {
  let documents = 0;
  return tokens.filter((token) => {
    if (token.type === 'document') {
      documents += 1;
      if (documents === 2) report(secondDocument(token.offset));
    } else if (token.type === 'directive' && !/^%YAML[ \t]+1\.2[ \t\r]*$/.test(token.source)) {
      report(refusedDirective(token));
      return false;
    }
    return documents < 2;
  });
}

function secondDocument(offset: number): Finding {
  return {
    ...syntaxError('several-documents', 'a manifest is one YAML document, and here begins another', offset, offset + 3),
    remedy: 'put all entries under one `webhooks`, or make two files',
  };
}

/** Under YAML 1.1 `on` would be a truth value and 0777 an octal number: types must not change in silence. */
function refusedDirective({ source, offset }: CST.Directive): Finding {
  const message = `directive ${quote(source.trim())} is not supported`;
  return {
    ...syntaxError('unsupported-directive', message, offset, offset + source.length),
    remedy: 'remove the line: a manifest is YAML 1.2',
  };
}

function hex(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}
