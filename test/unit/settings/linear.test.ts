import { describe, expect, it } from 'vitest';
import { SETTINGS } from '../../../src/settings/schema.js';
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
const ROUNDS = 5;
/** Less is not measured: a value of the largest size that takes no longer is no danger. */
const MEASURABLE_MS = 2;
const LARGEST_VALUE_CHARS = 32 * 1024;

/** By the clock of the process, since the machine may be busy with others. */
function msOf(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

function leastMsOf(work: () => void): number {
  return Math.min(...Array.from({ length: ROUNDS }, () => msOf(work)));
}

describe('checking a value that is twice as long', () => {
  it.each(Object.values(SETTINGS).map(({ name, environment }) => [name, environment] as const))(
    'takes at most three times as long, of %s',
    (_name, variable) => {
      const resolve = (value: string) => () => void resolveTexts({ environment: { [variable]: value } });
      for (const [first, repeated, last] of HARD_VALUES) {
        const hard = (chars: number) => first + repeated.repeat(chars / repeated.length) + last;
        // From small on, so that exponential time is found out before it takes for ever.
        for (let chars = 16; chars < LARGEST_VALUE_CHARS; chars *= 8) {
          const twice = resolve(hard(2 * chars));
          // The first time may be slow for other reasons.
          if (msOf(twice) < MEASURABLE_MS || leastMsOf(twice) < MEASURABLE_MS) continue;
          expect(leastMsOf(twice) / leastMsOf(resolve(hard(chars))), `${first}${repeated}…`).toBeLessThan(3);
        }
      }
    },
  );
});
