import type { Intent, State } from '../../src/state/state.js';
import { shownHandler, visibleKey, type WebhookSpec, webhookKey } from '../../src/webhook.js';
import { manifestOf } from './edits.js';
import { specOf } from './terms.js';
import type { World } from './world.js';

export interface Verdict {
  readonly violations: readonly string[];
  /** Webhooks that nothing can prove anything about, by what the account shows of them. */
  readonly excused: ReadonlySet<string>;
}

/**
 * After a history has settled: each entry of the manifest has one live webhook and the state knows its id; nothing of
 * ours is there besides, but for what the state keeps as orphaned, and what it says may be there.
 *
 * Excused is what docs/exactly-once.md says is not guaranteed, and only there: a webhook of somebody else's that is
 * just like ours, and one that the server made later than is relied on.
 */
export function check(world: World, { prune }: { readonly prune: boolean }): Verdict {
  const { state, live, recorder, entries } = world;
  const violations = [...recorder.violations];
  const excused = excusedKeys(world);
  if (state === null) {
    if (entries.length > 0) violations.push('there is no state in the end');
    return { violations, excused };
  }
  const isExcused = (spec: WebhookSpec) => excused.has(visibleKey(spec));
  // An entry of which something may be that of somebody else, or of another entry that was edited to be like it, stays
  // uncertain and says so, whatever it wants by now.
  const excusedNames = new Set(
    [...state.intents.values()]
      .filter((intent) => isExcused(intent.spec) || isContested(intent, state))
      .map(({ name }) => name),
  );
  // What looks like one of these waits for it.
  const waitedFor = new Set(
    [...state.intents.values()].filter(({ name }) => excusedNames.has(name)).map((intent) => visibleKey(intent.spec)),
  );
  for (const entry of entries) {
    const { name, spec, protect = false, was } = entry;
    if (isExcused(spec) || excusedNames.has(name)) continue;
    const known = state.entries.get(name);
    const id = known?.id;
    if (id === undefined && waitedFor.has(visibleKey(spec))) continue;
    // The webhook that it takes over would have to be replaced, which is refused.
    if (id === undefined && protect && was !== undefined && state.entries.has(was.name)) continue;
    // That it was removed or changed by hand can't be seen, and each run says so.
    if (id !== undefined && world.unreadable.has(id)) continue;
    const webhook = id === undefined ? undefined : live.get(id);
    if (webhook === undefined) violations.push(`${name}: webhook ${id ?? 'none'} is not there`);
    else if (protect && isReplacedOnly(specOf(webhook), spec)) continue;
    else if (webhookKey(specOf(webhook)) !== webhookKey(spec))
      violations.push(`${name}: webhook ${id} is not as it says`);
    else if (known !== undefined && shownHandler(known) !== shownHandler(entry))
      violations.push(`${name}: its handler is not shown as the file writes it`);
  }
  for (const id of [...recorder.made.keys(), ...recorder.takenOver.keys()]) {
    const webhook = live.get(id);
    if (webhook === undefined || state.owners.has(id) || isExcused(specOf(webhook))) continue;
    if (!isSaid(world, state, id, specOf(webhook)))
      violations.push(`webhook ${id} of ours is there, and nobody knows of it`);
  }
  const names = new Set(entries.map(({ name }) => name));
  const removed = new Set(manifestOf(entries, world.removed).removed.map(({ name }) => name));
  for (const { name, spec, isProtected = false } of state.entries.values()) {
    if (names.has(name) || isProtected || excusedNames.has(name) || isExcused(spec)) continue;
    if (removed.has(name)) violations.push(`${name} was not removed`);
    else if (prune) violations.push(`${name} was not pruned`);
  }
  for (const { id, spec } of state.pendingDeletes.values()) {
    if (!isExcused(spec)) violations.push(`webhook ${id} is still to be deleted`);
  }
  for (const { name, intent, spec, candidates } of state.intents.values()) {
    if (isExcused(spec) || excusedNames.has(name)) continue;
    // What nobody sends again has no witness to wait for, and is a warning.
    if (names.has(name) && !state.entries.has(name)) violations.push(`intent ${intent} of ${name} is not settled`);
    if (candidates !== undefined) violations.push(`intent ${intent} of ${name} may have made ${candidates.join()}`);
  }
  return { violations, excused };
}

/** Only another webhook could be as it says, and a protected one is not replaced. */
function isReplacedOnly(live: WebhookSpec, { database, collection }: WebhookSpec): boolean {
  return live.database !== database || live.collection !== collection;
}

/** What may be its fits an open intent of another entry just as well. */
function isContested({ name, spec, candidates = [] }: Intent, { intents }: State): boolean {
  const key = visibleKey(spec);
  const others = [...intents.values()].filter((other) => other.name !== name);
  const isAnothers = (id: number) => others.some((other) => (other.above ?? 0) < id && other.candidates?.includes(id));
  return candidates.some(isAnothers) && others.some((other) => visibleKey(other.spec) === key);
}

/** It is among ids of which it is said that a double may be there, or what an open intent can have made. */
function isSaid({ scanLimit, unreadable }: World, state: State, id: number, spec: WebhookSpec): boolean {
  const ranges = [...state.possiblyDuplicated.values()].flat();
  if (ranges.some(({ from, to }) => from <= id && id <= to)) return true;
  const key = visibleKey(spec);
  return [...state.intents.values()].some(({ above, spec: sent, candidates = [] }) => {
    if (candidates.includes(id)) return true;
    if (visibleKey(sent) !== key || id <= (above ?? 0)) return false;
    // Within reach it should have been found.
    return above === null || id > above + scanLimit || unreadable.has(id);
  });
}

function excusedKeys(world: World): ReadonlySet<string> {
  const { live, recorder } = world;
  const excused = new Set<string>();
  for (const { post, tooLate } of recorder.made.values()) if (tooLate) excused.add(visibleKey(post.spec));
  // Made by somebody else, and like one of ours: nothing in the API tells them apart.
  for (const [id, webhook] of live) if (!recorder.made.has(id)) excused.add(visibleKey(specOf(webhook)));
  for (const key of recorder.takenOver.values()) excused.add(key);
  return excused;
}
