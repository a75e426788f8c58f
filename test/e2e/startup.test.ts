import { cp, readdir, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Workplace } from '../helpers/cli.js';
import { loadedBy, runLoaded, startLoaded } from '../helpers/loaded.js';
import { openSandbox } from '../helpers/sandbox.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const A = { name: 'a', handler: 'https://a.example/x', trigger: 'create' };
const MEGABYTE = 1024 * 1024;
const CORE = ['main', 'cli', 'rolldown-runtime', 'common'];

/** A place where everything is applied. */
async function openApplied() {
  const sandbox = await openSandbox();
  const place = await Workplace.open(sandbox);
  await place.manifest([A]);
  const { code, stderr } = await place.run('apply', '--init');
  expect([code, stderr]).toEqual([0, '']);
  return { sandbox, place };
}

describe('what is loaded', () => {
  it('is four files for --version and --help', async () => {
    const place = await Workplace.open();
    for (const flag of ['--version', '--help']) {
      const { code, chunks, compiled, refused } = await runLoaded(place, flag);
      expect([code, chunks, compiled, refused]).toEqual([0, CORE, CORE.length - 1, 0]);
    }
  });

  it('is neither client nor log nor state for validate', async () => {
    const place = await Workplace.open();
    await place.manifest([A]);
    const { code, chunks, refused } = await runLoaded(place, 'validate');
    expect([code, chunks, refused]).toEqual([0, expect.arrayContaining(['yaml', 'zod', 'validate']), 0]);
    for (const chunk of ['undici', 'session', 'state']) expect(chunks).not.toContain(chunk);
    expect(chunks.length).toBeLessThanOrEqual(8);
  });

  it('is no client for a doctor who calls nobody, and no doctor for others', async () => {
    const { place } = await openApplied();
    const sick = await runLoaded(place, 'doctor', '--sandbox', '--no-handlers');
    expect([sick.code, sick.chunks]).toEqual([0, expect.arrayContaining(['doctor'])]);
    expect(sick.chunks).not.toContain('undici');
    expect((await runLoaded(place, 'plan')).chunks).not.toContain('doctor');
    expect((await runLoaded(place, 'apply')).chunks).not.toContain('doctor');
  });

  it('is the client only where something is sent', async () => {
    const { place } = await openApplied();
    const idle = await runLoaded(place, 'apply', '--no-refresh', '--json');
    expect(idle.chunks).toContain('session');
    expect(idle.chunks).not.toContain('undici');
    await place.manifest([A]);
    await place.write(
      'webhooks.yaml',
      `${await place.read('webhooks.yaml')}  - ${JSON.stringify({ ...A, name: 'c', trigger: 'open' })}\n`,
    );
    const sending = await runLoaded(place, 'apply', '--no-refresh');
    expect(sending.chunks).toContain('undici');
    expect([sending.code, sending.refused]).toEqual([0, 0]);
  });
});

describe('the memory of the daemon', () => {
  it('for what is young does not grow with what it does', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    await place.manifest(Array.from({ length: 500 }, (_, index) => ({ ...A, name: `w${index}`, database: index + 1 })));
    const daemon = startLoaded(place, 'run', '--init', '--schedule', 'off');
    await sandbox.until((model) => model.webhooks().length === 500);
    daemon.kill('SIGTERM');
    const { code, youngBytes } = loadedBy(await daemon.finished);
    expect(code).toBe(0);
    // What loading took. Left to itself, V8 has come to 16 MB by now.
    expect(youngBytes).toBeLessThanOrEqual(4 * MEGABYTE);
  });
});

describe('notices', () => {
  it('are loaded only where they are wanted', async () => {
    const place = await Workplace.open();
    await place.manifest([A]);
    // Ends by itself, for want of a token.
    const without = await runLoaded(place, 'run');
    expect([without.code, without.chunks]).toEqual([3, expect.arrayContaining(['run'])]);
    expect(without.chunks).not.toContain('noticing');
    place.environment.COPERNICA_WEBHOOKS_NOTIFY = 'http://127.0.0.1:1/';
    const { chunks } = await runLoaded(place, 'run');
    expect(chunks).toContain('noticing');
    expect(chunks).not.toContain('undici');
  });
});

/** Makes a place run a copy of the built program, changed. The one package that is not bundled stays in reach. */
async function useCopy(place: Workplace, change: (dist: string) => Promise<unknown>): Promise<void> {
  const copy = place.path('program');
  await cp(join(ROOT, 'dist'), join(copy, 'dist'), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  await change(join(copy, 'dist'));
  place.command = join(copy, 'dist/main.js');
}

const allForms = async (dist: string) =>
  (await readdir(join(dist, 'compiled'), { recursive: true }))
    .filter((name) => name.endsWith('.js'))
    .map((name) => join(dist, 'compiled', name));

describe('the compiled form', () => {
  it.each<readonly [string, (dist: string) => Promise<unknown>]>([
    ['is missing', (dist) => rm(join(dist, 'compiled'), { recursive: true })],
    [
      'is damaged',
      async (dist) => {
        for (const form of await allForms(dist)) {
          const bytes = await readFile(form);
          for (let at = 64; at < bytes.length; at += 64) bytes[at] = 255 - (bytes[at] ?? 0);
          await writeFile(form, bytes);
        }
      },
    ],
    [
      'is cut off',
      async (dist) => {
        for (const form of await allForms(dist)) await truncate(form, 100);
      },
    ],
    [
      'is empty',
      async (dist) => {
        for (const form of await allForms(dist)) await truncate(form, 0);
      },
    ],
    [
      'is of another Node',
      async (dist) => {
        const [own = ''] = await readdir(join(dist, 'compiled'));
        await rename(join(dist, 'compiled', own), join(dist, 'compiled', 'v0.0.1-linux-x64'));
      },
    ],
  ])('that %s is done without', async (_what, spoil) => {
    const place = await Workplace.open();
    await place.manifest([A]);
    await useCopy(place, spoil);
    const validated = await place.run('validate');
    expect(validated).toMatchObject({ code: 0, stderr: '', stdout: 'webhooks.yaml: 1 webhook, valid\n' });
    expect(await place.run('apply', '--sandbox')).toMatchObject({ code: 0, stderr: '' });
  });

  it('of a program that was changed since is not run', async () => {
    const place = await Workplace.open();
    await place.manifest([A]);
    await useCopy(place, async (dist) => {
      const [name = ''] = (await readdir(join(dist, 'chunks'))).filter((file) => /^validate-.*\.js$/.test(file));
      const text = await readFile(join(dist, 'chunks', name), 'utf8');
      // As long as before: the length is all that V8 itself compares.
      await writeFile(join(dist, 'chunks', name), text.replace('valid\\n', 'VALID\\n'));
    });
    expect((await place.run('validate')).stdout).toBe('webhooks.yaml: 1 webhook, VALID\n');
  });
});

describe('an internal error', () => {
  it('names the files of the sources', async () => {
    const place = await Workplace.open();
    await place.manifest([A]);
    await useCopy(place, async (dist) => {
      const [name = ''] = (await readdir(join(dist, 'chunks'))).filter((file) => /^validate-.*\.js$/.test(file));
      const text = await readFile(join(dist, 'chunks', name), 'utf8');
      const broken = text.replace(/manifest\.entries\.length/, 'manifest.nothing.length');
      expect(broken).not.toBe(text);
      await writeFile(join(dist, 'chunks', name), broken);
    });
    const { code, stderr } = await place.run('validate');
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/internal error.*\n.*src\/commands\/validate\.ts:\d+:\d+/),
    ]);
  });
});
