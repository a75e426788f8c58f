import { execFileSync } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Commits } from '../../../src/daemon/commit.js';
import { aFolder } from './watched.js';

const A = 'a'.repeat(40);
const B = 'b'.repeat(40);
const SHA256 = 'c'.repeat(64);
const MAIN = 'ref: refs/heads/main\n';
const HEADER = '# pack-refs with: peeled fully-peeled sorted \n';

const commitOf = (path: string) => new Commits().of(path, true);

/** Files by their paths; what begins with `->` is a link. */
type Files = Readonly<Record<string, string>>;

/** What is found for the manifest in `repo`, which lies in a folder with these files. */
async function found(files: Files, manifest = 'repo/webhooks.yaml'): Promise<string | null> {
  const folder = await aFolder();
  for (const [path, text] of Object.entries({ 'repo/webhooks.yaml': 'webhooks: []\n', ...files })) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await (text.startsWith('->') ? symlink(text.slice(2), file) : writeFile(file, text));
  }
  return commitOf(join(folder, manifest));
}

const clone = (files: Files): Files =>
  Object.fromEntries(Object.entries(files).map(([path, text]) => [`repo/.git/${path}`, text]));

const chain = (length: number): Files => ({
  HEAD: 'ref: refs/heads/r1\n',
  ...Object.fromEntries(
    Array.from({ length: length - 1 }, (_, i) => [`refs/heads/r${i + 1}`, `ref: refs/heads/r${i + 2}\n`]),
  ),
  [`refs/heads/r${length}`]: `${A}\n`,
});

describe('the commit that is checked out', () => {
  it.each<[string, Files, string | null]>([
    ['a detached HEAD', { HEAD: `${A}\n` }, A],
    ['a detached HEAD in SHA-256', { HEAD: `${SHA256}\n` }, SHA256],
    ['a branch', { HEAD: MAIN, 'refs/heads/main': `${A}\n` }, A],
    ['a branch that is packed', { HEAD: MAIN, 'packed-refs': `${HEADER}${B} refs/heads/m\n${A} refs/heads/main\n` }, A],
    [
      'a packed branch that has moved',
      { HEAD: MAIN, 'refs/heads/main': A, 'packed-refs': `${B} refs/heads/main\n` },
      A,
    ],
    [
      'a branch between peeled tags',
      { HEAD: MAIN, 'packed-refs': `${B} refs/tags/1\n^${B}\n${A} refs/heads/main\n` },
      A,
    ],
    ['a branch with slashes and a dot', { HEAD: 'ref: refs/heads/a/v1.x\n', 'refs/heads/a/v1.x': A }, A],
    ['a reference to a reference', chain(5), A],
    ['too many references', chain(6), null],
    ['a reference to itself', { HEAD: MAIN, 'refs/heads/main': MAIN }, null],
    ['a branch without commits', { HEAD: MAIN }, null],
    ['a branch like the end of another', { HEAD: MAIN, 'packed-refs': `${B} refs/remotes/refs/heads/main\n` }, null],
    ['a reftable', { HEAD: 'ref: refs/heads/.invalid\n', 'refs/heads/.invalid': A }, null],
    ['a name that leads out', { HEAD: 'ref: refs/../../outside\n', '../outside': A }, null],
    ['a name that is no reference', { HEAD: 'ref: outside\n', outside: A }, null],
    ['an absolute name', { HEAD: 'ref: /etc/passwd\n' }, null],
    ['no git folder', {}, null],
    ['an empty HEAD', { HEAD: '' }, null],
    ['other text', { HEAD: 'hello\n' }, null],
    ['capital digits', { HEAD: A.toUpperCase() }, null],
    ['digits too few', { HEAD: A.slice(1) }, null],
    [
      'other text in a reference',
      { HEAD: MAIN, 'refs/heads/main': 'secret', 'packed-refs': `${A} refs/heads/main\n` },
      null,
    ],
    ['other text among packed ones', { HEAD: MAIN, 'packed-refs': 'secret refs/heads/main\n' }, null],
    ['NUL bytes', { HEAD: 'ref: refs/heads/\0\n' }, null],
    ['a HEAD that is huge', { HEAD: `${A}\n${' '.repeat(5_000)}` }, null],
    [
      'packed references that are huge',
      { HEAD: MAIN, 'packed-refs': `${A} refs/heads/main\n`.padEnd(9_000_000) },
      null,
    ],
    ['a link for a HEAD', { HEAD: '->../secret', '../secret': A }, null],
    ['a link for a reference', { HEAD: MAIN, 'refs/heads/main': '->../../../secret', '../secret': A }, null],
    ['a folder for a HEAD', { 'HEAD/x': A }, null],
  ])('is read from a clone: %s', async (_what, files, commit) => {
    expect(await found(clone(files))).toBe(commit);
  });

  it('is that of the work tree that the manifest really lies in', async () => {
    const files = {
      // As git-sync has it, with relative paths: another container mounts the volume elsewhere.
      'git/.git/HEAD': MAIN,
      'git/.git/refs/heads/main': B,
      'git/.git/worktrees/a/HEAD': `${A}\n`,
      'git/.git/worktrees/a/commondir': '../..\n',
      'git/.worktrees/a/.git': 'gitdir: ../../.git/worktrees/a\n',
      'git/.worktrees/a/team/webhooks.yaml': '',
      'git/current': '->.worktrees/a',
    };
    expect(await found(files, 'git/current/team/webhooks.yaml')).toBe(A);
    expect(await found(files, 'git/current/team')).toBe(A);
    const onBranch = { ...files, 'git/.git/worktrees/a/HEAD': MAIN };
    expect(await found(onBranch, 'git/current/team/webhooks.yaml')).toBe(B);
    const elsewhere = { 'etc/webhooks.yaml': '->../git/current/team/webhooks.yaml' };
    expect(await found({ ...files, ...elsewhere }, 'etc/webhooks.yaml')).toBe(A);
  });

  it('is the nearest one, or none where that cannot be read', async () => {
    const outer = { '.git/HEAD': B };
    const inner = { 'repo/.git': 'gitdir: ../.git/modules/repo\n', '.git/modules/repo/HEAD': A };
    expect(await found({ ...outer, ...inner })).toBe(A);
    expect(await found(outer)).toBe(B);
    expect(await found({ ...outer, 'repo/.git': 'gitdir: /nowhere\n' })).toBeNull();
    expect(await found({ ...outer, 'repo/.git': `${A}\n` })).toBeNull();
    expect(await found(outer, 'repo/gone.yaml')).toBeNull();
  });

  it('is looked up once a second for all manifests of a folder, and at once for one that has changed', async () => {
    const folder = await aFolder();
    const head = (commit: string) => writeFile(join(folder, '.git/HEAD'), commit);
    const manifests = ['one.yaml', 'two.yaml', 'three.yaml'].map((name) => join(folder, name));
    await mkdir(join(folder, '.git'));
    for (const manifest of manifests) await writeFile(manifest, 'webhooks: []\n');
    let now = 0;
    const commits = new Commits(() => now);
    const all = () => manifests.map((manifest) => commits.of(manifest, false));
    await head(A);
    expect(all()).toEqual([A, A, A]);
    await head(B);
    now = 999;
    expect(all()).toEqual([A, A, A]);
    expect(commits.of(manifests[1] ?? '', true)).toBe(B);
    expect(all()).toEqual([B, B, B]);
    await head(A);
    now += 1_000;
    expect(all()).toEqual([A, A, A]);
  });

  it.skipIf(process.platform === 'win32')('waits for no named pipe', async () => {
    const folder = await aFolder();
    await mkdir(join(folder, '.git'));
    execFileSync('mkfifo', [join(folder, '.git/HEAD')]);
    expect(commitOf(folder)).toBeNull();
  });
});

const gitIsThere = (() => {
  try {
    return execFileSync('git', ['--version']).length > 0;
  } catch {
    return false;
  }
})();

function git(folder: string, ...args: string[]): string {
  const who = { GIT_AUTHOR_NAME: 'a', GIT_AUTHOR_EMAIL: 'a@a.example', GIT_COMMITTER_NAME: 'a' };
  const env = { PATH: process.env.PATH, GIT_CONFIG_GLOBAL: '/dev/null', GIT_COMMITTER_EMAIL: 'a@a.example', ...who };
  const config = ['-c', 'protocol.file.allow=always', '-c', 'init.defaultBranch=main'];
  return execFileSync('git', [...config, ...args], { cwd: folder, env, encoding: 'utf8', stdio: 'pipe' }).trim();
}

describe.skipIf(!gitIsThere)('what git itself says', () => {
  /** That both say the same, and what. */
  async function agreed(folder: string): Promise<string> {
    const commit = git(folder, 'rev-parse', 'HEAD');
    expect(commitOf(folder)).toBe(commit);
    return commit;
  }

  it.each(['sha1', 'sha256'])('is what is read, with %s, whatever was done', async (format) => {
    const root = await aFolder();
    const repo = join(root, 'repo');
    git(root, 'init', `--object-format=${format}`, 'repo');
    expect(commitOf(repo)).toBeNull();
    git(repo, 'commit', '--allow-empty', '-m', 'first');
    const first = await agreed(repo);
    git(repo, 'commit', '--allow-empty', '-m', 'second');
    const second = await agreed(repo);
    git(repo, 'pack-refs', '--all');
    expect(await agreed(repo)).toBe(second);
    git(repo, 'symbolic-ref', 'refs/heads/alias', 'refs/heads/main');
    git(repo, 'symbolic-ref', 'HEAD', 'refs/heads/alias');
    expect(await agreed(repo)).toBe(second);
    git(repo, 'worktree', 'add', '--detach', '../tree', first);
    expect(await agreed(join(root, 'tree'))).toBe(first);
    git(repo, 'worktree', 'add', '-b', 'side', '../branch', first);
    git(repo, 'pack-refs', '--all');
    expect(await agreed(join(root, 'branch'))).toBe(first);
    git(repo, 'checkout', '--detach', first);
    expect(await agreed(repo)).toBe(first);
    git(root, 'init', `--object-format=${format}`, 'outer');
    git(join(root, 'outer'), 'submodule', 'add', '../repo', 'inner');
    expect(await agreed(join(root, 'outer/inner'))).toBe(first);
    expect(commitOf(join(root, 'outer'))).toBeNull();
  });
});
