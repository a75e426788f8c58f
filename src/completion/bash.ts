import {
  type CommandShape,
  ENTRY_NAMES_COMMAND,
  operandValue,
  type ProgramShape,
  spellings,
  type ValueShape,
} from './shape.js';

/**
 * A completion script for bash, 3.2 (macOS) included: no associative arrays, no mapfile, no bash-completion package.
 * It runs no program, so that a Tab answers at once.
 */
export function bashCompletion(program: ProgramShape): string {
  const call = `_${program.name.replace(/\W/g, '_')}`;
  return `# bash completion for ${program.name}. Load it with: source <(${program.name} completion bash)
${call}_entries() {
  ${ENTRY_NAMES_COMMAND}
}
${call}() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} command= flags= words= kind=operand i
  # bash takes --flag=value apart into three words.
  if [[ $current == = ]]; then
    current=
  elif [[ $previous == = ]]; then
    previous=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [[ \${COMP_WORDS[i]} != -* ]]; then
      command=\${COMP_WORDS[i]}
      break
    fi
  done
  case $command in
    '')
      flags='${program.options.flatMap(spellings).join(' ')}'
      kind=words
      words='${program.commands.map(({ name }) => name).join(' ')}'
      ;;
${program.commands.map(commandCase).join('')}    *) kind=none ;;
  esac
  COMPREPLY=()
  if [[ $kind != value-* && $current == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$current"))
    return
  fi
  case \${kind#value-} in
    words) COMPREPLY=($(compgen -W "$words" -- "$current")) ;;
    entry) COMPREPLY=($(compgen -W "$(${call}_entries)" -- "$current")) ;;
    path)
      compopt -o filenames 2>/dev/null
      local IFS=$'\\n'
      COMPREPLY=($(compgen -f -- "$current"))
      ;;
  esac
}
complete -F ${call} ${program.name}
`;
}

function commandCase(command: CommandShape): string {
  const valued = command.options.filter(({ value }) => value.kind !== 'none');
  const cases = valued.map(
    (option) => `        ${spellings(option).join('|')}) ${assign(option.value, 'value-')} ;;\n`,
  );
  return `    ${command.name})
      flags='${command.options.flatMap(spellings).join(' ')}'
      ${assign(operandValue(command), '')}
${valued.length === 0 ? '' : `      case $previous in\n${cases.join('')}      esac\n`}      ;;
`;
}

function assign(value: ValueShape, prefix: string): string {
  switch (value.kind) {
    case 'words':
      return `kind=${prefix}words words='${value.words.join(' ')}'`;
    case 'path':
    case 'entry':
      return `kind=${prefix}${value.kind}`;
    case 'text':
    case 'none':
      return `kind=${prefix}none`;
  }
}
