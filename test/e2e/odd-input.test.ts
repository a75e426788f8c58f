import { execFileSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { Workplace } from '../helpers/cli.js';

const MANIFEST = 'webhooks: [{ name: a, handler: "https://a.example", trigger: create }]';

async function place(): Promise<Workplace> {
  const opened = await Workplace.open();
  opened.environment.COPERNICA_ACCESS_TOKEN = 'a-token-that-is-secret';
  opened.environment.COPERNICA_API_URL = 'http://127.0.0.1:1';
  await opened.write('webhooks.yaml', MANIFEST);
  return opened;
}

describe('a state file', () => {
  it.each([['list'], ['plan'], ['apply', '--init']])(
    'that is a pipe makes %s end with what is wrong',
    async (...args) => {
      const opened = await place();
      execFileSync('mkfifo', [opened.path('pipe')]);
      const { code, stderr } = await opened.run(...args, '--state', 'pipe');
      expect(code).toBe(1);
      expect(stderr).toContain('not a regular file');
    },
  );

  it.each([['list'], ['plan']])('that is a folder, or in none, is no first time for %s', async (command) => {
    const opened = await place();
    await mkdir(opened.path('folder'));
    for (const state of ['folder', 'missing/state.jsonl']) {
      const { code, stderr } = await opened.run(command, '--state', state);
      expect(code).toBe(1);
      expect(stderr).toMatch(/folder/);
    }
  });
});

describe('the token', () => {
  it.each([
    ['a setting', ['plan', '--api-url', 'http://127.0.0.1:1/?access_token=a-token-that-is-secret']],
    ['a number', ['apply', '--json', '--concurrency', 'a-token-that-is-secret']],
    ['a flag', ['plan', '--json', '--a-token-that-is-secret']],
    ['a command', ['a-token-that-is-secret']],
    ['the name of a file', ['validate', '--file', 'a-token-that-is-secret']],
  ])('is not printed where it was given as %s', async (_title, args) => {
    const { code, stdout, stderr } = await (await place()).run(...args);
    expect(code).toBe(3);
    expect(stdout + stderr).not.toContain('a-token-that-is-secret');
  });

  it('is not printed where it stands in the manifest by mistake', async () => {
    const opened = await place();
    await opened.write('webhooks.yaml', 'webhooks: [{ name: a, handler: a-token-that-is-secret, trigger: create }]');
    for (const format of [[], ['--json'], ['--format', 'github']]) {
      const { code, stdout, stderr } = await opened.run('validate', ...format);
      expect(code).toBe(3);
      expect(stdout + stderr).not.toContain('a-token-that-is-secret');
    }
  });
});

describe('a schedule that names no times', () => {
  it('stops the daemon before it does anything', async () => {
    const { code, stdout, stderr } = await (await place()).run('run', '--init', '--schedule', '99 * * * *');
    expect(code).toBe(3);
    expect(stderr).toContain('five cron fields');
    expect(stdout).toBe('');
  });
});
