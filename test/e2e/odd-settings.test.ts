import { describe, expect, it } from 'vitest';
import { Workplace } from '../helpers/cli.js';

const A = { name: 'a', handler: 'https://a.example/x', trigger: 'create' };

async function openPlace(settings: string): Promise<Workplace> {
  const place = await Workplace.open();
  await place.manifest([A]);
  await place.write('settings.yaml', settings);
  return place;
}

describe('a setting that can’t be meant', () => {
  it.each(['validate', 'plan', 'apply', 'run', 'list'])(
    'is refused by %s: a schedule that never comes',
    async (command) => {
      for (const schedule of ['61 * * * *', '0 0 31 2 *']) {
        const place = await openPlace(`schedule: "${schedule}"\n`);
        const { code, stderr } = await place.run(command, '--config', 'settings.yaml');
        expect([code, stderr]).toEqual([3, expect.stringMatching(/^settings\.yaml:1:\d+: error: schedule: /)]);
        expect(stderr).toContain(schedule);
      }
    },
  );

  it('is refused where the environment or one account has it', async () => {
    const place = await openPlace(`accounts:\n  - {name: one, access-token-env: ONE, schedule: "0 0 30 2 *"}\n`);
    expect(await place.run('validate', '--config', 'settings.yaml')).toMatchObject({ code: 3 });
    place.environment.COPERNICA_WEBHOOKS_SCHEDULE = '0 25 * * *';
    expect(await place.run('validate')).toMatchObject({ code: 3, stderr: expect.stringContaining('0 25 * * *') });
  });

  it('is refused: a schedule with days of the month and of the week, which crontab reads otherwise', async () => {
    const place = await openPlace('schedule: "0 3 1 * mon"\n');
    const { code, stderr } = await place.run('validate', '--config', 'settings.yaml');
    expect([code, stderr]).toEqual([3, expect.stringContaining('names days of the month and days of the week')]);
  });

  it('is refused: a schedule with a range that would fill the memory', async () => {
    const place = await openPlace('schedule: "1-999999999 * * * *"\n');
    const { code, stderr } = await place.run('validate', '--config', 'settings.yaml');
    expect([code, stderr]).toEqual([3, expect.stringContaining('a number of more than two digits')]);
  });

  it('is refused: no time at all for a request', async () => {
    const place = await openPlace('prune: false\n');
    for (const timeout of ['0', '0s', '99ms']) {
      const { code, stderr } = await place.run('apply', '--sandbox', '--timeout', timeout);
      expect([code, stderr]).toEqual([3, expect.stringContaining('at least 100ms')]);
    }
    expect(await place.run('apply', '--sandbox', '--timeout', '24h')).toMatchObject({ code: 0 });
  });
});

describe('a schedule that names times', () => {
  it.each(['*/15 * * * *', '0 0 29 2 *', '15,45 8-18 * jan-mar MON', 'off'])('is used: %s', async (text) => {
    const place = await openPlace(`schedule: "${text}"\n`);
    expect(await place.run('validate', '--config', 'settings.yaml')).toMatchObject({ code: 0 });
  });
});
