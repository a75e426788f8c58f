import { cp, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Workplace } from '../helpers/cli.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

async function readJson<T>(path: string): Promise<T> {
  return JSON.parse(await readFile(join(ROOT, path), 'utf8')) as T;
}

interface Package {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

interface BillOfMaterials {
  readonly metadata: { readonly component: { readonly name: string } };
  readonly components: readonly { readonly name: string }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

describe('the built command', () => {
  it('says the version of its package', async () => {
    const place = await Workplace.open();
    const { version } = await readJson<Package>('package.json');
    expect(await place.run('--version')).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('names files of the sources in the stack of an internal error, and none of what was secret', async () => {
    const place = await Workplace.open();
    await place.manifest([{ name: 'a', handler: 'https://a.example/x', trigger: 'create' }]);
    const program = place.path('program');
    await cp(join(ROOT, 'dist'), join(program, 'dist'), { recursive: true });
    await cp(join(ROOT, 'package.json'), join(program, 'package.json'));
    await symlink(join(ROOT, 'node_modules'), join(program, 'node_modules'));
    const chunks = join(program, 'dist/chunks');
    const [chunk = ''] = (await readdir(chunks)).filter((name) => /^validate-.*\.js$/.test(name));
    const code = await readFile(join(chunks, chunk), 'utf8');
    const broken = code.replace(
      'webhooks:entries.length',
      'webhooks:entries[process.env.COPERNICA_ACCESS_TOKEN].length',
    );
    expect(broken).not.toBe(code);
    await writeFile(join(chunks, chunk), broken);
    place.command = join(program, 'dist/main.js');
    place.environment.COPERNICA_ACCESS_TOKEN = 'the-token-of-this-test';
    const ended = await place.run('validate');
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(ended.stderr).toMatch(/^internal error, please report it: .*\n.*src\/commands\/validate\.ts:\d+:\d+/);
    expect(ended.stderr).not.toContain('the-token-of-this-test');
  });

  it.each([
    ['validate', []],
    ['plan', ['--no-refresh']],
  ])('loads for `%s` what that needs: neither an HTTP client nor a logger', async (command, flags) => {
    const chunks = await readdir(join(ROOT, 'dist/chunks'));
    const place = await Workplace.open();
    await place.manifest([{ name: 'a', handler: 'https://a.example/x', trigger: 'create' }]);
    place.environment.NODE_DEBUG = 'esm';
    const { stderr, code } = await place.run(command, ...flags);
    expect(code).toBe(0);
    expect(stderr).toContain(`/chunks/${command}-`);
    for (const name of ['undici', 'session']) {
      expect(chunks).toContainEqual(expect.stringMatching(`^${name}-.*\\.js$`));
      expect(stderr).not.toContain(`/chunks/${name}-`);
    }
  });
});

describe('what goes along with the built command', () => {
  it('is a list of the packages that run, and of no others', async () => {
    const { dependencies, devDependencies } = await readJson<Package>('package.json');
    const bill = await readJson<BillOfMaterials>('dist/sbom.cdx.json');
    const names = bill.components.map(({ name }) => name);
    expect(bill.metadata.component.name).toBe('copernica-webhooks');
    expect(names).toEqual(expect.arrayContaining(Object.keys(dependencies)));
    for (const name of Object.keys(devDependencies)) expect(names).not.toContain(name);
    const refs = new Set(bill.dependencies.map(({ ref }) => ref));
    for (const { dependsOn } of bill.dependencies) for (const ref of dependsOn) expect(refs).toContain(ref);
  });

  it('names no registry but the public one, and no path of the machine that built it', async () => {
    const text = await readFile(join(ROOT, 'dist/sbom.cdx.json'), 'utf8');
    const hosts = new Set([...text.matchAll(/https?:\/\/([^/"]+)/g)].map(([, host]) => host));
    expect([...hosts].sort()).toEqual(['cyclonedx.org', 'registry.npmjs.org']);
    expect(text).not.toContain(ROOT);
  });

  it('is the licence of each package that is in it', async () => {
    const licences = await readFile(join(ROOT, 'dist/LICENCES.txt'), 'utf8');
    const { dependencies } = await readJson<Package>('package.json');
    for (const name of Object.keys(dependencies)) {
      // Native code, which is installed beside the command, with its licence.
      if (name !== 'fs-native-extensions') expect(licences).toContain(`==== ${name} `);
    }
  });
});
