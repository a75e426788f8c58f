import { describe, expect, it } from 'vitest';
import { SETTINGS } from '../../../src/settings/schema.js';
import { growth, MOST_GROWTH } from '../../helpers/growth.js';
import { NIGHT } from '../../helpers/night.js';
import { resolveTexts } from '../../helpers/settings.js';

/** What a value begins with, what is repeated in it, and what it ends with: made to be hard for one of the parsers. */
const HARD_VALUES: readonly (readonly [string, string, string])[] = [
  ['', 'a', '_:9465'],
  ['', 'a.', '_:9465'],
  ['', 'a-.', ':9465'],
  ['[', ':', ']:9465'],
  ['', ':', ''],
  ['', '1', 's'],
  ['', '1', ':'],
  ['', ' ', 'x'],
  ['x', '\n', 'x'],
  ['', '* ', ''],
  ['', '1-9,', ''],
  ['https://x.example', '/', 'x'],
  ['https://x.example/', 'a/../', 'x'],
  ['https://', 'ü', '/'],
  ['https://x.example/?', '&a=', '@'],
  ['', '://', ''],
  ['Europe/', 'A', ''],
  ['', '\u001b[2J', ''],
];
/** In characters: from small on, so that exponential time is found out before it takes for ever. */
const SIZES = { smallest: 16, largest: NIGHT ? 2 ** 17 : 2 ** 14 };

/** One setting stands for all that accept the same. */
const KINDS = new Map(Object.values(SETTINGS).map(({ accepts, environment }) => [accepts, environment]));

describe('checking a value that is twice as long', () => {
  it.each([...KINDS])('takes at most three times as long where %s is accepted', (_accepts, variable) => {
    const resolve = (value: string) => resolveTexts({ environment: { [variable]: value } });
    for (const [first, repeated, last] of HARD_VALUES) {
      const hard = (chars: number) => first + repeated.repeat(chars / repeated.length) + last;
      expect(growth(hard, resolve, SIZES), `${first}${repeated}…`).toBeLessThan(MOST_GROWTH);
    }
  });
});
