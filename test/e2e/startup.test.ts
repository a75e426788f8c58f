// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is the notation of the manifest.
import { chmod, cp, readdir, readFile, rename, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { acquireLock } from '../../src/state/lock.js';
import { Workplace } from '../helpers/cli.js';
import { loadedBy, runLoaded, startLoaded } from '../helpers/loaded.js';
import { makeWebhook, openSandbox } from '../helpers/sandbox.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const A = { name: 'a', handler: 'https://a.example/x', trigger: 'create' };
const B = { name: 'b', handler: 'https://a.example/${PATH_OF_B:-y}', trigger: 'update' };
const MEGABYTE = 1024 * 1024;
const CORE = ['main', 'cli', 'rolldown-runtime', 'common'];

/** A place where everything is applied, and the mark of that is left. */
async function openApplied(entries: readonly object[] = [A, B], account = '34') {
  const identity = { id: account, name: 'Test', description: '', company: 'Test' };
  const sandbox = await openSandbox({ accounts: [{ token: `token-of-account-${account}`, identity }] });
  const place = await Workplace.open(sandbox);
  await place.manifest(entries);
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
    for (const chunk of ['undici', 'session', 'state', 'plan-full']) expect(chunks).not.toContain(chunk);
    expect(chunks.length).toBeLessThanOrEqual(8);
  });

  it('is neither client nor log for a plan that asks nobody', async () => {
    const place = await Workplace.open();
    await place.manifest([A]);
    const { code, chunks, builtins } = await runLoaded(place, 'plan', '--no-refresh');
    expect([code, chunks]).toEqual([0, expect.arrayContaining(['yaml', 'plan-full'])]);
    for (const chunk of ['undici', 'session']) expect(chunks).not.toContain(chunk);
    for (const builtin of ['http', 'https', 'net', 'tls', 'child_process', 'crypto', 'fs/promises'])
      expect(builtins).not.toContain(builtin);
    expect(chunks.length).toBeLessThanOrEqual(18);
  });

  it.each(['plan', 'apply'])('is neither parser nor state where %s finds nothing changed', async (command) => {
    const { place } = await openApplied();
    const extra =
      { plan: ['unchanged', 'clean'], apply: ['unchanged', 'clean', 'lock', 'fs-native-extensions'] }[command] ?? [];
    const { code, chunks, compiled } = await runLoaded(place, command, '--no-refresh');
    expect(code).toBe(0);
    expect(chunks.toSorted()).toEqual([...CORE, ...extra].sort());
    expect(compiled).toBe(chunks.length - 1);
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

type Opened = Awaited<ReturnType<typeof openApplied>>;
type Step = (opened: Opened) => Promise<unknown> | unknown;

const STATE = 'webhooks.state.jsonl';
const MARK = `${STATE}.clean`;

/** What a command says with the mark as it is, and without: the same. Gives that, and whether it went the whole way. */
async function sayTheSame(place: Workplace, args: readonly string[]) {
  const { chunks } = await runLoaded(place, ...args);
  const state = await readFile(place.path(STATE)).catch(() => null);
  const withMark = await place.run(...args);
  await rm(place.path(MARK), { force: true });
  if (state !== null) await writeFile(place.path(STATE), state);
  const without = await place.run(...args);
  expect(withMark).toEqual(without);
  return { ...without, inFull: chunks.includes('yaml') };
}

const edit =
  (change: (text: string) => string, name = 'webhooks.yaml'): Step =>
  async ({ place }) =>
    place.write(name, change(await place.read(name)));

const environment =
  (variables: Record<string, string>): Step =>
  ({ place }) =>
    Object.assign(place.environment, variables);

/** Leaves a create uncertain that the manifest of the mark knows nothing of. */
const leaveUncertain: Step = async ({ sandbox, place }) => {
  const before = await place.read('webhooks.yaml');
  await place.manifest([A, B, { ...A, name: 'c', trigger: 'open' }]);
  sandbox.orderFault('create:before:close*9');
  const { code } = await place.run('apply', '--no-refresh', '--on-uncertain', 'hold', '--settle', '0');
  expect(code).not.toBe(0);
  await place.write('webhooks.yaml', before);
};

const leaveOrphan: Step = async ({ place }) => {
  await place.manifest([A]);
  expect((await place.run('apply', '--no-refresh')).code).toBe(0);
};

const CHANGES: readonly (readonly [what: string, step: Step, says: string | RegExp, ...flags: string[]])[] = [
  ['an entry of the manifest', edit((text) => text.replace('/x', '/z')), '1 to update'],
  ['a comment in the manifest', edit((text) => `# more\n${text}`), 'Nothing to do: 2 unchanged'],
  ['a variable that the manifest refers to', environment({ PATH_OF_B: 'new' }), '1 to update'],
  ['a flag that says what to do', () => undefined, 'Nothing to do', '--prune'],
  ['the API', environment({ COPERNICA_API_URL: 'https://other.example' }), 'Nothing to do'],
  [
    'the settings file',
    ({ place }) => place.write('settings.yaml', 'prune: true\n'),
    'Nothing to do',
    '--config',
    'settings.yaml',
  ],
  ['what forget wrote', ({ place }) => place.run('forget', 'a'), '1 to create'],
  [
    'what import wrote',
    async ({ sandbox, place }) => {
      const id = await makeWebhook(sandbox, { handler: 'https://a.example/other', trigger: 'create' });
      await place.run('forget', 'a');
      expect((await place.run('import', 'a', String(id))).code).toBe(0);
    },
    '1 to update',
  ],
  ['a create that is uncertain', leaveUncertain, 'unknown outcome'],
  ['an orphan that is to be reported', leaveOrphan, '1 orphaned'],
  ['one byte of the state', edit((text) => text.replace('"34"', '"35"'), STATE), 'checksum'],
  ['a state that is gone', ({ place }) => rm(place.path(STATE)), '2 to create'],
  [
    'the account that the state is of',
    async ({ place }) => place.write(STATE, await (await openApplied([A, B], '35')).place.read(STATE)),
    '2 unchanged',
  ],
  ['a state that is none', edit(() => 'not a state\n', STATE), 'is damaged'],
  ['the count in the mark', edit((text) => text.replace('"webhooks":2', '"webhooks":7'), MARK), '2 unchanged'],
  ['a mark that is cut off', edit((text) => text.slice(0, 50), MARK), '2 unchanged'],
];

describe('the mark of a clean run', () => {
  it('is believed while nothing changes, and what is said is the same', async () => {
    const { place } = await openApplied();
    const mark = await place.read(MARK);
    for (const args of [['plan'], ['plan', '--detailed-exitcode'], ['plan', '--format', 'github'], ['apply']]) {
      await place.write(MARK, mark);
      const { inFull, code, stderr, stdout } = await sayTheSame(place, [...args, '--no-refresh']);
      expect([inFull, code, stderr, stdout]).toEqual([false, 0, '', expect.stringContaining('2 unchanged')]);
    }
  });

  const rows = CHANGES.map(([what, step, says, ...flags]) => ({ what, step, says, flags }));
  it.each(rows)('is void after a change of $what', async ({ step, says, flags }) => {
    const opened = await openApplied();
    await step(opened);
    const { inFull, stdout, stderr } = await sayTheSame(opened.place, ['plan', '--no-refresh', ...flags]);
    expect([inFull, stdout + stderr]).toEqual([true, expect.stringMatching(says)]);
  });

  it('is void where a variable came to hold a credential', async () => {
    const { place } = await openApplied([A]);
    place.environment.PATH_OF_B = 'looks-harmless';
    await place.manifest([A, B]);
    expect((await place.run('apply')).code).toBe(0);
    expect((await runLoaded(place, 'plan', '--no-refresh')).chunks).not.toContain('yaml');
    place.environment.NPM_TOKEN = 'harmless';
    const { inFull, code, stderr } = await sayTheSame(place, ['plan', '--no-refresh']);
    expect([inFull, code, stderr]).toEqual([true, 3, expect.stringContaining('holds a credential')]);
  });

  it('is void for a program of another build', async () => {
    const { place } = await openApplied();
    await useCopy(place, async (dist) => {
      for (const name of (await readdir(dist)).filter((file) => file === 'cli.js')) {
        const text = await readFile(join(dist, name), 'utf8');
        const other = text.replace(/\d+\.\d+\.\d+ [0-9a-f]{16}/, '9.9.9 0123456789abcdef');
        expect(other).not.toBe(text);
        await writeFile(join(dist, name), other);
      }
    });
    expect((await runLoaded(place, 'plan', '--no-refresh')).chunks).toContain('yaml');
  });

  it('does not spare an apply its token, its lock or the mode of its state', async () => {
    const { place } = await openApplied();
    const mark = await place.read(MARK);
    const inFull = async () => {
      await place.write(MARK, mark);
      return sayTheSame(place, ['apply', '--no-refresh']);
    };
    await chmod(place.path(STATE), 0o644);
    expect(await runLoaded(place, 'apply', '--no-refresh')).toMatchObject({ chunks: expect.arrayContaining(['yaml']) });
    const token = place.environment.COPERNICA_ACCESS_TOKEN ?? '';
    place.environment.COPERNICA_ACCESS_TOKEN = 'another-token';
    expect(await inFull()).toMatchObject({ inFull: true, code: 0 });
    place.environment.COPERNICA_ACCESS_TOKEN = '';
    expect(await inFull()).toMatchObject({ code: 3, stderr: expect.stringContaining('no access token') });
    place.environment.COPERNICA_ACCESS_TOKEN = token;
    const holder = { pid: 1, host: 'test', command: 'apply', since: '2026-01-01T00:00:00.000Z' };
    const lock = await acquireLock(place.path(STATE), { timeoutMs: 0, holder });
    expect(await inFull()).toMatchObject({ code: 4, stderr: expect.stringContaining('is locked by pid 1') });
    lock.release();
    expect(await inFull()).toMatchObject({ inFull: false, code: 0 });
  });

  it('is readable by its owner alone, and holds nothing of token, handlers or variables', async () => {
    const { sandbox, place } = await openApplied();
    const mark = await place.read(MARK);
    for (const secret of [sandbox.token, 'a.example', 'https']) expect(mark).not.toContain(secret);
    expect((await stat(place.path(MARK))).mode & 0o777).toBe(0o600);
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
