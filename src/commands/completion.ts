import { bashCompletion } from '../completion/bash.js';
import { fishCompletion } from '../completion/fish.js';
import type { ProgramShape } from '../completion/shape.js';
import { zshCompletion } from '../completion/zsh.js';
import type { Host } from '../host.js';
import { EXIT } from '../output/exit-code.js';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

const GENERATORS: Readonly<Record<Shell, (program: ProgramShape) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

/** completion: prints a shell's completion script, made from the command line's own description. */
export function completionCommand(host: Host, shell: Shell, program: ProgramShape): number {
  host.stdout.write(GENERATORS[shell](program));
  return EXIT.done;
}
