import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { answerTo, completionScript, type Shell, typedWords } from '../completion/shells.js';
import { suggest } from '../completion/suggest.js';
import type { Host } from '../host.js';
import { filesOf } from '../manifest/files.js';
import { SETTINGS } from '../settings/schema.js';
import type { CommandResult } from './command.js';

/** completion: prints a shell's completion script; with words, answers what that script asks at each Tab. */
export async function completionCommand(
  { environment }: Host,
  program: Command,
  [shell, ...words]: readonly [Shell, ...string[]],
): Promise<CommandResult> {
  if (words.length === 0) return { text: completionScript(shell, program.name()) };
  return {
    text: answerTo(
      shell,
      suggest(program, typedWords(shell, words), () => entryNames(environment)),
    ),
  };
}

/** Of a manifest or a state that is larger the beginning has names enough. */
const MOST_CHARACTERS = 4 * 1024 * 1024;

/** Of manifest and state. Told by their look, since a manifest that is being written need not be valid. */
function entryNames(environment: Host['environment']): string[] {
  const names = [SETTINGS.file, SETTINGS.state].flatMap((setting) => {
    const lines = textsOf(environment[setting.environment] ?? String(setting.default)).split('\n');
    const told = lines.filter((line) => !/^\s*#/.test(line));
    return told.flatMap((line) =>
      [...line.matchAll(/(?<![\w-])name"?:\s*["']?([\w.-]+)/g)].map(([, name = '']) => name),
    );
  });
  return [...new Set(names)].sort();
}

function textsOf(path: string): string {
  try {
    const texts = filesOf(path).map((file) => readFileSync(file, 'utf8'));
    return texts.join('\n').slice(0, MOST_CHARACTERS);
  } catch {
    return '';
  }
}
