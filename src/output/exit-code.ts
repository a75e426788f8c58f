import type { FailureKind } from '../errors.js';

export const EXIT = { done: 0, failed: 1, changes: 2, input: 3, refused: 4 } as const;

/**
 * How any command ends. The first line that fits decides:
 *
 *     wrong input, whatever else went wrong           3
 *     refused by a guard, whatever else failed        4
 *     failed, wholly or in part                       1
 *     nothing went wrong                              `exitCode`: 2 where changes were asked about, else 0
 */
export function exitCodeOf(outcome: {
  readonly failures?: readonly FailureKind[];
  readonly exitCode?: number;
}): number {
  const { failures = [], exitCode = EXIT.done } = outcome;
  if (failures.includes('input')) return EXIT.input;
  if (failures.includes('refused')) return EXIT.refused;
  return failures.includes('failed') ? EXIT.failed : exitCode;
}
