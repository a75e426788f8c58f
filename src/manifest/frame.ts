import { maskUrls } from '../mask-urls.js';
import type { Place } from './places.js';
import { printable } from './printable.js';

const FRAME = {
  /** Longer lines are cut around the caret. */
  longestLineChars: 110,
  beforeCaretChars: 50,
  afterCaretChars: 60,
  tab: '    ',
} as const;

/** Ranges of code points that terminals show two columns wide (East Asian wide and fullwidth, and emoji). */
const WIDE_RANGES: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0xa4cf],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1f64f],
  [0x1f680, 0x1f6ff],
  [0x1f900, 0x1f9ff],
  [0x20000, 0x3fffd],
];

/**
 * The line with its number, and a caret under each column of the part that is meant: two lines, ready to print.
 * `length` counts characters of the line; the caret stands even where it is 0. What can be secret in a handler is
 * masked, since frames get into the logs of CI.
 */
export function frame(writtenLine: string, { line, column }: Place, length: number): string {
  const lineText = maskUrls(writtenLine);
  const caret = Math.min(column - 1, lineText.length);
  const whole = lineText.length <= FRAME.longestLineChars;
  const from = whole ? 0 : Math.max(0, caret - FRAME.beforeCaretChars);
  const to = whole ? lineText.length : Math.min(lineText.length, caret + FRAME.afterCaretChars);
  const before = (from > 0 ? '…' : '') + shown(lineText.slice(from, caret));
  const meant = shown(lineText.slice(caret, Math.min(to, caret + length)));
  const after = shown(lineText.slice(Math.min(to, caret + length), to)) + (to < lineText.length ? '…' : '');
  const gutter = ' '.repeat(String(line).length);
  const carets = '^'.repeat(Math.max(1, columns(meant)));
  return `${line} | ${before}${meant}${after}\n${gutter} | ${' '.repeat(columns(before))}${carets}`;
}

function shown(text: string): string {
  return printable(text.replaceAll('\t', FRAME.tab));
}

/** How many columns of a terminal the text takes. */
function columns(text: string): number {
  let count = 0;
  for (const character of text) count += width(character);
  return count;
}

function width(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x300) return 1;
  if (/^[\p{Mn}\p{Me}]$/u.test(character)) return 0;
  return WIDE_RANGES.some(([first, last]) => code >= first && code <= last) ? 2 : 1;
}
