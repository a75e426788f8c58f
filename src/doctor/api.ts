import type { CallFailure } from '../copernica/api.js';
import { ok, problem, type Verdict, warning } from './check.js';
import { distrustedFor, expiresSoon, type Reach, reachedAs, unreachedBy } from './reach.js';

/** What was learnt by asking the API whose token it is, and one webhook of its list. */
export interface ApiFacts {
  /** Version 4 trades the token first. Null: version 3, or it was done. */
  readonly tradeFailure: CallFailure | null;
  /** Null: it was not asked, since there was no JWT. */
  readonly identity: IdentityFacts | null;
  /** How long that took, in milliseconds. */
  readonly ms: number;
  /** How far this machine's clock is ahead of the server's `Date`, in milliseconds; null: it says none. */
  readonly aheadMs: number | null;
  /** Whether there is a call that lists webhooks; a text: why that could not be told. Null: it was not asked. */
  readonly list: boolean | string | null;
}

export type IdentityFacts =
  | { readonly kind: 'identity'; readonly id: string; readonly name: string; readonly company: string }
  | CallFailure;

/** A host that the token is sent to. */
export function judgeApiReach(
  reach: Reach,
  host: { readonly host: string; readonly port: number },
  now: Date,
): Verdict {
  const unreached = unreachedBy(reach, host);
  if (unreached !== null) return problem(unreached.message, unreached.remedy);
  if (reach.at !== 'end') throw new Error('reached, and not at the end');
  const about = `${host.host}: ${reachedAs(reach)}`;
  if (reach.tls === null) return ok(`${about}, plain http on this machine`);
  const distrusted = distrustedFor(reach.tls);
  if (distrusted !== null) {
    const remedy =
      'something between here and Copernica may open TLS: give its authority with --ca-file, or check the address and the clock';
    return problem(`${host.host}: ${distrusted.message}`, remedy);
  }
  const soon = expiresSoon(reach.tls, now);
  return soon === null
    ? ok(about)
    : warning(`${about}; ${soon.message}`, 'nothing to be done here: it is renewed there');
}

export function judgeTrade({ tradeFailure, ms }: Pick<ApiFacts, 'tradeFailure' | 'ms'>): Verdict {
  if (tradeFailure === null) return ok('the token was traded for a JWT');
  if (tradeFailure.kind === 'refused') return problem(tradeFailure.message, CHECK_TOKEN);
  return problem(`${tradeFailure.message} (${ms} ms)`, 'check --auth-url, and try again: it may be busy');
}

const CHECK_TOKEN = 'check the access token, and whether it is limited to an API version or to IP addresses';

/** Whether what answers is Copernica: it may refuse the token, as long as it does so in its own words. */
export function judgeAnswer(identity: IdentityFacts, ms: number): Verdict {
  const time = `in ${ms} ms`;
  switch (identity.kind) {
    case 'identity':
      return ok(`answers as Copernica does, ${time}`);
    case 'refused':
      return ok(`answers as Copernica does, ${time}`);
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

/** For an answer that is Copernica's. */
export function judgeTokenAccepted(identity: IdentityFacts): Verdict {
  return identity.kind === 'identity' ? ok('yes') : problem(identity.message, CHECK_TOKEN);
}

/** From here on a clock does harm: a JWT's end is compared with it; schedules and certificates bear more. */
const CLOCK_OFF_MS = { withJwt: 60_000, otherwise: 5 * 60_000 } as const;

export function judgeClock({ aheadMs }: Pick<ApiFacts, 'aheadMs'>, version: '3' | '4'): Verdict {
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

export function judgeListCall(list: boolean | string): Verdict {
  if (list === true) return ok('there is a call for it: live webhooks are read a thousand at a time');
  if (list === false) return ok('there is no call for it, as documented: live webhooks are read one by one');
  return warning(`whether there is a call for it could not be told: ${list}`, 'nothing to be done: runs find out anew');
}

export function judgeAccount(identity: Extract<IdentityFacts, { kind: 'identity' }>): Verdict {
  const { id, name, company } = identity;
  return ok([id, name, company === '' ? '' : `(${company})`].filter((part) => part !== '').join(' '));
}

/** A state belongs to one account. */
export function judgeStateAccount(tokenAccount: string, stateAccount: string): Verdict {
  if (tokenAccount === stateAccount) return ok('the same');
  return problem(
    `the token belongs to account ${tokenAccount}, but the state file to account ${stateAccount}`,
    'use the token of that account, or another --state for this one',
    'refused',
  );
}
