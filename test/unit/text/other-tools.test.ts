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
});
