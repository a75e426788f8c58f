import { describe, expect, it } from 'vitest';
import { Workplace } from '../helpers/cli.js';
import { atNight } from '../helpers/night.js';
import { blocksOf, readPage, sectionOf } from '../helpers/page.js';
import { startPostgres } from '../helpers/postgres.js';
import { openSandbox } from '../helpers/sandbox.js';
import { at, itemsAt, read, readYaml } from './files.js';
import { workflowProblems } from './github-parser.js';
import { manifestOf, Repository } from './github-repository.js';

const FILE = 'docs/deploy/github-actions/webhooks-postgresql.yml';
const workflow = readYaml(FILE);
const usual = readYaml('docs/deploy/github-actions/webhooks.yml');

const stepsOf = (job: string) => itemsAt(workflow, 'jobs', job, 'steps');

describe('the workflow with the state in a database', () => {
  it('is one that GitHub accepts', () => {
    expect(workflowProblems(FILE, read(FILE))).toEqual([]);
  });

  it('is the other one where no state is needed', () => {
    for (const part of ['on', 'permissions', 'concurrency', 'defaults'])
      expect(at(workflow, part)).toEqual(at(usual, part));
    for (const job of ['check', 'comment']) expect(at(workflow, 'jobs', job)).toEqual(at(usual, 'jobs', job));
  });

  it('differs from it in the steps that bring the state, and in less that it may', () => {
    for (const job of ['plan', 'apply']) {
      const { steps, permissions, env, ...rest } = at(workflow, 'jobs', job) as Record<string, unknown>;
      expect(at(usual, 'jobs', job)).toMatchObject(rest);
      expect([permissions, Object.keys(env as object)]).toEqual([{ contents: 'read' }, ['COPERNICA_WEBHOOKS_INIT']]);
      const named = (step: unknown) => at(step, 'name') ?? at(step, 'uses') ?? at(step, 'run');
      const kept = itemsAt(usual, 'jobs', job, 'steps').filter((step) => !/ the state/.test(String(named(step))));
      expect((steps as unknown[]).map(named)).toEqual(kept.map(named));
    }
  });

  it('gives token and database to the two steps that need them, and writes neither into a script', () => {
    const holders = ['check', 'comment', 'plan', 'apply'].flatMap((job) =>
      stepsOf(job).flatMap((step) => (JSON.stringify(step).includes('secrets.') ? [[job, at(step, 'name')]] : [])),
    );
    expect(holders).toEqual([
      ['plan', 'Plan'],
      ['apply', 'Apply'],
    ]);
    for (const step of [...stepsOf('plan'), ...stepsOf('apply')]) {
      expect(String(at(step, 'run') ?? '')).not.toContain('${'.concat('{'));
    }
  });
});

const STEPS = { plan: ['Plan'], apply: ['Apply'] };
const FIRST_TIME = { COPERNICA_WEBHOOKS_INIT: 'true' };
const PASSWORDS = { owner: 'change-me-1', writer: 'change-me-2', reader: 'change-me-3' } as const;

describe('its steps on main', () => {
  // By day those with the state on a branch stand for them.
  atNight('plan as who may only read and apply as who may write, from one machine to the next', async () => {
    const sandbox = await openSandbox();
    // Of its own: roles belong to a server, not to one of its databases.
    const server = await startPostgres({ settings: ['max_connections=50'] });
    const database = await server.createDatabase();
    const secretOf = (role: keyof typeof PASSWORDS) => ({
      COPERNICA_WEBHOOKS_STATE: `postgres://webhooks_${role}:${PASSWORDS[role]}@127.0.0.1:${server.port}/${database}`,
    });
    await server.query(database, blocksOf(sectionOf(readPage('postgresql.md'), 'Roles'), 'sql').join('\n'));
    const place = await Workplace.open(sandbox);
    Object.assign(place.environment, secretOf('owner'));
    expect(await place.run('state', 'migrate')).toMatchObject({ code: 0 });

    const { url, token } = sandbox;
    const repository = await Repository.open(workflow, STEPS, {
      COPERNICA_API_URL: url,
      COPERNICA_ACCESS_TOKEN: token,
      TZ: 'UTC',
    });
    const plan = (more = {}) => repository.runner('plan', STEPS.plan, { ...secretOf('reader'), ...more });
    const apply = (more = {}) => repository.runner('apply', STEPS.apply, { ...secretOf('writer'), ...more });
    const first = [await plan(FIRST_TIME), await apply(), await apply(FIRST_TIME)];
    expect(first).toMatchObject([
      { failedAt: null, output: 'changes=true\n' },
      { failedAt: 'Apply', said: expect.stringContaining('--init') },
      { failedAt: null },
    ]);
    await repository.push(manifestOf(3));
    expect(await plan()).toMatchObject({ failedAt: null, summary: expect.stringContaining('| `c` | create |') });
    expect(await apply()).toMatchObject({ failedAt: null, summary: expect.stringContaining('1 created') });
    expect(await plan()).toMatchObject({ failedAt: null, output: 'changes=false\n' });
    expect(sandbox.account().map(({ handler }) => handler)).toEqual([
      'https://a.example',
      'https://b.example',
      'https://c.example',
    ]);
    const said = first.map((outcome) => outcome.said + outcome.summary).join();
    for (const secret of [token, ...Object.values(PASSWORDS)]) expect(said).not.toContain(secret);
  });

  it('do nothing where the secret is missing: a file would end with the machine', async () => {
    const sandbox = await openSandbox();
    const repository = await Repository.open(workflow, STEPS, {
      COPERNICA_API_URL: sandbox.url,
      COPERNICA_ACCESS_TOKEN: sandbox.token,
    });
    for (const job of ['plan', 'apply'] as const) {
      const outcome = await repository.runner(job, STEPS[job], { ...FIRST_TIME, COPERNICA_WEBHOOKS_STATE: '' });
      expect(outcome).toMatchObject({ failedAt: STEPS[job][0], said: expect.stringContaining('::error::') });
    }
    expect(sandbox.account()).toEqual([]);
  });
});
