import type { YAMLError } from 'yaml';
import type { Finding } from './findings.js';
import { lineRange, placeOf, type Source } from './source.js';

/** Errors that the library reports when a line begins in a column in which nothing is open. */
const PERHAPS_INDENTATION: ReadonlySet<string> = new Set([
  'BAD_INDENT',
  'BLOCK_AS_IMPLICIT_KEY',
  'MISSING_CHAR',
  'MULTILINE_IMPLICIT_KEY',
]);

/** How many lines before an error are examined: an entry has fewer. */
const LINES_BEFORE = 30;
/** How much of a line is examined: it can be as long as the file. */
const CHARS_LOOKED_AT = 200;

interface Line {
  /** Column of its dash. Null: it has none. */
  readonly dash: number | null;
  /** Column in which its content begins. */
  readonly content: number;
  /** Deeper lines may follow. */
  readonly opens: boolean;
}

/** What is wrong with the indentation at an error or in the line after it. Null: nothing is. */
export function wrongIndentation({ code, message, pos: [start] }: YAMLError, source: Source): Finding | null {
  if (!PERHAPS_INDENTATION.has(code) || message.startsWith('Flow')) return null;
  const at = placeOf(start, source).line;
  for (const number of [at, at + 1]) {
    const [line] = readLines(number, number, source);
    const before = readLines(number - LINES_BEFORE, number - 1, source);
    const above = before.at(-1);
    if (line === undefined || above === undefined) continue;
    const column = line.dash ?? line.content;
    if (above.opens && column > above.content) continue;
    // A dash belongs below a dash, and a field's name below a field's name.
    const columns = before.flatMap(({ dash, content }) => (line.dash === null ? content : (dash ?? []))).reverse();
    if (columns.length === 0 || columns.includes(column)) continue;
    const [nearest = 1] = columns.toSorted((a, b) => Math.abs(a - column) - Math.abs(b - column));
    const [lineStart] = lineRange(number, source);
    return {
      code: 'yaml-syntax',
      message: `wrong indentation: this line starts in column ${column}, the lines beside it in column ${nearest}`,
      remedy: `start it in column ${nearest}`,
      start: lineStart + column - 1,
      end: lineStart + column,
    };
  }
  return null;
}

/** Without empty lines and comments. */
function readLines(first: number, last: number, source: Source): Line[] {
  const lines: Line[] = [];
  for (let number = Math.max(1, first); number <= Math.min(last, source.lines.lineStarts.length); number += 1) {
    const [start, end] = lineRange(number, source);
    const begins = /^( *)(- +)?[^ #]/.exec(source.text.slice(start, Math.min(end, start + CHARS_LOOKED_AT)));
    if (begins === null) continue;
    const [, { length: indentation } = '', dash = ''] = begins;
    const opens = /[:|>-]\s*(?:#.*)?$/.test(source.text.slice(Math.max(start, end - CHARS_LOOKED_AT), end));
    lines.push({ dash: dash === '' ? null : indentation + 1, content: indentation + dash.length + 1, opens });
  }
  return lines;
}
