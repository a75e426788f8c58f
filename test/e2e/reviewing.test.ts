import { describe, expect, it } from 'vitest';
import { Workplace } from '../helpers/cli.js';
import { blocksOf, readPage, sectionOf, stepsOf } from '../helpers/page.js';
import { openSandbox } from '../helpers/sandbox.js';
import { typed } from '../helpers/typed.js';

const PAGE = readPage('reviewing-changes.md');
const stepsBelow = (heading: string) => stepsOf(sectionOf(PAGE, heading));

const [ON_MAIN = '', ON_BRANCH = ''] = blocksOf(sectionOf(PAGE, 'The change'), 'yaml');
const [VALIDATE, PLAN_OF_FILES] = stepsBelow('The pull request');
const [REFUSED] = stepsBelow('A protected entry');
const [PLAN, APPLY] = stepsBelow('The plan that is approved');
const [STALE] = stepsBelow('When something moved in between');

const TOKEN = 'token-of-the-account';
const IDENTITY = { id: '34', name: 'Development', description: '', company: 'Copernica BV' };

/** The merge that is proposed, with the base branch's file beside it: no state, no token, nowhere to send anything. */
async function openPullRequest(manifest: string): Promise<Workplace> {
  const place = await Workplace.open();
  await place.write('base.yaml', ON_MAIN);
  await place.write('webhooks.yaml', manifest);
  return place;
}

/** A checkout of main with state and token, after the merge; the account is still as main was before. */
async function openMain() {
  const sandbox = await openSandbox({ accounts: [{ token: TOKEN, identity: IDENTITY }] });
  const place = await Workplace.open(sandbox);
  await place.write('webhooks.yaml', ON_MAIN);
  expect((await place.run('apply', '--init')).code).toBe(0);
  await place.write('webhooks.yaml', ON_BRANCH);
  const seen = sandbox.requests().length;
  /** What was asked of the API since, but to read. */
  const sent = () =>
    sandbox
      .requests()
      .slice(seen)
      .flatMap(({ method, path }) => (method === 'GET' ? [] : [`${method} ${path}`]));
  return { sandbox, place, sent };
}

const [CREATED, CHANGED, CLICKS, CONSENT] = [
  { id: 1894, handler: 'https://hooks.example.com/created', trigger: 'create' },
  { id: 1895, handler: 'https://hooks.example.com/changed', trigger: 'update' },
  { id: 1896, handler: 'https://hooks.example.com/clicks', trigger: 'click' },
  { id: 1897, handler: 'https://consent.example.com/unsubscribed', trigger: 'unsubscribe' },
];

describe('docs/reviewing-changes.md', () => {
  it('shows no output that is not tried', () => {
    expect(stepsOf(PAGE)).toEqual([VALIDATE, PLAN_OF_FILES, REFUSED, PLAN, APPLY, STALE]);
  });

  it('a pull request is checked and shown with neither token nor state', async () => {
    const place = await openPullRequest(ON_BRANCH);
    expect(await typed(place, VALIDATE)).toBe(0);
    expect(await typed(place, PLAN_OF_FILES)).toBe(0);
    const [, comment = ''] = /format markdown`:\n\n((?:>.*\n)+)/.exec(PAGE) ?? [];
    const { stdout } = await place.run('plan', '--against', 'base.yaml', '--format', 'markdown');
    expect(stdout).toBe(comment.replace(/^> ?/gm, ''));
  });

  it('a pull request that would replace a protected webhook fails, and so does the plan once it is merged', async () => {
    const manifest = ON_BRANCH.replace('database: 1017', 'database: 1018');
    expect(await typed(await openPullRequest(manifest), REFUSED)).toBe(4);
    const { place, sent } = await openMain();
    await place.write('webhooks.yaml', manifest);
    expect((await place.run('plan', '--out', 'plan.json')).code).toBe(4);
    await expect(place.read('plan.json')).rejects.toThrow('ENOENT');
    expect(sent()).toEqual([]);
  });

  it('what was approved is done, each webhook once, and what is protected is not touched', async () => {
    const { sandbox, place, sent } = await openMain();
    expect(await typed(place, PLAN)).toBe(0);
    expect(sent()).toEqual([]);
    expect(await typed(place, APPLY)).toBe(0);
    expect(sandbox.account()).toMatchObject([
      { ...CREATED, handler: 'https://hooks.example.com/v2/created' },
      { ...CHANGED, handler: 'https://hooks.example.com/v2/updated' },
      CONSENT,
    ]);
    expect(sent().sort()).toEqual(['DELETE /v3/webhook/1896', 'PUT /v3/webhook/1894', 'PUT /v3/webhook/1895']);
    expect(await place.json('plan')).toMatchObject({ code: 0, document: { summary: { none: 3 } } });
  });

  it('what was approved is refused after an edit, and nothing is sent', async () => {
    const { sandbox, place, sent } = await openMain();
    expect(await typed(place, PLAN)).toBe(0);
    const state = await place.read('webhooks.state.jsonl');
    await place.write('webhooks.yaml', ON_BRANCH.replace('/v2/created', '/v3/created'));
    expect(await typed(place, STALE)).toBe(4);
    expect(sent()).toEqual([]);
    expect(sandbox.account()).toMatchObject([CREATED, CHANGED, CLICKS, CONSENT]);
    expect(await place.read('webhooks.state.jsonl')).toBe(state);
    // The plan that is made anew holds all that is still to do.
    await place.run('plan', '--out', 'plan.json');
    expect((await place.run('apply', 'plan.json')).code).toBe(0);
    expect(sandbox.account()).toMatchObject([
      { id: 1894, handler: 'https://hooks.example.com/v3/created' },
      {},
      CONSENT,
    ]);
  });
});
