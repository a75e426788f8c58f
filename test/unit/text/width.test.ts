import { describe, expect, it } from 'vitest';
import { columns, cutColumns, padColumns } from '../../../src/text/width.js';

describe('the width of a text on a terminal', () => {
  it.each([
    ['abc', 3],
    ['日本', 4],
    ['e\u0301', 1],
    ['🙂', 2],
  ])('of %s is %i', (text, width) => {
    expect(columns(text)).toBe(width);
    expect(columns(padColumns(text, 5))).toBe(5);
  });

  it.each([
    ['abcdef', 6, 'abcdef'],
    ['abcdefg', 6, 'abcde…'],
    ['日本語', 6, '日本語'],
    ['日本語', 5, '日本…'],
    ['日本語', 4, '日…'],
    ['x'.repeat(1_000), 3, 'xx…'],
  ])('%s is cut to %i columns', (text, width, cut) => {
    expect(cutColumns(text, width)).toBe(cut);
  });
});
