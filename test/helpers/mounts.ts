import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Whether this process may mount file systems: root, and not in a container that forbids it. */
export const mayMount = process.getuid?.() === 0 && canMount();

function canMount(): boolean {
  const path = mkdtempSync(join(tmpdir(), 'copernica-webhooks-mount-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', 'none', path], { stdio: 'ignore' }).status === 0;
  if (mounted) spawnSync('umount', [path]);
  rmdirSync(path);
  return mounted;
}

/** Shows the file `from` at `to`, which is there, until the end of the test. */
export function bindMount(from: string, to: string): void {
  const { status, stderr } = spawnSync('mount', ['--bind', from, to], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`mount --bind: ${stderr}`);
  onTestFinished(() => void spawnSync('umount', ['-l', to]));
}

/** A disk in memory of that size, until the end of the test. Gives its folder. */
export function mountMemory(size: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'copernica-webhooks-mount-'));
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'none', folder], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`mount -t tmpfs: ${stderr}`);
  onTestFinished(() => {
    spawnSync('umount', ['-l', folder]);
    rmdirSync(folder);
  });
  return folder;
}
