import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Workplace } from '../helpers/cli.js';
import { useSandbox } from '../helpers/sandbox.js';

const CLEAR = '\r\u001b[K';
const entry = (name: string, path: string) => ({ name, handler: `https://a.example/${path}`, trigger: 'create' });

/** What stays on a terminal after all this was written, without colours. */
function screen(written: string): string[] {
  return written.split('\r\n').map((line) => stripVTControlCharacters(line.split(CLEAR).at(-1) ?? ''));
}

describe('on a terminal', () => {
  const sandbox = useSandbox();

  async function applied(...names: string[]): Promise<Workplace> {
    const place = await Workplace.open(sandbox());
    await place.manifest(names.map((name) => entry(name, name)));
    expect((await place.run('apply', '--init')).code).toBe(0);
    return place;
  }

  it('`apply` shows each result when it comes, and progress after two seconds', async () => {
    const place = await applied('a', 'b');
    await place.manifest([entry('a', 'x'), entry('b', 'y')]);
    sandbox().orderFault('update@2:slow:2300');
    const running = place.startOnTerminal(80, 'apply', '--concurrency', '1');
    await running.waitForOutput(/updated .* a \(webhook 1894\)/);
    expect(
      sandbox()
        .account()
        .map(({ handler }) => handler),
    ).toEqual(['https://a.example/x', 'https://a.example/b']);
    await running.waitForOutput(/applying: 1 of 2, about \d+ s left/);
    const { code, stdout } = await running.finished;
    expect(code).toBe(0);
    expect(screen(stdout)).toEqual([
      `Account 34 Sandbox (Sandbox) at ${new URL(sandbox().url).host}`,
      '',
      '  updated            a (webhook 1894)',
      '  updated            b (webhook 1895)',
      'Done: 2 updated',
      '',
    ]);
  });

  it('`apply` shows what stays undone at the end, and each result once', async () => {
    const place = await applied('a');
    await place.manifest([entry('a', 'x'), entry('b', 'b')]);
    sandbox().orderFault('update:before:400*9');
    sandbox().orderFault('create:after:close');
    sandbox().orderFault('read:before:400*200');
    const flags = ['--settle', '0', '--on-uncertain', 'hold', '--no-refresh'];
    const { code, stdout } = await place.startOnTerminal(80, 'apply', ...flags).finished;
    const lines = screen(stdout);
    expect(code).toBe(4);
    expect(lines.filter((line) => /^ {2}\S+ /.test(line) && !line.startsWith('  help'))).toEqual([
      '  update failed      a (webhook 1894)',
      '  recover uncertain  b',
    ]);
    expect(lines.at(-2)).toBe('Done: nothing, 2 not done');
  });

  it('`apply --json` prints one document', async () => {
    const place = await applied('a');
    await place.manifest([entry('a', 'x')]);
    const { stdout } = await place.startOnTerminal(80, 'apply', '--json').finished;
    expect(JSON.parse(stdout)).toMatchObject({ summary: { update: 1 } });
  });

  it('`list` breaks a row that has no room before its webhook', async () => {
    const place = await applied('a');
    const { stdout } = await place.startOnTerminal(40, 'list').finished;
    expect(screen(stdout)).toEqual([
      'NAME    ID  STATUS   WEBHOOK',
      'a     1894  created',
      '    create → https://a.example/a',
      '',
    ]);
  });
});
