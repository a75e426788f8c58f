import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { answerTo, completionScript, type Shell, typedWords } from '../completion/shells.js';
import { suggest } from '../completion/suggest.js';
import type { Host } from '../host.js';
import { filesOf } from '../manifest/files.js';
import { settingsFileOf } from '../settings/load.js';
import { SETTINGS } from '../settings/schema.js';
import type { CommandResult } from './command.js';

/** completion: prints a shell's completion script; with words, answers what that script asks at each Tab. */
export async function completionCommand(
  { environment }: Host,
  program: Command,
  [shell, ...words]: readonly [Shell, ...string[]],
): Promise<CommandResult> {
  if (words.length === 0) return { text: completionScript(shell, program.name()) };
  const typed = typedWords(shell, words);
  const known = { entries: () => entryNames(environment), accounts: () => accountNames(typed) };
  return { text: answerTo(shell, suggest(program, typed, known)) };
}

/** The beginning of a larger manifest or state has enough names. */
const MOST_CHARACTERS = 4 * 1024 * 1024;

/** From manifest and state. Names are recognised by their form, since an unfinished manifest need not be valid. */
function entryNames(environment: Host['environment']): string[] {
  return namesIn(
    [SETTINGS.file, SETTINGS.state]
      .map((setting) => textsOf(environment[setting.environment] ?? String(setting.default)))
      .join('\n'),
  );
}

/** From the settings file in question: only accounts have names in it. */
function accountNames(typed: readonly string[]): string[] {
  const [, config] = /(?:^|\n)--config[=\n]([^\n]*)/.exec(typed.join('\n')) ?? [];
  const file = settingsFileOf(config);
  return file === undefined ? [] : namesIn(textsOf(file));
}

function namesIn(text: string): string[] {
  const lines = text.split('\n').filter((line) => !/^\s*#/.test(line));
  const names = lines.flatMap((line) =>
    [...line.matchAll(/(?<![\w-])name"?:\s*["']?([\w.-]+)/g)].map(([, name = '']) => name),
  );
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
