import { isOpen, type State } from '../../src/state/state.js';
import { visibleKey, webhookKey } from '../../src/webhook.js';
import { specOf } from './terms.js';
import type { World } from './world.js';

export interface Judgement {
  readonly violations: readonly string[];
  /** Webhooks that nothing can prove anything about, by what the account shows of them. */
  readonly excused: ReadonlySet<string>;
}

/**
 * After a history has settled: each entry of the manifest has one live webhook and the state knows its id; nothing of
 * ours is there besides, but for what the state keeps as orphaned.
 *
 * Excused is what docs/exactly-once.md says is not guaranteed, and only there: a webhook of somebody else's that is just
 * like ours, one that the server made later than is relied on, what is said to be uncertain, and what is among the ids of
 * which it is said that a double may be there.
 */
export function judge(world: World, { prune }: { readonly prune: boolean }): Judgement {
  const { state, live, witness, entries } = world;
  const violations = [...witness.violations];
  const excused = excusedKeys(world);
  if (state === null) {
    if (entries.length > 0) violations.push('there is no state in the end');
    return { violations, excused };
  }
  const isExcused = (spec: Parameters<typeof visibleKey>[0]) => excused.has(visibleKey(spec));
  // An entry that is uncertain for good is not made anew, whatever it says by now.
  const uncertain = new Set([...state.intents.values()].filter(({ spec }) => isExcused(spec)).map(({ name }) => name));
  for (const { name, spec } of entries) {
    if (isExcused(spec) || uncertain.has(name)) continue;
    const id = state.entries.get(name)?.id;
    const webhook = id === undefined ? undefined : live.get(id);
    if (webhook === undefined) violations.push(`${name}: webhook ${id ?? 'none'} is not there`);
    else if (webhookKey(specOf(webhook)) !== webhookKey(spec))
      violations.push(`${name}: webhook ${id} is not as it says`);
  }
  for (const id of [...witness.made.keys(), ...witness.takenOver.keys()]) {
    const webhook = live.get(id);
    if (webhook === undefined || state.owners.has(id) || isSaidOf(world, state, id) || isExcused(specOf(webhook)))
      continue;
    violations.push(`webhook ${id} of ours is there, and nobody knows of it`);
  }
  const names = new Set(entries.map(({ name }) => name));
  for (const { name, spec } of state.entries.values()) {
    if (prune && !names.has(name) && !uncertain.has(name) && !isExcused(spec))
      violations.push(`${name} was not pruned`);
  }
  for (const { id, spec } of state.doomed.values()) {
    if (!isExcused(spec)) violations.push(`webhook ${id} is still to be deleted`);
  }
  for (const intent of state.intents.values()) {
    if (!isExcused(intent.spec)) violations.push(`intent ${intent.intent} of ${intent.name} is not settled`);
  }
  return { violations, excused };
}

/** It is in a range of ids of which it is said that a double may be there. */
function isSaidOf({ witness }: World, state: State, id: number): boolean {
  const said = [...state.entries.values()].flatMap(({ possiblyDuplicated }) => possiblyDuplicated ?? []);
  const ranges = [...said, ...witness.leftDoubts];
  return ranges.some(({ from, to }) => from <= id && id <= to);
}

function excusedKeys(world: World): ReadonlySet<string> {
  const { state, live, witness, entries } = world;
  const excused = new Set<string>();
  const known = [...(state?.entries.values() ?? [])];
  const open = [...(state?.intents.values() ?? [])].filter(isOpen);
  for (const [id, { post, tooLate }] of witness.made) {
    if (tooLate || witness.outOfReach.has(id)) excused.add(visibleKey(post.spec));
  }
  // Made by somebody else, and like one of ours: nothing in the API tells them apart.
  for (const [id, webhook] of live) if (!witness.made.has(id)) excused.add(visibleKey(specOf(webhook)));
  for (const key of witness.takenOver.values()) excused.add(key);
  // Uncertain to the end only where the account shows several alike, or nobody knew where to look.
  const shown = [...entries, ...known, ...open];
  for (const intent of open) {
    const alike = shown.filter(({ spec }) => visibleKey(spec) === visibleKey(intent.spec));
    const several = new Set(alike.map(({ spec }) => webhookKey(spec))).size > 1;
    if (several || intent.above === null) excused.add(visibleKey(intent.spec));
  }
  return excused;
}
