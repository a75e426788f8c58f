import type { LiveWebhook } from '../copernica/api.js';
import { groupBy } from '../plan/group.js';
import { canonicalLive } from '../plan/live.js';
import { rising } from '../state/ranges.js';
import type { RecordOf } from '../state/records.js';
import { type Intent, isOrWasOurs, type State } from '../state/state.js';
import { canonical, differences, visibleKey, type WebhookSpec, webhookKey } from '../webhook.js';

/**
 * Webhooks that open intents of one entry made, one for each intent: the fields of the record, except its time. The
 * entry gets `id`; the others are to be deleted.
 */
export type Match = Omit<RecordOf<'matched'>, 'type' | 'at'>;

export interface Findings {
  readonly matches: readonly Match[];
  /**
   * By intent: the webhooks of which it may have made one, but which can't be told from somebody else's. Rising; may be
   * empty.
   */
  readonly ambiguous: ReadonlyMap<number, readonly number[]>;
}

/** True if nothing that the account shows of the webhook contradicts the spec. */
export function looksLike(webhook: LiveWebhook, spec: WebhookSpec): boolean {
  const sent = canonical(spec);
  return differences(canonicalLive(webhook, sent), sent).length === 0;
}

/** Whether an intent can have made a webhook: its id is above the bound, and it looks as it was sent. */
export function canHaveMade(intent: Intent, webhook: LiveWebhook): boolean {
  return (intent.above === null || webhook.id > intent.above) && looksLike(webhook, intent.spec);
}

/** The webhooks that an open intent can have made. No open intent made one that is, or was, ours already. */
export function candidatesAmong(webhooks: Iterable<LiveWebhook>, state: State): LiveWebhook[] {
  const open = groupBy(state.intents.values(), (intent) => visibleKey(intent.spec));
  return [...webhooks].filter((webhook) => {
    if (isOrWasOurs(webhook.id, state)) return false;
    return (open.get(visibleKey(webhook)) ?? []).some((intent) => canHaveMade(intent, webhook));
  });
}

/**
 * Decides to which entries the found webhooks belong.
 *
 *     a webhook fits open intents    of that entry there are                    then
 *     ----------------------------   ----------------------------------------   ---------------------------------
 *     of one entry                   as many webhooks as can each be given an   ours: one is kept, the others are
 *                                    intent of their own                        to be deleted
 *     of one entry                   more webhooks than that                    ambiguous, all of them
 *     of two entries                 -                                          ambiguous, with all else of both
 *
 * The one kept is equal to what the manifest wants, or else the oldest. No more are ever deleted than there are
 * intents: a webhook that may not be ours is left alone.
 */
export function findMatches(
  state: State,
  seen: Iterable<LiveWebhook>,
  wanted: ReadonlyMap<string, WebhookSpec>,
): Findings {
  const found = candidatesAmong(seen, state).sort(byId);
  const byLook = groupBy(found, visibleKey);
  const entries = [...groupBy(state.intents.values(), ({ name }) => name)].map(([name, own]) => {
    const looks = new Set(own.map(({ spec }) => visibleKey(spec)));
    const webhooks = [...looks]
      .flatMap((look) => byLook.get(look) ?? [])
      .filter((webhook) => own.some((intent) => canHaveMade(intent, webhook)));
    return { name, own, webhooks: webhooks.sort(byId) };
  });
  const fits = groupBy(
    entries.flatMap(({ webhooks }) => webhooks),
    ({ id }) => id,
  );
  const matches: Match[] = [];
  const ambiguous = new Map<number, number[]>();
  for (const { name, own, webhooks } of entries) {
    if (webhooks.length === 0) continue;
    const isContested = webhooks.some(({ id }) => (fits.get(id) ?? []).length > 1);
    const intents = isContested ? null : pairUp(own, webhooks);
    if (intents !== null) matches.push(matchOf(name, webhooks, intents, own, wanted.get(name)));
    else for (const intent of own) ambiguous.set(intent.intent, idsOfMade(intent, webhooks));
  }
  return { matches, ambiguous };
}

function byId(a: LiveWebhook, b: LiveWebhook): number {
  return a.id - b.id;
}

function idsOfMade(intent: Intent, webhooks: readonly LiveWebhook[]): number[] {
  return webhooks.filter((webhook) => canHaveMade(intent, webhook)).map(({ id }) => id);
}

/** A different intent for each webhook, able to have made it. Null: there is no such pairing. */
function pairUp(own: readonly Intent[], webhooks: readonly LiveWebhook[]): number[] | null {
  const makers = new Map<Intent, LiveWebhook>();
  // A webhook that has the intent already moves to another intent, if one is left for it.
  const place = (webhook: LiveWebhook, tried: Set<Intent>): boolean =>
    own.some((intent) => {
      if (tried.has(intent) || !canHaveMade(intent, webhook)) return false;
      tried.add(intent);
      const other = makers.get(intent);
      if (other !== undefined && !place(other, tried)) return false;
      makers.set(intent, webhook);
      return true;
    });
  const areAllPlaced = webhooks.every((webhook) => place(webhook, new Set()));
  return areAllPlaced ? rising([...makers.keys()].map(({ intent }) => intent)) : null;
}

/** `webhooks`: by rising id. */
function matchOf(
  name: string,
  webhooks: readonly LiveWebhook[],
  intents: readonly number[],
  own: readonly Intent[],
  wanted: WebhookSpec | undefined,
): Match {
  const known = webhooks.map((live) => ({ id: live.id, ...whatWasSent(live, own) }));
  const isWanted = ({ webhook, isScopeUnknown }: WhatWasSent) =>
    wanted !== undefined && isScopeUnknown === undefined && webhookKey(webhook) === webhookKey(wanted);
  const kept = known.find(isWanted) ?? known[0];
  if (kept === undefined) throw new Error(`no webhook of ${name} was found`);
  return { name, intents, ...kept, others: known.filter((one) => one !== kept).map(({ id }) => id) };
}

type WhatWasSent = Pick<Match, 'webhook' | 'isScopeUnknown'>;

/**
 * What was sent to make the webhook. If intents with different databases or collections can have made it and it shows
 * neither, its scope is unknown, and the spec has none.
 */
function whatWasSent(live: LiveWebhook, own: readonly Intent[]): WhatWasSent {
  const makers = own.filter((intent) => canHaveMade(intent, live));
  const [first] = makers;
  if (first === undefined) throw new Error(`no intent can have made webhook ${live.id}`);
  const isHidden = live.database === undefined && makers.some(({ isScopeUnknown }) => isScopeUnknown);
  const keys = new Set(makers.map(({ spec }) => webhookKey(spec)));
  if (keys.size === 1 && !isHidden) return { webhook: first.spec };
  const { handler, trigger, callers } = first.spec;
  return { webhook: { handler, trigger, callers }, isScopeUnknown: true };
}
