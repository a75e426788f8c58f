import { mkdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { Workplace } from '../helpers/cli.js';
import { openSandbox } from '../helpers/sandbox.js';

function entry(name: string, handler = `https://a.example/${name}`): string {
  return `webhooks:\n  - name: ${name}\n    handler: ${handler}\n    trigger: create\n`;
}

async function folderWith(names: readonly string[]): Promise<Workplace> {
  const place = await Workplace.open(await openSandbox());
  await mkdir(place.path('hooks'));
  for (const name of names) await place.write(`hooks/${name}.yaml`, entry(name));
  return place;
}

describe('a folder as manifest', () => {
  it('is one manifest to every command, and each message names its file', async () => {
    const place = await folderWith(['b', 'a']);
    expect((await place.run('validate', '--file', 'hooks')).stdout).toBe('hooks: 2 webhooks in 2 files, no problems\n');
    expect((await place.json('validate', '--file', 'hooks')).document).toMatchObject({ webhooks: 2, files: 2 });
    const { stdout } = await place.run('plan', '--file', 'hooks/', '--no-refresh', '--json');
    expect(JSON.parse(stdout).changes).toMatchObject([
      { name: 'a', file: 'hooks/a.yaml', line: 2 },
      { name: 'b', file: 'hooks/b.yaml', line: 2 },
    ]);
    const text = await place.run('plan', '--file', 'hooks', '--no-refresh');
    expect(text.stdout).toContain('(hooks/b.yaml:2)');
    expect((await place.run('apply', '--file', 'hooks', '--init')).code).toBe(0);
    await place.write('hooks/c.yaml', entry('a', 'nowhere'));
    const broken = await place.run('apply', '--file', 'hooks');
    expect(broken.code).toBe(3);
    expect(broken.stderr).toContain('hooks/c.yaml:2:11: error: name "a" is taken; first defined at hooks/a.yaml:2:11');
    expect(broken.stderr).toContain('hooks/c.yaml:3:14: error: handler is not an absolute URL');
  });

  it('gets its first file from init', async () => {
    const place = await folderWith([]);
    await place.write('hooks/README.md', '');
    const { code, stdout } = await place.run('init', '--no-schema', 'hooks');
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/^hooks\/webhooks\.yaml written\n.*validate --file hooks\n/s),
    ]);
    expect((await place.run('validate', '--file', 'hooks')).code).toBe(0);
  });

  it('is followed by the daemon: one run for one change of several files, and none while a file is broken', async () => {
    const place = await folderWith(['a', 'b', 'c']);
    const daemon = place.begin('run', '--init', '--file', 'hooks', '--schedule', 'off', '--log-format', 'json');
    await daemon.waitForOutput(/"create":3/);
    await Promise.all(
      ['a', 'b', 'd'].map((name) => place.write(`hooks/${name}.yaml`, entry(name, `https://b.example/${name}`))),
    );
    await daemon.waitForOutput(/"create":1,"update":2,"none":1/);
    await place.write('hooks/c.yaml', 'webhooks: [');
    await daemon.waitForOutput(/the last good one stays in force/);
    await place.write('hooks/c.yaml', entry('c'));
    await daemon.waitForOutput(/the manifest is valid again/);
    daemon.kill('SIGTERM');
    const { code, stdout } = await daemon.finished;
    expect(code).toBe(0);
    expect(stdout.match(/"triggers":\["manifest"\].*reconciled/g)?.length).toBeLessThanOrEqual(2);
    expect(stdout).toMatch(/"file":"hooks\/c\.yaml"/);
  });
});
