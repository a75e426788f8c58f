import { type Finding, ok, problem, skipped, warning } from './check.js';
import type { Context } from './context.js';

/** From this difference on a clock is harmful: JWT expiry depends on it; schedules and certificates tolerate more. */
const CLOCK_OFF_MS = { '3': 5 * 60_000, '4': 60_000 } as const;

export async function checkApiReach({ settings, contact }: Context): Promise<Finding> {
  const { host } = new URL(settings.apiUrl);
  const contacted = await contact();
  if (contacted.kind === 'answered') return ok(`${host} answers, in ${contacted.ms} ms`);
  return problem(
    `${host}: ${contacted.message}`,
    'check the address, the network, the proxy and the clock; if something between here and Copernica opens TLS, give its authority with --ca-file',
  );
}

export async function checkClock({ settings, contact }: Context): Promise<Finding> {
  const contacted = await contact();
  return clockFinding(contacted.kind === 'answered' ? contacted.aheadMs : null, settings.apiVersion);
}

/** `aheadMs`: how far this machine's clock is ahead of the server's. Null: the server does not tell its time. */
export function clockFinding(aheadMs: number | null, version: '3' | '4'): Finding {
  if (aheadMs === null) return ok('the answer does not say what time it is');
  // The server tells only whole seconds.
  if (Math.abs(aheadMs) < CLOCK_OFF_MS[version]) return ok('agrees with the server’s');
  const seconds = Math.round(Math.abs(aheadMs) / 1_000);
  return warning(
    `this machine’s clock is ${seconds.toLocaleString('en')} s ${aheadMs > 0 ? 'ahead of' : 'behind'} the server’s`,
    'set it, and keep it set (NTP): schedules, certificates and the end of a JWT depend on it',
  );
}

/** Whose token it is: a run asks this first, and fails in the same way. */
export async function checkAccount({ identity }: Context): Promise<Finding> {
  const { id, name, company } = await identity();
  return ok([id, name, company === '' ? '' : `(${company})`].filter((part) => part !== '').join(' '));
}

/** A state belongs to one account. */
export async function checkStateAccount({ identity, state: readState }: Context): Promise<Finding> {
  const [{ id }, state] = await Promise.all([identity(), readState()]);
  if (state === null) return skipped(': there is no state yet');
  if (id === state.account) return ok('the same');
  return problem(
    `the token belongs to account ${id}, but the state file belongs to account ${state.account}`,
    'use the token of that account, or another --state for this one',
    'refused',
  );
}
