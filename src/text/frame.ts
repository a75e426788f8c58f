import { maskUrls } from './mask-urls.js';
import { printable } from './printable.js';

const FRAME = {
  /** Longer lines are cut around the caret. */
  longestLineChars: 110,
  beforeCaretChars: 50,
  afterCaretChars: 60,
  tab: '    ',
} as const;

/** A part of a text, from offset `start` up to, but not including, `end`, and the line in which it begins. */
export interface FramedPart {
  readonly line: number;
  readonly lineRange: readonly [start: number, end: number];
  readonly start: number;
  readonly end: number;
}

/**
 * The line with its number, and a caret under each column of the part: two lines, ready to print. An empty part gets a
 * caret, too.
 *
 * The line is cut first, since it can be as long as the file and have a thousand problems. Possible secrets in handlers
 * are masked, since frames end up in CI logs.
 */
export function frame(text: string, { line, lineRange: [lineStart, lineEnd], start, end }: FramedPart): string {
  const caret = Math.min(start, lineEnd);
  const isWhole = lineEnd - lineStart <= FRAME.longestLineChars;
  const from = isWhole ? lineStart : Math.max(lineStart, caret - FRAME.beforeCaretChars);
  const to = isWhole ? lineEnd : Math.min(lineEnd, caret + FRAME.afterCaretChars);
  const cut = { before: isInWord(text, from, lineStart), after: isInWord(text, to, lineStart) && to < lineEnd };
  const window = maskUrls(text.slice(from, to), cut);
  const meantEnd = Math.min(to, Math.max(caret, end));
  const before = (from > lineStart ? '…' : '') + shown(window.slice(0, caret - from));
  const meant = shown(window.slice(caret - from, meantEnd - from));
  const after = shown(window.slice(meantEnd - from)) + (to < lineEnd ? '…' : '');
  const gutter = ' '.repeat(String(line).length);
  const carets = '^'.repeat(Math.max(1, meant.length));
  return `${line} | ${before}${meant}${after}\n${gutter} | ${' '.repeat(before.length)}${carets}`;
}

/** Whether a cut at this offset is inside a word. */
function isInWord(text: string, offset: number, lineStart: number): boolean {
  return offset > lineStart && !/\s/.test(text.slice(offset - 1, offset));
}

function shown(text: string): string {
  return printable(text.replaceAll('\t', FRAME.tab));
}
