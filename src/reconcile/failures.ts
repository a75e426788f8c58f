import type { CallFailure } from '../copernica/api.js';
import { type ProductError, productError } from '../errors.js';
import { type Change, lineOf } from '../plan/change.js';
import { uncertainRemedy } from '../plan/doubts.js';
import type { State } from '../state/state.js';

/** Where in the manifest a change comes from, for messages. */
function placeOf(change: Change, file: string): { file?: string; line?: number; column?: number } {
  const line = lineOf(change);
  const column = 'desired' in change ? change.desired?.column : undefined;
  return line === null || column === undefined ? {} : { file, line, column };
}

const REMEDIES: Readonly<Record<CallFailure['kind'], string>> = {
  'not-sent': 'check the network and --api-url; it is tried again at the next run',
  'turned-away': 'nothing was changed; it is tried again at the next run',
  refused:
    'check that the domain of the handler is validated in the Copernica dashboard, and that database and collection exist',
  unknown: 'it is tried again at the next run',
};

/** A call that did not work, told with its entry and the entry's line in the manifest. */
export function callError(change: Change, did: string, failure: CallFailure, file: string): ProductError {
  return productError('failed', {
    code: `api-${failure.kind}`,
    message: `${change.name}: ${did}: ${failure.message}`,
    name: change.name,
    remedy: REMEDIES[failure.kind],
    ...placeOf(change, file),
  });
}

/** A POST whose outcome nobody knows. It must not be repeated blindly: a second webhook would deliver every event twice. */
export function uncertainError(
  change: Change,
  { file, state }: { readonly file: string; readonly state: State },
  because?: string,
): ProductError {
  const wanted = 'desired' in change && change.desired !== null;
  return productError('refused', {
    code: 'uncertain-create',
    message: `${change.name}: ${because ?? change.reason}: the webhook may exist, so it is not sent again`,
    name: change.name,
    remedy: uncertainRemedy({ name: change.name, id: state.entries.get(change.name)?.id ?? null, wanted }),
    ...placeOf(change, file),
  });
}

export function waitsError(change: Change, file: string): ProductError {
  return productError('refused', {
    code: 'waits-for-uncertain',
    message: `${change.name}: an earlier create of the very same webhook is still uncertain, so it is not sent`,
    name: change.name,
    remedy: 'settle the uncertain entry first: "list" shows it',
    ...placeOf(change, file),
  });
}

export function stoppedError(change: Change): ProductError {
  return productError('failed', {
    code: 'stopped',
    message: `${change.name}: not started, as the program was asked to stop`,
    name: change.name,
    remedy: 'it is done at the next run',
  });
}
