import { expect, it } from 'vitest';
import { growth, MOST_GROWTH } from '../helpers/growth.js';

const text = (size: number) => 'a'.repeat(size);

it('tells work that is quadratic from work that is linear', () => {
  expect(growth(text, (input) => input.split('').sort().join('').length)).toBeLessThan(MOST_GROWTH);
  // Each start is looked at up to the end.
  expect(growth(text, (input) => /a+b/.test(input))).toBeGreaterThanOrEqual(MOST_GROWTH);
});
