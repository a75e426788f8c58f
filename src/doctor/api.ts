import type { Contact, IdentityAnswer } from '../copernica/diagnose.js';
import { type Finding, ok, problem, skipped, warning } from './check.js';
import type { Context } from './context.js';

const CHECK_TOKEN = 'check the access token, and whether it is limited to an API version or to IP addresses';
/** From here on a clock does harm: a JWT's end is compared with it; schedules and certificates bear more. */
const CLOCK_OFF_MS = { withJwt: 60_000, otherwise: 5 * 60_000 } as const;

export async function checkAuthReach({ settings, authContact }: Context): Promise<Finding> {
  return reachFinding(settings.authUrl, await authContact());
}

export async function checkApiReach({ settings, apiContact }: Context): Promise<Finding> {
  return reachFinding(settings.apiUrl, await apiContact());
}

/** A host that the token is sent to. */
function reachFinding(address: string, contact: Contact): Finding {
  const { host } = new URL(address);
  if (contact.kind === 'answered') return ok(`${host} answers, in ${contact.ms} ms`);
  return problem(
    `${host}: ${contact.message}`,
    'check the address, the network, the proxy and the clock; if something between here and Copernica opens TLS, give its authority with --ca-file',
  );
}

export async function checkTokenTrade({ api }: Context): Promise<Finding> {
  const { tradeFailure, ms } = await api();
  if (tradeFailure === null) return ok('the token was traded for a JWT');
  if (tradeFailure.kind === 'refused') return problem(tradeFailure.message, CHECK_TOKEN);
  return problem(`${tradeFailure.message} (${ms} ms)`, 'check --auth-url, and try again: it may be busy');
}

export async function checkApiAnswer({ api }: Context): Promise<Finding> {
  const { ms } = await api();
  return answerFinding(await identityOf(api), ms);
}

/** Whether what answers is Copernica: it may refuse the token, as long as it does so in its own words. */
export function answerFinding(identity: IdentityAnswer, ms: number): Finding {
  switch (identity.kind) {
    case 'identity':
    case 'refused':
      return ok(`answers as Copernica does, in ${ms} ms`);
    case 'turned-away':
      return warning(
        `takes no requests at the moment: ${identity.message}`,
        'try again in a few minutes; runs do so by themselves',
      );
    case 'not-sent':
      return problem(identity.message, 'check the network, the proxy and --api-url');
    case 'unknown':
      if (identity.status !== undefined && identity.status >= 400 && identity.status < 500) {
        return problem(
          `${identity.message}, which is not how Copernica refuses`,
          'check --api-url and the proxy if there is one; if they are right, check the access token',
        );
      }
      return problem(
        `${identity.message} (${ms} ms)`,
        'check --api-url and the proxy if there is one, or try again with a longer --timeout',
      );
  }
}

export async function checkTokenAccepted({ api }: Context): Promise<Finding> {
  const identity = await identityOf(api);
  if (identity.kind === 'identity') return ok('yes');
  if (identity.kind === 'turned-away') return skipped('not checked: the API takes no requests at the moment');
  return problem(identity.message, CHECK_TOKEN);
}

export async function checkClock({ settings, apiContact }: Context): Promise<Finding> {
  const contact = await apiContact();
  return clockFinding(contact.kind === 'answered' ? contact.aheadMs : null, settings.apiVersion);
}

/** `aheadMs`: how far this machine's clock is ahead of the server's; null: the server does not say what time it is. */
export function clockFinding(aheadMs: number | null, version: '3' | '4'): Finding {
  if (aheadMs === null) return ok('the answer does not say what time it is');
  const limit = version === '4' ? CLOCK_OFF_MS.withJwt : CLOCK_OFF_MS.otherwise;
  // The server tells whole seconds.
  if (Math.abs(aheadMs) < limit) return ok('agrees with the server’s');
  const seconds = Math.round(Math.abs(aheadMs) / 1_000);
  return warning(
    `this machine’s clock is ${seconds.toLocaleString('en')} s ${aheadMs > 0 ? 'ahead of' : 'behind'} the server’s`,
    'set it, and keep it set (NTP): schedules, certificates and the end of a JWT depend on it',
  );
}

export async function checkListCall({ api }: Context): Promise<Finding> {
  const { list } = await api();
  if (list === true) return ok('there is a call for it: live webhooks are read a thousand at a time');
  if (list === false) return ok('there is no call for it, as documented: live webhooks are read one by one');
  return warning(`whether there is a call for it could not be told: ${list}`, 'nothing to be done: runs find out anew');
}

export async function checkAccount({ api }: Context): Promise<Finding> {
  const identity = await identityOf(api);
  if (identity.kind !== 'identity') return skipped(`not checked: ${identity.message}`);
  const { id, name, company } = identity;
  return ok([id, name, company === '' ? '' : `(${company})`].filter((part) => part !== '').join(' '));
}

/** A state belongs to one account. */
export async function checkStateAccount({ api, state: readState }: Context): Promise<Finding> {
  const identity = await identityOf(api);
  const state = await readState();
  if (state === null || identity.kind !== 'identity') return skipped('not checked: there is no state yet');
  if (identity.id === state.account) return ok('the same');
  return problem(
    `the token belongs to account ${identity.id}, but the state file to account ${state.account}`,
    'use the token of that account, or another --state for this one',
    'refused',
  );
}

async function identityOf(api: Context['api']): Promise<IdentityAnswer> {
  const { identity } = await api();
  if (identity === null) throw new Error('asked without a JWT');
  return identity;
}
