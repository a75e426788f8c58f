import { describe, expect, it } from 'vitest';
import { typedWords } from '../../../src/completion/shells.js';
import { suggest } from '../../../src/completion/suggest.js';
import { commandLine } from '../../helpers/program.js';

const PROGRAM = commandLine();
const NAMES = ['first-one', 'second.one'];
const KNOWN = { entries: () => NAMES, accounts: () => ['live', 'test'] };

/** What is offered in place of the last word. */
function offered(...words: string[]): readonly string[] | 'files' {
  const suggestions = suggest(PROGRAM, words, KNOWN);
  return suggestions === 'files' ? suggestions : suggestions.map(({ word }) => word);
}

describe('completion', () => {
  it.each<[string, string[], readonly string[] | 'files']>([
    ['a command that is begun', ['va'], ['validate']],
    ['a flag of the program itself', ['--v'], ['--version']],
    ['a flag of the command', ['plan', '--det'], ['--detailed-exitcode']],
    ['no flag of another command', ['apply', '--det'], []],
    ['the --no- form, which help leaves out', ['apply', '--no-pr'], ['--no-prune']],
    ['the values of a flag', ['apply', '--on-uncertain', ''], ['recover', 'hold']],
    ['a value that is begun', ['apply', '--on-uncertain', 'h'], ['hold']],
    ['a value after an equals sign', ['apply', '--on-uncertain=h'], ['--on-uncertain=hold']],
    ['files for a path', ['plan', '-f', 'oth'], 'files'],
    ['files for a path after an equals sign', ['plan', '--file=oth'], 'files'],
    ['files for a state', ['plan', '--state', 'x'], 'files'],
    ['files for a plan', ['apply', 'pl'], 'files'],
    ['files for a plan that is to be saved', ['plan', '--out', 'pl'], 'files'],
    ['nothing for a number', ['plan', '--concurrency', '1'], []],
    ['the command again after a flag without a value', ['completion', ''], ['bash', 'zsh', 'fish']],
    ['names of entries', ['forget', ''], NAMES],
    ['names that begin so', ['forget', 'sec'], ['second.one']],
    ['no name for the second operand', ['import', 'first-one', ''], []],
    ['a name after a flag and its value', ['import', '--file', 'x.yaml', 'f'], ['first-one']],
    ['names of accounts', ['plan', '--account', ''], ['live', 'test']],
    ['an account after an equals sign', ['state', 'migrate', '--account=t'], ['--account=test']],
    ['nothing for a command that there is not', ['destroy', ''], []],
    ['the commands of a group', ['state', ''], ['copy', 'migrate', 'help']],
    ['a flag of a command in a group', ['state', 'copy', '--lock'], ['--lock-timeout']],
    ['files for the place of a state', ['state', 'copy', 'a'], 'files'],
    ['the commands that there is help for', ['help', 'val'], ['validate']],
  ])('offers %s', (_what, words, expected) => {
    expect(offered(...words)).toEqual(expected);
  });

  it('offers all commands, each with what it does', () => {
    const commands = suggest(PROGRAM, [''], KNOWN);
    expect(commands).toEqual(
      expect.arrayContaining([{ word: 'plan', description: 'show what apply would do, and change nothing' }]),
    );
    expect(commands).toHaveLength(PROGRAM.commands.length + 1);
  });

  it('puts together what bash takes apart', () => {
    expect(typedWords('bash', ['apply', '--on-uncertain', '=', 'h'])).toEqual(['apply', '--on-uncertain=h']);
    expect(typedWords('bash', ['apply', '--on-uncertain', '='])).toEqual(['apply', '--on-uncertain=']);
    expect(typedWords('zsh', ['apply', '--a', '='])).toEqual(['apply', '--a', '=']);
  });
});
