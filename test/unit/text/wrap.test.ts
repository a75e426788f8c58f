import { describe, expect, it } from 'vitest';
import { wrap } from '../../../src/text/wrap.js';

describe('wrapped text', () => {
  it.each([
    ['', ['']],
    ['a b', ['a b']],
    ['one two three', ['one two', 'three']],
    ['1234567 8', ['1234567', '8']],
    ['a longer-than-that b', ['a', 'longer-than-that', 'b']],
  ])('%j has lines of eight at most, but for longer words', (text, lines) => {
    expect(wrap(text, 8)).toEqual(lines);
  });
});
