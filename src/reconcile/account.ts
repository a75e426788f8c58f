import type { CallFailure, CopernicaApi, Identity, Outcome } from '../copernica/api.js';
import { productError } from '../errors.js';

/** Asks whose token it is. If that can't be found out, nothing else may be sent: throws as `identityIn` does. */
export async function readAccount(api: CopernicaApi): Promise<Identity> {
  return identityIn(await api.identity());
}

/** Throws ProductError: of kind `input` for a token that Copernica rejects, of kind `failed` for anything else. */
export function identityIn(outcome: Outcome<Identity>): Identity {
  if (outcome.ok) return outcome.value;
  if (outcome.tokenRejected && !UNKNOWN_PATH.test(outcome.message)) {
    const message = `Copernica rejected the access token (${outcome.message.replace(/^Copernica answered /, '')})`;
    throw productError('input', { code: 'token-rejected', message, remedy: CHECK_TOKEN });
  }
  const message = `could not find out which account the token belongs to: ${outcome.message}`;
  throw productError('failed', { code: `api-${outcome.kind}`, message, remedy: remedyFor(outcome) });
}

const CHECK_TOKEN = 'check the access token, and whether it is limited to an API version or to IP addresses';

/** What the API answers for a path at which it has nothing. */
const UNKNOWN_PATH = /invalid method/i;

function remedyFor({ kind, message, status }: CallFailure): string {
  // Not in the API's own words: a proxy on the way may be asking for a password, or refusing the request.
  if (kind === 'unknown' && (status === 401 || status === 403)) {
    return `${CHECK_TOKEN}; if the token is valid, something between here and Copernica answered: check the proxy and --api-url`;
  }
  if (kind !== 'refused')
    return 'check the network and --api-url; nothing was sent, and it is tried again at the next run';
  if (UNKNOWN_PATH.test(message)) {
    return 'check --api-url: it is the host only, such as https://api.copernica.com, without a version such as /v3 (--api-version says that)';
  }
  return CHECK_TOKEN;
}

/** A state belongs to one account. Throws ProductError of kind `refused` if the token belongs to another. */
export function checkAccount({ id }: Identity, stateAccount: string): void {
  if (id === stateAccount) return;
  throw productError('refused', {
    code: 'wrong-account',
    message: `the token belongs to account ${id}, but the state file belongs to account ${stateAccount}: nothing was sent`,
    remedy: 'use the token of that account, or another --state for this one',
  });
}
