import { expect, it } from 'vitest';
import { growth, MOST_GROWTH } from '../helpers/growth.js';
import { atNight } from '../helpers/night.js';

const text = (size: number) => 'a'.repeat(size);

it('tells work that is linear', () => {
  expect(growth(text, (input) => input.split('').sort().join('').length)).toBeLessThan(MOST_GROWTH);
});

// Bad work is measured often before it is called so.
atNight('from work that is quadratic, since each start is looked at up to the end', () => {
  expect(growth(text, (input) => /a+b/.test(input))).toBeGreaterThanOrEqual(MOST_GROWTH);
});

it('and from work that is exponential, without doing it for ever', () => {
  expect(growth(text, (input) => /^(a+)+$/.test(`${input.slice(0, 25)}b`), { smallest: 4 })).toBeGreaterThanOrEqual(
    MOST_GROWTH,
  );
});
