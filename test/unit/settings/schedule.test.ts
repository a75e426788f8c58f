import { describe, expect, it } from 'vitest';
import { parseSchedule } from '../../../src/settings/schedule.js';
import { resolveTexts } from '../../helpers/settings.js';

describe('a schedule', () => {
  it.each([
    ['*/15 * * * *', '*/15 * * * *'],
    ['  0  3 * *   mon-fri ', '0 3 * * mon-fri'],
    ['0 0 29 2 *', '0 0 29 2 *'],
    // As in crontab, a day that begins with a star is no restriction that another could be added to.
    ['0 0 */2 * 1', '0 0 */2 * 1'],
    ['0 0 1 * *', '0 0 1 * *'],
  ])('takes %j', (text, expression) => {
    expect(parseSchedule(text)).toEqual({ ok: true, expression });
  });

  it.each([
    ['* * * *', 'has 4 fields, not 5'],
    ['*/15 * * * * *', 'has 6 fields, not 5'],
    ['', 'has 0 fields, not 5'],
    ['@daily', 'has 1 fields, not 5'],
    ['60 * * * *', 'names no times'],
    ['*/0 * * * *', 'names no times'],
    ['0 0 31 2 *', 'names no times'],
    ['0 0 L-30 2 *', 'names no times'],
    ['1-999999999 * * * *', 'has a number of more than two digits'],
    ['*/999999999 * * * *', 'has a number of more than two digits'],
    [`${'1,'.repeat(200)}1 * * * *`, 'has more than 400 characters'],
  ])('refuses %j, which %s', (text, why) => {
    expect(parseSchedule(text)).toEqual({ ok: false, why });
  });

  it.each(['0 3 1 * 1', '0 3 1-31 * 1-5', '0 3 L * mon', '0 3 1,15 * 1'])(
    'refuses %j, in which days of the month and of the week are given',
    (text) => {
      expect(parseSchedule(text)).toMatchObject({
        ok: false,
        why: expect.stringContaining('crontab would run on either'),
      });
    },
  );

  it.each([['schedule: "61 * * * *"'], ['accounts: [{name: a, access-token-env: A, schedule: "61 * * * *"}]']])(
    'is refused with its place and why: %s',
    (file) => {
      expect(resolveTexts({ file }).problems.map(({ message }) => message)).toEqual([
        'schedule: "61 * * * *" (from settings.yaml:1) can\'t be used: it names no times',
      ]);
    },
  );

  it('may be off', () => {
    expect(resolveTexts({ file: 'schedule: off' }).resolved?.common.settings.schedule).toBe('off');
  });
});

describe('a time zone', () => {
  it.each([
    ['Europe/Amsterdam', []],
    ['Mars/Olympus', ['timezone: "Mars/Olympus" (from settings.yaml:1) can\'t be used']],
  ])('%s is one that this Node knows, or refused', (timezone, messages) => {
    const { problems } = resolveTexts({ file: `timezone: ${timezone}` });
    expect(problems.map(({ message }) => message)).toEqual(messages);
  });
});
