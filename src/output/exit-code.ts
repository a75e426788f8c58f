import type { FailureKind } from '../errors.js';

export const EXIT = { done: 0, failed: 1, changes: 2, input: 3, refused: 4 } as const;

/** The exit code for what went wrong: of several, wrong input goes before a refusal before a failure. */
export function exitCodeFor(kinds: readonly FailureKind[]): number {
  if (kinds.includes('input')) return EXIT.input;
  if (kinds.includes('refused')) return EXIT.refused;
  return kinds.includes('failed') ? EXIT.failed : EXIT.done;
}
