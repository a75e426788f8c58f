import type { Identity } from '../copernica/api.js';
import type { ProblemCode } from '../error-codes.js';
import { productError } from '../errors.js';
import type { OpenJournal, StateLease } from '../state/store.js';
import { readAccount } from './account.js';
import type { ReconcilerPorts } from './ports.js';

export const STATE_MISSING = 'state-missing' satisfies ProblemCode;

export interface OpenedState {
  readonly journal: OpenJournal;
  /** It was begun now, with the account that the token belongs to: that need not be asked again. */
  readonly isNew: boolean;
  /** That account. Null: the state was there, and nobody was asked. */
  readonly account: Identity | null;
}

/**
 * The journal of a state that was taken for this run, begun with the token's account where there is none and that is
 * expected.
 * Throws ProductError of kind `refused` for a state that is missing: a lost one must not double everything.
 */
export async function openState(
  lease: StateLease,
  ports: Pick<ReconcilerPorts, 'api'>,
  options: { readonly init: boolean },
): Promise<OpenedState> {
  const journal = await lease.open();
  if (journal !== null) return { journal, isNew: false, account: null };
  if (!options.init) {
    throw productError('refused', {
      code: STATE_MISSING,
      message: `there is no state at ${lease.place}: if it was lost, going on would create every webhook a second time`,
      file: lease.place,
      remedy: 'if this is the first time, use --init; if not, restore it, mount its volume, or check --state',
    });
  }
  const account = await readAccount(ports.api);
  return { journal: await lease.create(account.id), isNew: true, account };
}
