import { describe, expect, it } from 'vitest';
import { Workplace } from '../../helpers/cli.js';

describe('a word of another tool', () => {
  it.each([
    [['apply', '--dry-run'], /unknown option '--dry-run'\n\(`plan` shows what `apply` would do/],
    [['apply', '--auto-approve'], /unknown option '--auto-approve'\n\(`apply` asks nothing/],
    [['apply', '--yes'], /unknown option '--yes'\n\(`apply` asks nothing/],
    [['diff'], /unknown command 'diff'\n\(`plan` shows/],
    [['sync'], /unknown command 'sync'\n\(`apply` makes/],
    [
      ['destroy'],
      /unknown command 'destroy'\n\(name them under `removed` in the manifest, or take all out and run `apply --prune`/,
    ],
    [['state', 'rm', 'a'], /unknown command 'rm'\n\(`forget NAME` drops an entry/],
    [['state', 'show'], /unknown command 'show'\n\(`list` shows/],
    [['state', 'list'], /unknown command 'list'\n\(`list` shows/],
    [['get'], /unknown command 'get'\n\(`list` shows/],
    [['refresh'], /unknown command 'refresh'\n\(`plan` reads the live webhooks too/],
    [['plan', '-refresh-only'], /unknown option '-refresh-only'\n\(`plan` reads the live webhooks too/],
    [['preview'], /unknown command 'preview'\n\(`plan` shows/],
    [['up'], /unknown command 'up'\n\(`apply` makes/],
    [['apply', '--doit'], /unknown option '--doit'\n\(`apply` asks nothing/],
    [['apply', '-y'], /unknown option '-y'\n\(`apply` asks nothing/],
    [['apply', '-auto-approve'], /unknown option '-auto-approve'\n\(`apply` asks nothing/],
    [['dump'], /unknown command 'dump'\n\(`discover` prints/],
    [['fmt'], /unknown command 'fmt'\n\(`validate` checks/],
    [['version'], /unknown command 'version'\n\(`--version` prints it/],
    [['list', '-o', 'json'], /unknown option '-o'\n\(`--json` prints/],
    [['plan', '-out=plan.json'], /unknown option '-out=plan.json'\n\(options have two dashes: --out\)/],
    [['apply', '--prune=true'], /unknown option '--prune=true'\n\(without a value: --prune\)/],
    [['apply', '--refresh=false'], /unknown option '--refresh=false'\n\(without a value: --no-refresh\)/],
  ])('is an error that says what is meant here: %j', async (args, expected) => {
    const place = await Workplace.open();
    const { code, stderr } = await place.run(...args);
    expect([code, stderr]).toEqual([3, expect.stringMatching(expected)]);
  });

  it('says it in JSON, and leaves other mistakes with their suggestion', async () => {
    const place = await Workplace.open();
    expect((await place.json('plan', '--dry-run=client')).document.errors).toMatchObject([
      { code: 'usage', remedy: '(`plan` shows what `apply` would do, and changes nothing)' },
    ]);
    expect((await place.run('aply')).stderr).toContain('Did you mean apply?');
  });

  it('says which comes first where an id was given for a name', async () => {
    const place = await Workplace.open();
    const { code, stderr } = await place.run('import', '1894', 'crm-profile-created');
    expect([code, stderr]).toEqual([
      3,
      expect.stringContaining('the name comes first: import crm-profile-created 1894'),
    ]);
  });
});
