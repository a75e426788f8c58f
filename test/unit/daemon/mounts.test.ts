import { execFile } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { mountedFileOf, mountIn, mountPoints } from '../../../src/daemon/mounts.js';
import { aFolder } from './watched.js';

const run = promisify(execFile);

/** As Docker, Kubernetes (a subPath), systemd and WSL write them; optional fields come in any number. */
const MOUNTINFO = `22 27 0:21 / /proc rw,nosuid,nodev,noexec,relatime shared:13 - proc proc rw
1164 1159 0:103 / / rw,relatime master:373 - overlay overlay rw,lowerdir=/var/lib/docker/overlay2/l/A:B,workdir=/w
1178 1164 254:1 /home/me/hooks/webhooks.yaml /manifest/webhooks.yaml rw,relatime - ext4 /dev/vda1 rw,discard
1180 1164 8:1 /pods/1f/volume-subpaths/config/app/0//deleted /etc/app/webhooks.yaml ro,relatime - ext4 /dev/sda1 rw
1181 1164 0:50 / /mnt/with\\040blank/tab\\011newline\\012back\\134slash rw shared:1 master:2 propagate_from:3 - 9p C:\\134 rw
1182 1164 0:51 / /mnt/Zoë rw - tmpfs tmpfs rw
`;

describe('mount points', () => {
  it('are the fifth field of each line, with escapes undone', () => {
    expect(mountPoints(MOUNTINFO)).toEqual([
      '/proc',
      '/',
      '/manifest/webhooks.yaml',
      '/etc/app/webhooks.yaml',
      '/mnt/with blank/tab\tnewline\nback\\slash',
      '/mnt/Zoë',
    ]);
  });

  it('are none in an empty table or in lines cut short', () => {
    expect(mountPoints('')).toEqual([]);
    expect(mountPoints('22 27 0:21 /\n\n')).toEqual([]);
  });
});

describe('the mount that a path is in', () => {
  it.each([
    ['/data/state.jsonl', '/', 'overlay'],
    ['/manifest/webhooks.yaml', '/manifest/webhooks.yaml', 'ext4'],
    ['/manifest/webhooks.yaml.lock', '/', 'overlay'],
    ['/mnt/Zoë/deep/er', '/mnt/Zoë', 'tmpfs'],
    ['/mnt/Zoëy', '/', 'overlay'],
    ['/mnt/with blank/tab\tnewline\nback\\slash', '/mnt/with blank/tab\tnewline\nback\\slash', '9p'],
  ])('%j is in %j', (path, point, fileSystem) => {
    expect(mountIn(MOUNTINFO, path)).toEqual({ point, fileSystem });
  });

  it('is the later one of two at one place, and none where the table tells none', () => {
    const twice = `${MOUNTINFO}1190 1164 0:60 / /mnt/Zoë rw - nfs4 server:/x rw\n`;
    expect(mountIn(twice, '/mnt/Zoë')).toMatchObject({ fileSystem: 'nfs4' });
    expect(mountIn('', '/data')).toBeNull();
  });
});

describe('a manifest', () => {
  it('is no mount where it is a plain file or is missing', async () => {
    const folder = await aFolder();
    await writeFile(join(folder, 'webhooks.yaml'), '');
    expect(await mountedFileOf(join(folder, 'webhooks.yaml'))).toBe(null);
    expect(await mountedFileOf(join(folder, 'missing.yaml'))).toBe(null);
  });

  it('is recognised as a mount, by way of a symbolic link too, unless its folder is what is mounted', async (test) => {
    const folder = await aFolder();
    const paths = {
      outside: join(folder, 'outside'),
      inside: join(folder, 'with blank'),
      shared: join(folder, 'shared'),
    };
    for (const path of Object.values(paths)) {
      await mkdir(path);
      await writeFile(join(path, 'webhooks.yaml'), '');
    }
    const file = join(paths.inside, 'webhooks.yaml');
    await symlink(file, join(folder, 'link.yaml'));
    const mounted =
      (await mount(join(paths.outside, 'webhooks.yaml'), file)) && (await mount(paths.outside, paths.shared));
    if (!mounted) test.skip('this user may not mount');
    expect(await mountedFileOf(file)).toBe(file);
    expect(await mountedFileOf(join(folder, 'link.yaml'))).toBe(join(folder, 'link.yaml'));
    expect(await mountedFileOf(join(paths.shared, 'webhooks.yaml'))).toBe(null);
    expect(await mountedFileOf(paths.inside)).toBe(file);
    expect(await mountedFileOf(paths.shared)).toBe(null);
  });
});

/** False where it may not be done. Undone at the end of the test. */
async function mount(from: string, to: string): Promise<boolean> {
  try {
    await run('mount', ['--bind', from, to]);
  } catch {
    return false;
  }
  onTestFinished(async () => {
    await run('umount', [to]);
  });
  return true;
}
