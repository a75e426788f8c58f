import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ProductError } from '../../../src/errors.js';
import { loadSettings } from '../../../src/settings/load.js';

async function openFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'copernica-webhooks-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = (name: string) => join(folder, name);
  await mkdir(path('real'));
  await symlink('real', path('linked'));
  return { path, write: (name: string, text: string) => writeFile(path(name), text) };
}

/** The messages that loading ends with, with the line of the settings file; none: it succeeds. */
async function complaints(settingsFile: string, flags: Readonly<Record<string, string>> = {}): Promise<string[]> {
  const loading = loadSettings({ flags: new Map(Object.entries(flags)), environment: {}, settingsFile });
  try {
    await loading;
    return [];
  } catch (error) {
    if (!(error instanceof ProductError)) throw error;
    expect(error.kind).toBe('input');
    return error.problems.map(({ line, message }) => `${line ?? '-'} ${message}`);
  }
}

describe('two accounts', () => {
  const ONE_STATE = ['3 accounts a and b have the same state'];
  it.each<readonly [string, string, string, readonly string[]]>([
    ['one path', 'real/s', 'real/s', ONE_STATE],
    ['another way to write the path', 'real/s', './real/../real/s', ONE_STATE],
    ['a folder that is a link, where the file exists', 'real/there', 'linked/there', ONE_STATE],
    ['a folder that is a link, where it does not yet', 'real/s', 'linked/s', ONE_STATE],
    ['a folder that does not exist yet', 'real/new/s', 'linked/new/s', ONE_STATE],
    ['a link to the file', 'real/there', 'to-there', ONE_STATE],
    ['paths of two files', 'real/there', 'real/s', []],
  ])('are refused where their states are one file, by %s', async (_what, one, other, expected) => {
    const { path, write } = await openFolder();
    await write('real/there', '');
    await symlink('real/there', path('to-there'));
    const account = (name: string, state: string) =>
      `  - {name: ${name}, access-token-env: ${name.toUpperCase()}, state: ${path('.')}/${state}}\n`;
    await write('settings.yaml', `accounts:\n${account('a', one)}${account('b', other)}`);
    expect(await complaints(path('settings.yaml'))).toEqual(expected);
  });

  it('are refused where token and manifest are the same, however their paths are written', async () => {
    const { path, write } = await openFolder();
    await write('real/token', 'token-of-an-account');
    await write('real/webhooks.yaml', '');
    const account = (name: string, folder: string, manifest: string) =>
      `  - {name: ${name}, access-token-file: ${path(folder)}/token, file: ${path(manifest)}, state: ${name}.jsonl}\n`;
    const both = (manifest: string) =>
      write(
        'settings.yaml',
        `accounts:\n${account('a', 'real', 'real/webhooks.yaml')}${account('b', 'linked', manifest)}`,
      );
    await both('linked/webhooks.yaml');
    expect(await complaints(path('settings.yaml'))).toEqual(['3 accounts a and b have the same token and manifest']);
    await both('linked/other.yaml');
    expect(await complaints(path('settings.yaml'))).toEqual([]);
  });
});

describe('a settings file', () => {
  it('is a regular file of at most 1 MiB, and never waited for', async () => {
    const { path, write } = await openFolder();
    execFileSync('mkfifo', [path('pipe')]);
    await write('large.yaml', '#'.repeat(1024 * 1024 + 1));
    await write('largest.yaml', '#'.repeat(1024 * 1024));
    for (const name of ['real', 'pipe']) {
      expect(await complaints(path(name))).toEqual([`- settings file ${path(name)} is not a file`]);
    }
    expect(await complaints(path('large.yaml'))).toEqual([
      `- settings file ${path('large.yaml')} is larger than 1048576 bytes`,
    ]);
    expect(await complaints(path('largest.yaml'))).toEqual([]);
    expect(await complaints(path('missing.yaml'))).toEqual([`- settings file ${path('missing.yaml')} does not exist`]);
  });
});
