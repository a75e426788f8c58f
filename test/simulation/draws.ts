/** Against hanging for ever only: how long it takes is the machine's. */
export const PATIENCE_MS = 7_200_000;

/** How many histories are played, and which. */
export interface Draws {
  readonly numRuns: number;
  readonly seed?: number;
  readonly path?: string;
}

/**
 * The same histories each time in `npm test`, so that it says something about the change at hand; others each time, and
 * as many as the variable says, at night. A failure prints its seed and path: FC_SEED and FC_PATH repeat it.
 */
export function draws(variable: string, { byDay, seed }: { readonly byDay: number; readonly seed: number }): Draws {
  const atNight = process.env[variable];
  const numRuns = Number(atNight ?? byDay);
  const asked = process.env.FC_SEED ?? (atNight === undefined ? seed : undefined);
  return asked === undefined ? { numRuns } : { numRuns, seed: Number(asked), path: process.env.FC_PATH ?? '' };
}

/** More than one: not a single one is repeated. */
export function isMany({ path = '' }: Draws): boolean {
  return path === '';
}
