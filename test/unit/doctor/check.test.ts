import { describe, expect, it } from 'vitest';
import {
  type Check,
  ok,
  problem,
  problemOf,
  resultsWithout,
  runChecks,
  skipped,
  warning,
} from '../../../src/doctor/check.js';
import { CHECKS } from '../../../src/doctor/checks.js';
import { ERROR_CODES } from '../../../src/error-codes.js';
import { productError } from '../../../src/errors.js';

const ONE = [{ code: 'api-refused', severity: 'error', message: 'no', remedy: 'do' }] as const;

/** Checks of one section, in this order. */
const table = (...checks: Omit<Check<object>, 'section'>[]): Check<object>[] =>
  checks.map((check) => ({ section: 'Test', ...check }));
const rows = async (...checks: Parameters<typeof table>) =>
  (await runChecks(table(...checks), {})).map(({ id, status, message }) => [id, status, message]);

describe('checks', () => {
  it('run in the order of the table; those that find nothing are left out', async () => {
    expect(
      await rows(
        { id: 'token', run: async () => ok('fine') },
        { id: 'proxy', run: () => [] },
        { id: 'manifest', needs: ['token', 'proxy'], run: () => warning('odd', 'look') },
        { id: 'account', needs: ['manifest'], run: () => ok('too') },
      ),
    ).toEqual([
      ['token', 'ok', 'fine'],
      ['manifest', 'warning', 'odd'],
      ['account', 'ok', 'too'],
    ]);
  });

  it('are skipped when one that they need has a problem, and name the first cause, however far up it is', async () => {
    const never = () => {
      throw new Error('must not run');
    };
    expect(
      await rows(
        { id: 'token', run: () => problem('none', 'get one') },
        { id: 'account', needs: ['token'], run: never },
        { id: 'state-account', needs: ['account'], run: never },
        { id: 'state-file', run: () => skipped(': no reason') },
        { id: 'handler', needs: ['state-file'], run: never },
      ),
    ).toEqual([
      ['token', 'problem', 'none'],
      ['account', 'skipped', 'not checked, because of “token” above'],
      ['state-account', 'skipped', 'not checked, because of “token” above'],
      ['state-file', 'skipped', 'not checked: no reason'],
      ['handler', 'skipped', 'not checked: no reason'],
    ]);
  });

  it('have a problem when they fail as a command would, and are a defect when they fail otherwise', async () => {
    const failure = productError('refused', { code: 'lock-held', message: 'held', remedy: 'wait' });
    const throwing = (error: Error) => runChecks(table({ id: 'token', run: () => Promise.reject(error) }), {});
    expect(await throwing(failure)).toMatchObject([
      { id: 'token', status: 'problem', message: 'held', remedy: 'wait', failure: 'refused' },
    ]);
    await expect(throwing(new TypeError('oops'))).rejects.toThrow('oops');
  });

  it('may find several things, or none', async () => {
    const [first, second, ...others] = await runChecks(
      table({ id: 'handler', run: () => [{ ...ok('a'), subject: 'a:1' }, ok('b')] }, { id: 'clock', run: () => [] }),
      {},
    );
    expect([first?.subject, second?.message, others]).toEqual(['a:1', 'b', []]);
  });

  it('are all skipped when one makes every other impossible', () => {
    const run = () => ok('never');
    const checks = table({ id: 'settings', run }, { id: 'token', run });
    expect(resultsWithout(checks, 'settings', problem('bad', 'mend'))).toMatchObject([
      { id: 'settings', status: 'problem', message: 'bad' },
      { id: 'token', status: 'skipped', message: 'not checked, because of “settings” above' },
    ]);
  });
});

describe('a problem', () => {
  it('keeps each cause, and the one remedy where there is one cause', () => {
    expect(problemOf('input', ONE)).toMatchObject({ message: 'no', remedy: 'do', causes: ONE });
    expect(problemOf('input', [...ONE, ...ONE], 'mend them')).toMatchObject({
      message: '2 errors',
      remedy: 'mend them',
    });
  });
});

describe('the table', () => {
  it('has each check of the catalogue once, and names needs only that come before', () => {
    const ids = CHECKS.map(({ id }) => id);
    const codes = Object.values(ERROR_CODES)
      .flat()
      .filter((code) => code.startsWith('doctor-'));
    expect(ids.map((id) => `doctor-${id}`).sort()).toEqual(codes.sort());
    for (const [index, { needs = [] }] of CHECKS.entries()) {
      expect(ids.slice(0, index)).toEqual(expect.arrayContaining([...needs]));
    }
  });
});
