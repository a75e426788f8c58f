import { readFileSync } from 'node:fs';
import type { ProgramShape } from '../completion/program.js';
import { answerTo, completionScript, type Shell, typedWords } from '../completion/shells.js';
import { suggest } from '../completion/suggest.js';
import type { Host } from '../host.js';
import { EXIT } from '../output/exit-code.js';
import { SETTINGS } from '../settings/schema.js';

/** completion: prints a shell's completion script; with words, answers what that script asks at each Tab. */
export function completionCommand(
  host: Host,
  {
    shell,
    words,
    program,
  }: { readonly shell: Shell; readonly words: readonly string[]; readonly program: ProgramShape },
): number {
  const names = () => entryNames(host.environment);
  host.stdout.write(
    words.length === 0
      ? completionScript(shell, program.name)
      : answerTo(shell, suggest(program, typedWords(shell, words), names)),
  );
  return EXIT.done;
}

/** A manifest is at most 2 MiB; of a state that is larger the beginning has names enough. */
const MOST_CHARACTERS = 4 * 1024 * 1024;

/** Of manifest and state. Told by their look, since a manifest that is being written need not be valid. */
function entryNames(environment: Host['environment']): string[] {
  const names = [SETTINGS.file, SETTINGS.state].flatMap((setting) => {
    const lines = textOf(environment[setting.environment] ?? String(setting.default)).split('\n');
    const told = lines.filter((line) => !/^\s*#/.test(line));
    return told.flatMap((line) =>
      [...line.matchAll(/(?<![\w-])name"?:\s*["']?([\w.-]+)/g)].map(([, name = '']) => name),
    );
  });
  return [...new Set(names)].sort();
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').slice(0, MOST_CHARACTERS);
  } catch {
    return '';
  }
}
