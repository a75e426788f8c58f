import type { CallFailure } from '../copernica/api.js';
import { type Problem, type ProductError, productError } from '../errors.js';
import { type Change, placeOf } from '../plan/change.js';
import { uncertainRemedy } from '../recovery/duplicates.js';
import type { State } from '../state/state.js';
import { roughDuration } from '../text/rough-duration.js';

const REMEDIES: Readonly<Record<CallFailure['kind'], string>> = {
  'not-sent': 'check the network and --api-url; it is tried again at the next run',
  'turned-away': 'nothing was changed; it is tried again at the next run',
  refused:
    'check that the domain of the handler is validated in the Copernica dashboard, and that database and collection exist',
  unknown: 'it is tried again at the next run',
};

/** A call that failed, reported with its entry and the entry's line in the manifest. */
export function callError(change: Change, did: string, failure: CallFailure): ProductError {
  return productError('failed', {
    code: `api-${failure.kind}`,
    message: `${change.name}: ${did}: ${failure.message}`,
    name: change.name,
    remedy: REMEDIES[failure.kind],
    ...placeOf(change),
  });
}

/**
 * A POST whose outcome nobody knows. It must not be repeated blindly: a second webhook would deliver every event twice.
 * `failed`: a later run can settle it; `refused`: only a person can.
 */
export function uncertainError(
  change: Change,
  context: {
    readonly state: State;
    readonly because: string;
    readonly kind: 'failed' | 'refused';
  },
): ProductError {
  const { state, because, kind } = context;
  const remedy = uncertainRemedy({ name: change.name, id: state.entries.get(change.name)?.id ?? null, wanted: true });
  const message = `${change.name}: ${because}: the webhook may exist, so it is not sent again blindly`;
  const about = { message, name: change.name, ...placeOf(change) };
  if (kind === 'refused') return productError('refused', { code: 'uncertain-create', ...about, remedy });
  const later = `a later run settles it; to do it by hand, ${remedy}`;
  return productError('failed', { code: 'create-unsettled', ...about, remedy: later });
}

/** A create that was not sent because uncertain ones must be settled first. */
export function heldBackError(
  change: Change,
  { isAlike, waitMs }: { readonly isAlike: boolean; readonly waitMs: number },
): ProductError {
  const why = isAlike
    ? 'a create that looks the same when it is read is still uncertain'
    : 'answers to other creates were lost, and those are settled first';
  const when = waitMs > 0 ? ` in ${roughDuration(waitMs)}` : '';
  return productError('failed', {
    code: 'waits-for-uncertain',
    message: `${change.name}: not sent: ${why}`,
    name: change.name,
    remedy: `it is sent by a later run${when}; "list" shows what is uncertain, and "apply --retry" sends one create at once`,
    ...placeOf(change),
  });
}

export function stoppedError(change: Change): ProductError {
  return productError('failed', {
    code: 'stopped',
    message: `${change.name}: not started, because the program was asked to stop`,
    name: change.name,
    remedy: 'it is done at the next run',
  });
}

/** Null: the change may be carried out. */
export function refusedError(change: Change): ProductError | null {
  const { name, refused } = change;
  if (refused === undefined) return null;
  const { code, message, remedy } = refused;
  return productError('refused', { code, message: `${name}: ${message}`, name, remedy, ...placeOf(change) });
}

/** Why the plan refuses single changes. */
export function refusalsOf(changes: readonly Change[]): Problem[] {
  return changes.flatMap((change) => refusedError(change)?.problems ?? []);
}
