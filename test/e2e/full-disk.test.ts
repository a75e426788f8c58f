import { type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Sandbox } from '../../src/sandbox/server.js';
import { Workplace } from '../helpers/cli.js';
import { openSandbox } from '../helpers/sandbox.js';

const A = { name: 'a', handler: 'https://a.example/x', trigger: 'create' };
const B = { ...A, name: 'b', trigger: 'open' };

async function openPlace(): Promise<{ sandbox: Sandbox; place: Workplace }> {
  const sandbox = await openSandbox();
  const place = await Workplace.open(sandbox);
  await place.manifest([A]);
  return { sandbox, place };
}

/** Starts a command whose stdout goes to a disk without room. */
async function startOnFullDisk(place: Workplace, ...args: string[]) {
  const full = await open('/dev/full', 'w');
  const stdio: SpawnOptions['stdio'] = ['ignore', full.fd, 'pipe'];
  const env = { PATH: process.env.PATH ?? '', COPERNICA_WEBHOOKS_LISTEN: 'off', ...place.environment };
  const child = spawn(process.execPath, [place.command, ...args], { cwd: place.folder, env, stdio });
  onTestFinished(() => void child.kill('SIGKILL'));
  await full.close();
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = once(child, 'close').then(([code]) => ({ code, stderr }));
  return { child, ended };
}

const LOST = /^error: the result could not be written \(ENOSPC[^\n]*\); what was done is recorded\n$/;

describe('a full disk under stdout', () => {
  it('does not keep the daemon from reconciling', async () => {
    const { sandbox, place } = await openPlace();
    const { child, ended } = await startOnFullDisk(place, 'run', '--init', '--schedule', 'off');
    await sandbox.until((model) => model.webhooks().length === 1);
    await place.manifest([A, B]);
    await sandbox.until((model) => model.webhooks().length === 2);
    child.kill('SIGTERM');
    expect(await ended).toEqual({ code: 0, stderr: '' });
  });

  it.each([{ flags: [] }, { flags: ['--json'] }])(
    'fails an apply $flags with one line, and what it did is recorded',
    async ({ flags }) => {
      const { sandbox, place } = await openPlace();
      const { ended } = await startOnFullDisk(place, 'apply', '--init', ...flags);
      expect(await ended).toEqual({ code: 1, stderr: expect.stringMatching(LOST) });
      expect(JSON.parse((await place.run('list', '--json')).stdout)).toMatchObject([{ name: 'a', status: 'created' }]);
      expect(sandbox.account()).toHaveLength(1);
    },
  );

  it.each(['list', 'plan', 'plan --no-refresh', 'plan --detailed-exitcode', 'schema'])(
    'fails %s with one line',
    async (line) => {
      const { place } = await openPlace();
      expect((await place.run('apply', '--init')).code).toBe(0);
      const { ended } = await startOnFullDisk(place, ...line.split(' '));
      expect(await ended).toEqual({ code: 1, stderr: expect.stringMatching(LOST) });
    },
  );

  it('does not hide what is graver', async () => {
    const { place } = await openPlace();
    await place.write('webhooks.yaml', 'webhooks: [');
    const { ended } = await startOnFullDisk(place, 'plan', '--json');
    expect(await ended).toMatchObject({ code: 3 });
  });
});
