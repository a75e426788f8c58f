import { productError } from '../errors.js';
import { compact } from './compact.js';
import type { StateRecord } from './records.js';
import type { Intent, State } from './state.js';
import { movedFailure, type OpenJournal, type StateLease } from './store.js';

/** One of the two places, with its lease, which must be allowed to open a state that has moved. */
export interface CopyPlace {
  readonly lease: StateLease;
  /** How the other place names it: an absolute path, or a URL without its password. */
  readonly told: string;
  /** The time for records of a place that has no clock of its own. */
  readonly now: () => Date;
}

/** `there`: nothing was left to do. */
export interface Copied {
  readonly done: 'copied' | 'there';
  readonly webhooks: number;
}

type Step = 'copy' | 'finish' | 'there' | 'occupied' | 'moved';

/**
 * Moves a state from one place to another, so that at every moment at most one of them takes writers:
 *
 *     1. TO gets all records, and a mark: the state is in FROM
 *     2. FROM gets a mark with the same copy number: the state is in TO
 *     3. TO loses its mark
 *
 * If it was cut short, running it again goes on from the step it had reached. Throws ProductError.
 */
export async function copyState(from: CopyPlace, to: CopyPlace): Promise<Copied> {
  const source = await from.lease.open();
  if (source === null) throw new Error('there is nothing to copy');
  const there = await to.lease.open();
  const step = nextStep(source.state, there?.state ?? null);
  switch (step) {
    case 'copy':
      await copyAll(from, source, to);
      return { done: 'copied', webhooks: source.state.entries.size };
    case 'finish':
      if (there !== null) await arrive(to, there);
      return { done: 'copied', webhooks: source.state.entries.size };
    case 'there':
      return { done: 'there', webhooks: there?.state.entries.size ?? 0 };
    case 'occupied':
      throw occupied(to.lease.place);
    case 'moved':
      throw movedFailure(from.lease.place, source.state.moved?.to ?? to.told);
  }
}

/**
 *     FROM              TO                              then
 *     ----------------  ------------------------------  ----------------------------------------------------------
 *     in use            nothing                         all steps
 *     in use            marked, of the same lineage     all steps: TO is an old copy, or one that was cut short
 *     in use            anything else                   refused: what is in TO would be lost
 *     marked            marked, of the same copy        the last step
 *     marked            in use, of the same lineage     nothing: it was done before
 *     marked            anything else                   refused: the state is elsewhere
 */
export function nextStep(from: State, to: State | null): Step {
  const isSame = to?.lineage === from.lineage && to.account === from.account;
  if (from.moved === null) return to === null || (isSame && to.moved !== null) ? 'copy' : 'occupied';
  if (to === null || !isSame) return 'moved';
  if (to.moved === null) return 'there';
  return to.moved.copy === from.moved.copy ? 'finish' : 'moved';
}

async function copyAll(from: CopyPlace, source: OpenJournal, to: CopyPlace): Promise<void> {
  const copy = crypto.randomUUID();
  giveUpOpen(from, source);
  await source.flush();
  const records = recordsForCopy(source.state, nowAt(from), nowAt(to));
  const mark: StateRecord = { type: 'moved', to: from.told, copy, at: nowAt(to).toISOString() };
  const target = await to.lease.replace([...records, mark]);
  source.write({ type: 'moved', to: to.told, copy, at: nowAt(from).toISOString() });
  await source.flush();
  await arrive(to, target);
}

async function arrive(to: CopyPlace, target: OpenJournal): Promise<void> {
  target.write({ type: 'arrived', at: nowAt(to).toISOString() });
  await target.flush();
}

/** Gives up on open intents as the next run would: only here is it known until when they may have been sent. */
function giveUpOpen(from: CopyPlace, source: OpenJournal): void {
  const { state, predecessorUntil } = source;
  const now = nowAt(from).getTime();
  for (const { intent, gaveUp, timeoutMs = 0 } of [...state.intents.values()]) {
    if (gaveUp !== undefined) continue;
    const at = new Date(Math.max(now, (predecessorUntil?.getTime() ?? 0) + timeoutMs)).toISOString();
    source.write({ type: 'unknown', intent, at, reason: 'the program ended before the answer came' });
  }
}

/**
 * All records of the state. The clocks of the two places may differ, so open intents count as given up on no earlier
 * than now by the new clock: the server gets its full time to act on them.
 */
export function recordsForCopy(state: State, now: Date, newNow: Date): StateRecord[] {
  const intents = [...state.intents.values()].map((intent): Intent => {
    if (intent.gaveUp === undefined) return intent;
    const aheadMs = Math.max(0, Date.parse(intent.gaveUp.at) - now.getTime());
    const at = new Date(newNow.getTime() + aheadMs).toISOString();
    return { ...intent, gaveUp: { ...intent.gaveUp, at, before: state.nextIntent } };
  });
  return [...compact({ ...state, intents: new Map(intents.map((intent) => [intent.intent, intent])) })];
}

function nowAt({ lease, now }: CopyPlace): Date {
  return lease.now?.() ?? now();
}

function occupied(place: string) {
  return productError('refused', {
    code: 'state-exists',
    message: `there is a state in ${place} already, which copying would replace`,
    remedy: 'name another place: for a file another path, in a database another name after #',
  });
}
