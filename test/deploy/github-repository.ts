import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { at, itemsAt, ROOT } from './files.js';

type Job = 'check' | 'comment' | 'plan' | 'apply';

/** Names of the steps that a push to main runs, of those that are scripts. */
export interface StepsOnMain {
  readonly plan: readonly string[];
  readonly apply: readonly string[];
}

const ENTRIES = ['a', 'b', 'c'].map(
  (name) => `  - { name: ${name}, handler: https://${name}.example, trigger: create }\n`,
);
export const manifestOf = (count: number) => `webhooks:\n${ENTRIES.slice(0, count).join('')}`;

/** A repository with its remote, and runners that come and go. */
export class Repository {
  private constructor(
    private readonly workflow: unknown,
    private readonly steps: StepsOnMain,
    readonly folder: string,
    readonly environment: Readonly<Record<string, string>>,
  ) {}

  static async open(workflow: unknown, steps: StepsOnMain, environment: Record<string, string>): Promise<Repository> {
    const folder = await mkdtemp(join(tmpdir(), 'copernica-webhooks-actions-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    for (const name of ['bin', 'passed-on']) await mkdir(join(folder, name));
    // In place of the installed package: `npx --no-install copernica-webhooks …`, or without the flag.
    await writeFile(
      join(folder, 'bin/npx'),
      `#!/bin/sh\n[ "$1" != --no-install ] || shift\nshift\nexec "${process.execPath}" "${ROOT}dist/main.js" "$@"\n`,
    );
    await chmod(join(folder, 'bin/npx'), 0o755);
    const repository = new Repository(workflow, steps, folder, {
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

  /** What a person types in a checkout of main, until something fails. */
  type(commands: string): Promise<{ readonly code: number; readonly output: string }> {
    return this.do('bash', ['-ec', commands], 'desk');
  }

  /** A file of the branch with the state, as the remote has it; null: it has none. */
  async kept(path: string): Promise<string | null> {
    const { code, output } = await this.do('git', ['show', `webhooks-state:${path}`], 'origin.git');
    return code === 0 ? output : null;
  }

  /**
   * A fresh machine that has checked out main and does the named steps of a job, in order, until one fails. What earlier
   * jobs pass on is there.
   */
  async runner(job: Job, steps: readonly string[], more: Record<string, string> = {}): Promise<Outcome> {
    await rm(join(this.folder, 'work'), { recursive: true, force: true });
    await this.git('.', 'clone', '--quiet', 'origin.git', 'work');
    if (job === 'apply') await this.pass('passed-on', 'work');
    return this.goOn(job, steps, more);
  }

  /** More steps on the machine of before. */
  async goOn(job: Job, steps: readonly string[], more: Record<string, string> = {}): Promise<Outcome> {
    const summaryFile = join(this.folder, 'summary.md');
    await writeFile(summaryFile, '');
    const env = { ...this.environmentOf(job, more.COPERNICA_WEBHOOKS_INIT ?? 'false'), ...more };
    const outputFile = join(this.folder, 'output');
    await writeFile(outputFile, '');
    const files = { GITHUB_STEP_SUMMARY: summaryFile, GITHUB_OUTPUT: outputFile };
    let said = '';
    let failedAt: string | null = null;
    for (const name of steps) {
      const step = itemsAt(this.workflow, 'jobs', job, 'steps').find((candidate) => at(candidate, 'name') === name);
      const script = ['-eo', 'pipefail', '-c', String(at(step, 'run'))];
      const { code, output } = await this.do('bash', script, 'work', { ...env, ...files });
      said += output;
      if (code === 0) continue;
      failedAt = name;
      break;
    }
    if (job === 'plan') await this.pass('work', 'passed-on');
    const summary = await readFile(summaryFile, 'utf8');
    return { failedAt, said, summary, output: await readFile(outputFile, 'utf8') };
  }

  /** As the artifact with the plan goes from job to job. */
  private async pass(from: string, to: string): Promise<void> {
    const plan = 'plan.json';
    await copyFile(join(this.folder, from, plan), join(this.folder, to, plan)).catch(() => undefined);
  }

  /** What a push to main does: it plans, and applies when that is approved. */
  async release(more: Record<string, string> = {}): Promise<Outcome> {
    const planned = await this.runner('plan', this.steps.plan, more);
    return planned.output.includes('changes=true') ? this.runner('apply', this.steps.apply, more) : planned;
  }

  private environmentOf(job: string, firstTime: string): Record<string, string> {
    const values: Record<string, string> = {
      'github.workspace': join(this.folder, 'work'),
      'inputs.first-time || false': firstTime,
      'github.server_url': 'https://github.example',
      'github.repository': 'o/r',
      'github.run_id': '7',
    };
    const entries = Object.entries((at(this.workflow, 'jobs', job, 'env') ?? {}) as Record<string, string>);
    return Object.fromEntries(
      entries.map(([name, text]) => [
        name,
        text.replace(/\$\{\{ (.*?) \}\}/g, (_whole, expression: string) => values[expression] ?? `?${expression}?`),
      ]),
    );
  }
}

export interface Outcome {
  readonly failedAt: string | null;
  readonly said: string;
  readonly summary: string;
  readonly output: string;
}
