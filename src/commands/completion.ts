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
  const known = { entries: () => entryNames(environment, typed), accounts: () => accountNames(typed) };
  return { text: answerTo(shell, suggest(program, typed, known)) };
}

/** The beginning of a larger manifest or state has enough names. */
const MOST_CHARACTERS = 4 * 1024 * 1024;

/** From manifest and state. Names are recognised by their form, since an unfinished manifest need not be valid. */
function entryNames(environment: Host['environment'], typed: readonly string[]): string[] {
  const { file, state } = SETTINGS;
  const places = [
    typedValue(typed, '-f', '--file') ?? environment[file.environment] ?? file.default,
    typedValue(typed, '--state') ?? environment[state.environment] ?? state.default,
  ];
  return namesIn(places.map((place) => textsOf(String(place))).join('\n'));
}

/** From the settings file in question: only accounts have names in it. */
function accountNames(typed: readonly string[]): string[] {
  const file = settingsFileOf(typedValue(typed, '--config'));
  return file === undefined ? [] : namesIn(textsOf(file));
}

/** What was typed for a flag, after it or after an equals sign; of several, the last counts, as it does when it is run. */
function typedValue(typed: readonly string[], ...spellings: readonly string[]): string | undefined {
  const values = typed.flatMap((word, index) => {
    const [flag, ...value] = word.split('=');
    if (value.length > 0 && spellings.includes(flag ?? '')) return [value.join('=')];
    return spellings.includes(typed[index - 1] ?? '') ? [word] : [];
  });
  return values.at(-1);
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
