import type { YAMLError } from 'yaml';
import { type Finding, lineRange, placeOf, type Source } from './findings.js';

/** Errors that the library gives where a line begins in a column in which nothing is open. */
const PERHAPS_INDENTATION: ReadonlySet<string> = new Set([
  'BAD_INDENT',
  'BLOCK_AS_IMPLICIT_KEY',
  'MISSING_CHAR',
  'MULTILINE_IMPLICIT_KEY',
]);

/** So many lines before an error are looked at: an entry has fewer. */
const LINES_BEFORE = 30;

interface Line {
  /** Where its dash is; null: it has none. */
  readonly dash: number | null;
  /** Where what follows begins. */
  readonly content: number;
  /** Deeper lines may follow. */
  readonly opens: boolean;
}

/** What is wrong with the indentation at an error or in the line after it; null: it is not that. */
export function wrongIndentation({ code, message, pos: [start] }: YAMLError, source: Source): Finding | null {
  if (!PERHAPS_INDENTATION.has(code) || message.startsWith('Flow')) return null;
  const at = placeOf(start, source).line;
  for (const number of [at, at + 1]) {
    const line = readLine(number, source);
    const [above, ...further] = linesBefore(number, source);
    if (line === null || above === undefined) continue;
    const column = line.dash ?? line.content;
    if (above.opens && column > above.content) continue;
    // A dash belongs below a dash, and the name of a field below the name of a field.
    const columns = [above, ...further].flatMap(({ dash, content }) => (line.dash === null ? content : (dash ?? [])));
    if (columns.length === 0 || columns.includes(column)) continue;
    const nearest = columns.reduce((best, each) => (Math.abs(each - column) < Math.abs(best - column) ? each : best));
    const [lineStart] = lineRange(number, source);
    return {
      code: 'yaml-syntax',
      message: `wrong indentation: this line begins in column ${column}, those beside it in column ${nearest}`,
      remedy: `begin it in column ${nearest}`,
      start: lineStart + column - 1,
      end: lineStart + column,
    };
  }
  return null;
}

/** The nearest first; empty lines and comments left out. */
function linesBefore(number: number, source: Source): Line[] {
  const lines: Line[] = [];
  for (let before = number - 1; before >= Math.max(1, number - LINES_BEFORE); before -= 1) {
    const line = readLine(before, source);
    if (line !== null) lines.push(line);
  }
  return lines;
}

/** The beginning of a line; null: there is no such line, or nothing in it. */
function readLine(number: number, source: Source): Line | null {
  if (number > source.lines.lineStarts.length) return null;
  const [start, end] = lineRange(number, source);
  // Cut first: a line can be as long as the file.
  const text = source.text.slice(start, Math.min(end, start + 200));
  const [indentation = ''] = /^ */.exec(text) ?? [];
  const content = text.slice(indentation.length);
  if (content === '' || content.startsWith('#')) return null;
  const [dash = ''] = /^(?:- +)?/.exec(content) ?? [];
  return {
    dash: dash === '' ? null : indentation.length + 1,
    content: indentation.length + dash.length + 1,
    opens: /[:|>-]\s*(?:#.*)?$/.test(source.text.slice(Math.max(start, end - 200), end)),
  };
}
