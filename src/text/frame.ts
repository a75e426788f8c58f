import { maskUrls } from './mask-urls.js';
import { printable } from './printable.js';

const FRAME = {
  /** Longer lines are cut around the caret. */
  longestLineChars: 110,
  beforeCaretChars: 50,
  afterCaretChars: 60,
  tab: '    ',
} as const;

/** What terminals show two columns wide: East Asian wide and fullwidth characters, and emoji. */
const WIDE = new RegExp(
  [
    '[\\u1100-\\u115f\\u2e80-\\u303e\\u3041-\\ua4cf\\uac00-\\ud7a3\\uf900-\\ufaff\\ufe30-\\ufe6f\\uff00-\\uff60',
    '\\uffe0-\\uffe6\\u{1f300}-\\u{1f64f}\\u{1f680}-\\u{1f6ff}\\u{1f900}-\\u{1f9ff}\\u{20000}-\\u{3fffd}]',
  ].join(''),
  'gu',
);
const COMBINING = /[\p{Mn}\p{Me}]/gu;

/** A part of a text, from offset `start` to before `end`, and the line in which it begins. */
export interface FramedPart {
  readonly line: number;
  readonly lineRange: readonly [start: number, end: number];
  readonly start: number;
  readonly end: number;
}

/**
 * The line with its number, and a caret under each column of the part that is meant: two lines, ready to print. The
 * caret stands even under a part that is empty.
 *
 * The line is cut before anything else is done with it: it can be as long as the file, and have a thousand problems.
 * What can be secret in a handler is masked, since frames get into the logs of CI.
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
  const carets = '^'.repeat(Math.max(1, columns(meant)));
  return `${line} | ${before}${meant}${after}\n${gutter} | ${' '.repeat(columns(before))}${carets}`;
}

/** Whether a cut at this offset is in the midst of a word. */
function isInWord(text: string, offset: number, lineStart: number): boolean {
  return offset > lineStart && !/\s/.test(text.slice(offset - 1, offset));
}

function shown(text: string): string {
  return printable(text.replaceAll('\t', FRAME.tab));
}

/** How many columns of a terminal the text takes. */
function columns(text: string): number {
  return [...text.replace(COMBINING, '').replace(WIDE, '  ')].length;
}
