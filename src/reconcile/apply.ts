import type { AppliedChange } from '../plan/applied.js';
import { type Change, isPending } from '../plan/change.js';
import type { ApprovedPlan } from '../plan/guard.js';
import { Turns } from '../turns.js';
import { visibleKey } from '../webhook.js';
import { createEntry, deleteEntry, moveEntry, recoverEntry, replaceEntry, updateEntry } from './actions.js';
import type { ApplyContext } from './context.js';
import { Crew } from './crew.js';
import { stoppedError } from './failures.js';

/**
 * Changes in hand for each that is sent at a time. Those ahead have their intents flushed while the others are on the
 * wire, so that the disk doesn't wait for the wire; and more of them each time that the wire had to wait for the disk.
 * After a kill they are unconfirmed like those that were sent. Where that costs people work, since nothing unconfirmed
 * is sent again, there are none ahead; nor are there of webhooks that look alike in the account (see post.ts).
 */
const IN_HAND_PER_TURN = { recover: { atFirst: 2, atMost: 8 }, hold: { atFirst: 1, atMost: 1 } };

/** What carrying out a plan needs besides: how much at a time. */
export interface Pace {
  readonly concurrency: number;
  readonly onUncertain: 'recover' | 'hold';
}

/**
 * Carries out an approved plan, several changes at a time, and tells what became of each, in the plan's order.
 * One entry's failure holds up no other. Throws only when the state file can't be written: then nothing more is sent.
 */
export async function applyPlan(
  plan: ApprovedPlan,
  { concurrency, onUncertain, ...edges }: Omit<ApplyContext, 'turns' | 'alike'> & Pace,
): Promise<AppliedChange[]> {
  const { atFirst, atMost } = IN_HAND_PER_TURN[onUncertain];
  const results: AppliedChange[] = [];
  const queue = plan.changes.entries();
  const total = plan.changes.filter(isPending).length;
  let done = 0;
  const applyNext = async (): Promise<boolean> => {
    const next = queue.next();
    if (next.done === true) return false;
    const [index, change] = next.value;
    results[index] = await applyChange(change, context);
    if (isPending(change)) {
      done += 1;
      context.onProgress(done, total, 'applying');
    }
    return true;
  };
  const work = async () => {
    while (await applyNext());
  };
  const crew = new Crew(work, concurrency * atMost);
  let isAlone = true;
  const turns = new Turns(concurrency, () => isAlone || crew.hire());
  const context: ApplyContext = { ...edges, turns, alike: total > concurrency ? alikeIn(plan) : new Set() };
  // A lost POST is looked for above the highest id known before it. Until one is known, there is one POST at a time.
  while (context.journal.state.highestId === null && (await applyNext()));
  isAlone = false;
  for (let n = 0; n < concurrency * atFirst; n += 1) crew.hire();
  // Every worker is waited for, so that no request is under way when the lock is given back.
  await crew.ended();
  return results;
}

/** What the account would show of more than one of the entries: it need not tell database and collection. */
function alikeIn(plan: ApprovedPlan): ReadonlySet<string> {
  const seen = new Set<string>();
  const alike = new Set<string>();
  for (const change of plan.changes) {
    const spec = 'desired' in change ? change.desired?.spec : change.spec;
    if (spec === undefined) continue;
    const key = visibleKey(spec);
    if (seen.has(key)) alike.add(key);
    seen.add(key);
  }
  return alike;
}

async function applyChange(change: Change, context: ApplyContext): Promise<AppliedChange> {
  if (change.action === 'none' || change.action === 'orphaned') {
    return { change, result: 'done', id: change.id, error: null };
  }
  // What is uncertain was sent, so it can't be said that it was not started.
  if (context.stop.aborted && change.action !== 'recover')
    return { change, result: 'skipped', id: null, error: stoppedError(change) };
  switch (change.action) {
    case 'create':
      return createEntry(change, context);
    case 'update':
      return updateEntry(change, context);
    case 'replace':
      return replaceEntry(change, context);
    case 'move':
      return moveEntry(change, context);
    case 'delete':
      return deleteEntry(change, context);
    case 'recover':
      return recoverEntry(change, context);
  }
}
