import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import * as z from 'zod';
import { byDay } from '../helpers/night.js';
import { at, filesUnder, itemsAt, read, readYaml } from './files.js';
import { workflowProblems } from './github-parser.js';

const WORKFLOWS = filesUnder('.github/workflows');
const TO_COPY = 'docs/deploy/github-actions/webhooks.yml';
const packageJson: unknown = JSON.parse(read('package.json'));

const jobsOf = (path: string) => Object.entries(at(readYaml(path), 'jobs') as Record<string, unknown>);
const stepsOf = (path: string) => jobsOf(path).flatMap(([, job]) => itemsAt(job, 'steps'));
const actionsOf = (path: string) => [...read(path).matchAll(/uses: (.*)/g)].map(([, action = '']) => action);

describe.each(WORKFLOWS)('%s', (path) => {
  it('is one that GitHub accepts', () => {
    expect(workflowProblems(path, read(path))).toEqual([]);
  });

  it('names actions by the digest of a release, the same everywhere', () => {
    const known = new Map([...WORKFLOWS, TO_COPY].flatMap(actionsOf).map((each) => [each.split('@')[0], each]));
    expect(actionsOf(path).length).toBeGreaterThan(0);
    for (const action of actionsOf(path)) {
      expect(action).toMatch(/^actions\/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
      expect(action).toBe(known.get(action.split('@')[0]));
    }
  });

  it('leaves no credentials in a checkout, and lets no expression into a script', () => {
    for (const step of stepsOf(path)) {
      if (String(at(step, 'uses')).startsWith('actions/checkout@')) {
        expect(at(step, 'with', 'persist-credentials')).toBe(false);
      }
      expect(String(at(step, 'run') ?? '')).not.toContain('${'.concat('{'));
    }
  });

  it('calls only scripts that there are', () => {
    const called = stepsOf(path).flatMap((step) => [...String(at(step, 'run') ?? '').matchAll(/npm run ([\w:]+)/g)]);
    expect(Object.keys(at(packageJson, 'scripts') as object)).toEqual(
      expect.arrayContaining(called.map(([, name]) => name)),
    );
  });

  it('ends by itself', () => {
    for (const [, job] of jobsOf(path)) expect(at(job, 'timeout-minutes')).toBeLessThanOrEqual(60);
  });
});

const permissionsOf = (path: string) => [
  at(readYaml(path), 'permissions'),
  Object.fromEntries(jobsOf(path).map(([name, job]) => [name, at(job, 'permissions')])),
];

describe('the check of a change', () => {
  const CI = '.github/workflows/ci.yml';

  it('may only read, and has no secret: it runs what strangers bring', () => {
    const reading = { contents: 'read' };
    expect(permissionsOf(CI)).toEqual([{}, { check: reading, test: reading, image: reading }]);
    expect(at(readYaml(CI), 'on', 'pull_request_target')).toBeUndefined();
    expect(read(CI)).not.toContain('secrets.');
  });

  it('runs the tests on the oldest Node that is supported, and on every LTS since', () => {
    const nodes = itemsAt(readYaml(CI), 'jobs', 'test', 'strategy', 'matrix', 'node').map(String);
    expect(nodes).toEqual([read('.node-version').trim(), '22', '24']);
    expect(at(packageJson, 'engines', 'node')).toBe(`>=${nodes[0]?.replace(/\.0$/, '')}`);
  });

  it('does all that `npm run check` does', () => {
    const parts = String(at(packageJson, 'scripts', 'check')).split(' && ');
    expect(stepsOf(CI).map((step) => at(step, 'run'))).toEqual(expect.arrayContaining(parts));
  });
});

describe('a release', () => {
  const RELEASE = '.github/workflows/release.yml';
  const job = (name: string) => at(readYaml(RELEASE), 'jobs', name);

  it('lets each job do no more than it must, and builds where nothing may be written', () => {
    expect(permissionsOf(RELEASE)).toEqual([
      {},
      {
        build: { contents: 'read' },
        image: { contents: 'read', packages: 'write', 'id-token': 'write', attestations: 'write' },
        npm: { 'id-token': 'write', attestations: 'write' },
        github: { contents: 'write' },
      },
    ]);
    expect(read(RELEASE)).not.toContain('secrets.');
  });

  it('waits for an approval before anything leaves, and publishes to npm last', () => {
    expect([at(job('image'), 'environment'), at(job('npm'), 'environment')]).toEqual(['release', 'release']);
    expect([at(job('npm'), 'needs'), at(job('github'), 'needs')]).toEqual([
      ['build', 'image'],
      ['build', 'npm'],
    ]);
  });

  it('runs nothing of other packages where it may publish', () => {
    for (const name of ['image', 'npm', 'github']) {
      expect(JSON.stringify(itemsAt(job(name), 'steps'))).not.toMatch(/npm (ci|install|run|test)|npx/);
    }
  });
});

const CHANGES =
  '# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2027-01-31\n\n### Added\n\n- A thing.\n\n## [1.2.2]\n\n- Old.\n';

/** Runs the step that compares tag, version, changelog and repository, in a repository with those. */
async function checkVersion({
  tag = 'v1.2.3',
  url = 'git+https://github.com/o/r.git',
  changes = CHANGES,
  isOnMain = true,
}) {
  const folder = await mkdtemp(join(tmpdir(), 'copernica-webhooks-release-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], {
      cwd: folder,
      stdio: 'ignore',
    });
  await writeFile(join(folder, 'package.json'), JSON.stringify({ version: '1.2.3', repository: { url } }));
  await writeFile(join(folder, 'CHANGELOG.md'), changes);
  git('init', '--initial-branch=main');
  git('add', '--all');
  git('commit', '-m', 'Release');
  git('update-ref', 'refs/remotes/origin/main', 'HEAD');
  if (!isOnMain) git('commit', '--allow-empty', '-m', 'Aside');
  const step = itemsAt(readYaml('.github/workflows/release.yml'), 'jobs', 'build', 'steps').find(
    (each) => at(each, 'id') === 'version',
  );
  const output = join(folder, 'output');
  const env = { ...process.env, GITHUB_REF_NAME: tag, GITHUB_REPOSITORY: 'o/r', GITHUB_OUTPUT: output };
  try {
    execFileSync('bash', ['-eo', 'pipefail', '-c', String(at(step, 'run'))], { cwd: folder, env, encoding: 'utf8' });
  } catch (error) {
    return { refusal: (error as { stdout: string }).stdout };
  }
  return { notes: await readFile(join(folder, 'release/notes.md'), 'utf8'), output: await readFile(output, 'utf8') };
}

describe('the version of a release', () => {
  it('is that of tag and package, and its notes are its section of the changelog', async () => {
    expect(await checkVersion({})).toEqual({ notes: '\n### Added\n\n- A thing.\n\n', output: 'version=1.2.3\n' });
  });

  const wrong = [
    ['a tag of another version', { tag: 'v1.2.4' }, 'package.json says 1.2.3'],
    ['a tag that is not on main', { isOnMain: false }, 'not on main'],
    ['a package of another repository', { url: 'git+https://github.com/o/other.git' }, 'repository.url'],
    ['a package that does not say its repository', { url: '' }, 'repository.url'],
    [
      'a changelog without that version',
      { changes: '# Changelog\n\n## [1.2.30]\n\n- A thing.\n' },
      'no section [1.2.3]',
    ],
    ['a section without text', { changes: '## [1.2.3]\n\n## [1.2.2]\n\n- Old.\n' }, 'no section [1.2.3]'],
  ] as const;
  it.each(byDay(2, wrong))('is refused for %s', async (_what, options, message) => {
    expect((await checkVersion(options)).refusal).toContain(message);
  });
});

/** As GitHub's page on the syntax of issue forms says. */
const text = z.string().min(1);
const formSchema = z.strictObject({
  name: text,
  description: text,
  labels: z.array(text).optional(),
  body: z.array(
    z.discriminatedUnion('type', [
      z.strictObject({ type: z.literal('markdown'), attributes: z.strictObject({ value: text }) }),
      z.strictObject({
        type: z.enum(['textarea', 'input']),
        id: text,
        attributes: z.strictObject({ label: text, description: text.optional(), render: text.optional() }),
        validations: z.strictObject({ required: z.boolean() }).optional(),
      }),
      z.strictObject({
        type: z.literal('dropdown'),
        id: text,
        attributes: z.strictObject({ label: text, options: z.array(text).min(2) }),
        validations: z.strictObject({ required: z.boolean() }).optional(),
      }),
    ]),
  ),
});

describe('what others see of the repository', () => {
  it.each(filesUnder('.github/ISSUE_TEMPLATE').filter((path) => !path.endsWith('config.yml')))(
    'is a form that GitHub can show: %s',
    (path) => {
      const { body } = formSchema.parse(readYaml(path));
      const ids = body.flatMap((each) => ('id' in each ? [each.id] : []));
      expect(new Set(ids).size).toBe(ids.length);
    },
  );

  it('names no address or repository that nobody has', () => {
    const files = [...filesUnder('.github'), 'SECURITY.md', 'CONTRIBUTING.md', 'package.json'];
    for (const path of files) {
      const named = read(path).match(/github\.com\/[\w$./-]+|[\w.]+@[\w-]+\.\w+/g) ?? [];
      expect(
        named.filter((each) => !/^github\.com\/(\$GITHUB_REPOSITORY|OWNER\/NAME)\.git/.test(each)),
        path,
      ).toEqual([]);
    }
  });
});
