import { Argument, type Command, Option } from 'commander';
import type { Suggestion, Suggestions } from './shells.js';

/** Names that the user chose. Each list is read only if such a name is expected. */
export interface KnownNames {
  readonly entries: () => readonly string[];
  readonly accounts: () => readonly string[];
}

/**
 * Suggestions for the last of these words, which follow the program's name; it may be begun or empty. Only suggestions
 * with its beginning are included.
 */
export function suggest(program: Command, words: readonly string[], known: KnownNames): Suggestions {
  const current = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const commands = program.createHelp().visibleCommands(program);
  const commandAt = before.findIndex((word) => !word.startsWith('-'));
  const command = commandAt < 0 ? program : commands.find((it) => it.name() === before[commandAt]);
  if (command === undefined) return [];

  const within = command === program ? [] : command.createHelp().visibleCommands(command);
  if (within.length > 0) return suggest(command, words.slice(commandAt + 1), known);

  const options = optionsOf(command);
  const attached = current.startsWith('--') ? current.indexOf('=') : -1;
  const flag = attached < 0 ? before.at(-1) : current.slice(0, attached);
  const option = options.find((it) => takesValue(it) && isSpelled(it, flag));
  const prefix = attached < 0 ? '' : current.slice(0, attached + 1);
  if (option !== undefined) return beginning(current, valuesOf(option, known), prefix);

  if (current.startsWith('-')) return beginning(current, options.flatMap(flagsOf));
  const aboutCommands = commands.map((it) => ({ word: it.name(), description: brief(it.description()) }));
  // The argument of `help` does not say what it takes.
  if (command === program || command.name() === 'help') return beginning(current, aboutCommands);
  const operand = command.registeredArguments[operandsIn(before.slice(commandAt + 1), options)];
  return operand === undefined ? [] : beginning(current, valuesOf(operand, known));
}

function beginning(current: string, suggestions: Suggestions, prefix = ''): Suggestions {
  if (suggestions === 'files') return suggestions;
  return suggestions
    .map(({ word, description }) => ({ word: `${prefix}${word}`, description }))
    .filter(({ word }) => word.startsWith(current));
}

/** A value's name tells its kind: paths are called path, and a command's name argument is that of an entry. */
function valuesOf(it: Option | Argument, known: KnownNames): Suggestions {
  const isEntry = it instanceof Argument && it.name() === 'name';
  const isAccount = it instanceof Option && it.long === '--account';
  const words = isEntry ? known.entries() : isAccount ? known.accounts() : (it.argChoices ?? []);
  const isPath =
    it instanceof Option
      ? /[<[](?:path|place|file)[>\]]/.test(it.flags)
      : ['path', 'plan', 'from', 'to'].includes(it.name());
  return isPath ? 'files' : words.map((word) => ({ word, description: '' }));
}

/** Including hidden ones, since they can be typed. */
function optionsOf(command: Command): Option[] {
  const visible = command.createHelp().visibleOptions(command);
  return [...visible, ...command.options.filter((option) => !visible.includes(option))];
}

/** How many operands the words after the command already contain. */
function operandsIn(words: readonly string[], options: readonly Option[]): number {
  return words.filter((word, index) => {
    if (word.startsWith('-')) return false;
    return !options.some((option) => takesValue(option) && isSpelled(option, words[index - 1]));
  }).length;
}

function takesValue({ required, optional }: Option): boolean {
  return required || optional;
}

function isSpelled({ short, long }: Option, flag: string | undefined): boolean {
  return flag !== undefined && (flag === short || flag === long);
}

function flagsOf({ short, long, description }: Option): Suggestion[] {
  return [short, long].flatMap((word) => (word ? { word, description: brief(description) } : []));
}

/** Short enough for a list: without text in brackets or after a semicolon. */
function brief(description: string): string {
  return description.split(/ \(|; /)[0] ?? '';
}
