import { LIMITS } from './limits.js';

/**
 * Characters that a terminal or log viewer acts on, or that hide: control characters (terminal escapes begin with one),
 * format characters (text direction, zero width), halves of surrogate pairs, line and paragraph separators.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

const SYMBOL_FOR_NUL = 0x2400;
const SYMBOL_FOR_DELETE = '\u2421';
const REPLACEMENT = '\ufffd';

/** The text with every character that could do harm in a terminal shown as a harmless one. Line ends too. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x20) return String.fromCodePoint(SYMBOL_FOR_NUL + code);
    return code === 0x7f ? SYMBOL_FOR_DELETE : REPLACEMENT;
  });
}

/** JSON leaves characters as they are that terminals act on, the 8-bit form of escapes among them: said as \\uXXXX. */
export function printableJson(json: string): string {
  return json.replace(UNPRINTABLE, (character) =>
    character === '\n'
      ? character
      : Array.from({ length: character.length }, (_, index) => {
          return `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`;
        }).join(''),
  );
}

/** A value as messages quote it: printable, and cut when long. */
export function quote(text: string): string {
  return `"${cut(text, LIMITS.quotedChars)}"`;
}

/** Printable, and at most so many characters long. */
export function cut(text: string, chars: number): string {
  return printable(text.length <= chars ? text : `${text.slice(0, chars - 1)}…`);
}
