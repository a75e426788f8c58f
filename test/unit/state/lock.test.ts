import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { link, mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tryLock } from 'fs-native-extensions';
import { describe, expect, it } from 'vitest';
import { acquireLock, readLockHolder } from '../../../src/state/lock.js';
import type { LockHolder } from '../../../src/state/lock-file.js';
import { lockStateFile } from '../../../src/state/open.js';
import { compiledState, runNode } from './child.js';
import { aFolder, aStatePath } from './folders.js';
import { AT, made } from './histories.js';

const HOLDER: LockHolder = { pid: 12, host: 'box', since: AT, command: 'apply' };
const NOW = { timeoutMs: 0, holder: HOLDER };

/** A process that takes the lock, starts a child of its own that outlives it, says so, and holds on. */
function holderCode(path: string): string {
  return `
import { spawn } from 'node:child_process';
import { acquireLock } from './state/lock.js';
const holder = { pid: process.pid, host: 'elsewhere', since: '${AT}', command: 'run' };
await acquireLock(${JSON.stringify(path)}, { timeoutMs: 0, holder });
const child = spawn('sleep', ['60'], { stdio: 'ignore', detached: true });
process.stdout.write(child.pid + '\\n');
setInterval(() => undefined, 60_000);
`;
}

describe('the lock on a state file', () => {
  it('is had by one at a time, in one process too, and can be given back', async () => {
    const path = await aStatePath();
    const lock = await acquireLock(path, NOW);
    await expect(acquireLock(path, NOW)).rejects.toMatchObject({
      kind: 'refused',
      message: `${path} is locked by pid 12 on host box (apply) since ${AT}`,
      problems: [{ code: 'lock-held', file: path, remedy: expect.stringContaining('--lock-timeout') }],
    });
    lock.release();
    (await acquireLock(path, NOW)).release();
  });

  it('is one lock for two paths that lead to one file', async () => {
    const folder = await aFolder();
    await mkdir(join(folder, 'volume'));
    await symlink('volume/real.jsonl', join(folder, 'link.jsonl'));
    const lock = await acquireLock(join(folder, 'link.jsonl'), NOW);
    await expect(acquireLock(join(folder, 'volume', '..', 'volume', 'real.jsonl'), NOW)).rejects.toThrow('locked by');
    lock.release();
  });

  it('names another process that holds it, and is free as soon as that is killed, whatever it started', async () => {
    const folder = await compiledState();
    const path = join(folder, 'webhooks.state.jsonl');
    const child = await runNode(folder, holderCode(path));
    const sleeper = Number(await child.line());
    try {
      await expect(acquireLock(path, NOW)).rejects.toThrow(
        `${path} is locked by pid ${child.process.pid} on host elsewhere (run) since ${AT}`,
      );
      const isFree = acquireLock(path, { ...NOW, timeoutMs: 60_000 });
      child.process.kill('SIGKILL');
      (await isFree).release();
      // The child of the dead holder is alive all the same, and has not inherited the lock.
      expect(process.kill(sleeper, 0)).toBe(true);
    } finally {
      process.kill(sleeper, 'SIGKILL');
    }
  });

  it('is waited for until the time is up', async () => {
    const path = await aStatePath();
    const lock = await acquireLock(path, NOW);
    let time = 0;
    const waits: number[] = [];
    const sleep = async (ms: number) => {
      waits.push(ms);
      time += ms;
    };
    const waiting = { ...NOW, timeoutMs: 120, now: () => time, sleep };
    await expect(acquireLock(path, waiting)).rejects.toThrow('locked by pid 12');
    expect(waits.reduce((sum, ms) => sum + ms, 0)).toBe(120);
    lock.release();
  });

  it('is taken when it comes free while it is waited for', async () => {
    const path = await aStatePath();
    const lock = await acquireLock(path, NOW);
    const taken = await acquireLock(path, {
      ...NOW,
      timeoutMs: 1_000,
      now: () => 0,
      sleep: async () => lock.release(),
    });
    await expect(acquireLock(path, NOW)).rejects.toThrow('locked by');
    taken.release();
  });

  it('is on a file of its own that only its owner can read, and that stays', async () => {
    const path = await aStatePath();
    const before = process.umask(0);
    const lock = await acquireLock(path, NOW).finally(() => process.umask(before));
    expect((await stat(`${path}.lock`)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(`${path}.lock`, 'utf8'))).toEqual(HOLDER);
    lock.release();
    expect(await readFile(`${path}.lock`, 'utf8')).toBe('');
  });

  it('does without a name where the holder has not written one yet', async () => {
    const path = await aStatePath();
    const lock = await acquireLock(path, NOW);
    for (const content of ['', 'half {', '[]', 'null']) {
      await writeFile(`${path}.lock`, content);
      await expect(acquireLock(path, NOW)).rejects.toThrow(`${path} is locked by another process`);
    }
    lock.release();
  });

  it('is looked at again where the holder has not written its name yet', async () => {
    const path = await aStatePath();
    const lock = await acquireLock(path, NOW);
    const note = await readFile(`${path}.lock`);
    await writeFile(`${path}.lock`, '');
    const sleep = () => writeFile(`${path}.lock`, note);
    await expect(acquireLock(path, { ...NOW, sleep })).rejects.toThrow('locked by pid 12');
    lock.release();
  });

  it('is taken where it is just being given back, which begins with the name', async () => {
    const path = await aStatePath();
    const lock = await acquireLock(path, NOW);
    await writeFile(`${path}.lock`, '');
    const taken = await acquireLock(path, { ...NOW, sleep: async () => lock.release() });
    taken.release();
  });

  it('of a dead process with an old note is free', async () => {
    const path = await aStatePath();
    await writeFile(`${path}.lock`, JSON.stringify({ ...HOLDER, pid: process.pid }));
    (await acquireLock(path, NOW)).release();
  });

  it('is not taken on a file that was removed in the same moment: the next process would lock another one', async () => {
    const path = await aStatePath();
    const taken: number[] = [];
    const removing = (fd: number) => {
      const isTaken = tryLock(fd);
      if (taken.push(fd) === 1) rmSync(`${path}.lock`);
      return isTaken;
    };
    const lock = await acquireLock(path, { ...NOW, tryLock: removing });
    expect(taken).toHaveLength(2);
    await expect(acquireLock(path, NOW)).rejects.toThrow('locked by pid 12');
    lock.release();
  });

  it('follows no symbolic link: what it leads to would be emptied', async () => {
    const path = await aStatePath();
    await writeFile(`${path}.other`, 'precious');
    await symlink(`${path}.other`, `${path}.lock`);
    await expect(acquireLock(path, NOW)).rejects.toMatchObject({
      kind: 'failed',
      message: expect.stringContaining('ELOOP'),
    });
    expect(await readFile(`${path}.other`, 'utf8')).toBe('precious');
  });

  it('cannot be had without a folder, and says so', async () => {
    const path = join(await aFolder(), 'volume', 'webhooks.state.jsonl');
    await expect(acquireLock(path, NOW)).rejects.toMatchObject({
      kind: 'failed',
      problems: [{ code: 'state-folder-missing' }],
    });
  });

  it.each([
    [
      'no locks on this file system',
      `export function tryLock() { throw Object.assign(new Error(), { code: 'ENOLCK' }); }`,
      'lock-unsupported',
    ],
    ['no native code for this system', `throw new Error('no binary');`, 'lock-unavailable'],
  ])('is never done without: %s is a failure', async (_, addon, code) => {
    const folder = await compiledState();
    await rm(join(folder, 'node_modules'));
    await mkdir(join(folder, 'node_modules', 'fs-native-extensions'), { recursive: true });
    await writeFile(join(folder, 'node_modules', 'fs-native-extensions', 'index.mjs'), addon);
    const pack = { name: 'fs-native-extensions', exports: './index.mjs' };
    await writeFile(join(folder, 'node_modules', 'fs-native-extensions', 'package.json'), JSON.stringify(pack));
    const child = await runNode(
      folder,
      `import { acquireLock } from './state/lock.js';
       await acquireLock('state', ${JSON.stringify(NOW)}).then(() => console.log('locked'), (error) => console.log(error.kind, error.problems[0].code));`,
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
    const lock = await acquireLock(path, NOW);
    await expect(acquireLock(`${path}.other`, NOW)).rejects.toThrow(`${path}.other is locked by another process`);
    expect(await readLockHolder(`${path}.other`, async () => undefined)).toBeNull();
    lock.release();
    expect(await readLockHolder(`${path}.other`)).toBe('free');
    (await acquireLock(`${path}.other`, NOW)).release();
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
    const lock = await acquireLock(path, { ...NOW, tryLock: replacing });
    expect(calls).toBe(4);
    expect(lock.covers(await stat(path, { bigint: true }))).toBe(true);
    lock.release();
  });

  it('is taken on a file that is made later, before that has its name', async () => {
    const path = await aStatePath();
    const lock = await acquireLock(path, NOW);
    await writeFile(`${path}.tmp`, 'new');
    expect(lock.covers(await stat(`${path}.tmp`, { bigint: true }))).toBe(false);
    lock.extendTo(`${path}.tmp`);
    expect(lock.covers(await stat(`${path}.tmp`, { bigint: true }))).toBe(true);
    await rename(`${path}.tmp`, path);
    await rm(`${path}.lock`);
    await expect(acquireLock(path, NOW)).rejects.toThrow('locked by another process');
    lock.release();
    (await acquireLock(path, NOW)).release();
  });

  it('is waited for, and whoever waits is told of once', async () => {
    const path = await aStateFile();
    const lock = await acquireLock(path, NOW);
    const told: unknown[] = [];
    const waits: number[] = [];
    const sleep = async (ms: number) => {
      if (waits.push(ms) === 3) lock.release();
    };
    const waiting = { ...NOW, timeoutMs: 1_000, now: () => 0, sleep, onWaiting: (by: unknown) => told.push(by) };
    (await acquireLock(path, waiting)).release();
    expect([waits.length, told]).toEqual([3, [HOLDER]]);
  });
});

describe('who holds the lock', () => {
  it('is told while it is held, and that nobody does before and after, without making or changing a file', async () => {
    const path = await aStatePath();
    expect(await readLockHolder(path)).toBe('free');
    expect(await readdir(join(path, '..'))).toEqual([]);
    const lock = await acquireLock(path, NOW);
    expect(await readLockHolder(path)).toEqual(HOLDER);
    lock.release();
    const note = JSON.stringify({ ...HOLDER, pid: process.pid });
    await writeFile(`${path}.lock`, note);
    expect(await readLockHolder(path)).toBe('free');
    expect(await readFile(`${path}.lock`, 'utf8')).toBe(note);
  });

  it('leaves the lock to the next one', async () => {
    const path = await aStatePath();
    (await acquireLock(path, NOW)).release();
    expect(await readLockHolder(path)).toBe('free');
    (await acquireLock(path, NOW)).release();
  });

  it('is looked for again while nobody is named, and then told as nobody known', async () => {
    const path = await aStatePath();
    const lock = await acquireLock(path, NOW);
    const note = await readFile(`${path}.lock`);
    await writeFile(`${path}.lock`, '');
    expect(await readLockHolder(path, async () => undefined)).toBeNull();
    expect(await readLockHolder(path, () => writeFile(`${path}.lock`, note))).toEqual(HOLDER);
    lock.release();
  });
});

describe('a state file under its lock', () => {
  const options = { timeoutMs: 0, holder: HOLDER };

  it('is not there at first, then made, then opened, and unlocked each time', async () => {
    const path = await aStatePath();
    const first = await lockStateFile(path, options);
    expect(await first.open()).toBeNull();
    const journal = await first.create('34');
    for (const record of made('a', 10, 1)) journal.write(record);
    await expect(lockStateFile(path, options)).rejects.toThrow('locked by');
    await first.release();
    const second = await lockStateFile(path, options);
    expect((await second.open())?.state.entries.get('a')?.id).toBe(10);
    await second.release();
  });

  it('is unlocked even when it could not be closed', async () => {
    const path = await aStatePath();
    const locked = await lockStateFile(path, options);
    await locked.create('34');
    await rm(path);
    await expect(locked.release()).rejects.toMatchObject({ problems: [{ code: 'state-replaced' }] });
    await (await lockStateFile(path, options)).release();
  });

  it('is left alone where something else put it there after it was locked', async () => {
    const path = await aStatePath();
    const locked = await lockStateFile(path, options);
    await writeFile(path, '{"crc', { mode: 0o600 });
    await expect(locked.open()).rejects.toMatchObject({ kind: 'failed', problems: [{ code: 'state-replaced' }] });
    await locked.release();
    expect(await readFile(path, 'utf8')).toBe('{"crc');
  });

  it('tells what was mended when it was opened', async () => {
    const path = await aStatePath();
    const first = await lockStateFile(path, options);
    await first.create('34');
    await first.release();
    await writeFile(path, '{"crc', { flag: 'a' });
    const warnings: string[] = [];
    const second = await lockStateFile(path, { ...options, onMended: ({ code }) => warnings.push(code) });
    await second.open();
    await second.release();
    expect(warnings).toEqual(['state-torn']);
  });
});
