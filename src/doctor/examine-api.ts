import type { Settings } from '../settings/definitions.js';
import type { State } from '../state/state.js';
import {
  type ApiFacts,
  judgeAccount,
  judgeAnswer,
  judgeApiReach,
  judgeClock,
  judgeListCall,
  judgeStateAccount,
  judgeTokenAccepted,
  judgeTrade,
} from './api.js';
import { because, type Check, checkOf, holds, skipped, type Verdict } from './check.js';
import type { CheckId } from './checks.js';
import type { Ways } from './examine-settings.js';
import type { Shared } from './examine-shared.js';
import { NO_ACCOUNT_NEEDED } from './examine-state.js';
import { gatherApi, gatherReach } from './gather-api.js';

const REACH = ['auth-reach', 'api-reach'] as const;
const ANSWERS = ['token-trade', 'api-answer', 'token-accepted', 'clock', 'list-call'] as const;
const ACCOUNT = ['account', 'state-account'] as const;
/** In the order of the checks; version 3 trades nothing. */
const ORDER: readonly CheckId[] = [
  'auth-reach',
  'token-trade',
  'api-reach',
  'api-answer',
  'token-accepted',
  'clock',
  'list-call',
  ...ACCOUNT,
];
const OF_VERSION_4: ReadonlySet<CheckId> = new Set(['auth-reach', 'token-trade']);

/** The API, and the account that the token belongs to: reached, then asked. Reads alone. */
export async function examineApiAndAccount(
  settings: Settings,
  { token, ca, blockedBy }: Ways,
  state: State | null,
  { now, proxy, connectWithinMs, userAgent }: Shared,
): Promise<readonly Check[]> {
  const all = (ids: readonly CheckId[], verdict: Verdict) => ids.map((id) => checkOf(id, verdict));
  const done = (checks: readonly Check[]) =>
    ORDER.filter((id) => settings.apiVersion === '4' || !OF_VERSION_4.has(id)).flatMap(
      (id) => checks.find((check) => check.id === id) ?? [],
    );
  if (settings.sandbox) return done(all(ORDER, NO_ACCOUNT_NEEDED));
  if (blockedBy !== null) return done(all(ORDER, because(blockedBy)));
  const way = { proxy, ca, timeoutMs: connectWithinMs };
  const reached: Check[] = [];
  for (const id of REACH) {
    if (id === 'auth-reach' && settings.apiVersion !== '4') continue;
    const { target, reach } = await gatherReach(id === 'api-reach' ? settings.apiUrl : settings.authUrl, way);
    reached.push(checkOf(id, judgeApiReach(reach, target, now())));
  }
  const unreached = reached.find((check) => !holds(check));
  const rest = [...ANSWERS, ...ACCOUNT];
  if (token === null) return done([...reached, ...all(rest, because('token'))]);
  if (unreached !== undefined) return done([...reached, ...all(rest, because(unreached.id))]);
  const facts = await gatherApi(settings, token, way, userAgent);
  return done([...reached, ...answerChecks(facts, settings), ...accountChecks(facts, state)]);
}

function answerChecks(facts: ApiFacts, { apiVersion }: Pick<Settings, 'apiVersion'>): Check[] {
  const { identity, ms, list } = facts;
  const trade = checkOf('token-trade', judgeTrade(facts));
  if (identity === null) {
    const none = because('token-trade');
    return [trade, ...ANSWERS.filter((id) => id !== 'token-trade').map((id) => checkOf(id, none))];
  }
  const answer = judgeAnswer(identity, ms);
  const isCopernica = answer.status === 'ok';
  const accepted = isCopernica ? judgeTokenAccepted(identity) : because('api-answer');
  const afterThat = isCopernica ? because('token-accepted') : because('api-answer');
  return [
    trade,
    checkOf('api-answer', answer),
    checkOf('token-accepted', accepted),
    checkOf('clock', judgeClock(facts, apiVersion)),
    checkOf('list-call', list === null ? afterThat : judgeListCall(list)),
  ];
}

function accountChecks({ identity }: ApiFacts, state: State | null): Check[] {
  if (identity?.kind !== 'identity') return ACCOUNT.map((id) => checkOf(id, because('token-accepted')));
  return [
    checkOf('account', judgeAccount(identity)),
    checkOf(
      'state-account',
      state === null ? skipped('not checked: no state was read') : judgeStateAccount(identity.id, state.account),
    ),
  ];
}
