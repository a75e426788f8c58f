import type { Argument, Command, Option } from 'commander';
import type { CommandShape, OperandShape, OptionShape, ProgramShape, ValueShape } from './shape.js';

/** What commander knows of the program, as plain data. Hidden options are in it, since they can be typed. */
export function describeProgram(program: Command): ProgramShape {
  const commands = program.createHelp().visibleCommands(program).map(describeCommand);
  const names = commands.map(({ name }) => name);
  return {
    name: program.name(),
    description: program.description(),
    options: optionsOf(program),
    // Commander's own help command doesn't say what it takes.
    commands: commands.map((command) =>
      command.name === 'help'
        ? { ...command, operands: command.operands.map((operand) => ({ ...operand, value: oneOf(names) })) }
        : command,
    ),
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
    repeats: option.variadic,
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
function valueShape(choices: readonly string[] | undefined, flags: string): ValueShape {
  if (choices !== undefined) return oneOf(choices);
  return /[<[]path[>\]]/.test(flags) ? { kind: 'path' } : { kind: 'text' };
}

function oneOf(words: readonly string[]): ValueShape {
  return { kind: 'words', words };
}
