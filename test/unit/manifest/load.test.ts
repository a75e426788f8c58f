import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ProductError } from '../../../src/errors.js';
import { NOTHING_HIDDEN } from '../../../src/manifest/interpolate.js';
import { loadValidManifest, ManifestLoader, readManifestFile } from '../../../src/manifest/load.js';
import { manifest } from './manifests.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'copernica-webhooks-manifest-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function fileWith(content: string | Uint8Array): Promise<string> {
  const path = join(folder, 'webhooks.yaml');
  await writeFile(path, content);
  return path;
}

const loaderOf = (...paths: readonly string[]) => new ManifestLoader(paths, {}, NOTHING_HIDDEN);

describe('reading the manifest', () => {
  it('gives what it comes to', async () => {
    const path = await fileWith(manifest({}));
    expect(loaderOf(path).read()).toMatchObject({ ok: true, entries: [{ name: 'a' }] });
    expect(loadValidManifest(path, {}, NOTHING_HIDDEN).entries).toHaveLength(1);
  });

  it('gives the very text, byte order mark and line ends included', async () => {
    const text = `\ufeff${manifest({}).replaceAll('\n', '\r\n')}`;
    expect(readManifestFile(await fileWith(text))).toMatchObject({ text });
  });

  it('follows symbolic links, as in a Kubernetes ConfigMap', async () => {
    await mkdir(join(folder, '..data'));
    await writeFile(join(folder, '..data', 'webhooks.yaml'), manifest({}));
    await symlink(join('..data', 'webhooks.yaml'), join(folder, 'webhooks.yaml'));
    expect(loaderOf(join(folder, 'webhooks.yaml')).read()).toMatchObject({ ok: true });
  });

  it('finds a folder that is itself a link', async () => {
    await mkdir(join(folder, 'real'));
    await writeFile(join(folder, 'real', 'webhooks.yaml'), manifest({}));
    await symlink('real', join(folder, 'current'));
    expect(readManifestFile(join(folder, 'current', 'webhooks.yaml'))).toMatchObject({ text: manifest({}) });
  });

  it('parses again the files that changed, and no others', async () => {
    const other = join(folder, 'other.yaml');
    const path = await fileWith(manifest({}));
    await writeFile(other, manifest({ name: 'c', trigger: 'open' }));
    const loader = loaderOf(path, other);
    const first = loader.load().entries;
    await fileWith(manifest({ name: 'b' }));
    const second = loader.load().entries;
    expect(second.map(({ name }) => name)).toEqual(['b', 'c']);
    expect([second[0] === first[0], second[1] === first[1]]).toEqual([false, true]);
  });

  it('sees the same where the bytes are the same, and another where they are not', async () => {
    const path = await fileWith(manifest({}));
    const loader = loaderOf(path);
    const { identity } = loader.look();
    await fileWith(manifest({}));
    expect(loader.look().identity).toBe(identity);
    await fileWith(manifest({ name: 'b' }));
    expect(loader.look().identity).not.toBe(identity);
  });

  it('checks each name and webhook across all files, and tells each place with its file', async () => {
    const path = await fileWith(manifest({}));
    const other = join(folder, 'other.yaml');
    await writeFile(other, manifest({ trigger: 'craete' }));
    const problems = [
      { code: 'duplicate-name', file: other, message: expect.stringContaining(`first defined at ${path}:2:11`) },
      { code: 'bad-trigger', file: other },
    ];
    expect(loaderOf(path, other).read()).toMatchObject({ ok: false, problems });
  });

  it('throws every problem of a manifest that is wrong', async () => {
    const path = await fileWith('webhooks: 1\n');
    const problems = [{ code: 'bad-manifest', file: path, line: 1, column: 11 }];
    const load = async () => loadValidManifest(path, {}, NOTHING_HIDDEN);
    const error = await load().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ProductError);
    expect(error).toMatchObject({ kind: 'input', problems });
  });
});

describe('a manifest that can’t be read is told and never waited for', () => {
  async function problemOf(path: string) {
    const read = loaderOf(path).read();
    if (read.ok) throw new Error('it was read');
    expect(read.problems).toHaveLength(1);
    expect(read.problems[0]?.remedy).toBeTruthy();
    return read.problems[0];
  }

  it('a missing file', async () => {
    const path = join(folder, 'webhooks.yaml');
    expect(await problemOf(path)).toMatchObject({ code: 'manifest-missing', file: path });
  });

  it('a file in a missing folder', async () => {
    expect(await problemOf(join(folder, 'no', 'webhooks.yaml'))).toMatchObject({ code: 'manifest-missing' });
  });

  it('a file for a folder', async () => {
    const path = await fileWith('');
    expect(await problemOf(join(path, 'webhooks.yaml'))).toMatchObject({ code: 'manifest-missing' });
  });

  it('a folder', async () => {
    expect(await problemOf(folder)).toMatchObject({ message: 'the manifest is a folder' });
  });

  it('a named pipe that nobody writes to', async () => {
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    expect(await problemOf(path)).toMatchObject({ message: 'the manifest is not a regular file' });
  });

  it('a device without an end', async () => {
    expect(await problemOf('/dev/zero')).toMatchObject({ message: 'the manifest is not a regular file' });
  });

  it('a link to a file elsewhere, and nothing of it is shown', async () => {
    const path = join(folder, 'webhooks.yaml');
    for (const target of ['/proc/self/environ', '/etc/passwd', join('..', '..', 'etc', 'passwd')]) {
      await symlink(target, path);
      expect(await problemOf(path)).toMatchObject({
        message: 'the manifest is a link to a file outside of its folder',
      });
      await rm(path);
    }
    await mkdir(join(folder, 'a'));
    await mkdir(join(folder, 'ab'));
    await writeFile(join(folder, 'ab', 'x.yaml'), manifest({}));
    await symlink('../ab/x.yaml', join(folder, 'a', 'webhooks.yaml'));
    expect(await problemOf(join(folder, 'a', 'webhooks.yaml'))).toMatchObject({ code: 'manifest-unreadable' });
  });

  it('the folder that it is looked for in', async () => {
    expect(await problemOf('.')).toMatchObject({ message: 'the manifest is a folder' });
    expect(await problemOf('..')).toMatchObject({ message: 'the manifest is a folder' });
  });

  it('a link to a device or a pipe', async () => {
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    await symlink('pipe', join(folder, 'link'));
    expect(await problemOf(join(folder, 'link'))).toMatchObject({ message: 'the manifest is not a regular file' });
    await symlink('/dev/zero', join(folder, 'zero'));
    expect(await problemOf(join(folder, 'zero'))).toMatchObject({ code: 'manifest-unreadable' });
  });

  it('a link that leads to itself', async () => {
    const path = join(folder, 'loop');
    await symlink('loop', path);
    expect(await problemOf(path)).toMatchObject({ code: 'manifest-unreadable' });
  });

  it('a path that no file system has', async () => {
    expect(await problemOf('a\0b')).toMatchObject({ code: 'manifest-unreadable' });
  });

  it('a file of more than 2 MiB, and one byte less is read', async () => {
    const path = await fileWith('');
    await truncate(path, 2 * 1024 * 1024 + 1);
    expect(await problemOf(path)).toMatchObject({ code: 'manifest-too-large' });
    await truncate(path, 64 * 1024 ** 3);
    expect(await problemOf(path)).toMatchObject({ code: 'manifest-too-large' });
    await truncate(path, 2 * 1024 * 1024);
    expect(readManifestFile(path)).toMatchObject({ problem: null });
  });

  it('a file that says it is empty and is not is read whole', async () => {
    expect(readManifestFile('/proc/self/status').text).toContain('VmRSS');
  });

  it.each([
    ['Latin-1', Buffer.from('webhooks:\n  - name: caf\xe9\n', 'latin1'), 2, 14],
    ['UTF-16', Buffer.from('\ufeffwebhooks: []', 'utf16le'), 1, 1],
    ['cut off in a character', Buffer.from('a: €').subarray(0, 5), 1, 4],
    ['bad after a character of several bytes', Buffer.from([0xe2, 0x82, 0xac, 0xff]), 1, 2],
  ])('%s', async (_what, bytes, line, column) => {
    expect(await problemOf(await fileWith(bytes))).toMatchObject({ code: 'not-utf8', line, column });
  });
});
