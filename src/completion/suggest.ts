import type { CommandShape, OptionShape, ProgramShape, ValueShape } from './program.js';
import type { Suggestion, Suggestions } from './shells.js';

/**
 * What may stand in place of the last of these words, which follow the program's name and may be begun or empty. Words
 * that begin otherwise are left out. `entryNames` is asked only where such a name is meant.
 */
export function suggest(
  program: ProgramShape,
  words: readonly string[],
  entryNames: () => readonly string[],
): Suggestions {
  const current = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const commandAt = before.findIndex((word) => !word.startsWith('-'));
  const command = program.commands.find(({ name }) => name === before[commandAt]);
  if (commandAt >= 0 && command === undefined) return [];
  const options = (command ?? program).options;

  const attached = current.startsWith('--') ? current.indexOf('=') : -1;
  const flag = attached < 0 ? before.at(-1) : current.slice(0, attached);
  const option = options.find((it) => takesValue(it) && isSpelled(it, flag));
  const prefix = attached < 0 ? '' : current.slice(0, attached + 1);
  if (option !== undefined) return beginning(current, valuesOf(option.value, entryNames), prefix);

  if (current.startsWith('-')) return beginning(current, options.flatMap(flagsOf));
  if (command === undefined) {
    const commands = program.commands.map(({ name, description }) => ({ word: name, description: brief(description) }));
    return beginning(current, commands);
  }
  const operand = command.operands[operandsIn(before.slice(commandAt + 1), command)];
  return operand === undefined ? [] : beginning(current, valuesOf(operand.value, entryNames));
}

function beginning(current: string, suggestions: Suggestions, prefix = ''): Suggestions {
  if (suggestions === 'files') return suggestions;
  return suggestions
    .map(({ word, description }) => ({ word: `${prefix}${word}`, description }))
    .filter(({ word }) => word.startsWith(current));
}

function valuesOf(value: ValueShape, entryNames: () => readonly string[]): Suggestions {
  switch (value.kind) {
    case 'path':
      return 'files';
    case 'words':
      return value.words.map((word) => ({ word, description: '' }));
    case 'entry':
      return entryNames().map((word) => ({ word, description: '' }));
    case 'text':
    case 'none':
      return [];
  }
}

/** How many operands there are already among the words after the command. */
function operandsIn(words: readonly string[], { options }: CommandShape): number {
  return words.filter((word, index) => {
    if (word.startsWith('-')) return false;
    return !options.some((option) => takesValue(option) && isSpelled(option, words[index - 1]));
  }).length;
}

function takesValue({ value }: OptionShape): boolean {
  return value.kind !== 'none';
}

function isSpelled({ short, long }: OptionShape, flag: string | undefined): boolean {
  return flag !== undefined && (flag === short || flag === long);
}

function flagsOf({ short, long, description }: OptionShape): Suggestion[] {
  return [short, long].flatMap((word) => (word === null ? [] : { word, description: brief(description) }));
}

/** Short enough for a list: without what stands in brackets, or after a semicolon. */
function brief(description: string): string {
  return description.split(/ \(|; /)[0] ?? '';
}
