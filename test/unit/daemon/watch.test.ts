import { execFile } from 'node:child_process';
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import {
  appendFile,
  copyFile,
  mkdir,
  readdir,
  readlink,
  rename,
  rm,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { FolderEvents } from '../../../src/daemon/folder-events.js';
import { LOOKS } from '../../../src/daemon/last-good.js';
import { watchManifest } from '../../../src/daemon/watch.js';
import { LIMITS } from '../../../src/manifest/limits.js';
import { bindMount, mayMount } from '../../helpers/mounts.js';
import { byDay } from '../../helpers/night.js';
import { aFolder, manifestOf, Watched } from './watched.js';

const run = promisify(execFile);

function git(folder: string, ...args: string[]) {
  return run('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], { cwd: folder });
}

/** Between looks, where it is not events that are tested. */
const OFTEN_MS = 25;
/** Time for several looks: what has not been told by then was looked at and found to be no change. */
const QUIET_MS = 5 * LOOKS.apartMs;

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

describe('the watched manifest', () => {
  it.each(byDay(2, WAYS))('is noticed when it is $title, time after time', async ({ change }) => {
    const path = join(await aFolder(), 'webhooks.yaml');
    await writeFile(path, manifestOf('v0'));
    const watched = await Watched.open(path);
    for (const name of byDay(2, ['v1', 'v2', 'v3'])) {
      await change(path, manifestOf(name));
      await watched.until(name);
      await watched.idle();
    }
    expect(watched.found.filter((what) => what.startsWith('v'))).toEqual(byDay(3, ['v0', 'v1', 'v2', 'v3']));
  });

  it.each(byDay(1, WAYS.slice(0, 3)))('is noticed without events when it is $title', async ({ change }) => {
    const path = join(await aFolder(), 'webhooks.yaml');
    await writeFile(path, manifestOf('v0'));
    const watched = await Watched.open(path, { poll: true, lookEveryMs: OFTEN_MS });
    await change(path, manifestOf('v1'));
    await watched.until('v1');
  });

  it('is noticed when it is removed, and made again with other content', async () => {
    const path = join(await aFolder(), 'webhooks.yaml');
    await writeFile(path, manifestOf('v0'));
    const watched = await Watched.open(path);
    await rm(path);
    await watched.until('manifest-missing');
    await watched.idle();
    await writeFile(path, manifestOf('v1'));
    await watched.until('v1');
    expect(watched.found).toEqual(['v0', 'manifest-missing', 'v1']);
  });

  it('is not changed by the same bytes again, by other files of the folder, or by being read', async () => {
    const folder = await aFolder();
    const path = join(folder, 'webhooks.yaml');
    await writeFile(path, manifestOf('v0'));
    const watched = await Watched.open(path, { lookEveryMs: OFTEN_MS });
    await utimes(path, new Date(), new Date());
    await writeFile(path, manifestOf('v0'));
    await writeFile(`${path}.tmp`, manifestOf('v0'));
    await rename(`${path}.tmp`, path);
    await writeFile(join(folder, 'webhooks.state.jsonl'), '{}\n');
    await run('cat', [path]);
    await sleep(QUIET_MS);
    expect(watched.found).toEqual(['v0']);
  });

  it('is not taken half-written while its writer goes on', async () => {
    const path = join(await aFolder(), 'webhooks.yaml');
    await writeFile(path, manifestOf('v0'));
    const watched = await Watched.open(path);
    const file = openSync(path, 'r+');
    ftruncateSync(file);
    for (const piece of manifestOf('v1').match(/.{1,12}/gs) ?? []) {
      writeSync(file, piece);
      await sleep(LOOKS.apartMs / 5);
    }
    closeSync(file);
    await watched.until('v1');
    expect(watched.found).toEqual(['v0', 'v1']);
  });

  it('is followed through checkouts and pulls by git', async () => {
    const folder = await aFolder();
    const origin = join(folder, 'origin');
    const clone = join(folder, 'clone');
    await mkdir(origin);
    await git(origin, 'init', '-q', '-b', 'main');
    const commit = async (name: string) => {
      await writeFile(join(origin, 'webhooks.yaml'), manifestOf(name));
      await git(origin, 'add', 'webhooks.yaml');
      await git(origin, 'commit', '-q', '-m', name);
    };
    await commit('v1');
    await git(folder, 'clone', '-q', origin, clone);
    const watched = await Watched.open(join(clone, 'webhooks.yaml'));
    await commit('v2');
    await git(clone, 'pull', '-q');
    await watched.until('v2');
    await watched.idle();
    await git(clone, 'checkout', '-q', 'HEAD~1');
    await watched.until('v1');
    expect(watched.found).toEqual(['v1', 'v2', 'v1']);
  });

  it('is followed through the swaps of a Kubernetes ConfigMap', async () => {
    const mount = await aFolder();
    // As the kubelet does it: a folder of a new name, a new link to it, and that link renamed over the old one.
    const swap = async (version: number) => {
      const name = `..2026_11_23_10_0${version}_00.${version}`;
      const old = version > 1 ? await readlink(join(mount, '..data')) : null;
      await mkdir(join(mount, name));
      await writeFile(join(mount, name, 'webhooks.yaml'), manifestOf(`v${version}`));
      await symlink(name, join(mount, '..data_tmp'));
      await rename(join(mount, '..data_tmp'), join(mount, '..data'));
      if (old !== null) await rm(join(mount, old), { recursive: true });
    };
    await swap(1);
    await symlink('..data/webhooks.yaml', join(mount, 'webhooks.yaml'));
    const watched = await Watched.open(join(mount, 'webhooks.yaml'));
    for (const version of byDay(2, [2, 3, 4])) {
      await swap(version);
      await watched.until(`v${version}`);
      await watched.idle();
    }
    expect(watched.found).toEqual(byDay(3, ['v1', 'v2', 'v3', 'v4']));
  });

  it('is followed where links on the way to it lead elsewhere', async () => {
    const folder = await aFolder();
    for (const name of ['one', 'two']) {
      await mkdir(join(folder, name));
      await writeFile(join(folder, name, 'webhooks.yaml'), manifestOf(name));
    }
    await symlink('one', join(folder, 'current'));
    const watched = await Watched.open(join(folder, 'current', 'webhooks.yaml'));
    await symlink('two', join(folder, 'next'));
    await rename(join(folder, 'next'), join(folder, 'current'));
    await watched.until('two');
    await watched.idle();
    await writeFile(join(folder, 'two', 'webhooks.yaml'), manifestOf('two-changed'));
    await watched.until('two-changed');
  });

  it('is waited for in folders that appear later, and that are removed and made again', async () => {
    const folder = await aFolder();
    const parent = join(folder, 'a', 'b');
    const path = join(parent, 'webhooks.yaml');
    const watched = await Watched.open(path);
    expect(watched.found).toEqual(['manifest-missing']);
    for (const name of byDay(2, ['v1', 'v2', 'v3'])) {
      await mkdir(parent, { recursive: true });
      await watched.idle();
      await writeFile(path, manifestOf(name));
      await watched.until(name);
      await watched.idle();
      await rm(join(folder, 'a'), { recursive: true });
      await watched.until('manifest-missing');
      await watched.idle();
    }
  });

  it('is found again when its folder is removed and made again at once, or another is put in its place', async () => {
    const folder = await aFolder();
    const path = join(folder, 'a', 'webhooks.yaml');
    await mkdir(join(folder, 'a'));
    await writeFile(path, manifestOf('v0'));
    const watched = await Watched.open(path, { lookEveryMs: OFTEN_MS });
    for (const name of byDay(2, ['v1', 'v2', 'v3'])) {
      await rm(join(folder, 'a'), { recursive: true });
      await mkdir(join(folder, 'a'));
      await writeFile(path, manifestOf(name));
      await watched.until(name);
      await watched.idle();
    }
    await mkdir(join(folder, 'b'));
    await writeFile(join(folder, 'b', 'webhooks.yaml'), manifestOf('b'));
    await rename(join(folder, 'a'), join(folder, 'old'));
    await rename(join(folder, 'b'), join(folder, 'a'));
    await watched.until('b');
    await watched.idle();
    await writeFile(path, manifestOf('c'));
    await watched.until('c');
  });

  it('is neither waited for where it is a pipe, nor read where it is an empty folder or too large', async () => {
    const path = join(await aFolder(), 'webhooks.yaml');
    await writeFile(path, manifestOf('v1'));
    const watched = await Watched.open(path, { lookEveryMs: OFTEN_MS });
    await rm(path);
    await run('mkfifo', [path]);
    await watched.until('manifest-unreadable');
    await rm(path);
    await watched.until('manifest-missing');
    await mkdir(path);
    await watched.until('empty-manifest');
    await rm(path, { recursive: true });
    await writeFile(path, manifestOf('v2'));
    await watched.until('v2');
    await truncate(path, LIMITS.fileBytes + 1);
    await watched.until('manifest-too-large');
  });

  it('says once that the system gives no events, and is looked at all the same', async () => {
    const log: string[] = [];
    const { promise: lookedAgain, resolve: lookAgain } = deferred();
    let looks = 0;
    // No system has events for a folder of such a name.
    const place = {
      folder: `/${'x'.repeat(1_000)}`,
      identity: '',
      names: new Set(['webhooks.yaml']),
      isManifest: false,
    };
    const watcher = watchManifest(
      { places: () => [place] },
      {
        events: new FolderEvents(),
        lookEveryMs: 1,
        log: pino({ level: 'debug' }, { write: (line: string) => log.push(line) }),
        onMaybeChanged: async () => {
          looks += 1;
          if (log.length > 0 && looks > 3) lookAgain();
        },
      },
    );
    await lookedAgain;
    await watcher.close();
    expect(log.filter((line) => line.includes('no-change-events'))).toHaveLength(1);
  });

  it('shares the events of its folder with all others that lie there', async () => {
    const folder = await aFolder();
    const before = eventSources();
    const events = new FolderEvents();
    const all: Watched[] = [];
    for (const file of ['a', 'b', 'c', 'd', 'e'].map((name) => join(folder, `${name}.yaml`))) {
      await writeFile(file, manifestOf('v1'));
      all.push(await Watched.open(file, { events }));
    }
    // One for the folder, and one for each file: a watch of its own for each manifest would make it ten.
    expect(eventSources() - before).toBe(6);
    const [first, ...others] = all;
    await first?.close();
    for (const [index, watched] of others.entries()) {
      await writeFile(join(folder, `${'bcde'[index]}.yaml`), manifestOf('v2'));
      await watched.until('v2');
      await watched.close();
    }
    // Node closes it some turns later.
    for (let turn = 0; turn < 3; turn += 1) await setImmediate();
    expect(eventSources()).toBe(before);
  });

  it('keeps nothing open once it is no longer watched', async () => {
    const path = join(await aFolder(), 'webhooks.yaml');
    await writeFile(path, manifestOf('v1'));
    const before = eventSources();
    const watched = await Watched.open(path, { lookEveryMs: OFTEN_MS });
    expect(eventSources()).toBeGreaterThan(before);
    await watched.close();
    await writeFile(path, manifestOf('v2'));
    await sleep(QUIET_MS);
    expect(watched.found).toEqual(['v1']);
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

describe('the watched folder', () => {
  /** A manifest of two files in a folder of its own; what is found is told by the entry of the first. */
  async function aManifest() {
    const folder = join(await aFolder(), 'webhooks');
    await mkdir(folder);
    const path = join(folder, 'a.yaml');
    await writeFile(path, manifestOf('v0'));
    await writeFile(join(folder, 'b.yml'), manifestOf('b', 'open'));
    return { folder, path };
  }

  it.each(byDay(1, WAYS))('is noticed when a file in it is $title', async ({ change }) => {
    const { folder, path } = await aManifest();
    const watched = await Watched.open(folder);
    for (const name of byDay(1, ['v1', 'v2'])) {
      await change(path, manifestOf(name));
      await watched.until(name);
      await watched.idle();
    }
  });

  it('is noticed when files join and leave, and not when others do', async () => {
    const { folder, path } = await aManifest();
    const watched = await Watched.open(folder);
    await writeFile(join(folder, 'README.md'), 'other');
    await writeFile(join(folder, '.hidden.yaml'), manifestOf('hidden'));
    await mkdir(join(folder, 'sub'));
    await writeFile(join(folder, 'sub', 'c.yaml'), manifestOf('sub'));
    await sleep(QUIET_MS);
    expect(watched.found).toEqual(['v0']);
    await writeFile(join(folder, '0.yaml'), manifestOf('joined', 'click'));
    await watched.until('joined');
    await rm(join(folder, '0.yaml'));
    await watched.until('v0');
    await rm(path);
    await watched.until('b');
    await rm(join(folder, 'b.yml'));
    await watched.until('empty-manifest');
    await writeFile(path, manifestOf('v1'));
    await watched.until('v1');
  });

  it('changes once where git checks out several files', async () => {
    const { folder } = await aManifest();
    const commit = async (version: number) => {
      for (let file = 0; file < 12; file += 1) {
        const name = `v${version}-${String(file).padStart(2, '0')}`;
        await writeFile(join(folder, `f-${file}.yaml`), manifestOf(name).replace('a.example', `${name}.example`));
      }
      for (const gone of version === 1 ? ['a.yaml', 'b.yml'] : ['f-11.yaml']) await rm(join(folder, gone));
      await git(folder, 'add', '--all');
      await git(folder, 'commit', '-m', 'x');
    };
    await git(folder, 'init', '-b', 'main');
    await commit(1);
    await git(folder, 'checkout', '-b', 'other');
    await commit(2);
    await git(folder, 'checkout', 'main');
    const watched = await Watched.open(folder);
    await git(folder, 'checkout', 'other');
    await watched.until('v2-00');
    await git(folder, 'checkout', 'main');
    await watched.until('v1-00');
    await sleep(QUIET_MS);
    expect(watched.found).toEqual(['v1-00', 'v2-00', 'v1-00']);
  });

  it('is followed through the swaps of a Kubernetes ConfigMap, with keys that come and go', async () => {
    const folder = await aFolder();
    const swap = async (version: string, keys: Readonly<Record<string, string>>) => {
      await mkdir(join(folder, `..${version}`));
      for (const [key, text] of Object.entries(keys)) {
        await writeFile(join(folder, `..${version}`, key), text);
        await symlink(join('..data', key), join(folder, key)).catch(() => {});
      }
      await symlink(`..${version}`, join(folder, '..data_tmp'));
      await rename(join(folder, '..data_tmp'), join(folder, '..data'));
      for (const name of await readdir(folder))
        if (!name.startsWith('..') && !(name in keys)) await rm(join(folder, name));
    };
    await swap('v1', { 'a.yaml': manifestOf('v1'), 'b.yaml': manifestOf('b', 'open') });
    const watched = await Watched.open(folder);
    await swap('v2', { 'a.yaml': manifestOf('v2'), 'b.yaml': manifestOf('b', 'click') });
    await rm(join(folder, '..v1'), { recursive: true });
    await watched.until('v2');
    await watched.idle();
    await swap('v3', { '0.yaml': manifestOf('v3'), 'a.yaml': manifestOf('a', 'open') });
    await rm(join(folder, '..v2'), { recursive: true });
    await watched.until('v3');
    await sleep(QUIET_MS);
    expect(watched.found).toEqual(['v1', 'v2', 'v3']);
  });

  it('is kept where one file of it breaks, and where all of it is gone', async () => {
    const { folder, path } = await aManifest();
    const watched = await Watched.open(folder);
    await writeFile(join(folder, 'b.yml'), 'webhooks: [');
    await watched.until('yaml-syntax');
    await rm(folder, { recursive: true });
    await watched.until('manifest-missing');
    expect(watched.inForce).toEqual(['v0', 'b']);
    await mkdir(folder);
    await writeFile(path, manifestOf('v1'));
    await watched.until('v1');
  });

  it('is followed where another is put in its place, and where a link to it leads elsewhere', async () => {
    const { folder } = await aManifest();
    const link = join(folder, '..', 'current');
    await symlink('webhooks', link);
    const watched = await Watched.open(link, { lookEveryMs: OFTEN_MS });
    await mkdir(`${folder}-2`);
    await writeFile(join(`${folder}-2`, 'a.yaml'), manifestOf('v1'));
    await rename(folder, `${folder}-old`);
    await rename(`${folder}-2`, folder);
    await watched.until('v1');
    await watched.idle();
    await writeFile(join(folder, 'a.yaml'), manifestOf('v2'));
    await watched.until('v2');
    await symlink('webhooks-old', `${link}.tmp`);
    await rename(`${link}.tmp`, link);
    await watched.until('v0');
  });

  it.skipIf(!mayMount)('is followed where it is a mount of its own', async () => {
    const { folder, path } = await aManifest();
    const inside = await aFolder();
    bindMount(folder, inside);
    const watched = await Watched.open(inside);
    await writeFile(`${path}.tmp`, manifestOf('v1'));
    await rename(`${path}.tmp`, path);
    await watched.until('v1');
  });
});
