export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

export interface Suggestion {
  readonly word: string;
  readonly description: string;
}

/** `files`: the shell itself completes file names. */
export type Suggestions = 'files' | readonly Suggestion[];

/** Stands for file names in an answer to a script. */
const FILES = ':files';

/**
 * The script that a shell runs for completion. It passes what was typed to `completion SHELL -- WORDS` unchanged,
 * without evaluating any of it, and shows the answer.
 */
export function completionScript(shell: Shell, program: string): string {
  return SCRIPTS[shell](program, `_${program.replace(/\W/g, '_')}`);
}

const SCRIPTS: Readonly<Record<Shell, (program: string, call: string) => string>> = {
  // Works in bash 3.2 (macOS): no mapfile, and compopt only if it exists.
  bash: (program, call) => `# bash completion for ${program}. Load it with: source <(${program} completion bash)
${call}() {
  local IFS=$'\\n' current=\${COMP_WORDS[COMP_CWORD]#=}
  COMPREPLY=($(${program} completion bash -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
  if [[ \${COMPREPLY[0]} == ${FILES} ]]; then
    compopt -o filenames 2>/dev/null
    COMPREPLY=($(compgen -f -- "$current"))
  fi
}
complete -F ${call} ${program}
`,
  zsh: (program, call) => `#compdef ${program}
# zsh completion for ${program}. Load it after compinit with: source <(${program} completion zsh)
${call}() {
  local -a answer
  answer=(\${(f)"$(${program} completion zsh -- "\${(@)words[2,CURRENT]}" 2>/dev/null)"})
  if [[ $answer[1] == ${FILES} ]]; then
    compset -P '--*='
    _files
  elif (( $#answer )); then
    _describe -t words word answer
  fi
}
if [[ $funcstack[1] == _${program} ]]; then
  ${call} "$@"
else
  compdef ${call} ${program}
fi
`,
  fish: (program, call) => `# fish completion for ${program}. Load it with: ${program} completion fish | source
function ${call}
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l answer (${program} completion fish -- $words[2..] "$current" 2>/dev/null)
    if test "$answer[1]" = ${FILES}
        set -l prefix (string match -r -- '^--[^=]*=' "$current")
        string replace -r '^' "$prefix" -- (__fish_complete_path (string replace -- "$prefix" '' "$current"))
    else
        string join \\n -- $answer
    end
end
complete -c ${program} -f -a '(${call})'
`,
};

/** The words as they were typed: bash splits `--flag=value` into three. */
export function typedWords(shell: Shell, words: readonly string[]): readonly string[] {
  if (shell !== 'bash') return words;
  const whole: string[] = [];
  for (const word of words) {
    const last = whole.at(-1);
    const continues = last !== undefined && /^--[^=]+=?$/.test(last) && (word === '=' || last.endsWith('='));
    if (continues) whole[whole.length - 1] = `${last}${word}`;
    else whole.push(word);
  }
  return whole;
}

/** The answer to a script, in the form for its shell: one suggestion for each line. */
export function answerTo(shell: Shell, suggestions: Suggestions): string {
  if (suggestions === 'files') return `${FILES}\n`;
  return suggestions.map(({ word, description }) => `${LINES[shell](word, description)}\n`).join('');
}

const LINES: Readonly<Record<Shell, (word: string, description: string) => string>> = {
  // For --flag=value it completes only the value.
  bash: (word) => word.replace(/^--[^=]*=/, ''),
  zsh: (word, description) => `${word.replaceAll(':', '\\:')}${description === '' ? '' : `:${description}`}`,
  fish: (word, description) => (description === '' ? word : `${word}\t${description}`),
};
