import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Workplace } from '../helpers/cli.js';

type Shell = 'bash' | 'zsh' | 'fish';

const SHELLS: readonly Shell[] = ['bash', 'zsh', 'fish'];
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
  const env = { PATH, HOME, TERM: 'dumb', LC_ALL: 'C' };
  return new Promise((resolve, reject) => {
    execFile(shell, args, { cwd: place.folder, env }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${shell}: ${error.message}\n${stderr}`));
    });
  });
}

const thereIs = Object.fromEntries(
  await Promise.all(
    SHELLS.map(async (shell) => {
      const found = await new Promise<boolean>((resolve) => {
        execFile(shell, ['--version'], (error) => resolve(error === null));
      });
      return [shell, found] as const;
    }),
  ),
);

describe.each(SHELLS)('completion in a real %s', (shell) => {
  const it_ = it.skipIf(!thereIs[shell]);

  async function offered(line: string): Promise<string[]> {
    const place = await Workplace.open();
    await place.write(
      'webhooks.yaml',
      'webhooks:\n  - name: first-one\n    handler: https://a.example/x\n    trigger: create\n  - {"name":"second.one"}\n  # - name: not-this\n',
    );
    await place.write('other.yaml', '');
    const { code, stdout, stderr } = await place.run('completion', shell);
    expect([code, stderr]).toEqual([0, '']);
    await place.write('.script', stdout);
    const answer = await runShell(shell, place, [...ASK[shell], place.path('.script'), line]);
    return [...new Set(answer.split('\n').map((word) => word.trim()))].filter((word) => word !== '').sort();
  }

  it_('offers the commands', async () => {
    const words = await offered('copernica-webhooks ');
    expect(words).toEqual(expect.arrayContaining(['apply', 'completion', 'help', 'plan', 'run', 'validate']));
    expect(await offered('copernica-webhooks va')).toEqual(['validate']);
  });

  it_('offers the flags of the command that stands there, the --no- forms too', async () => {
    expect(await offered('copernica-webhooks plan --det')).toEqual(['--detailed-exitcode']);
    expect(await offered('copernica-webhooks apply --det')).toEqual([]);
    expect(await offered('copernica-webhooks apply --no-pr')).toEqual(['--no-prune']);
  });

  it_('offers the values of a flag that takes one of a few', async () => {
    expect(await offered('copernica-webhooks apply --on-uncertain ')).toEqual(['hold', 'recover']);
    const attached = await offered('copernica-webhooks apply --on-uncertain=h');
    expect(attached.map((word) => word.replace(/^--on-uncertain=/, ''))).toEqual(['hold']);
  });

  it_('offers files where a path is meant, and none where a number is', async () => {
    expect(await offered('copernica-webhooks plan --file oth')).toEqual(['other.yaml']);
    expect(await offered('copernica-webhooks plan --concurrency oth')).toEqual([]);
  });

  it_('offers the names of entries', async () => {
    expect(await offered('copernica-webhooks forget ')).toEqual(['first-one', 'second.one']);
  });

  it_('offers the shells', async () => {
    expect(await offered('copernica-webhooks completion ')).toEqual(['bash', 'fish', 'zsh']);
  });
});

describe('completion', () => {
  it('refuses a shell that it has nothing for, and says which it has', async () => {
    const place = await Workplace.open();
    const { code, stderr } = await place.run('completion', 'csh');
    expect([code, stderr]).toEqual([3, expect.stringMatching(/csh.*bash, zsh, fish/s)]);
  });
});
