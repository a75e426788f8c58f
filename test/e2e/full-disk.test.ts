import { type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type FileHandle, open } from 'node:fs/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Sandbox } from '../../src/sandbox/server.js';
import { Workplace } from '../helpers/cli.js';
import { mayMount, mountMemory } from '../helpers/mounts.js';
import { atNight, byDay, NIGHT } from '../helpers/night.js';
import { openSandbox } from '../helpers/sandbox.js';

const A = { name: 'a', handler: 'https://a.example/x', trigger: 'create' };
const B = { ...A, name: 'b', trigger: 'open' };
const MANY = NIGHT ? 3_000 : 1_000;

async function openPlace(): Promise<{ sandbox: Sandbox; place: Workplace }> {
  const sandbox = await openSandbox();
  const place = await Workplace.open(sandbox);
  await place.manifest([A]);
  return { sandbox, place };
}

/** Where a command's output goes: a file, a pipe that is read, or a pipe whose reader is gone. */
type Output = FileHandle | 'read' | 'gone';

function start(place: Workplace, args: readonly string[], stdout: Output, stderr: Output = 'read') {
  const outputs = [stdout, stderr];
  const stdio: SpawnOptions['stdio'] = [
    'ignore',
    ...outputs.map((each) => (typeof each === 'string' ? 'pipe' : each.fd)),
  ];
  const env = { PATH: process.env.PATH ?? '', COPERNICA_WEBHOOKS_LISTEN: 'off', ...place.environment };
  const child = spawn(process.execPath, [place.command, ...args], { cwd: place.folder, env, stdio });
  onTestFinished(() => void child.kill('SIGKILL'));
  const said = { stdout: '', stderr: '' };
  for (const [index, name] of (['stdout', 'stderr'] as const).entries()) {
    if (outputs[index] === 'gone') child[name]?.destroy();
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
    });
  }
  const ended = once(child, 'close').then(([code]) => ({ code: code as unknown, ...said }));
  return { child, ended };
}

async function openFile(path: string): Promise<FileHandle> {
  const file = await open(path, 'w');
  onTestFinished(() => file.close());
  return file;
}

/** A disk without room. */
const openFull = () => openFile('/dev/full');

const LOST_ON_DISK = /^error: the result could not be written \(ENOSPC[^\n]*\); what was done is recorded\n$/;
const LOST_IN_PIPE = /^error: the result could not be written \([^\n]*EPIPE[^\n]*\); what was done is recorded\n$/;

describe('a full disk under stdout', () => {
  atNight('does not keep the daemon from reconciling', async () => {
    const { sandbox, place } = await openPlace();
    const { child, ended } = start(place, ['run', '--init', '--schedule', 'off'], await openFull());
    await sandbox.until((model) => model.webhooks().length === 1);
    await place.manifest([A, B]);
    await sandbox.until((model) => model.webhooks().length === 2);
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ code: 0, stderr: '' });
  });

  it.each(byDay(1, [{ flags: [] }, { flags: ['--json'] }]))(
    'fails an apply $flags with one line, and what it did is recorded',
    async ({ flags }) => {
      const { sandbox, place } = await openPlace();
      const { ended } = start(place, ['apply', '--init', ...flags], await openFull());
      expect(await ended).toMatchObject({ code: 1, stderr: expect.stringMatching(LOST_ON_DISK) });
      expect(JSON.parse((await place.run('list', '--json')).stdout)).toMatchObject([{ name: 'a', status: 'created' }]);
      expect(sandbox.account()).toHaveLength(1);
    },
  );

  atNight.each(['schema', 'plan --sandbox --detailed-exitcode'])('fails %s with one line', async (line) => {
    const { place } = await openPlace();
    const { ended } = start(place, line.split(' '), await openFull());
    expect(await ended).toMatchObject({ code: 1, stderr: expect.stringMatching(LOST_ON_DISK) });
  });

  it.runIf(NIGHT && mayMount)('fails a command whose result fits by half', async () => {
    const { place } = await openPlace();
    const file = await openFile(`${mountMemory('4k')}/schema.json`);
    const { ended } = start(place, ['schema'], file);
    expect(await ended).toMatchObject({ code: 1, stderr: expect.stringMatching(LOST_ON_DISK) });
    expect((await file.stat()).size).toBeGreaterThan(0);
  });

  atNight('does not hide what is graver', async () => {
    const { place } = await openPlace();
    await place.write('webhooks.yaml', 'webhooks: [');
    const { ended } = start(place, ['plan', '--json'], await openFull());
    expect(await ended).toMatchObject({ code: 3 });
  });
});

describe('a reader that is gone', () => {
  atNight('fails an apply with one line, and what it did is recorded', async () => {
    const { sandbox, place } = await openPlace();
    const { ended } = start(place, ['apply', '--init'], 'gone');
    expect(await ended).toMatchObject({ code: 1, stderr: expect.stringMatching(LOST_IN_PIPE) });
    expect(sandbox.account()).toHaveLength(1);
  });

  atNight('does not keep the daemon from reconciling', async () => {
    const { sandbox, place } = await openPlace();
    const { child, ended } = start(place, ['run', '--init', '--schedule', 'off'], 'gone');
    await sandbox.until((model) => model.webhooks().length === 1);
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('a log that cannot be written', () => {
  atNight.each(['full', 'gone'])('stops nothing: stderr is %s', async (what) => {
    const { sandbox, place } = await openPlace();
    const stderr = what === 'gone' ? what : await openFull();
    const { ended } = start(place, ['apply', '--init', '--log-level', 'debug'], 'read', stderr);
    expect(await ended).toMatchObject({ code: 0, stdout: expect.stringContaining('1 created') });
    expect(sandbox.account()).toHaveLength(1);
  });
});

describe('a long result', () => {
  it('reaches a reader that is slower than the command, whole', async () => {
    const { place } = await openPlace();
    // Many times what a pipe holds.
    await place.manifest(
      Array.from({ length: MANY }, (_, index) => ({ ...A, name: `w${index}`, database: index + 1 })),
    );
    const { ended } = start(place, ['plan', '--no-refresh', '--json'], 'read');
    const { code, stdout } = await ended;
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ summary: { create: MANY } });
  });
});
