import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { Workplace } from '../helpers/cli.js';
import { openSandbox } from '../helpers/sandbox.js';

const A = { name: 'a', handler: 'https://a.example/x', trigger: 'create' };

async function openPlace(settings: string) {
  const sandbox = await openSandbox();
  const place = await Workplace.open(sandbox);
  await place.manifest([A]);
  await place.write('settings.yaml', settings);
  return { sandbox, place };
}

describe('a setting that can’t be used', () => {
  it.each(['validate', 'apply', 'run'])('stops %s before it does anything', async (command) => {
    const { sandbox, place } = await openPlace('init: true\nschedule: "61 * * * *"\n');
    const { code, stdout, stderr } = await place.run(command, '--config', 'settings.yaml');
    expect([code, stdout]).toEqual([3, '']);
    expect(stderr).toBe(
      [
        'settings.yaml:2:11: error: schedule: "61 * * * *" (from settings.yaml:2) can\'t be used: it names no times',
        '  help: give five cron fields such as "*/15 * * * *", or off\n',
      ].join('\n'),
    );
    expect(sandbox.requests()).toEqual([]);
    expect((await readdir(place.folder)).sort()).toEqual(['settings.yaml', 'webhooks.yaml']);
  });

  it('is not quoted where it may hold a password', async () => {
    const { place } = await openPlace('');
    place.environment.COPERNICA_API_URL = 'https://user:hunter2@api.copernica.com';
    for (const output of [[], ['--json'], ['--format', 'github']]) {
      const { code, stdout, stderr } = await place.run('plan', ...output);
      expect([code, stdout + stderr]).toEqual([3, expect.stringContaining('environment variable COPERNICA_API_URL')]);
      expect(stdout + stderr).not.toContain('hunter2');
    }
  });

  it('is no time at all for a request', async () => {
    const { place } = await openPlace('');
    const { code, stderr } = await place.run('apply', '--sandbox', '--timeout', '99ms');
    expect([code, stderr]).toEqual([3, expect.stringContaining('at least 100ms')]);
  });

  it('is found out at once, however it is made', async () => {
    const { place } = await openPlace('');
    const { code, stderr } = await place.run('run', '--listen', `${'a'.repeat(100_000)}_:9465`);
    expect([code, stderr]).toEqual([3, expect.stringContaining("(from flag --listen) can't be used")]);
  });
});

describe('a URL for notices that is longer than any', () => {
  it('is refused, and not shown', async () => {
    const { place } = await openPlace('');
    place.environment.COPERNICA_WEBHOOKS_NOTIFY = `https://hooks.example/${'secret/'.repeat(17_000)}`;
    const { code, stdout, stderr } = await place.run('validate');
    expect([code, stderr]).toEqual([3, expect.stringMatching(/^error: notify: the value \(from environment variable/)]);
    expect(stdout + stderr).not.toContain('secret/');
  });
});
