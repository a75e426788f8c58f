import type { Problem } from '../errors.js';
import type { State } from '../state/state.js';
import { MANY_LOSSES } from './sending.js';

/**
 * An error, once answers to creates have been lost several times in a row and what was made is not found: either the
 * account can't be read, or the API makes webhooks and never says their ids. Else nothing.
 */
export function lossesProblem({ losses, intents }: Pick<State, 'losses' | 'intents'>): Problem[] {
  if (losses.count < MANY_LOSSES || intents.size === 0) return [];
  return [
    {
      code: 'answers-lost',
      severity: 'error',
      message: `answers to creates were lost ${losses.count} times in a row, and what they may have made was not found: creates are sent further and further apart`,
      remedy:
        'find out whether the API answers creates and reads at all (`doctor`); when it does, "apply --retry" sends one create at once, and what was lost is looked for',
    },
  ];
}
