import { LIMITS } from '../manifest/limits.js';

/**
 * Characters on which a terminal or log viewer acts, or which hide: control characters (terminal escapes begin with
 * one), format characters (text direction, zero width), halves of surrogate pairs, line and paragraph separators.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * Commands for CI logs: `##[command]`, `##vso[…]` (GitHub, Azure) and `##teamcity[…]` anywhere in a line, where this
 * finds the second `#`; and GitHub's `::command::`, preceded only by spaces, where it finds the second colon. See
 * GitHub's actions/runner, ActionCommand.cs, and Azure's azure-pipelines-agent, Command.cs.
 */
const CI_COMMAND = /(?<=#)#(?=\w{0,20}\[)/g;
const CI_COMMAND_AT_START = /^(\s*:):(?=[a-z])/i;

const SYMBOL_FOR_NUL = 0x2400;
const SYMBOL_FOR_DELETE = '\u2421';
const REPLACEMENT = '\ufffd';

/**
 * The text on one line, with every character that could do harm in a terminal, or form a command in a CI log, replaced
 * by a harmless one.
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

/** The same for several lines, which stay separate. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

/**
 * JSON leaves some characters on which terminals and CI logs act, such as 8-bit escapes. They are written as \uXXXX,
 * which reads back as the same. Also for YAML with such texts in double quotes.
 */
export function printableJson(json: string): string {
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return json
    .replace(UNPRINTABLE, (character) => (character === '\n' ? character : character.split('').map(escaped).join('')))
    .replace(CI_COMMAND, escaped);
}

/** A value as messages quote it: printable, and cut if it is long. */
export function quote(text: string): string {
  return `"${cut(text, LIMITS.quotedChars)}"`;
}

/** Printable, and no longer than `chars`. */
export function cut(text: string, chars: number): string {
  return printable(text.length <= chars ? text : `${text.slice(0, chars - 1)}…`);
}
