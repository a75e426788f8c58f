import type { LineCounter } from 'yaml';
import type { Problem } from '../errors.js';

/** Most of a source line that a frame shows, in characters. */
const FRAME_WIDTH = 100;

export type Severity = Problem['severity'];

/** Turns offsets in a manifest's text into problems that show where they are. */
export class Places {
  readonly #file: string;
  readonly #text: string;
  readonly #lines: LineCounter;

  constructor(file: string, text: string, lines: LineCounter) {
    this.#file = file;
    this.#text = text;
    this.#lines = lines;
  }

  /** Line and column from 1. */
  at(offset: number): { line: number; column: number } {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }

  /** `webhooks.yaml:12:5`, for a problem that has to do with another place. */
  name(offset: number): string {
    const { line, column } = this.at(offset);
    return `${this.#file}:${line}:${column}`;
  }

  problem(
    offset: number,
    about: {
      code: string;
      message: string;
      remedy?: string | undefined;
      name?: string | undefined;
      severity?: Severity;
    },
  ): Problem {
    const { code, message, remedy, name, severity } = about;
    return {
      code,
      severity: severity ?? 'error',
      message,
      file: this.#file,
      ...this.at(offset),
      frame: this.#frame(offset),
      ...(remedy === undefined ? {} : { remedy }),
      ...(name === undefined ? {} : { name }),
    };
  }

  /** The line with a caret under the place; of a long line, the part around it. */
  #frame(offset: number): string {
    const start = this.#text.lastIndexOf('\n', offset - 1) + 1;
    const newline = this.#text.indexOf('\n', offset);
    const end = newline < 0 ? this.#text.length : newline;
    const from = Math.max(start, Math.min(offset - FRAME_WIDTH / 2, end - FRAME_WIDTH));
    const shown = printable(this.#text.slice(from, Math.min(end, from + FRAME_WIDTH)));
    return `${shown}\n${' '.repeat(Math.max(0, offset - from))}^`;
  }
}

// Each becomes one visible character, so that the caret stays under its place: a manifest may be anybody's.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal.
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;
const LONGEST_QUOTE = 80;

/** Text that is harmless on a terminal: control characters and text direction marks are replaced. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => (character === '\t' ? ' ' : '\ufffd'));
}

/** Text of a file in quotation marks, harmless and of bounded length. */
export function quote(text: string): string {
  const cut = text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text;
  return `"${printable(cut)}"`;
}
