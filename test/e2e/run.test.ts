import { execFile } from 'node:child_process';
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Sandbox } from '../../src/sandbox/server.js';
import { type Running, Workplace } from '../helpers/cli.js';
import { openSandbox } from '../helpers/sandbox.js';

const run = promisify(execFile);

function manifestOf(...names: string[]): string {
  return `webhooks:\n${names.map((name) => `  - { name: ${name}, handler: https://a.example/${name}, trigger: create }\n`).join('')}`;
}

/** Resolves when the account has exactly so many webhooks. */
function live(sandbox: Sandbox, count: number): Promise<void> {
  return sandbox.until((model) => model.webhooks().length === count);
}

async function startDaemon(place: Workplace, ...args: string[]): Promise<Running> {
  const daemon = place.start('run', '--init', '--log-format', 'json', '--schedule', 'off', ...args);
  await daemon.waitForOutput(/"started"/);
  return daemon;
}

async function stop(daemon: Running) {
  daemon.kill('SIGTERM');
  return daemon.finished;
}

describe('the daemon', () => {
  it('creates at start, notices an edit, and ends cleanly on SIGTERM', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    await place.write('webhooks.yaml', manifestOf('a', 'b'));
    const daemon = await startDaemon(place);
    await live(sandbox, 2);
    await place.write('webhooks.yaml', manifestOf('a', 'b', 'c'));
    await live(sandbox, 3);
    expect(await stop(daemon)).toMatchObject({ code: 0, signal: null });
  });

  const CHANGES: readonly { title: string; change: (place: Workplace, text: string) => Promise<void> }[] = [
    { title: 'written in place', change: (place, text) => place.write('webhooks.yaml', text) },
    {
      title: 'renamed over, as editors do',
      change: async (place, text) => {
        await place.write('webhooks.yaml.tmp', text);
        await rename(place.path('webhooks.yaml.tmp'), place.path('webhooks.yaml'));
      },
    },
    {
      title: 'removed and made again',
      change: async (place, text) => {
        await rm(place.path('webhooks.yaml'));
        await place.write('webhooks.yaml', text);
      },
    },
  ];
  it.each(CHANGES)('notices a manifest that is $title', async ({ change }) => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    await place.write('webhooks.yaml', manifestOf('a'));
    const daemon = await startDaemon(place);
    await live(sandbox, 1);
    await change(place, manifestOf('a', 'b'));
    await live(sandbox, 2);
    await change(place, manifestOf('a', 'b', 'c'));
    await live(sandbox, 3);
    expect(await stop(daemon)).toMatchObject({ code: 0 });
  });

  it('notices a checkout by git', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    const git = (...args: string[]) =>
      run('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], { cwd: place.folder });
    await git('init', '-q', '-b', 'main');
    await place.write('webhooks.yaml', manifestOf('a'));
    await git('add', 'webhooks.yaml');
    await git('commit', '-q', '-m', 'one');
    await git('checkout', '-q', '-b', 'more');
    await place.write('webhooks.yaml', manifestOf('a', 'b'));
    await git('commit', '-q', '-a', '-m', 'two');
    await git('checkout', '-q', 'main');
    const daemon = await startDaemon(place);
    await live(sandbox, 1);
    await git('checkout', '-q', 'more');
    await live(sandbox, 2);
    expect(await stop(daemon)).toMatchObject({ code: 0 });
  });

  it('notices the swap of a Kubernetes ConfigMap', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    const version = async (name: string, text: string) => {
      await mkdir(place.path(`mount/${name}`), { recursive: true });
      await writeFile(place.path(`mount/${name}/webhooks.yaml`), text);
      // As the kubelet does it: a new link under another name, renamed over the old one.
      await symlink(name, place.path('mount/..data_tmp'));
      await rename(place.path('mount/..data_tmp'), place.path('mount/..data'));
    };
    await version('..2026_11_23_10_00_00.1', manifestOf('a'));
    await symlink('..data/webhooks.yaml', place.path('mount/webhooks.yaml'));
    const daemon = await startDaemon(place, '--file', 'mount/webhooks.yaml');
    await live(sandbox, 1);
    await version('..2026_11_23_10_01_00.2', manifestOf('a', 'b'));
    await live(sandbox, 2);
    await rm(place.path('mount/..2026_11_23_10_00_00.1'), { recursive: true });
    expect(await stop(daemon)).toMatchObject({ code: 0 });
  });

  it('waits for a folder that appears later, and goes on when it is made anew', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    const daemon = await startDaemon(place, '--file', 'later/webhooks.yaml');
    await daemon.waitForOutput(/does not exist/);
    await mkdir(place.path('later'));
    await place.write('later/webhooks.yaml', manifestOf('a'));
    await live(sandbox, 1);
    await rm(place.path('later'), { recursive: true });
    await mkdir(place.path('later'));
    await place.write('later/webhooks.yaml', manifestOf('a', 'b'));
    await live(sandbox, 2);
    expect(await stop(daemon)).toMatchObject({ code: 0 });
  });

  it('notices changes on a file system without events', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    await place.write('webhooks.yaml', manifestOf('a'));
    const daemon = await startDaemon(place, '--poll');
    await live(sandbox, 1);
    await place.write('webhooks.yaml', manifestOf('a', 'b'));
    await live(sandbox, 2);
    expect(await stop(daemon)).toMatchObject({ code: 0 });
  });

  it('keeps the last good manifest in force while the file is broken, and says so once', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    await place.write('webhooks.yaml', manifestOf('a'));
    const daemon = await startDaemon(place);
    await live(sandbox, 1);
    await place.write('webhooks.yaml', 'webhooks: [');
    await daemon.waitForOutput(/last good one stays in force/);
    sandbox.model.removeByHand(1894, Date.now());
    daemon.kill('SIGHUP');
    await live(sandbox, 1);
    await place.write('webhooks.yaml', manifestOf('a', 'b'));
    await live(sandbox, 2);
    const { code, stdout } = await stop(daemon);
    expect(code).toBe(0);
    expect(stdout.match(/last good one/g)).toHaveLength(1);
    expect(stdout).toContain('the manifest is valid again');
  });

  it('takes the same bytes again for no change', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    await place.write('webhooks.yaml', manifestOf('a'));
    const daemon = await startDaemon(place);
    await live(sandbox, 1);
    await place.write('webhooks.yaml', manifestOf('a'));
    await place.write('webhooks.yaml', manifestOf('a', 'b'));
    await live(sandbox, 2);
    const { stdout } = await stop(daemon);
    const runs = stdout.split('\n').filter((line) => line.includes('"reconciled'));
    expect(runs.map((line) => (JSON.parse(line) as { triggers: string[] }).triggers)).toEqual([
      ['start'],
      ['manifest'],
    ]);
  });

  it('tries again by itself after a failure', async () => {
    const sandbox = await openSandbox({ faults: [{ on: 'create', reply: { kind: 'answer', status: 400 } }] });
    const place = await Workplace.open(sandbox);
    await place.write('webhooks.yaml', manifestOf('a'));
    const daemon = await startDaemon(place);
    await live(sandbox, 1);
    const { code, stdout } = await stop(daemon);
    expect(code).toBe(0);
    expect(stdout).toContain('"retry"');
  });

  it('deletes what left the manifest only when that has been the same for a while', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    await place.write('webhooks.yaml', manifestOf('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'));
    const daemon = await startDaemon(place, '--prune');
    await live(sandbox, 9);
    const whole = sandbox.account();
    // A writer that pauses half-way, and is done before that time is over.
    await place.write('webhooks.yaml', manifestOf('a', 'b', 'c', 'd', 'e', 'f', 'g'));
    await daemon.waitForOutput(/"orphaned":2/);
    await place.write('webhooks.yaml', manifestOf('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'));
    await daemon.waitForOutput(/(?:"manifest".*?){2}"reconciled/s);
    expect(sandbox.account()).toEqual(whole);
    await place.write('webhooks.yaml', manifestOf('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'));
    await live(sandbox, 8);
    expect(await stop(daemon)).toMatchObject({ code: 0 });
    expect(sandbox.account()).toEqual(whole.slice(0, 8));
  });

  it('finishes and records the request under way when it is told to stop', async () => {
    const sandbox = await openSandbox({ faults: ['create:after:slow:1000'] });
    const place = await Workplace.open(sandbox);
    await place.write('webhooks.yaml', manifestOf('a', 'b', 'c', 'd', 'e', 'f'));
    const daemon = await startDaemon(place, '--concurrency', '1');
    await live(sandbox, 1);
    expect(await stop(daemon)).toMatchObject({ code: 0 });
    const listed = JSON.parse((await place.run('list', '--json')).stdout) as { status: string; id: number }[];
    expect(listed).toMatchObject([{ status: 'created', id: 1894 }]);
    expect(sandbox.account()).toHaveLength(1);
  });

  it('ends at once at the second signal, with nothing lost', async () => {
    const sandbox = await openSandbox({ faults: ['create:after:hang'] });
    const place = await Workplace.open(sandbox);
    await place.write('webhooks.yaml', manifestOf('a'));
    const daemon = await startDaemon(place);
    await live(sandbox, 1);
    daemon.kill('SIGTERM');
    await daemon.waitForOutput(/stopping/);
    daemon.kill('SIGTERM');
    expect(await daemon.finished).toMatchObject({ code: 0 });
    expect(JSON.parse((await place.run('list', '--json')).stdout)).toMatchObject([{ name: 'a', status: 'uncertain' }]);
    expect((await place.run('apply', '--settle', '0')).code).toBe(0);
    expect(sandbox.account()).toHaveLength(1);
  });

  it('lets apply, import and forget work beside it while it is idle', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    await place.write('webhooks.yaml', manifestOf('a'));
    const daemon = await startDaemon(place);
    await daemon.waitForOutput(/reconciled/);
    expect((await place.run('apply')).code).toBe(0);
    expect((await place.run('forget', 'a')).code).toBe(0);
    expect((await place.run('import', 'a', '1894')).code).toBe(0);
    daemon.kill('SIGHUP');
    await daemon.waitForOutput(/"hangup"/);
    expect(await stop(daemon)).toMatchObject({ code: 0 });
    expect(sandbox.account()).toHaveLength(1);
  });

  it('runs against a sandbox of its own, and says how to go live', async () => {
    const place = await Workplace.open();
    await place.write('webhooks.yaml', manifestOf('a'));
    const daemon = place.start('run', '--sandbox', '--log-format', 'json');
    const output = await daemon.waitForOutput(/"reconciled/);
    expect(output).toMatch(/sandbox.*COPERNICA_ACCESS_TOKEN/s);
    expect(await stop(daemon)).toMatchObject({ code: 0 });
  });
});
