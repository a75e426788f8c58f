import type { Identity } from '../copernica/api.js';
import type { ProblemCode } from '../error-codes.js';
import { productError } from '../errors.js';
import type { OpenJournal, StateLease } from '../state/store.js';
import { readAccount } from './account.js';
import type { ReconcilerPorts } from './ports.js';

export const STATE_MISSING = 'state-missing' satisfies ProblemCode;

export interface OpenedState {
  readonly journal: OpenJournal;
  /** True: the state was begun by this run. */
  readonly isNew: boolean;
  /** The token's account, if the state is new. Null: the state existed, and the account was not asked. */
  readonly account: Identity | null;
}

/**
 * The journal of the state that this run has taken. A state that is missing is begun with the token's account if `init`
 * allows it; otherwise throws ProductError of kind `refused`: after a lost state, going on would create everything
 * twice.
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
