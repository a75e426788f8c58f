import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { link, mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { tryLock } from 'fs-native-extensions';
import { describe, expect, it } from 'vitest';
import { realDisk } from '../../../src/state/file/disk.js';
import { type FileLock, type LockOptions, readLockHolder, takeLock } from '../../../src/state/file/lock.js';
import { fileStore } from '../../../src/state/file/store.js';
import type { Holder } from '../../../src/state/store.js';
import { byDay } from '../../helpers/night.js';
import { compiledState, runNode } from './child.js';
import { aFolder, aStatePath } from './folders.js';
import { AT } from './histories.js';

const HOLDER: Holder = { pid: 12, host: 'box', since: AT, command: 'apply' };
const NOW = { timeoutMs: 0, holder: HOLDER };

const take = (path: string, more: Partial<LockOptions> = {}) => takeLock(path, realDisk, { ...NOW, ...more });

async function giveBack(lock: FileLock): Promise<void> {
  await lock.state?.close();
  await lock.release();
}

const holderOf = (path: string, sleep?: () => Promise<unknown>) => readLockHolder(path, realDisk, sleep);

/** A process that takes the lock, starts a child of its own that outlives it, says so, and holds on. */
function holderCode(path: string): string {
  return `
import { spawn } from 'node:child_process';
import { fileStore } from './state/file/store.js';
const holder = { pid: process.pid, host: 'elsewhere', since: '${AT}', command: 'run' };
await fileStore(${JSON.stringify(path)}).take({ timeoutMs: 0, holder });
const child = spawn('sleep', ['60'], { stdio: 'ignore', detached: true });
process.stdout.write(child.pid + '\\n');
setInterval(() => undefined, 60_000);
`;
}

describe('the lock on a state file', () => {
  it('is had by one at a time, in one process too, and can be given back', async () => {
    const path = await aStatePath();
    const lock = await take(path);
    await expect(take(path)).rejects.toMatchObject({
      kind: 'refused',
      message: `${path} is locked by pid 12 on host box (apply) since ${AT}`,
      problems: [{ code: 'lock-held', file: path, remedy: expect.stringContaining('--lock-timeout') }],
    });
    await giveBack(lock);
    await giveBack(await take(path));
  });

  it('is one lock for two paths that lead to one file', async () => {
    const folder = await aFolder();
    await mkdir(join(folder, 'volume'));
    await symlink('volume/real.jsonl', join(folder, 'link.jsonl'));
    const lock = await take(join(folder, 'link.jsonl'));
    await expect(take(join(folder, 'volume', '..', 'volume', 'real.jsonl'))).rejects.toThrow('locked by');
    await giveBack(lock);
  });

  it('names another process that holds it, and is free as soon as that is killed, whatever it started', async () => {
    const folder = await compiledState();
    const path = join(folder, 'webhooks.state.jsonl');
    const child = await runNode(folder, holderCode(path));
    const sleeper = Number(await child.line());
    try {
      await expect(take(path)).rejects.toThrow(
        `${path} is locked by pid ${child.process.pid} on host elsewhere (run) since ${AT}`,
      );
      const isFree = take(path, { timeoutMs: 60_000 });
      child.process.kill('SIGKILL');
      await giveBack(await isFree);
      // The child of the dead holder is alive all the same, and has not inherited the lock.
      expect(process.kill(sleeper, 0)).toBe(true);
    } finally {
      process.kill(sleeper, 'SIGKILL');
    }
  });

  it('is waited for until the time is up', async () => {
    const path = await aStatePath();
    const lock = await take(path);
    let time = 0;
    const waits: number[] = [];
    const sleep = async (ms: number) => {
      waits.push(ms);
      time += ms;
    };
    const waiting = { timeoutMs: 120, now: () => time, sleep };
    await expect(take(path, waiting)).rejects.toThrow('locked by pid 12');
    expect(waits.reduce((sum, ms) => sum + ms, 0)).toBe(120);
    await giveBack(lock);
  });

  it('is taken when it comes free while it is waited for', async () => {
    const path = await aStatePath();
    const lock = await take(path);
    const taken = await take(path, {
      timeoutMs: 1_000,
      now: () => 0,
      sleep: () => giveBack(lock),
    });
    await expect(take(path)).rejects.toThrow('locked by');
    await giveBack(taken);
  });

  it('is on a file of its own that only its owner can read, and that stays', async () => {
    const path = await aStatePath();
    const before = process.umask(0);
    const lock = await take(path).finally(() => process.umask(before));
    expect((await stat(`${path}.lock`)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(`${path}.lock`, 'utf8'))).toEqual(HOLDER);
    await giveBack(lock);
    expect(await readFile(`${path}.lock`, 'utf8')).toBe('');
  });

  it('does without a name where the holder has not written one yet', async () => {
    const path = await aStatePath();
    const lock = await take(path);
    for (const content of ['', 'half {', '[]', 'null']) {
      await writeFile(`${path}.lock`, content);
      const taking = take(path, { sleep: async () => undefined });
      await expect(taking).rejects.toThrow(`${path} is locked by another process`);
    }
    await giveBack(lock);
  });

  it('is looked at again where the holder has not written its name yet', async () => {
    const path = await aStatePath();
    const lock = await take(path);
    const note = await readFile(`${path}.lock`);
    await writeFile(`${path}.lock`, '');
    const sleep = () => writeFile(`${path}.lock`, note);
    await expect(take(path, { sleep })).rejects.toThrow('locked by pid 12');
    await giveBack(lock);
  });

  it('is taken where it is just being given back, which begins with the name', async () => {
    const path = await aStatePath();
    const lock = await take(path);
    await writeFile(`${path}.lock`, '');
    const taken = await take(path, { sleep: () => giveBack(lock) });
    await giveBack(taken);
  });

  it('of a dead process with an old note is free', async () => {
    const path = await aStatePath();
    await writeFile(`${path}.lock`, JSON.stringify({ ...HOLDER, pid: process.pid }));
    await giveBack(await take(path));
  });

  it('is not taken on a file that was removed in the same moment: the next process would lock another one', async () => {
    const path = await aStatePath();
    const taken: number[] = [];
    const removing = (fd: number) => {
      const isTaken = tryLock(fd);
      if (taken.push(fd) === 1) rmSync(`${path}.lock`);
      return isTaken;
    };
    const lock = await take(path, { tryLock: removing });
    expect(taken).toHaveLength(2);
    await expect(take(path)).rejects.toThrow('locked by pid 12');
    await giveBack(lock);
  });

  it('follows no symbolic link: what it leads to would be emptied', async () => {
    const path = await aStatePath();
    await writeFile(`${path}.other`, 'precious');
    await symlink(`${path}.other`, `${path}.lock`);
    await expect(take(path)).rejects.toMatchObject({
      kind: 'failed',
      message: expect.stringContaining('ELOOP'),
    });
    expect(await readFile(`${path}.other`, 'utf8')).toBe('precious');
  });

  it('cannot be had without a folder, and says so', async () => {
    const path = join(await aFolder(), 'volume', 'webhooks.state.jsonl');
    await expect(take(path)).rejects.toMatchObject({
      kind: 'failed',
      problems: [{ code: 'state-folder-missing' }],
    });
  });

  it.each(
    byDay(1, [
      [
        'no locks on this file system',
        `export function tryLock() { throw Object.assign(new Error(), { code: 'ENOLCK' }); }`,
        'lock-unsupported',
      ],
      ['no native code for this system', `throw new Error('no binary');`, 'lock-unavailable'],
    ]),
  )('is never done without: %s is a failure', async (_, addon, code) => {
    const folder = await compiledState();
    await rm(join(folder, 'node_modules'));
    await mkdir(join(folder, 'node_modules', 'fs-native-extensions'), { recursive: true });
    await symlink(resolve('node_modules/zod'), join(folder, 'node_modules', 'zod'));
    await writeFile(join(folder, 'node_modules', 'fs-native-extensions', 'index.mjs'), addon);
    const pack = { name: 'fs-native-extensions', exports: './index.mjs' };
    await writeFile(join(folder, 'node_modules', 'fs-native-extensions', 'package.json'), JSON.stringify(pack));
    const child = await runNode(
      folder,
      `import { takeLock } from './state/file/lock.js';
       import { realDisk } from './state/file/disk.js';
       await takeLock('state', realDisk, ${JSON.stringify(NOW)}).then(() => console.log('locked'), (error) => console.log(error.kind, error.problems[0].code));`,
    );
    expect(await child.line()).toBe(`failed ${code}`);
  });
});

describe('the lock on the state file itself', () => {
  async function aStateFile() {
    const path = await aStatePath();
    await writeFile(path, 'state');
    return path;
  }

  it('is one lock for all of its names, and names nobody by another one', async () => {
    const path = await aStateFile();
    await link(path, `${path}.other`);
    const lock = await take(path);
    await expect(take(`${path}.other`)).rejects.toThrow(`${path}.other is locked by another process`);
    expect(await holderOf(`${path}.other`, async () => undefined)).toBe('somebody');
    await giveBack(lock);
    expect(await holderOf(`${path}.other`)).toBe('nobody');
    await giveBack(await take(`${path}.other`));
  });

  it('is not taken on a file that was replaced in the same moment: it is taken on the new one', async () => {
    const path = await aStateFile();
    let calls = 0;
    const replacing = (fd: number) => {
      calls += 1;
      if (calls === 2) {
        writeFileSync(`${path}.new`, 'new');
        renameSync(`${path}.new`, path);
      }
      return tryLock(fd);
    };
    const lock = await take(path, { tryLock: replacing });
    expect(calls).toBe(4);
    expect((await lock.state?.stat())?.ino).toBe((await stat(path, { bigint: true })).ino);
    await giveBack(lock);
  });

  it('is taken on a file that is made later, before that has its name', async () => {
    const path = await aStatePath();
    const lock = await take(path);
    const made = await lock.disk.open(`${path}.tmp`, 'wx+');
    await rename(`${path}.tmp`, path);
    await rm(`${path}.lock`);
    await expect(take(path)).rejects.toThrow('locked by another process');
    await made.close();
    await giveBack(lock);
    await giveBack(await take(path));
  });

  it('is waited for, and whoever waits is told of once', async () => {
    const path = await aStateFile();
    const lock = await take(path);
    const told: unknown[] = [];
    const waits: number[] = [];
    const sleep = async (ms: number) => {
      if (waits.push(ms) === 3) await giveBack(lock);
    };
    const waiting = { timeoutMs: 1_000, now: () => 0, sleep, onWaiting: (by: unknown) => told.push(by) };
    await giveBack(await take(path, waiting));
    expect([waits.length, told]).toEqual([3, [HOLDER]]);
  });
});

describe('who holds the lock', () => {
  it('is told while it is held, and that nobody does before and after, without making or changing a file', async () => {
    const path = await aStatePath();
    expect(await holderOf(path)).toBe('nobody');
    expect(await readdir(join(path, '..'))).toEqual([]);
    const lock = await take(path);
    expect(await holderOf(path)).toEqual(HOLDER);
    await giveBack(lock);
    const note = JSON.stringify({ ...HOLDER, pid: process.pid });
    await writeFile(`${path}.lock`, note);
    expect(await holderOf(path)).toBe('nobody');
    expect(await readFile(`${path}.lock`, 'utf8')).toBe(note);
  });

  it('leaves the lock to the next one', async () => {
    const path = await aStatePath();
    await giveBack(await take(path));
    expect(await holderOf(path)).toBe('nobody');
    await giveBack(await take(path));
  });

  it('is looked for again while nobody is named, and then told as nobody known', async () => {
    const path = await aStatePath();
    const lock = await take(path);
    const note = await readFile(`${path}.lock`);
    await writeFile(`${path}.lock`, '');
    expect(await holderOf(path, async () => undefined)).toBe('somebody');
    expect(await holderOf(path, () => writeFile(`${path}.lock`, note))).toEqual(HOLDER);
    await giveBack(lock);
  });
});

describe('a state file under its lock', () => {
  it('is left alone where something else put it there after it was locked', async () => {
    const path = await aStatePath();
    const lease = await fileStore(path).take(NOW);
    await writeFile(path, '{"crc', { mode: 0o600 });
    const failure = { kind: 'failed', problems: [{ code: 'state-replaced' }] };
    await expect(lease.open()).rejects.toMatchObject(failure);
    await expect(lease.create('34')).rejects.toMatchObject(failure);
    await lease.release();
    expect(await readFile(path, 'utf8')).toBe('{"crc');
  });

  it('tells what was repaired when it was opened', async () => {
    const path = await aStatePath();
    const first = await fileStore(path).take(NOW);
    await first.create('34');
    await first.release();
    await writeFile(path, '{"crc', { flag: 'a' });
    const warnings: string[] = [];
    const second = await fileStore(path).take({ ...NOW, onRepaired: ({ code }) => warnings.push(code) });
    await second.open();
    await second.release();
    expect(warnings).toEqual(['state-torn']);
  });
});
