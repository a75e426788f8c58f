import {
  brief,
  type CommandShape,
  ENTRY_NAMES_COMMAND,
  type OptionShape,
  type ProgramShape,
  spellings,
  type ValueShape,
} from './shape.js';

/** A completion script for zsh, on its own `_arguments`: to be sourced, or put into a folder of fpath. */
export function zshCompletion(program: ProgramShape): string {
  const call = `_${program.name}`;
  return `#compdef ${program.name}
# zsh completion for ${program.name}. Load it after compinit with: source <(${program.name} completion zsh)
${call}_entries() {
  local -a names
  names=(\${(f)"$(${ENTRY_NAMES_COMMAND})"})
  compadd -a names
}
${call}() {
  local curcontext="$curcontext" state line
  local -a commands
  typeset -A opt_args
  commands=(
${program.commands.map(({ name, description }) => `    ${quote(`${name}:${brief(description)}`)}\n`).join('')}  )
  _arguments -C ${program.options.map((option) => specOf(option, program.options)).join(' ')} '1: :->command' '*:: :->rest' && return
  case $state in
    command) _describe -t commands command commands ;;
    rest)
      case $line[1] in
${program.commands.map((command) => commandCase(command, call)).join('')}      esac
      ;;
  esac
}
if [[ $funcstack[1] == ${call} ]]; then
  ${call} "$@"
else
  compdef ${call} ${program.name}
fi
`;
}

function commandCase({ name, options, operands }: CommandShape, call: string): string {
  const specs = [
    ...options.map((option) => specOf(option, options)),
    ...operands.map(({ name: operand, value, required }, index) =>
      quote(
        `${index + 1}${required ? ':' : '::'}${escapeColons(operand)}${value.kind === 'entry' ? `:${call}_entries` : actionOf(value)}`,
      ),
    ),
  ];
  return `        ${name})\n          _arguments -s${specs.map((spec) => ` \\\n            ${spec}`).join('')}\n          ;;\n`;
}

/** `'(-f --file)'{-f+,--file=}'[the manifest]:path:_files'`: what excludes it, how it is written, what follows. */
function specOf(option: OptionShape, all: readonly OptionShape[]): string {
  const takesValue = option.value.kind !== 'none';
  const forms = spellings(option).map((form) => `${form}${takesValue ? (form.startsWith('--') ? '=' : '+') : ''}`);
  const rest = `[${brief(option.description).replace(/[\\[\]]/g, '\\$&')}]${takesValue ? `:${valueName(option)}${actionOf(option.value)}` : ''}`;
  const exclusions = option.repeats ? '*' : `(${excludedBy(option, all).join(' ')})`;
  const form = forms.length === 1 ? forms[0] : `{${forms.join(',')}}`;
  return `${quote(exclusions)}${form}${quote(rest)}`;
}

/** Itself, and the opposite of a switch. */
function excludedBy(option: OptionShape, all: readonly OptionShape[]): string[] {
  if (option.long === '--help' || option.long === '--version') return ['-', '*'];
  const opposite = option.long.startsWith('--no-') ? `--${option.long.slice(5)}` : `--no-${option.long.slice(2)}`;
  return [...spellings(option), ...all.map(({ long }) => long).filter((long) => long === opposite)];
}

function valueName({ flags }: OptionShape): string {
  return escapeColons(/<([\w-]+)/.exec(flags)?.[1] ?? 'value');
}

function actionOf(value: ValueShape): string {
  switch (value.kind) {
    case 'path':
      return ':_files';
    case 'words':
      return `:(${value.words.join(' ')})`;
    case 'entry':
    case 'text':
    case 'none':
      return ': ';
  }
}

function escapeColons(text: string): string {
  return text.replaceAll(':', '\\:');
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
