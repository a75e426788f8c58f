import { describe, expect, it } from 'vitest';
import { longestWaitMs } from '../../../src/daemon/longest-wait.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe('the longest wait of a schedule', () => {
  it.each([
    ['* * * * *', MINUTE],
    ['*/15 * * * *', 15 * MINUTE],
    ['0,10 * * * *', 50 * MINUTE],
    ['0 8-18 * * *', 14 * HOUR],
    ['*/5 8-18 * * *', 13 * HOUR + 5 * MINUTE],
    ['*/5 8-18 * * 1-5', 2 * DAY + 13 * HOUR + 5 * MINUTE],
    ['0 8,12 * * *', 20 * HOUR],
    ['30 2 * * *', DAY],
    ['30 2 * * mon', 7 * DAY],
    ['0 0 1-13 * *', 19 * DAY],
    ['0 0 1 * *', 31 * DAY],
    ['0 0 1 1 *', 366 * DAY],
  ])('%s is known', (expression, longest) => {
    expect(longestWaitMs(expression)).toBe(longest);
  });
});
