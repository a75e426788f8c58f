import { spawn } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Workplace } from '../helpers/cli.js';
import { openSandbox } from '../helpers/sandbox.js';

const COMMAND = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
/** How often two are started at once: more at night. */
const PAIRS = process.env.CRASH_POINTS === 'all' ? 100 : 5;
const PATIENCE_MS = 3_600_000;

function entries(count: number) {
  return Array.from({ length: count }, (_, index) => ({
    name: `entry-${index}`,
    handler: `https://a.example/${index}`,
    trigger: 'create',
  }));
}

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
  it.each([1, 2, 4, 8])(
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
  it('keeps the daemon from sending anything, and it says why', async () => {
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
