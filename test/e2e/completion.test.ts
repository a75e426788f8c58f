import { execFile } from 'node:child_process';
import { chmod, mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { SHELLS, type Shell } from '../../src/completion/shells.js';
import { Workplace } from '../helpers/cli.js';
import { NIGHT } from '../helpers/night.js';

const CAPTURE_ZSH = fileURLToPath(new URL('../helpers/zsh-complete.zsh', import.meta.url));

/** How a real shell is asked what it would offer for the line $2 once the script $1 is loaded: one word a line. */
const ASK: Readonly<Record<Shell, readonly string[]>> = {
  // As readline calls it: words at blanks and at `=`.
  bash: [
    '--norc',
    '-c',
    `source "$0"
     read -ra COMP_WORDS <<<"\${1//=/ = }"
     [[ $1 == *[\\ =] ]] && COMP_WORDS+=('')
     COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)) COMP_LINE=$1 COMP_POINT=\${#1}
     _copernica_webhooks
     printf '%s\\n' "\${COMPREPLY[@]}"`,
  ],
  zsh: ['-f', CAPTURE_ZSH],
  fish: ['--no-config', '-c', 'source $argv[1]; complete -C $argv[2] | string split -f 1 \\t; true'],
};

function runShell(shell: Shell, place: Workplace, args: readonly string[]): Promise<string> {
  const { PATH = '', HOME = '' } = process.env;
  const env = { PATH: `${place.path('bin')}:${PATH}`, HOME, TERM: 'dumb', LC_ALL: 'C.UTF-8' };
  return new Promise((resolve, reject) => {
    execFile(shell, args, { cwd: place.folder, env }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${shell}: ${error.message}\n${stderr}`));
    });
  });
}

function isInstalled(shell: Shell): Promise<boolean> {
  return new Promise((resolve) => {
    execFile(shell, ['--version'], (error) => resolve(error === null));
  });
}

/** A folder with a manifest, another file, the command on the path, and the script of a shell. */
async function openPlace(shell: Shell): Promise<Workplace> {
  const place = await Workplace.open();
  await place.write(
    'webhooks.yaml',
    'webhooks:\n  - name: first-one\n    handler: https://a.example/x\n  - {"name":"second.one"}\n  # - name: not-this\n',
  );
  await place.write('other.yaml', '');
  await mkdir(place.path('bin'));
  await place.write('bin/copernica-webhooks', `#!/bin/sh\nexec '${process.execPath}' '${place.command}' "$@"\n`);
  await chmod(place.path('bin/copernica-webhooks'), 0o700);
  const { code, stdout, stderr } = await place.run('completion', shell);
  expect([code, stderr]).toEqual([0, '']);
  await place.write('.script', stdout);
  return place;
}

describe.each(SHELLS)('completion in a real %s', async (shell) => {
  it.skipIf((shell !== 'bash' && !NIGHT) || !(await isInstalled(shell)))(
    'offers commands, values, files and entries',
    async () => {
      const place = await openPlace(shell);
      const offered = async (line: string) => {
        const answer = await runShell(shell, place, [
          ...ASK[shell],
          place.path('.script'),
          `copernica-webhooks ${line}`,
        ]);
        return [...new Set(answer.split('\n').map((word) => word.trim()))].filter((word) => word !== '').sort();
      };
      expect(await offered('')).toEqual(expect.arrayContaining(['apply', 'completion', 'help', 'plan', 'validate']));
      const attached = await offered('apply --on-uncertain=h');
      expect(attached.map((word) => word.replace(/^--on-uncertain=/, ''))).toEqual(['hold']);
      expect(await offered('plan --file oth')).toEqual(['other.yaml']);
      expect(await offered('forget ')).toEqual(['first-one', 'second.one']);
      // Nothing of what was typed is run.
      expect(await offered('forget $(date>made) sec')).toEqual([]);
      await expect(place.read('made')).rejects.toThrow('ENOENT');
    },
  );
});

describe('completion', () => {
  it.each([
    [[], 'live, test'],
    [['--config', 'mine.yaml'], 'own'],
    [['--config=mine.yaml'], 'own'],
    [['--config=none.yaml'], ''],
  ])('offers the accounts of the settings file that is meant: %j', async (options, expected) => {
    const place = await Workplace.open();
    await mkdir(place.path('config'));
    await place.write(
      'config/settings.yaml',
      'log-level: info\naccounts:\n  - name: test\n  - {name: "live"}\n#  - name: old\n',
    );
    await place.write('mine.yaml', '{"accounts": [{"name": "own", "state": "a.jsonl"}]}');
    const { code, stdout } = await place.run('completion', 'fish', '--', 'plan', ...options, '--account', '');
    expect([code, stdout.trim().split('\n').join(', ')]).toEqual([0, expected]);
  });

  it.each([
    [[], 'usual, usual-state'],
    [['--file', 'mine.yaml'], 'mine, usual-state'],
    [['-f', 'mine.yaml', '--state=mine.jsonl'], 'mine, mine-state'],
    [['--file=usual.yaml', '--file=mine.yaml', '--state', 'none.jsonl'], 'mine'],
  ])('offers the entries of the manifest and the state that are meant: %j', async (options, expected) => {
    const place = await Workplace.open();
    place.environment.COPERNICA_WEBHOOKS_FILE = 'usual.yaml';
    await place.write('usual.yaml', 'webhooks:\n  - name: usual\n');
    await place.write('mine.yaml', 'webhooks:\n  - name: mine\n');
    await place.write('webhooks.state.jsonl', '{"name":"usual-state"}\n');
    await place.write('mine.jsonl', '{"name":"mine-state"}\n');
    const { code, stdout } = await place.run('completion', 'fish', '--', 'forget', ...options, '');
    expect([code, stdout.trim().split('\n').join(', ')]).toEqual([0, expected]);
  });

  it('refuses a shell that it has nothing for, and says which it has', async () => {
    const place = await Workplace.open();
    const { code, stderr } = await place.run('completion', 'csh');
    expect([code, stderr]).toEqual([3, expect.stringMatching(/csh.*bash, zsh, fish/s)]);
  });
});
