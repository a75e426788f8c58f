// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${{ … }} is GitHub's notation.
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { atNight, NIGHT } from '../helpers/night.js';
import { useSandbox } from '../helpers/sandbox.js';
import { at, itemsAt, read, readYaml } from './files.js';
import { openComments } from './github-comments.js';
import { workflowProblems } from './github-parser.js';
import { manifestOf, Repository } from './github-repository.js';

const FILE = 'docs/deploy/github-actions/webhooks.yml';
const workflow = readYaml(FILE);

const JOBS = Object.keys(at(workflow, 'jobs') as object);

const scripts = () =>
  JOBS.flatMap((job) => itemsAt(workflow, 'jobs', job, 'steps').map((step) => String(at(step, 'run') ?? '')));

/** `job: name` of the steps that are so. */
const stepsWith = (isSo: (step: unknown) => boolean) =>
  JOBS.flatMap((job) =>
    itemsAt(workflow, 'jobs', job, 'steps')
      .filter(isSo)
      .map((step) => `${job}: ${String(at(step, 'name'))}`),
  );

const problemsOf = (content: string) => workflowProblems(FILE, content);

describe('the workflow', () => {
  it('is one that GitHub accepts', () => {
    expect(problemsOf(read(FILE))).toEqual([]);
    expect(problemsOf(read(FILE).replace('cancel-in-progress', 'cancel-in-progres'))).not.toEqual([]);
    expect(problemsOf(read(FILE).replace('github.run_id', 'githb.run_id'))).not.toEqual([]);
  });

  it('gives the token to the two steps that ask the account, on main alone, and never to a pull request', () => {
    const holders = stepsWith((step) => JSON.stringify(step).includes('secrets.'));
    expect(holders).toEqual(['plan: Plan', 'apply: Apply']);
    expect(at(workflow, 'on', 'pull_request_target')).toBeUndefined();
    expect(at(workflow, 'jobs', 'plan', 'if')).toContain("github.ref == 'refs/heads/main'");
    expect(at(workflow, 'jobs', 'plan', 'environment')).toBe('copernica-plan');
  });

  it('lets each job do no more than it must', () => {
    expect(at(workflow, 'permissions')).toEqual({});
    expect(JOBS.map((job) => [job, at(workflow, 'jobs', job, 'permissions')])).toEqual([
      ['check', { contents: 'read' }],
      ['comment', { 'pull-requests': 'write' }],
      ['plan', { contents: 'read' }],
      ['apply', { contents: 'write' }],
    ]);
  });

  it('writes comments in a job that runs nothing of the pull request, and not for those of forks', () => {
    const steps = itemsAt(workflow, 'jobs', 'comment', 'steps');
    expect(steps.map((step) => at(step, 'uses') ?? at(step, 'name'))).toEqual([
      expect.stringMatching(/^actions\/download-artifact@/),
      'Comment',
    ]);
    expect(JSON.stringify(steps)).not.toMatch(/npm|npx|checkout/);
    const condition = String(at(workflow, 'jobs', 'comment', 'if'));
    expect(condition).toContain('github.event.pull_request.head.repo.full_name == github.repository');
  });

  it('applies nothing but a plan that somebody approved', () => {
    expect(at(workflow, 'jobs', 'apply')).toMatchObject({ needs: 'plan', environment: 'copernica' });
    const applies = scripts().flatMap((script) => script.match(/copernica-webhooks apply.*/g) ?? []);
    expect(applies).toEqual([expect.stringMatching(/^copernica-webhooks apply plan\.json /)]);
  });

  it('keeps what it passes on for a short time', () => {
    const kept = JOBS.flatMap((job) => itemsAt(workflow, 'jobs', job, 'steps')).flatMap((step) => {
      return String(at(step, 'uses')).startsWith('actions/upload-artifact@') ? [at(step, 'with')] : [];
    });
    expect(kept).toMatchObject([
      { name: 'comment', 'retention-days': 1 },
      { name: 'saved-plan', 'retention-days': 7 },
      { name: 'webhooks-state' },
    ]);
  });

  it('names actions by the digest of a release, and leaves no credentials in the checkout', () => {
    const actions = [...read(FILE).matchAll(/uses: (.*)/g)].map(([, action]) => action);
    expect(actions).toHaveLength(11);
    for (const action of actions) expect(action).toMatch(/^actions\/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    for (const job of ['check', 'plan', 'apply']) {
      const [checkout] = itemsAt(workflow, 'jobs', job, 'steps');
      expect(at(checkout, 'with', 'persist-credentials')).toBe(false);
    }
  });

  it('gives the token of GitHub to the steps that comment, fetch and push, and to no other', async () => {
    const holders = stepsWith((step) => at(step, 'env', 'GITHUB_TOKEN') === '${{ github.token }}');
    const needing = ['comment: Comment', 'plan: Read the state', 'apply: Take the state', 'apply: Keep the state'];
    expect(holders).toEqual(needing);
    for (const job of ['plan', 'apply']) {
      const env = { ...process.env, ...(at(workflow, 'jobs', job, 'env') as object), GITHUB_TOKEN: 'of-this-job' };
      const asked = 'protocol=https\nhost=github.com\n\n';
      const answer = execFileSync('git', ['credential', 'fill'], { env, input: asked, encoding: 'utf8' });
      expect(answer).toContain('username=x-access-token\npassword=of-this-job\n');
    }
  });

  it('lets no expression into a script, where it could be more than text', () => {
    expect(scripts().length).toBeGreaterThan(8);
    for (const script of scripts()) expect(script).not.toContain('${{');
  });

  it('runs one apply at a time and ends none for another', () => {
    expect(at(workflow, 'jobs', 'apply', 'concurrency')).toEqual({
      group: 'copernica-webhooks-state',
      'cancel-in-progress': false,
    });
    // The workflow's own group is one for each pull request, and one for each run on main.
    expect(at(workflow, 'concurrency', 'group')).toContain('github.event.pull_request.number || github.run_id');
  });
});

const PLAN = ['Read the state', 'Plan'];
const APPLY = ['Take the state', 'Apply', 'Keep the state'];
const STEPS = { plan: PLAN, apply: APPLY };
const FIRST_TIME = { COPERNICA_WEBHOOKS_INIT: 'true' };

describe('the steps on main', () => {
  const sandbox = useSandbox();
  const handlers = () =>
    sandbox()
      .account()
      .map(({ handler }) => handler);
  const open = () =>
    Repository.open(workflow, STEPS, {
      COPERNICA_API_URL: sandbox().url,
      COPERNICA_ACCESS_TOKEN: sandbox().token,
      TZ: 'UTC',
    });

  it('keep the state from one machine to the next, and create each webhook once', async () => {
    const repository = await open();
    const first = await repository.release(FIRST_TIME);
    expect(first).toMatchObject({ failedAt: null, summary: expect.stringContaining('**Done\\: 2 created**') });
    await repository.push(manifestOf(3));
    const planned = await repository.runner('plan', PLAN);
    expect(planned).toMatchObject({ failedAt: null, summary: expect.stringContaining('| `c` | create |') });
    expect(handlers()).toHaveLength(2);
    expect(await repository.runner('apply', APPLY)).toMatchObject({ failedAt: null });
    // Nothing is left to approve.
    if (NIGHT) expect(await repository.runner('plan', PLAN)).toMatchObject({ output: 'changes=false\n' });
    expect(handlers()).toEqual(['https://a.example', 'https://b.example', 'https://c.example']);
    expect(await repository.kept('under-way')).toBeNull();
    expect(await repository.kept('webhooks.state.jsonl.lock')).toBeNull();
    expect(first.said + first.summary).not.toContain(sandbox().token);
  });

  atNight('do nothing of a plan that main has left behind, and keep the state as it is', async () => {
    const repository = await open();
    await repository.release(FIRST_TIME);
    await repository.push(manifestOf(3));
    await repository.runner('plan', PLAN);
    const state = await repository.kept('webhooks.state.jsonl');
    await repository.push(manifestOf(1));
    const outcome = await repository.runner('apply', APPLY);
    expect(outcome).toMatchObject({ failedAt: 'Apply', summary: expect.stringContaining('out of date') });
    expect(outcome.summary).toContain('c: planned: create');
    expect(await repository.goOn('apply', ['Keep the state'])).toMatchObject({ failedAt: null });
    expect(handlers()).toHaveLength(2);
    expect(await repository.kept('webhooks.state.jsonl')).toBe(state);
    expect(await repository.kept('under-way')).toBeNull();
  });

  it('plan and do nothing without a state, unless it is said to be the first time', async () => {
    const repository = await open();
    for (const [job, steps] of [
      ['plan', PLAN],
      ['apply', APPLY],
    ] as const) {
      const outcome = await repository.runner(job, steps);
      expect(outcome).toMatchObject({ failedAt: steps[0], said: expect.stringContaining('first-time') });
    }
    expect(handlers()).toEqual([]);
  });

  atNight('do nothing after a run whose machine was lost before it brought the state back', async () => {
    const repository = await open();
    await repository.runner('plan', PLAN, FIRST_TIME);
    expect(await repository.runner('apply', ['Take the state', 'Apply'], FIRST_TIME)).toMatchObject({ failedAt: null });
    for (const environment of [{}, FIRST_TIME]) {
      const planned = await repository.runner('plan', PLAN, environment);
      expect(planned).toMatchObject({ failedAt: 'Read the state', said: expect.stringContaining('is under way') });
      const outcome = await repository.runner('apply', APPLY, environment);
      expect(outcome.failedAt).toBe('Take the state');
      expect(outcome.said).toContain('https://github.example/o/r/actions/runs/7 never brought its state back');
    }
    expect(handlers()).toHaveLength(2);
  });

  atNight('go on after a run that was lost as the page says how, and create nothing twice', async () => {
    const [, repair = ''] = read('docs/deploy/github-actions/README.md').split('## A run that was lost');
    const [look = '', keep = ''] = [...repair.matchAll(/^ +```sh\n([^`]+)```/gm)].map(([, block = '']) => block);
    expect(keep).toContain('git rm under-way');
    const repository = await open();
    await repository.release(FIRST_TIME);
    await repository.push(manifestOf(3));
    await repository.runner('plan', PLAN);
    await repository.runner('apply', ['Take the state', 'Apply']);
    expect(await repository.type(`${look.replace('NAME', 'c')}\n${keep}`)).toMatchObject({
      code: 0,
      output: expect.stringContaining('c is now webhook 1896'),
    });
    expect(await repository.kept('under-way')).toBeNull();
    expect(await repository.release()).toMatchObject({ failedAt: null, output: 'changes=false\n' });
    expect(handlers()).toEqual(['https://a.example', 'https://b.example', 'https://c.example']);
  });

  atNight('keep the state of a run that failed, and plan what it left', async () => {
    const repository = await open();
    sandbox().orderFault('create@2:400');
    // GitHub goes on with "Keep the state" after the failure: `if: always()`.
    expect(await repository.release(FIRST_TIME)).toMatchObject({ failedAt: 'Apply' });
    expect(await repository.goOn('apply', ['Keep the state'])).toMatchObject({ failedAt: null });
    expect(await repository.kept('webhooks.state.jsonl')).toContain('https://a.example');
    expect(await repository.kept('under-way')).toBeNull();
    expect(await repository.release()).toMatchObject({ failedAt: null });
    expect(handlers()).toEqual(['https://a.example', 'https://b.example']);
  });
});

describe('the steps for a pull request', () => {
  it('write one comment with what merging would do, and write it anew at the next push', async () => {
    const comments = await openComments({ before: 120 });
    const repository = await Repository.open(workflow, STEPS, { TZ: 'UTC' });
    /** GitHub goes on with "Plan" and the comment after a failure of "Validate": `!cancelled()`. */
    const push = async (manifest: string) => {
      await repository.push(manifest);
      const validated = await repository.runner('check', ['Validate']);
      const planned = await repository.goOn('check', ['Plan']);
      expect(await repository.goOn('comment', ['Comment'], comments.environment)).toMatchObject({ failedAt: null });
      return { validated, planned };
    };
    const good = await push(manifestOf(3));
    expect([good.validated.failedAt, good.planned.failedAt]).toEqual([null, null]);
    expect(good.planned.summary).toContain('1 to create');
    const [first, ...more] = comments.written();
    expect([first, more]).toEqual([expect.stringMatching(/1 to create, 2 unchanged.*\| `c` \| create \|/s), []]);
    const broken = await push(`${manifestOf(1)}  - { name: b, handlr: https://b.example, trigger: create }\n`);
    expect([broken.validated.failedAt, broken.planned.failedAt]).toEqual(['Validate', 'Plan']);
    expect(broken.validated.said).toMatch(/::error file=webhooks\.yaml,line=3/);
    expect(comments.written()).toEqual([expect.stringMatching(/webhooks\.yaml:3:\d+: error: unknown field "handlr"/)]);
    expect(comments.all.slice(0, 120).filter(({ body }) => body.includes('What merging'))).toEqual([]);
  });
});
