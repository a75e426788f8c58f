import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { chmod, mkdir, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Workplace } from '../helpers/cli.js';
import { entries } from '../helpers/entries.js';
import { mayMount } from '../helpers/mounts.js';
import { atNight, byDay } from '../helpers/night.js';
import { openSandbox } from '../helpers/sandbox.js';

const COMMAND = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
/** How often two are started at once: more at night. */
const PAIRS = process.env.CRASH_POINTS === 'all' ? 100 : 2;
const PATIENCE_MS = 3_600_000;

/** Runs the command where no file may grow beyond so many KiB: writes fail as they do on a full disk. */
function runWithFilesOf(kibibytes: number, place: Workplace, ...args: string[]) {
  const child = spawn(
    'bash',
    ['-c', `trap '' XFSZ; ulimit -f ${kibibytes}; exec "$0" "$@"`, process.execPath, COMMAND, ...args],
    {
      cwd: place.folder,
      env: { PATH: process.env.PATH ?? '', ...place.environment },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise<{ code: number | null; stderr: string }>((resolve) => {
    child.on('close', (code) => resolve({ code, stderr }));
  });
}

describe('a state file that can’t grow', () => {
  it.each(byDay(1, [4, 1, 2, 8]))(
    'beyond %i KiB ends the run with the reason, and the next one loses and doubles nothing',
    async (kibibytes) => {
      const sandbox = await openSandbox();
      const place = await Workplace.open(sandbox);
      await place.manifest(entries(60));
      const { code, stderr } = await runWithFilesOf(kibibytes, place, 'apply', '--init', '--concurrency', '3');
      expect(code).toBe(1);
      expect(stderr).toContain('webhooks.state.jsonl');
      expect(stderr).toMatch(/\n {2}help: /);
      expect(stderr).not.toMatch(/\n\s+at /);
      expect(sandbox.account('34').length).toBeLessThan(60);
      const { code: then } = await place.run('apply', '--settle', '200ms');
      expect([then, new Set(sandbox.account('34').map(({ handler }) => handler)).size]).toEqual([0, 60]);
      expect(sandbox.account('34')).toHaveLength(60);
    },
  );
});

/** A file system of its own in memory, of a size that can be changed; where this process may not mount one, null. */
function mountDisk(place: Workplace, options: string): { remount(more: string): void } | null {
  const path = place.path('disk');
  mkdirSync(path);
  const mount = (...args: string[]) => spawnSync('mount', args, { stdio: 'ignore' }).status === 0;
  if (!mount('-t', 'tmpfs', '-o', options, 'none', path)) return null;
  onTestFinished(() => void spawnSync('umount', ['-l', path]));
  return { remount: (more) => expect(mount('-o', `remount,${more}`, path)).toBe(true) };
}

const ON_DISK = ['--state', 'disk/state.jsonl'];

/** With room for a state file that is empty, a header, some webhooks, and many. */
describe.skipIf(!mayMount)('a disk that is full', () => {
  it.each(byDay(1, [8, 0, 4, 12]))(
    'after %i KiB ends the run with the reason, and nothing is lost or doubled',
    async (room) => {
      const sandbox = await openSandbox();
      const place = await Workplace.open(sandbox);
      await place.manifest(entries(60));
      // The lock file takes a page: with nothing else, there is no room for the first record.
      const disk = mountDisk(place, `size=${room + 4}k`);
      const { code, stderr } = await place.run('apply', '--init', ...ON_DISK, '--concurrency', '3');
      expect([code, stderr]).toEqual([1, expect.stringContaining('no space is left on the device')]);
      expect(stderr).toMatch(/\n {2}help: make room/);
      expect(stderr).not.toMatch(/\n\s+at /);
      expect(sandbox.account('34').length).toBeLessThan(60);
      disk?.remount('size=4m');
      const again = await place.run('apply', '--init', ...ON_DISK, '--settle', '200ms');
      expect(again).toMatchObject({ code: 0 });
      expect(new Set(sandbox.account('34').map(({ handler }) => handler)).size).toBe(60);
      expect(sandbox.account('34')).toHaveLength(60);
    },
  );

  atNight('is told by the daemon, which goes on by itself once there is room', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    await place.manifest(entries(60));
    const disk = mountDisk(place, 'size=12k');
    const daemon = place.start('run', '--init', ...ON_DISK, '--settle', '200ms', '--log-format', 'json');
    await daemon.waitForOutput(/"level":"error".*no space is left/);
    disk?.remount('size=4m');
    await daemon.waitForOutput(/reconciled: the account matches the manifest/);
    daemon.kill('SIGTERM');
    expect(await daemon.finished).toMatchObject({ code: 0 });
    expect(sandbox.account('34')).toHaveLength(60);
  });
});

describe.skipIf(!mayMount)('a disk that is read-only', () => {
  it('can be read from; whoever would write is told so, and sends nothing', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    const disk = mountDisk(place, 'size=4m');
    await place.manifest(entries(2));
    expect((await place.run('apply', '--init', ...ON_DISK)).code).toBe(0);
    await place.manifest(entries(3));
    disk?.remount('ro');
    const { code, stderr } = await place.run('apply', ...ON_DISK);
    expect([code, stderr]).toEqual([1, expect.stringContaining('the file system is read-only (EROFS)')]);
    expect(stderr).toMatch(/\n {2}help: mount the folder of the state file writable/);
    const plan = await place.run('plan', ...ON_DISK);
    expect([plan.code, plan.stdout]).toEqual([0, expect.stringContaining('entry-2')]);
    expect((await place.run('list', ...ON_DISK)).stdout).toContain('entry-1');
    expect(sandbox.account('34')).toHaveLength(2);
  });
});

/** Another user, where this one may be anybody: what root may write is not shown by root. */
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

describe.skipIf(isRoot && !isReachable())('a folder that the user may not write to', () => {
  it('ends the run before anything is sent, and says what helps', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    await place.manifest(entries(2));
    await chmod(place.folder, 0o555);
    onTestFinished(() => chmod(place.folder, 0o755));
    const { code, stderr } = await runAs(NOBODY, place, 'apply', '--init');
    expect([code, stderr]).toEqual([1, expect.stringContaining('permission denied (EACCES)')]);
    expect(stderr).toMatch(/\n {2}help: let the user that runs this read and write/);
    expect(sandbox.requests()).toEqual([]);
  });
});

/** Whether others may enter every folder that leads to the command. */
function isReachable(): boolean {
  for (let path = dirname(COMMAND); path !== dirname(path); path = dirname(path)) {
    if ((statSync(path).mode & 0o001) === 0) return false;
  }
  return true;
}

function runAs(uid: number, place: Workplace, ...args: string[]) {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    cwd: place.folder,
    env: { PATH: process.env.PATH ?? '', ...place.environment },
    stdio: ['ignore', 'ignore', 'pipe'],
    ...(isRoot ? { uid, gid: uid } : {}),
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise<{ code: number | null; stderr: string }>((resolve) => {
    child.on('close', (code) => resolve({ code, stderr }));
  });
}

describe('forty creates that nobody knows of', () => {
  /** A kill when twenty are on the wire, and twenty more have their intents on disk. */
  async function killed(list: 'refused' | 'envelope') {
    const sandbox = await openSandbox({
      quirks: { list },
      faults: [{ on: 'create', nth: 8, times: 'always', reply: { kind: 'hang' } }],
    });
    const place = await Workplace.open(sandbox);
    await place.manifest(entries(60));
    const first = place.start('apply', '--init', '--concurrency', '20');
    const sent = () => sandbox.requests().filter(({ call }) => call === 'create').length;
    await sandbox.until(() => sent() === 27);
    first.kill('SIGKILL');
    await first.finished;
    sandbox.model.clearFaults();
    return { sandbox, place };
  }
  const isOpen = ({ status }: { readonly status: string }) => status === 'uncertain';

  atNight.each([
    // The ids above the bound, once more after all have settled, and then those between the bounds.
    ['by id', 'refused', 400],
    ['in the list', 'envelope', 0],
  ] as const)('are each looked for %s, and made once', async (_how, list, mostReads) => {
    const { sandbox, place } = await killed(list);
    const rows = [...((await place.json('list')).document as unknown as { readonly status: string }[])];
    expect(rows.filter(isOpen).length).toBe(40);
    const before = sandbox.requests().length;
    expect(await place.run('apply', '--settle', '200ms')).toMatchObject({ code: 0 });
    const calls = sandbox.requests().slice(before);
    expect(calls.filter(({ call }) => call === 'read').length).toBeLessThanOrEqual(mostReads);
    expect(calls.filter(({ call }) => call === 'delete')).toEqual([]);
    expect(new Set(sandbox.account('34').map(({ handler }) => handler)).size).toBe(60);
    expect(sandbox.account('34')).toHaveLength(60);
    expect(await place.run('apply', '--settle', '200ms')).toMatchObject({ code: 0 });
    expect((await place.run('plan', '--detailed-exitcode')).code).toBe(0);
  });
});

describe('two processes at once on one state', () => {
  it('make each webhook once, and the one that may not says who holds it', { timeout: PATIENCE_MS }, async () => {
    for (let pair = 0; pair < PAIRS; pair += 1) {
      const sandbox = await openSandbox();
      const place = await Workplace.open(sandbox);
      await place.manifest(entries(20));
      const both = await Promise.all([place.run('apply', '--init'), place.run('apply', '--init')]);
      const codes = both.map(({ code }) => code).sort();
      expect([
        [0, 0],
        [0, 4],
      ]).toContainEqual(codes);
      for (const { code, stderr } of both) if (code === 4) expect(stderr).toMatch(/held by .*process \d+|pid \d+/);
      expect(sandbox.account('34')).toHaveLength(20);
    }
  });

  it('wait for each other when told to', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    await place.manifest(entries(20));
    const args = ['apply', '--init', '--lock-timeout', '1m'];
    const both = await Promise.all([place.run(...args), place.run(...args)]);
    expect([both.map(({ code }) => code), sandbox.account('34').length]).toEqual([[0, 0], 20]);
  });
});

describe('a state folder that disappears', () => {
  it('while something is sent ends the run, which says what is not recorded', async () => {
    const sandbox = await openSandbox({ faults: ['create@2:after:slow:800'] });
    const place = await Workplace.open(sandbox);
    await mkdir(place.path('volume'));
    await place.manifest(entries(2));
    const apply = place.start('apply', '--init', '--state', 'volume/state.jsonl', '--concurrency', '1');
    await sandbox.until((model) => model.webhooks().length === 2);
    await rm(place.path('volume'), { recursive: true });
    const { code, stderr } = await apply.finished;
    expect([code, stderr]).toEqual([1, expect.stringContaining('was removed or replaced by something else')]);
    expect(stderr).toMatch(/\n {2}help: .*discover/);
    const next = await place.run('apply', '--state', 'volume/state.jsonl');
    expect([next.code, next.stderr]).toEqual([1, expect.stringContaining('the folder of')]);
    expect(sandbox.account('34')).toHaveLength(2);
  });

  atNight('keeps the daemon from sending anything, and it says why', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    await mkdir(place.path('volume'));
    await place.manifest(entries(1));
    const daemon = place.start('run', '--init', '--state', 'volume/state.jsonl', '--log-format', 'json');
    await daemon.waitForOutput(/"reconciled/);
    await rm(place.path('volume'), { recursive: true });
    await place.manifest(entries(2));
    await daemon.waitForOutput(/"level":"error".*volume\/state\.jsonl/);
    expect(sandbox.account('34')).toHaveLength(1);
    daemon.kill('SIGTERM');
    expect(await daemon.finished).toMatchObject({ code: 0 });
  });
});
