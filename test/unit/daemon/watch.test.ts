import { execFile } from 'node:child_process';
import { closeSync, ftruncateSync, openSync, writeFileSync, writeSync } from 'node:fs';
import {
  appendFile,
  copyFile,
  mkdir,
  readlink,
  rename,
  rm,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { WATCH } from '../../../src/daemon/watch.js';
import { LIMITS } from '../../../src/manifest/limits.js';
import { aFolder, Watched } from './watched.js';

const run = promisify(execFile);

function git(folder: string, ...args: string[]) {
  return run('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], { cwd: folder });
}

/** Between looks, where it is not events that are tested. */
const OFTEN_MS = 200;
/** Time for several looks: what has not been told by then was looked at and found to be no change. */
const QUIET_MS = 1_000;

interface Way {
  readonly title: string;
  readonly change: (path: string, text: string) => Promise<void>;
}

const WAYS: readonly Way[] = [
  { title: 'written in place', change: (path, text) => writeFile(path, text) },
  {
    title: 'written to another file that is renamed over it',
    change: async (path, text) => {
      await writeFile(`${path}.tmp`, text);
      await rename(`${path}.tmp`, path);
    },
  },
  {
    title: 'moved to a backup and written anew, as vim does',
    change: async (path, text) => {
      await rename(path, `${path}~`);
      await writeFile(path, text);
      await rm(`${path}~`);
    },
  },
  {
    title: 'copied to a backup, emptied and filled',
    change: async (path, text) => {
      await copyFile(path, `${path}.bak`);
      await truncate(path);
      await appendFile(path, text);
    },
  },
  {
    title: 'removed and made again',
    change: async (path, text) => {
      await rm(path);
      await writeFile(path, text);
    },
  },
  {
    title: 'replaced by a file of the same size and age',
    change: async (path, text) => {
      const age = new Date('2026-01-01T00:00:00Z');
      await writeFile(`${path}.tmp`, text);
      await utimes(`${path}.tmp`, age, age);
      await rename(`${path}.tmp`, path);
    },
  },
];

describe('the watcher', () => {
  it.each(WAYS)('notices a file that is $title, time after time', async ({ change }) => {
    const path = join(await aFolder(), 'webhooks.yaml');
    await writeFile(path, 'text 0');
    const watched = await Watched.open(path);
    for (const text of ['text 1', 'text 2', 'text 3']) {
      await change(path, text);
      await watched.until(text);
      await watched.idle();
    }
    expect(watched.found.filter((text) => text.startsWith('text'))).toEqual(['text 0', 'text 1', 'text 2', 'text 3']);
  });

  it.each(WAYS.slice(0, 3))('notices without events a file that is $title', async ({ change }) => {
    const path = join(await aFolder(), 'webhooks.yaml');
    await writeFile(path, 'text 0');
    const watched = await Watched.open(path, { poll: true, lookEveryMs: OFTEN_MS });
    await change(path, 'text 1');
    await watched.until('text 1');
  });

  it('notices that the file is removed, and made again with the same content', async () => {
    const path = join(await aFolder(), 'webhooks.yaml');
    await writeFile(path, 'same');
    const watched = await Watched.open(path);
    await rm(path);
    await watched.until('ENOENT');
    await watched.idle();
    await writeFile(path, 'same');
    await watched.until('same');
    expect(watched.found).toEqual(['same', 'ENOENT', 'same']);
  });

  it('takes the same bytes again for no change', async () => {
    const path = join(await aFolder(), 'webhooks.yaml');
    await writeFile(path, 'same');
    const watched = await Watched.open(path, { lookEveryMs: OFTEN_MS });
    await utimes(path, new Date(), new Date());
    await writeFile(path, 'same');
    await writeFile(`${path}.tmp`, 'same');
    await rename(`${path}.tmp`, path);
    await sleep(QUIET_MS);
    expect(watched.found).toEqual(['same']);
  });

  it('is not called for other files of the folder, nor for reading the file', async () => {
    const folder = await aFolder();
    const path = join(folder, 'webhooks.yaml');
    await writeFile(path, 'same');
    const watched = await Watched.open(path, { lookEveryMs: OFTEN_MS });
    await writeFile(join(folder, 'webhooks.state.jsonl'), '{}\n');
    await mkdir(join(folder, 'other'));
    await run('cat', [path]);
    await sleep(QUIET_MS);
    expect(watched.found).toEqual(['same']);
  });

  it('waits for a writer that is not done', async () => {
    const path = join(await aFolder(), 'webhooks.yaml');
    await writeFile(path, 'old');
    const watched = await Watched.open(path);
    const file = openSync(path, 'r+');
    ftruncateSync(file);
    for (const piece of ['a', 'b', 'c', 'd', 'e', 'f']) {
      writeSync(file, piece);
      await sleep(WATCH.steadyMs / 4);
    }
    closeSync(file);
    await watched.until('abcdef');
    expect(watched.found).toEqual(['old', 'abcdef']);
  });

  it('leaves nobody with what was there only while it was read', async () => {
    const path = join(await aFolder(), 'webhooks.yaml');
    await writeFile(path, 'text 0');
    const { promise: calledAgain, resolve: again } = deferred();
    const watched = await Watched.open(path, {
      // For a moment the file is something else, which the caller may have read and which the watcher never sees.
      beforeReturn: (found) => {
        if (found.length === 3) again();
        if (found.length !== 2) return;
        writeFileSync(path, 'text 2');
        writeFileSync(path, 'text 1');
      },
    });
    await writeFile(path, 'text 1');
    await calledAgain;
    expect(watched.found).toEqual(['text 0', 'text 1', 'text 1']);
  });

  it('notices checkouts and pulls by git', async () => {
    const folder = await aFolder();
    const origin = join(folder, 'origin');
    const clone = join(folder, 'clone');
    await mkdir(origin);
    await git(origin, 'init', '-q', '-b', 'main');
    const commit = async (text: string) => {
      await writeFile(join(origin, 'webhooks.yaml'), text);
      await git(origin, 'add', 'webhooks.yaml');
      await git(origin, 'commit', '-q', '-m', text);
    };
    await commit('text 1');
    await git(folder, 'clone', '-q', origin, clone);
    const watched = await Watched.open(join(clone, 'webhooks.yaml'));
    await commit('text 2');
    await git(clone, 'pull', '-q');
    await watched.until('text 2');
    await watched.idle();
    await git(clone, 'checkout', '-q', 'HEAD~1');
    await watched.until('text 1');
    await watched.idle();
    await git(clone, 'checkout', '-q', 'main');
    await watched.until('text 2');
    expect(watched.found).toEqual(['text 1', 'text 2', 'text 1', 'text 2']);
  });

  it('notices the swaps of a Kubernetes ConfigMap', async () => {
    const mount = await aFolder();
    // As the kubelet does it: a folder of a new name, a new link to it, and that link renamed over the old one.
    const swap = async (version: number) => {
      const name = `..2026_11_23_10_0${version}_00.${version}`;
      const old = version > 1 ? await readlink(join(mount, '..data')) : null;
      await mkdir(join(mount, name));
      await writeFile(join(mount, name, 'webhooks.yaml'), `text ${version}`);
      await symlink(name, join(mount, '..data_tmp'));
      await rename(join(mount, '..data_tmp'), join(mount, '..data'));
      if (old !== null) await rm(join(mount, old), { recursive: true });
    };
    await swap(1);
    await symlink('..data/webhooks.yaml', join(mount, 'webhooks.yaml'));
    const watched = await Watched.open(join(mount, 'webhooks.yaml'));
    for (const version of [2, 3, 4]) {
      await swap(version);
      await watched.until(`text ${version}`);
      await watched.idle();
    }
    expect(watched.found).toEqual(['text 1', 'text 2', 'text 3', 'text 4']);
  });

  it('follows symbolic links: to a file elsewhere, and on the way to its folder', async () => {
    const folder = await aFolder();
    for (const name of ['one', 'two']) {
      await mkdir(join(folder, name));
      await writeFile(join(folder, name, 'manifest.yaml'), name);
    }
    await symlink('one', join(folder, 'current'));
    await symlink('current/manifest.yaml', join(folder, 'webhooks.yaml'));
    const watched = await Watched.open(join(folder, 'webhooks.yaml'));
    await writeFile(join(folder, 'one', 'manifest.yaml'), 'one, changed');
    await watched.until('one, changed');
    await watched.idle();
    await symlink('two', join(folder, 'next'));
    await rename(join(folder, 'next'), join(folder, 'current'));
    await watched.until('two');
    await watched.idle();
    await writeFile(join(folder, 'two', 'manifest.yaml'), 'two, changed');
    await watched.until('two, changed');
  });

  it('waits for folders that appear later, and goes on when they are removed and made again', async () => {
    const folder = await aFolder();
    const parent = join(folder, 'a', 'b');
    const path = join(parent, 'webhooks.yaml');
    const watched = await Watched.open(path);
    expect(watched.found).toEqual(['ENOENT']);
    for (const text of ['text 1', 'text 2', 'text 3']) {
      await mkdir(parent, { recursive: true });
      await watched.idle();
      await writeFile(path, text);
      await watched.until(text);
      await watched.idle();
      await rm(join(folder, 'a'), { recursive: true });
      await watched.until('ENOENT');
      await watched.idle();
    }
  });

  it('goes on when the folder is removed and made again at once', async () => {
    const folder = join(await aFolder(), 'a');
    const path = join(folder, 'webhooks.yaml');
    await mkdir(folder);
    await writeFile(path, 'text 0');
    const watched = await Watched.open(path);
    for (const text of ['text 1', 'text 2', 'text 3']) {
      await rm(folder, { recursive: true });
      await mkdir(folder);
      await writeFile(path, text);
      await watched.until(text);
      await watched.idle();
    }
    await writeFile(path, 'text 4');
    await watched.until('text 4');
  });

  it('goes on by the slow look when another folder is put in the place of the folder', async () => {
    const folder = await aFolder();
    const path = join(folder, 'a', 'webhooks.yaml');
    for (const name of ['a', 'b']) {
      await mkdir(join(folder, name));
      await writeFile(join(folder, name, 'webhooks.yaml'), name);
    }
    const watched = await Watched.open(path, { lookEveryMs: OFTEN_MS });
    await rename(join(folder, 'a'), join(folder, 'old'));
    await rename(join(folder, 'b'), join(folder, 'a'));
    await watched.until('b');
    await watched.idle();
    await writeFile(path, 'c');
    await watched.until('c');
  });

  it('neither waits for a pipe nor reads a folder or a file that is too large', async () => {
    const path = join(await aFolder(), 'webhooks.yaml');
    await writeFile(path, 'text 1');
    const watched = await Watched.open(path, { lookEveryMs: OFTEN_MS });
    await rm(path);
    await run('mkfifo', [path]);
    await watched.until('a pipe');
    await rm(path);
    await mkdir(path);
    await watched.until('EISDIR');
    await rm(path, { recursive: true });
    await writeFile(path, 'text 2');
    await watched.until('text 2');
    await truncate(path, LIMITS.fileBytes + 1);
    await watched.until(`text 2${'\0'.repeat(LIMITS.fileBytes + 1 - 'text 2'.length)}`);
    await writeFile(path, 'text 3');
    await watched.until('text 3');
  });

  it('keeps nothing open once it is closed', async () => {
    const path = join(await aFolder(), 'webhooks.yaml');
    await writeFile(path, 'text 1');
    const before = eventSources();
    const watched = await Watched.open(path, { lookEveryMs: OFTEN_MS });
    expect(eventSources()).toBeGreaterThan(before);
    await watched.close();
    await writeFile(path, 'text 2');
    await sleep(QUIET_MS);
    expect(watched.found).toEqual(['text 1']);
    expect(eventSources()).toBe(before);
  });
});

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve: () => void = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

/** What of the file system's events holds up the end of this process. */
function eventSources(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource.startsWith('FSEvent')).length;
}
