import { CST, Lexer } from 'yaml';
import { quote } from '../text/printable.js';
import type { Finding } from './findings.js';
import { LIMITS } from './limits.js';

/** What YAML does not allow in a text. https://yaml.org/spec/1.2.2/#51-character-set */
const NOT_ALLOWED = /[^\t\n\r\u0020-\u007e\u0085\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

/** Under YAML 1.1 `on` would be a truth value and 0777 an octal number: types must not change in silence. */
const ALLOWED_DIRECTIVE = /^%YAML[ \t]+1\.2[ \t\r]*$/;

export interface Bounds {
  /** Why the text must not be parsed. Null: it may be. */
  readonly refusal: Finding | null;
  /** Directives that are not supported. */
  readonly directives: readonly Finding[];
}

/** The characters that no YAML has, as one problem: a file that is no text is full of them. */
function characterProblem(text: string): Finding | null {
  const first = text.search(NOT_ALLOWED);
  if (first === -1) return null;
  let count = 0;
  for (const _match of text.matchAll(NOT_ALLOWED)) count += 1;
  const code = (text.codePointAt(first) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  const message = `character U+${code} is not allowed in YAML`;
  return {
    code: 'control-character',
    message: count === 1 ? message : `${message}; the file has ${count} such characters`,
    remedy: 'remove it, and check that the file is the manifest',
    start: first,
    end: first + 1,
    withoutFrame: true,
  };
}

/**
 * Looks through a text before it is parsed, in linear time, and keeps nothing of it: the parser takes seconds and
 * gigabytes for a deeply nested one.
 */
export function checkBounds(
  text: string,
  limits: Readonly<Record<'aliases' | 'lexemes' | 'nestingLevels', number>> = LIMITS,
): Bounds {
  const badCharacter = characterProblem(text);
  if (badCharacter !== null) return { refusal: badCharacter, directives: [] };
  const directives: Finding[] = [];
  const depth = new Depth();
  let offset = 0;
  let count = 0;
  let aliases = 0;
  let last = '';
  for (const lexeme of new Lexer().lex(text)) {
    // These lexemes say what follows and are no part of the text.
    const isMark = lexeme === CST.SCALAR || lexeme === CST.DOCUMENT || lexeme === CST.FLOW_END;
    const range = { start: offset, end: isMark ? offset : offset + lexeme.length };
    count += 1;
    if (count > limits.lexemes) {
      const message = `more than ${limits.lexemes} words and marks`;
      return { refusal: tooComplex(message, 'make several manifests of it', range), directives: [] };
    }
    const isScalar = last === CST.SCALAR;
    if (!isScalar && lexeme.startsWith('*')) aliases += 1;
    if (aliases > limits.aliases) {
      const message = `more than ${limits.aliases} aliases`;
      return { refusal: tooComplex(message, 'make several manifests of it', range), directives: [] };
    }
    if (!isScalar && lexeme.startsWith('%') && !ALLOWED_DIRECTIVE.test(lexeme)) {
      directives.push(badDirective(lexeme, range));
    }
    if (depth.after(lexeme, isScalar) > limits.nestingLevels) {
      const message = `nested more than ${limits.nestingLevels} levels deep`;
      const remedy = 'a manifest needs six levels: check the brackets and dashes';
      return { refusal: tooComplex(message, remedy, range), directives: [] };
    }
    offset = range.end;
    last = lexeme;
  }
  return { refusal: null, directives };
}

/** An indented block is at least one column deeper than the one that it is in, and mostly two. */
const COLUMNS_PER_LEVEL = 2;

/** How deep a text may be nested at the most, give or take a factor of two: by brackets, marks and indentation. */
class Depth {
  #brackets = 0;
  #isLineStart = true;
  #indentation = 0;
  /** Dashes, question marks and colons in this line: each can begin a level. */
  #marks = 0;

  after(lexeme: string, isScalar: boolean): number {
    if (lexeme === CST.FLOW_END) this.#brackets = 0;
    if (lexeme.endsWith('\n')) {
      this.#isLineStart = true;
      this.#indentation = 0;
      this.#marks = 0;
    } else if (this.#isLineStart && lexeme.startsWith(' ')) this.#indentation = lexeme.length;
    else this.#isLineStart = false;
    if (isScalar || /^[\s#]/.test(lexeme)) return this.#brackets;
    if (lexeme === '[' || lexeme === '{') this.#brackets += 1;
    else if (lexeme === ']' || lexeme === '}') this.#brackets = Math.max(0, this.#brackets - 1);
    else if (this.#brackets === 0 && /^[-?:]$/.test(lexeme)) this.#marks += 1;
    return this.#brackets + this.#marks + Math.floor(this.#indentation / COLUMNS_PER_LEVEL);
  }
}

interface Range {
  readonly start: number;
  readonly end: number;
}

function tooComplex(message: string, remedy: string, range: Range): Finding {
  return { code: 'too-complex', message, remedy, ...range, withoutFrame: true };
}

function badDirective(source: string, range: Range): Finding {
  return {
    code: 'unsupported-directive',
    message: `directive ${quote(source.trim())} is not supported`,
    remedy: 'remove the line: a manifest is YAML 1.2',
    ...range,
    syntax: true,
  };
}
