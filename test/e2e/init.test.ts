import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { Workplace } from '../helpers/cli.js';

const longestIn = (text: string) => Math.max(...text.split('\n').map((line) => line.length));

describe('init', () => {
  it('writes a manifest that is valid and can be tried at once, with its schema beside it', async () => {
    const place = await Workplace.open();
    const { code, stdout, stderr } = await place.run('init');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('webhooks.yaml written');
    expect(stdout).toContain('copernica-webhooks validate\n');
    const places = stdout.split('\n').flatMap((line) => /^ {2}[3-6]\. .*? {3,}(?=\w)/.exec(line)?.[0].length ?? []);
    expect([places.length, new Set(places).size]).toEqual([4, 1]);
    expect(longestIn(stdout)).toBeLessThanOrEqual(80);
    expect((await readdir(place.folder)).toSorted()).toEqual(['webhooks.schema.json', 'webhooks.yaml']);
    const [modeline] = (await place.read('webhooks.yaml')).split('\n');
    expect(modeline).toBe('# yaml-language-server: $schema=./webhooks.schema.json');
    expect(await place.read('webhooks.schema.json')).toBe((await place.run('schema')).stdout);
    const validated = await place.run('validate');
    expect([validated.code, validated.stderr, validated.stdout]).toEqual([
      0,
      '',
      'webhooks.yaml: 1 webhook, no problems\n',
    ]);
    expect((await place.run('apply', '--sandbox')).code).toBe(0);
  });

  it('has no commented line that would not be valid either', async () => {
    const place = await Workplace.open();
    await place.run('init');
    const text = await place.read('webhooks.yaml');
    await place.write(
      'webhooks.yaml',
      text.replace(/^( *)# (- name| {2}handler| {2}trigger|callers|database|collection)/gm, '$1$2'),
    );
    const { code, document } = await place.json('validate');
    expect([code, document]).toEqual([0, expect.objectContaining({ webhooks: 2 })]);
  });

  it('overwrites nothing, and says so', async () => {
    const place = await Workplace.open();
    await place.write('webhooks.yaml', 'mine');
    const { code, stdout, stderr } = await place.run('init');
    expect([code, stdout]).toEqual([3, '']);
    expect(stderr).toMatch(/webhooks\.yaml exists already/);
    expect(await place.read('webhooks.yaml')).toBe('mine');
    expect(await readdir(place.folder)).toEqual(['webhooks.yaml']);
  });

  it('leaves a schema alone that is there already', async () => {
    const place = await Workplace.open();
    await place.write('webhooks.schema.json', 'mine');
    const { code, stderr } = await place.run('init');
    expect([code, stderr]).toEqual([0, expect.stringMatching(/warning: webhooks\.schema\.json exists already/)]);
    expect(await place.read('webhooks.schema.json')).toBe('mine');
  });

  it('makes the folder, and names the manifest in what comes next', async () => {
    const place = await Workplace.open();
    const { code, stdout } = await place.run('init', '--no-schema', 'deep/er/hooks.yml');
    expect(code).toBe(0);
    expect(stdout).toContain('copernica-webhooks validate --file deep/er/hooks.yml\n');
    expect(longestIn(stdout)).toBeLessThanOrEqual(80);
    expect(await readdir(place.path('deep/er'))).toEqual(['hooks.yml']);
    expect((await place.run('validate', '--file', 'deep/er/hooks.yml')).code).toBe(0);
  });

  it('says what is in the way where nothing can be written', async () => {
    const place = await Workplace.open();
    await place.write('file', '');
    const { code, stderr } = await place.run('init', 'file/webhooks.yaml');
    expect([code, stderr]).toEqual([3, expect.stringMatching(/file\/webhooks\.yaml can't be written \(E/)]);
  });

  it('--settings writes a settings file with every default, which changes nothing', async () => {
    const place = await Workplace.open();
    await place.run('init');
    const { code, stdout } = await place.run('init', '--settings');
    expect([code, stdout]).toEqual([0, expect.stringContaining('config/settings.yaml written')]);
    expect((await place.run('validate')).code).toBe(0);
    expect((await place.run('init', '--settings')).code).toBe(3);
  });
});
