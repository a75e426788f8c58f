import { CST, Lexer } from 'yaml';
import type { Finding } from './findings.js';
import { LIMITS } from './limits.js';

/** What YAML does not allow in a text. https://yaml.org/spec/1.2.2/#51-character-set */
const NOT_ALLOWED = /[^\t\n\r\u0020-\u007e\u0085\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

/** YAML 1.1 reads `on` as a truth value and 0777 as an octal number: types must not change silently. */
const ALLOWED_DIRECTIVE = /^%YAML[ \t]+1\.2[ \t\r]*$/;

/**
 * Why a text must not be parsed; null: it may be. Takes linear time and keeps nothing of the text, while the parser
 * takes seconds and gigabytes for a deeply nested one. The reason shows nothing of the text, which need not be YAML at
 * all.
 */
export function boundsProblem(
  text: string,
  limits: Readonly<Record<'aliases' | 'lexemes' | 'nestingLevels', number>> = LIMITS,
): Finding | null {
  const bad = text.search(NOT_ALLOWED);
  if (bad !== -1) {
    const code = (text.codePointAt(bad) ?? 0).toString(16).toUpperCase().padStart(4, '0');
    return {
      code: 'control-character',
      message: `character U+${code} is not allowed in YAML`,
      remedy: 'remove it, and check that the file is the right one',
      start: bad,
      end: bad + 1,
      withoutFrame: true,
    };
  }
  const depth = new Depth();
  let start = 0;
  let lexemes = 0;
  let aliases = 0;
  let last = '';
  for (const lexeme of new Lexer().lex(text)) {
    const isScalar = last === CST.SCALAR;
    if (!isScalar && lexeme.startsWith('%') && !ALLOWED_DIRECTIVE.test(lexeme)) {
      const message = 'this directive is not supported';
      const remedy = 'remove the line: this is read as YAML 1.2';
      const end = start + lexeme.length;
      return { code: 'unsupported-directive', message, remedy, start, end, withoutFrame: true };
    }
    const tooComplex = (message: string, remedy: string): Finding => {
      return { code: 'too-complex', message, remedy, start, end: start, withoutFrame: true };
    };
    lexemes += 1;
    if (!isScalar && lexeme.startsWith('*')) aliases += 1;
    if (lexemes > limits.lexemes) return tooComplex(`more than ${limits.lexemes} words and marks`, MAKE_SEVERAL);
    if (aliases > limits.aliases) return tooComplex(`more than ${limits.aliases} aliases`, MAKE_SEVERAL);
    if (depth.after(lexeme, isScalar) > limits.nestingLevels) {
      return tooComplex(`nested more than ${limits.nestingLevels} levels deep`, 'check the brackets and dashes');
    }
    // These lexemes announce what follows and are not part of the text.
    const isMark = lexeme === CST.SCALAR || lexeme === CST.DOCUMENT || lexeme === CST.FLOW_END;
    if (!isMark) start += lexeme.length;
    last = lexeme;
  }
  return null;
}

const MAKE_SEVERAL = 'split it into several files';

/** An indented block is at least one column deeper than the one around it, usually two. */
const COLUMNS_PER_LEVEL = 2;

/** How deep a text may be nested at most, within a factor of two: by brackets, marks and indentation. */
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
