import { LineCounter } from 'yaml';
import { frame } from '../text/frame.js';

/** The text of a file, and where its lines begin. */
export interface Source {
  /** Its path as the user gave it, for messages. */
  readonly file: string;
  readonly text: string;
  readonly lines: LineCounter;
}

/** A part of a text: from offset `start` up to, but not including, `end`. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Line and column, from 1. A column is one UTF-16 code unit, as editors and GitHub count. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export function sourceOf(file: string, text: string): Source {
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', end + 1)) lines.addNewLine(end + 1);
  return { file, text, lines };
}

export function placeOf(offset: number, { lines }: Source): Place {
  const { line, col } = lines.linePos(offset);
  return { line, column: col };
}

/** A place in words: `webhooks.yaml:4:11`. */
export function where(offset: number, source: Source): string {
  const { line, column } = placeOf(offset, source);
  return `${source.file}:${line}:${column}`;
}

/** The range of a line without its line end. In YAML 1.2, lines end with LF or CR LF. */
export function lineRange(line: number, { text, lines }: Source): readonly [start: number, end: number] {
  const start = lines.lineStarts[line - 1] ?? text.length;
  const next = lines.lineStarts[line];
  const end = next === undefined ? text.length : next - 1;
  return [start, text[end - 1] === '\r' && end > start ? end - 1 : end];
}

/** The line in which the part begins, with a caret under it. */
export function frameOf({ start, end }: Range, source: Source): string {
  const { line } = placeOf(start, source);
  return frame(source.text, { line, lineRange: lineRange(line, source), start, end });
}
