import type { Argument, Command, Option } from 'commander';

/** The command line as data: what completion and the reference are made from. */
export interface ProgramShape {
  readonly name: string;
  readonly description: string;
  /** Of the program itself: help and version. */
  readonly options: readonly OptionShape[];
  readonly commands: readonly CommandShape[];
}

export interface CommandShape {
  readonly name: string;
  readonly description: string;
  readonly options: readonly OptionShape[];
  readonly operands: readonly OperandShape[];
}

/** What may follow: nothing, a path, one of some words, an entry's name, or a text that nobody can guess. */
export type ValueShape =
  | { readonly kind: 'none' }
  | { readonly kind: 'path' }
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'entry' }
  | { readonly kind: 'text' };

export interface OptionShape {
  /** As help shows it: `-f, --file <path>`. */
  readonly flags: string;
  /** `-f`. Null: there is none. */
  readonly short: string | null;
  /** `--file`. */
  readonly long: string;
  readonly description: string;
  readonly value: ValueShape;
  /** Not in help: the --no- form of a switch. */
  readonly hidden: boolean;
}

export interface OperandShape {
  readonly name: string;
  readonly description: string;
  readonly value: ValueShape;
  readonly required: boolean;
}

/** What commander knows of the program. Hidden options are in it, since they can be typed. */
export function describeProgram(program: Command): ProgramShape {
  const commands = program.createHelp().visibleCommands(program).map(describeCommand);
  const names: ValueShape = { kind: 'words', words: commands.map(({ name }) => name) };
  return {
    name: program.name(),
    description: program.description(),
    options: optionsOf(program),
    // Commander's own help command doesn't say what it takes.
    commands: commands.map((command) => {
      if (command.name !== 'help') return command;
      return { ...command, operands: command.operands.map((operand) => ({ ...operand, value: names })) };
    }),
  };
}

function describeCommand(command: Command): CommandShape {
  return {
    name: command.name(),
    description: command.description(),
    options: optionsOf(command),
    operands: command.registeredArguments.map(describeOperand),
  };
}

function optionsOf(command: Command): OptionShape[] {
  const visible = command.createHelp().visibleOptions(command);
  const hidden = command.options.filter((option) => !visible.includes(option));
  return [...visible, ...hidden].map((option) => describeOption(option, command));
}

function describeOption(option: Option, command: Command): OptionShape {
  const opposite = command.options.find((other) => option.negate && other.long === `--${option.name()}`);
  return {
    flags: option.flags,
    short: option.short ?? null,
    long: option.long ?? '',
    description: option.description === '' && opposite !== undefined ? `not ${opposite.long}` : option.description,
    value: option.required || option.optional ? valueShape(option.argChoices, option.flags) : { kind: 'none' },
    hidden: option.hidden,
  };
}

function describeOperand(argument: Argument): OperandShape {
  return {
    name: argument.name(),
    description: argument.description,
    value: argument.name() === 'name' ? { kind: 'entry' } : valueShape(argument.argChoices, `<${argument.name()}>`),
    required: argument.required,
  };
}

/** What a value is shows in its name: paths are called path. */
function valueShape(words: readonly string[] | undefined, flags: string): ValueShape {
  if (words !== undefined) return { kind: 'words', words };
  return /[<[]path[>\]]/.test(flags) ? { kind: 'path' } : { kind: 'text' };
}
