// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${{ … }} is GitHub's notation.
import { execFile, execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { atNight, NIGHT } from '../helpers/night.js';
import { useSandbox } from '../helpers/sandbox.js';
import { at, itemsAt, ROOT, read, readYaml } from './files.js';
import { workflowProblems } from './github-parser.js';

const FILE = 'docs/deploy/github-actions/webhooks.yml';
const workflow = readYaml(FILE);

const problemsOf = (content: string) => workflowProblems(FILE, content);

describe('the workflow', () => {
  it('is one that GitHub accepts', () => {
    expect(problemsOf(read(FILE))).toEqual([]);
    expect(problemsOf(read(FILE).replace('cancel-in-progress', 'cancel-in-progres'))).not.toEqual([]);
    expect(problemsOf(read(FILE).replace('github.run_id', 'githb.run_id'))).not.toEqual([]);
  });

  it('gives the token to one step, and never to a pull request', () => {
    const holders = Object.entries(at(workflow, 'jobs') as object).flatMap(([job, { steps }]) =>
      itemsAt(steps)
        .filter((step) => JSON.stringify(step).includes('secrets.'))
        .map((step) => `${job}: ${String(at(step, 'name'))}`),
    );
    expect(holders).toEqual(['apply: Apply']);
    expect(at(workflow, 'on', 'pull_request_target')).toBeUndefined();
    expect(at(workflow, 'permissions')).toEqual({});
    expect(at(workflow, 'jobs', 'check', 'permissions')).toEqual({ contents: 'read' });
  });

  it('names actions by the digest of a release, and leaves no credentials in the checkout', () => {
    const actions = [...read(FILE).matchAll(/uses: (.*)/g)].map(([, action]) => action);
    expect(actions).toHaveLength(5);
    for (const action of actions) expect(action).toMatch(/^actions\/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    for (const job of ['check', 'apply']) {
      const [checkout] = itemsAt(workflow, 'jobs', job, 'steps');
      expect(at(checkout, 'with', 'persist-credentials')).toBe(false);
    }
  });

  it('gives git the token of GitHub in the two steps that push, and in no other', async () => {
    const steps = itemsAt(workflow, 'jobs', 'apply', 'steps');
    const holders = steps.filter((step) => at(step, 'env', 'GITHUB_TOKEN') === '${{ github.token }}');
    expect(holders.map((step) => at(step, 'name'))).toEqual(['Take the state', 'Keep the state']);
    const env = { ...process.env, ...(at(workflow, 'jobs', 'apply', 'env') as object), GITHUB_TOKEN: 'of-this-job' };
    const asked = 'protocol=https\nhost=github.com\n\n';
    const answer = execFileSync('git', ['credential', 'fill'], { env, input: asked, encoding: 'utf8' });
    expect(answer).toContain('username=x-access-token\npassword=of-this-job\n');
  });

  it('lets no expression into a script, where it could be more than text', () => {
    for (const job of ['check', 'apply']) {
      for (const step of itemsAt(workflow, 'jobs', job, 'steps')) expect(at(step, 'run') ?? '').not.toContain('${{');
    }
  });

  it('runs one apply at a time and ends none for another', () => {
    expect(at(workflow, 'jobs', 'apply', 'concurrency')).toEqual({
      group: 'copernica-webhooks-state',
      'cancel-in-progress': false,
    });
  });
});

const ENTRIES = ['a', 'b', 'c'].map(
  (name) => `  - { name: ${name}, handler: https://${name}.example, trigger: create }\n`,
);
const manifestOf = (count: number) => `webhooks:\n${ENTRIES.slice(0, count).join('')}`;

/** A repository with its remote, and runners that come and go. */
class Repository {
  private constructor(
    readonly folder: string,
    readonly environment: Readonly<Record<string, string>>,
  ) {}

  static async open(environment: Record<string, string>): Promise<Repository> {
    const folder = await mkdtemp(join(tmpdir(), 'copernica-webhooks-actions-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    await mkdir(join(folder, 'bin'));
    // In place of the installed package: `npx --no-install copernica-webhooks …`
    await writeFile(
      join(folder, 'bin/npx'),
      `#!/bin/sh\nshift 2\nexec "${process.execPath}" "${ROOT}dist/main.js" "$@"\n`,
    );
    await chmod(join(folder, 'bin/npx'), 0o755);
    const repository = new Repository(folder, {
      ...environment,
      PATH: `${folder}/bin:${process.env.PATH}`,
      HOME: folder,
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_AUTHOR_NAME: 'somebody',
      GIT_AUTHOR_EMAIL: 'somebody@example.com',
      GIT_COMMITTER_NAME: 'somebody',
      GIT_COMMITTER_EMAIL: 'somebody@example.com',
    });
    await repository.git('.', 'init', '--quiet', '--bare', '--initial-branch=main', 'origin.git');
    await repository.git('.', 'clone', '--quiet', 'origin.git', 'desk');
    await repository.push(manifestOf(2));
    return repository;
  }

  async git(where: string, ...args: string[]): Promise<void> {
    const { code, output } = await this.do('git', args, where);
    if (code !== 0) throw new Error(`git ${args.join(' ')}: ${output}`);
  }

  /** Runs a program to its end. The sandbox lives in this process, so nothing here may block. */
  private do(program: string, args: readonly string[], where: string, more: Record<string, string> = {}) {
    const options = { cwd: join(this.folder, where), env: { ...this.environment, ...more } };
    return new Promise<{ code: number; output: string }>((resolve) => {
      execFile(program, args, options, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: stdout + stderr });
      });
    });
  }

  async push(manifest: string): Promise<void> {
    await writeFile(join(this.folder, 'desk/webhooks.yaml'), manifest);
    await this.git('desk', 'add', '--all');
    await this.git('desk', 'commit', '--quiet', '-m', 'Change the webhooks');
    await this.git('desk', 'push', '--quiet', 'origin', 'HEAD:main');
  }

  /** A file of the branch with the state, as the remote has it; null: it has none. */
  async kept(path: string): Promise<string | null> {
    const { code, output } = await this.do('git', ['show', `webhooks-state:${path}`], 'origin.git');
    return code === 0 ? output : null;
  }

  /** A fresh machine that has checked out main and does the named steps of a job, in order, until one fails. */
  async runner(job: 'check' | 'apply', steps: readonly string[], more: Record<string, string> = {}): Promise<Outcome> {
    await rm(join(this.folder, 'work'), { recursive: true, force: true });
    await this.git('.', 'clone', '--quiet', 'origin.git', 'work');
    return this.goOn(job, steps, more);
  }

  /** More steps on the machine of before. */
  async goOn(job: 'check' | 'apply', steps: readonly string[], more: Record<string, string> = {}): Promise<Outcome> {
    const summaryFile = join(this.folder, 'summary.md');
    await writeFile(summaryFile, '');
    const env = { ...this.environmentOf(job, more.COPERNICA_WEBHOOKS_INIT ?? 'false'), ...more };
    const files = { GITHUB_STEP_SUMMARY: summaryFile, RUNNER_TEMP: this.folder };
    let said = '';
    for (const name of steps) {
      const step = itemsAt(workflow, 'jobs', job, 'steps').find((candidate) => at(candidate, 'name') === name);
      const script = ['-eo', 'pipefail', '-c', String(at(step, 'run'))];
      const { code, output } = await this.do('bash', script, 'work', { ...env, ...files });
      said += output;
      if (code !== 0) return { failedAt: name, said, summary: await readFile(summaryFile, 'utf8') };
    }
    return { failedAt: null, said, summary: await readFile(summaryFile, 'utf8') };
  }

  private environmentOf(job: string, firstTime: string): Record<string, string> {
    const values: Record<string, string> = {
      'github.workspace': join(this.folder, 'work'),
      'inputs.first-time || false': firstTime,
      'github.server_url': 'https://github.example',
      'github.repository': 'o/r',
      'github.run_id': '7',
    };
    const entries = Object.entries((at(workflow, 'jobs', job, 'env') ?? {}) as Record<string, string>);
    return Object.fromEntries(
      entries.map(([name, text]) => [
        name,
        text.replace(/\$\{\{ (.*?) \}\}/g, (_whole, expression: string) => values[expression] ?? `?${expression}?`),
      ]),
    );
  }
}

interface Outcome {
  readonly failedAt: string | null;
  readonly said: string;
  readonly summary: string;
}

const APPLY = ['Take the state', 'Apply', 'Keep the state'];
const FIRST_TIME = { COPERNICA_WEBHOOKS_INIT: 'true' };

describe('the steps of apply', () => {
  const sandbox = useSandbox();
  const handlers = () =>
    sandbox()
      .account()
      .map(({ handler }) => handler);
  const open = () =>
    Repository.open({ COPERNICA_API_URL: sandbox().url, COPERNICA_ACCESS_TOKEN: sandbox().token, TZ: 'UTC' });

  it('keep the state from one machine to the next, and create each webhook once', async () => {
    const repository = await open();
    const first = await repository.runner('apply', APPLY, FIRST_TIME);
    expect(first).toMatchObject({ failedAt: null, summary: expect.stringContaining('create') });
    await repository.push(manifestOf(3));
    expect(await repository.runner('apply', APPLY)).toMatchObject({ failedAt: null });
    if (NIGHT) expect(await repository.runner('apply', APPLY)).toMatchObject({ failedAt: null });
    expect(handlers()).toEqual(['https://a.example', 'https://b.example', 'https://c.example']);
    expect(await repository.kept('under-way')).toBeNull();
    expect(await repository.kept('webhooks.state.jsonl.lock')).toBeNull();
    expect(first.said + first.summary).not.toContain(sandbox().token);
  });

  it('do nothing without a state, unless it is said to be the first time', async () => {
    const repository = await open();
    const outcome = await repository.runner('apply', APPLY);
    expect(outcome).toMatchObject({ failedAt: 'Take the state', said: expect.stringContaining('first-time') });
    expect(handlers()).toEqual([]);
  });

  atNight('do nothing after a run whose machine was lost before it brought the state back', async () => {
    const repository = await open();
    expect(await repository.runner('apply', ['Take the state', 'Apply'], FIRST_TIME)).toMatchObject({ failedAt: null });
    for (const environment of [{}, FIRST_TIME]) {
      const outcome = await repository.runner('apply', APPLY, environment);
      expect(outcome.failedAt).toBe('Take the state');
      expect(outcome.said).toContain('https://github.example/o/r/actions/runs/7 never brought its state back');
    }
    expect(handlers()).toHaveLength(2);
  });

  atNight('keep the state of a run that failed, too', async () => {
    const repository = await open();
    sandbox().orderFault('create@2:400*always');
    // GitHub goes on with "Keep the state" after the failure: `if: always()`.
    expect(await repository.runner('apply', APPLY, FIRST_TIME)).toMatchObject({ failedAt: 'Apply' });
    expect(await repository.goOn('apply', ['Keep the state'])).toMatchObject({ failedAt: null });
    expect(await repository.kept('webhooks.state.jsonl')).toContain('https://a.example');
    expect(await repository.kept('under-way')).toBeNull();
  });
});

describe('the steps for a pull request', () => {
  atNight('show what merging would do, at the lines that it is about and as a summary', async () => {
    const repository = await Repository.open({ TZ: 'UTC' });
    await repository.push(manifestOf(3));
    const outcome = await repository.runner('check', ['Validate', 'Plan']);
    expect(outcome.failedAt).toBeNull();
    expect(outcome.said).toContain('::notice file=webhooks.yaml,line=4,title=create c::');
    expect(outcome.summary).toMatch(/\+ create +c .*https:\/\/c\.example/);
    expect(outcome.summary).toContain('Plan: 1 to create');
  });

  it('stop at a manifest that is broken, with the place', async () => {
    const repository = await Repository.open({ TZ: 'UTC' });
    await repository.push(`${manifestOf(1)}  - { name: b, handlr: https://b.example, trigger: create }\n`);
    const outcome = await repository.runner('check', ['Validate', 'Plan']);
    expect(outcome.failedAt).toBe('Validate');
    expect(outcome.said).toMatch(/::error file=webhooks\.yaml,line=3/);
  });
});
