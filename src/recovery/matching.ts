import type { LiveWebhook } from '../copernica/api.js';
import { groupBy } from '../plan/group.js';
import { canonicalLive } from '../plan/live.js';
import type { Intent, State } from '../state/state.js';
import { canonical, differences, visibleKey, type WebhookSpec, webhookKey } from '../webhook.js';

/** Webhooks that open intents of one entry made: as many intents as there are webhooks. */
export interface Match {
  readonly name: string;
  readonly intents: readonly number[];
  /** The one that the entry gets. */
  readonly id: number;
  readonly spec: WebhookSpec;
  /** Its intents differ in database or collection, and the account does not show which it has. */
  readonly isScopeUnknown: boolean;
  /** Found besides: to be deleted. */
  readonly others: readonly number[];
}

export interface Findings {
  readonly matches: readonly Match[];
  /**
   * By number of an intent: webhooks of which one may be what it made, and which nothing tells from another's. Rising.
   */
  readonly ambiguous: ReadonlyMap<number, readonly number[]>;
}

/** Nothing that the account tells of the webhook speaks against it. */
export function looksLike(webhook: LiveWebhook, spec: WebhookSpec): boolean {
  const sent = canonical(spec);
  return differences(canonicalLive(webhook, sent), sent).length === 0;
}

/** Whether an intent can have made a webhook: its bound is below it, and the webhook is as was sent. */
export function canHaveMade(intent: Intent, webhook: LiveWebhook): boolean {
  return (intent.above === null || webhook.id > intent.above) && looksLike(webhook, intent.spec);
}

/** Those of the webhooks that an open intent can have made. One that is ours already, or was, is what none made. */
export function candidatesAmong(webhooks: Iterable<LiveWebhook>, state: State): LiveWebhook[] {
  const open = groupBy(state.intents.values(), (intent) => visibleKey(intent.spec));
  return [...webhooks].filter((webhook) => {
    if (state.owners.has(webhook.id) || state.formerIds.has(webhook.id)) return false;
    return (open.get(visibleKey(webhook)) ?? []).some((intent) => canHaveMade(intent, webhook));
  });
}

/**
 * Whose the webhooks are that were found.
 *
 *     a webhook fits open intents    of that entry there are                    then
 *     ----------------------------   ----------------------------------------   ---------------------------------
 *     of one entry                   as many webhooks as can each be given an   ours: one is kept, the others are
 *                                    intent of their own                        to be deleted
 *     of one entry                   more webhooks than that                    ambiguous, all of them
 *     of two entries                 -                                          ambiguous, with all else of both
 *
 * What is kept is one that equals what the manifest wants, else the oldest. No more are ever deleted than there are
 * intents: what we may not have made is left alone.
 */
export function findMatches(
  state: State,
  seen: Iterable<LiveWebhook>,
  wanted: ReadonlyMap<string, WebhookSpec>,
): Findings {
  const byName = groupBy(state.intents.values(), ({ name }) => name);
  const found = candidatesAmong(seen, state).sort((a, b) => a.id - b.id);
  const ofName = new Map<string, LiveWebhook[]>();
  const contested = new Set<string>();
  for (const webhook of found) {
    const names = [...byName].filter(([, own]) => own.some((intent) => canHaveMade(intent, webhook)));
    for (const [name] of names) {
      ofName.set(name, [...(ofName.get(name) ?? []), webhook]);
      if (names.length > 1) contested.add(name);
    }
  }
  const matches: Match[] = [];
  const ambiguous = new Map<number, number[]>();
  for (const [name, webhooks] of ofName) {
    const own = byName.get(name) ?? [];
    const pairs = contested.has(name) ? null : pairUp(own, webhooks);
    if (pairs !== null) matches.push(matchOf(name, pairs, own, wanted.get(name)));
    else addAmbiguous(ambiguous, own, webhooks);
  }
  return { matches, ambiguous };
}

function addAmbiguous(all: Map<number, number[]>, own: readonly Intent[], webhooks: readonly LiveWebhook[]): void {
  for (const intent of own) {
    const ids = webhooks.filter((webhook) => canHaveMade(intent, webhook)).map(({ id }) => id);
    if (ids.length > 0) all.set(intent.intent, ids);
  }
}

interface Pair {
  readonly intent: Intent;
  readonly webhook: LiveWebhook;
}

/** The webhooks, each with an intent of its own that can have made it; null: there are not enough. */
function pairUp(own: readonly Intent[], webhooks: readonly LiveWebhook[]): Pair[] | null {
  const makers = new Map<Intent, LiveWebhook>();
  // Whoever has an intent already moves to another one, where there is one for it.
  const place = (webhook: LiveWebhook, tried: Set<Intent>): boolean =>
    own.some((intent) => {
      if (tried.has(intent) || !canHaveMade(intent, webhook)) return false;
      tried.add(intent);
      const other = makers.get(intent);
      if (other !== undefined && !place(other, tried)) return false;
      makers.set(intent, webhook);
      return true;
    });
  if (!webhooks.every((webhook) => place(webhook, new Set()))) return null;
  return [...makers].map(([intent, webhook]) => ({ intent, webhook })).sort((a, b) => a.webhook.id - b.webhook.id);
}

function matchOf(name: string, pairs: readonly Pair[], own: readonly Intent[], wanted: WebhookSpec | undefined): Match {
  const known = pairs.map(({ webhook }) => ({ webhook, spec: specOf(webhook, own) }));
  const equal = known.find(
    ({ spec }) => wanted !== undefined && spec !== null && webhookKey(spec) === webhookKey(wanted),
  );
  const kept = equal ?? known[0];
  const [first] = pairs;
  if (kept === undefined || first === undefined) throw new Error(`no webhook of ${name} was found`);
  const { database: _, collection: _too, ...visible } = first.intent.spec;
  return {
    name,
    intents: pairs.map(({ intent }) => intent.intent).sort((a, b) => a - b),
    id: kept.webhook.id,
    spec: kept.spec ?? { ...visible, ...visibleOf(kept.webhook, own) },
    isScopeUnknown: kept.spec === null,
    others: known.filter((one) => one !== kept).map(({ webhook }) => webhook.id),
  };
}

/**
 * What was sent to make it; null: intents that differ in database or collection can have, and it does not show them.
 */
function specOf(webhook: LiveWebhook, own: readonly Intent[]): WebhookSpec | null {
  const makers = own.filter((intent) => canHaveMade(intent, webhook));
  const keys = new Set(makers.map(({ spec }) => webhookKey(spec)));
  const isShown = webhook.database !== undefined;
  if (!isShown && makers.some((intent) => intent.isScopeUnknown)) return null;
  return keys.size === 1 ? (makers[0]?.spec ?? null) : null;
}

function visibleOf(webhook: LiveWebhook, own: readonly Intent[]): Partial<WebhookSpec> {
  const maker = own.find((intent) => canHaveMade(intent, webhook));
  if (maker === undefined) return {};
  const { handler, trigger, callers } = maker.spec;
  return { handler, trigger, ...(callers === undefined ? {} : { callers }) };
}
