import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ProductError } from '../../../src/errors.js';
import { readManifest } from '../../../src/manifest/files.js';
import { NOTHING_HIDDEN } from '../../../src/manifest/interpolate.js';
import { loadValidManifest, ManifestLoader } from '../../../src/manifest/load.js';
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

const loaderOf = (path: string) => new ManifestLoader(path, {}, NOTHING_HIDDEN);

describe('reading the manifest', () => {
  it('gives what it comes to', async () => {
    const path = await fileWith(manifest({}));
    expect(loaderOf(path).read()).toMatchObject({ ok: true, entries: [{ name: 'a' }] });
    expect(loadValidManifest(path, {}, NOTHING_HIDDEN).entries).toHaveLength(1);
  });

  it('gives the very text, byte order mark and line ends included', async () => {
    const text = `\ufeff${manifest({}).replaceAll('\n', '\r\n')}`;
    expect(readManifest(await fileWith(text))).toMatchObject([{ text }]);
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
    expect(readManifest(join(folder, 'current', 'webhooks.yaml'))).toMatchObject([{ text: manifest({}) }]);
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
    expect(readManifest(path)).toMatchObject([{ problem: null }]);
  });

  it('a file that says it is empty and is not is read whole', async () => {
    expect(readManifest('/proc/self/status')[0]?.text).toContain('VmRSS');
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

describe('a folder as manifest', () => {
  const write = (name: string, text: string) => writeFile(join(folder, name), text);
  const entry = (name: string, trigger = 'create') => manifest({ name, handler: `https://e.com/${name}`, trigger });
  const codes = () => {
    const read = loaderOf(folder).read();
    return read.ok ? [] : read.problems.map(({ code, file = '' }) => `${relative(folder, file)} ${code}`);
  };

  it('is all YAML files in it as one, in the order of their names', async () => {
    await write('b.yml', entry('of-b'));
    await write('a.yaml', entry('of-a'));
    await write('C.YAML', entry('of-c'));
    expect(loaderOf(`${folder}/`).load().entries).toMatchObject([
      { name: 'of-c', file: join(folder, 'C.YAML'), line: 2 },
      { name: 'of-a', file: join(folder, 'a.yaml') },
      { name: 'of-b', file: join(folder, 'b.yml') },
    ]);
  });

  it('leaves out hidden files, other files and subfolders, whatever is in them', async () => {
    await write('a.yaml', entry('a'));
    await write('.#b.yaml', '[');
    await write('.yaml', '[');
    await write('README.md', '[');
    await write('webhooks.yaml~', '[');
    await mkdir(join(folder, 'sub.yaml'));
    await writeFile(join(folder, 'sub.yaml', 'c.yaml'), '[');
    await symlink('sub.yaml', join(folder, 'link.yaml'));
    expect(loaderOf(folder).load().entries).toHaveLength(1);
  });

  it('has each name and each webhook once in all its files, and tells both places', async () => {
    await write('a.yaml', entry('a'));
    await write('b.yaml', entry('a', 'craete'));
    await write('c.yaml', manifest({ name: 'c', handler: 'https://e.com/a' }));
    const [a, b, c] = ['a.yaml', 'b.yaml', 'c.yaml'].map((name) => join(folder, name));
    const at = expect.stringContaining(`first defined at ${a}:2:11`);
    expect(loaderOf(folder).read()).toMatchObject({
      ok: false,
      problems: [
        { code: 'duplicate-name', file: b, line: 2, message: at },
        { code: 'bad-trigger', file: b, line: 4 },
        { code: 'duplicate-webhook', file: c, line: 2, message: at },
      ],
    });
  });

  it('is refused as a whole where one file is broken or can’t be read', async () => {
    await write('a.yaml', entry('a'));
    await write('b.yaml', 'webhooks: [');
    await symlink('/proc/self/environ', join(folder, 'c.yaml'));
    await symlink('nowhere', join(folder, 'd.yaml'));
    await write('e.yaml', '');
    await truncate(join(folder, 'e.yaml'), 3 * 1024 * 1024);
    await symlink('f.yaml', join(folder, 'f.yaml'));
    expect(codes()).toEqual([
      'b.yaml yaml-syntax',
      'c.yaml manifest-unreadable',
      'd.yaml manifest-missing',
      'e.yaml manifest-too-large',
      'f.yaml manifest-unreadable',
    ]);
  });

  it('may be the one that the program runs in', () => {
    const missing = expect.objectContaining({ file: 'compose.yaml', code: 'missing-field' });
    expect(loaderOf('.').read()).toMatchObject({ problems: expect.arrayContaining([missing]) });
  });

  it('is an error where nothing is in it', () => {
    expect(loaderOf(folder).read()).toMatchObject({
      problems: [{ code: 'empty-manifest', message: 'the manifest is a folder without *.yaml and *.yml files' }],
    });
  });

  it('may be a link to a folder beside it, as git-sync makes, and not to one elsewhere', async () => {
    await mkdir(join(folder, '.worktrees', 'abc'), { recursive: true });
    await writeFile(join(folder, '.worktrees', 'abc', 'a.yaml'), entry('a'));
    await symlink(join('.worktrees', 'abc'), join(folder, 'current'));
    expect(loaderOf(join(folder, 'current')).read()).toMatchObject({ ok: true });
    await symlink('/etc', join(folder, 'other'));
    const elsewhere = [
      { code: 'manifest-unreadable', message: 'the manifest is a link to a folder outside of its own' },
    ];
    expect(loaderOf(join(folder, 'other')).read()).toMatchObject({ problems: elsewhere });
    expect(loaderOf(`${join(folder, 'other')}/`).read()).toMatchObject({ problems: elsewhere });
  });

  it('is followed through links within it, as in a Kubernetes ConfigMap', async () => {
    await mkdir(join(folder, '..2026'));
    await writeFile(join(folder, '..2026', 'a.yaml'), entry('a'));
    await symlink('..2026', join(folder, '..data'));
    await symlink(join('..data', 'a.yaml'), join(folder, 'a.yaml'));
    expect(loaderOf(folder).load().entries).toMatchObject([{ file: join(folder, 'a.yaml') }]);
  });

  it('is parsed again in the one file that was edited, of 40', async () => {
    const names = Array.from({ length: 40 }, (_, index) => `file-${index}`);
    for (const name of names) await write(`${name}.yaml`, entry(name));
    const loader = loaderOf(folder);
    const before = new Set(loader.load().entries);
    await write('file-7.yaml', entry('file-7', 'open'));
    // An entry is made anew whenever its file is parsed.
    const parsed = loader.load().entries.filter((one) => !before.has(one));
    expect(parsed).toMatchObject([{ name: 'file-7', spec: { trigger: 'open' } }]);
  });

  it('is another where a file joins, leaves, or has another name', async () => {
    await write('a.yaml', entry('a'));
    const loader = loaderOf(folder);
    const identities = [loader.look().identity];
    await write('b.yaml', entry('b'));
    identities.push(loader.look().identity);
    await rename(join(folder, 'b.yaml'), join(folder, 'c.yaml'));
    identities.push(loader.look().identity);
    await rm(join(folder, 'c.yaml'));
    expect(new Set(identities).size).toBe(3);
    expect(loader.look().identity).toBe(identities[0]);
  });
});
