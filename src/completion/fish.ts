import {
  brief,
  type CommandShape,
  ENTRY_NAMES_COMMAND,
  type OptionShape,
  operandValue,
  type ProgramShape,
  type ValueShape,
} from './shape.js';

/** A completion script for fish: `… | source`, or a file in ~/.config/fish/completions. */
export function fishCompletion(program: ProgramShape): string {
  const which = `__${program.name.replace(/\W/g, '_')}_command`;
  const complete = (condition: string, rest: string) => `complete -c ${program.name} -n ${quote(condition)} ${rest}\n`;
  const commands = program.commands.map(({ name, description }) =>
    complete(`test -z (${which})`, `-a ${name} -d ${quote(brief(description))}`),
  );
  const own = program.options.map((option) => complete(`test -z (${which})`, optionOf(option)));
  const others = program.commands.flatMap((command) =>
    partsOf(command, which).map((part) => complete(`test (${which}) = ${command.name}`, part)),
  );
  return `# fish completion for ${program.name}. Load it with: ${program.name} completion fish | source
function ${which} --description 'The command on the command line, or an empty line'
    set -l words (commandline -opc)
    set -e words[1]
    for word in $words
        if not string match -q -- '-*' $word
            echo $word
            return
        end
    end
    echo
end
function ${which}_entries --description 'The names of the entries of manifest and state'
    sh -c ${quote(ENTRY_NAMES_COMMAND)}
end
complete -c ${program.name} -f
${commands.join('')}${own.join('')}${others.join('')}`;
}

function partsOf(command: CommandShape, which: string): string[] {
  const operand = operandValue(command);
  return [
    ...command.options.map(optionOf),
    ...(operand.kind === 'path' ? ['-F'] : []),
    ...(operand.kind === 'entry' ? [`-a '(${which}_entries)'`] : []),
    ...(operand.kind === 'words' ? [`-a ${quote(operand.words.join(' '))}`] : []),
  ];
}

function optionOf({ short, long, value, description }: OptionShape): string {
  const forms = [...(short === null ? [] : [`-s ${short.slice(1)}`]), `-l ${long.slice(2)}`];
  return [...forms, ...argumentOf(value), `-d ${quote(brief(description))}`].join(' ');
}

function argumentOf(value: ValueShape): string[] {
  switch (value.kind) {
    case 'none':
      return [];
    case 'path':
      return ['-r', '-F'];
    case 'words':
      return ['-x', `-a ${quote(value.words.join(' '))}`];
    case 'entry':
    case 'text':
      return ['-x'];
  }
}

function quote(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
