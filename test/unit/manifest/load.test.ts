import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ProductError } from '../../../src/errors.js';
import { NOTHING_HIDDEN } from '../../../src/manifest/interpolate.js';
import { loadManifestText, loadValidManifest, readManifest, readManifestFile } from '../../../src/manifest/load.js';
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

describe('reading the manifest', () => {
  it('gives its text and what it comes to', async () => {
    const path = await fileWith(manifest({ name: 'ä'.replace('ä', 'a') }));
    expect(await readManifest(path, {}, NOTHING_HIDDEN)).toMatchObject({
      text: manifest({}),
      result: { ok: true, entries: [{ name: 'a' }] },
    });
    expect((await loadValidManifest(path, {}, NOTHING_HIDDEN)).entries).toHaveLength(1);
  });

  it('gives the very text, byte order mark and line ends included', async () => {
    const text = `\ufeff${manifest({}).replaceAll('\n', '\r\n')}`;
    expect(await readManifestFile(await fileWith(text))).toEqual({ ok: true, text });
  });

  it('follows symbolic links, as in a Kubernetes ConfigMap', async () => {
    await mkdir(join(folder, '..data'));
    await writeFile(join(folder, '..data', 'webhooks.yaml'), manifest({}));
    await symlink(join('..data', 'webhooks.yaml'), join(folder, 'webhooks.yaml'));
    expect(await readManifest(join(folder, 'webhooks.yaml'), {}, NOTHING_HIDDEN)).toMatchObject({
      result: { ok: true },
    });
  });

  it('finds a folder that is itself a link', async () => {
    await mkdir(join(folder, 'real'));
    await writeFile(join(folder, 'real', 'webhooks.yaml'), manifest({}));
    await symlink('real', join(folder, 'current'));
    expect(await readManifestFile(join(folder, 'current', 'webhooks.yaml'))).toMatchObject({ ok: true });
  });

  it('parses the same bytes once', async () => {
    const path = await fileWith(manifest({}));
    const first = await loadManifestText(path, {}, NOTHING_HIDDEN);
    await fileWith(manifest({}));
    expect(await loadManifestText(path, {}, NOTHING_HIDDEN, first)).toBe(first);
    await fileWith(manifest({ name: 'b' }));
    const { manifest: second } = await loadManifestText(path, {}, NOTHING_HIDDEN, first);
    expect(second.entries).toMatchObject([{ name: 'b' }]);
  });

  it('gives the text of a manifest that is wrong, too', async () => {
    const path = await fileWith('webhooks: 1\n');
    expect(await readManifest(path, {}, NOTHING_HIDDEN)).toMatchObject({
      text: 'webhooks: 1\n',
      result: { ok: false },
    });
    const problems = [{ code: 'bad-manifest', file: path, line: 1, column: 11 }];
    const error = await loadValidManifest(path, {}, NOTHING_HIDDEN).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ProductError);
    expect(error).toMatchObject({ kind: 'input', problems });
  });
});

describe('a manifest that can’t be read is told and never waited for', () => {
  async function problemOf(path: string) {
    const read = await readManifest(path, {}, NOTHING_HIDDEN);
    expect(read.text).toBeNull();
    if (read.result.ok) throw new Error('it was read');
    expect(read.result.problems).toHaveLength(1);
    expect(read.result.problems[0]?.remedy).toBeTruthy();
    return read.result.problems[0];
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
    expect(await readManifestFile(path)).toMatchObject({ ok: true });
  });

  it('a file that says it is empty and is not is read whole', async () => {
    const read = await readManifestFile('/proc/self/status');
    expect(read.ok && read.text).toContain('VmRSS');
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
