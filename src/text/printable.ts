import { LIMITS } from '../manifest/limits.js';

/**
 * Characters that a terminal or log viewer acts on, or that hide: control characters (terminal escapes begin with one),
 * format characters (text direction, zero width), halves of surrogate pairs, line and paragraph separators.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * What CI logs act on: `##[command]`, `##vso[…]` (GitHub, Azure) and `##teamcity[…]` anywhere in a line, of which this
 * finds the second `#`; and GitHub's `::command::`, with blanks before it at most, where it finds the second colon.
 * See GitHub's actions/runner, ActionCommand.cs, and Azure's azure-pipelines-agent, Command.cs.
 */
const CI_COMMAND = /(?<=#)#(?=\w{0,20}\[)/g;
const CI_COMMAND_AT_START = /^(\s*:):(?=[a-z])/i;

const SYMBOL_FOR_NUL = 0x2400;
const SYMBOL_FOR_DELETE = '\u2421';
const REPLACEMENT = '\ufffd';

/**
 * The text, on one line, with every character that could do harm in a terminal shown as a harmless one, and without
 * what a CI log would take for a command: in both cases one character is put in the place of one.
 */
export function printable(text: string): string {
  return text
    .replace(UNPRINTABLE, (character) => {
      const code = character.codePointAt(0) ?? 0;
      if (code < 0x20) return String.fromCodePoint(SYMBOL_FOR_NUL + code);
      return code === 0x7f ? SYMBOL_FOR_DELETE : REPLACEMENT;
    })
    .replace(CI_COMMAND, REPLACEMENT)
    .replace(CI_COMMAND_AT_START, `$1${REPLACEMENT}`);
}

/** The same for a text of several lines, which stay lines. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

/**
 * JSON leaves characters as they are that terminals and CI logs act on, the 8-bit form of escapes among them: said as
 * \\uXXXX, so that what is read back is the same. Also for YAML whose texts with such characters are in double quotes.
 */
export function printableJson(json: string): string {
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return json
    .replace(UNPRINTABLE, (character) => (character === '\n' ? character : character.split('').map(escaped).join('')))
    .replace(CI_COMMAND, escaped);
}

/** A value as messages quote it: printable, and cut when long. */
export function quote(text: string): string {
  return `"${cut(text, LIMITS.quotedChars)}"`;
}

/** Printable, and at most so many characters long. */
export function cut(text: string, chars: number): string {
  return printable(text.length <= chars ? text : `${text.slice(0, chars - 1)}…`);
}
