import type { Problem } from '../errors.js';
import type { AppliedChange, ChangeResult } from '../plan/applied.js';
import type { Change, Plan } from '../plan/change.js';
import { groupBy } from '../plan/group.js';
import { openReason } from '../plan/plan.js';
import { openWarnings } from '../recovery/duplicates.js';
import { proofOf, witnessOf } from '../recovery/proof.js';
import { msUntilRipe, pauseMs } from '../recovery/sending.js';
import type { Intent, State } from '../state/state.js';
import { roughDuration } from '../text/rough-duration.js';
import { type DesiredWebhook, webhookKey } from '../webhook.js';
import type { ApplyContext } from './context.js';
import { heldBackError, uncertainError } from './failures.js';
import type { ValidManifest } from './ports.js';

/**
 * Brings the results up to date with what is open. An entry that still has an open intent becomes `uncertain`, with the
 * reason; one whose webhook was found meanwhile becomes `done`. If an entry has what it wants and only reading can
 * settle the rest, its result stays, and there is a warning: see `untoldWarnings`.
 */
export function explainOpen(
  results: readonly AppliedChange[],
  plan: Plan,
  desired: readonly DesiredWebhook[],
  context: ApplyContext,
): AppliedChange[] {
  const { intents } = context.journal.state;
  const isAsPlanned = ({ change, result }: AppliedChange, index: number) => {
    return result !== 'uncertain' && change === plan.changes[index];
  };
  if (intents.size === 0 && results.every(isAsPlanned)) return [...results];
  const open = groupBy(intents.values(), ({ name }) => name);
  const wanted = new Map(desired.map((entry) => [entry.name, entry]));
  const place = new Map(plan.changes.map((change, index) => [change, index]));
  const placeOf = ({ change }: AppliedChange) => place.get(change) ?? place.size;
  return results
    .toSorted((a, b) => placeOf(a) - placeOf(b))
    .map((row) => {
      const { change, result } = row;
      const entry = wanted.get(change.name);
      if (entry === undefined || change.action === 'delete' || isTold(result)) return row;
      const own = open.get(change.name);
      if (own === undefined) return result === 'uncertain' ? foundRow(row, entry, context) : row;
      const because = whyOpen(own, result === 'done', context);
      return because === null ? row : uncertain(change, entry, own, because, context);
    });
}

/** The result already gives a reason, and nothing was sent, or nothing made. */
function isTold(result: ChangeResult): boolean {
  return result === 'failed' || result === 'skipped' || result === 'refused';
}

/** Nothing is open any more. The webhook found may be older than an edit of the entry: the next round updates it. */
function foundRow({ change }: AppliedChange, { spec }: DesiredWebhook, context: ApplyContext): AppliedChange {
  const entry = context.journal.state.entries.get(change.name);
  if (entry !== undefined && webhookKey(entry.spec) === webhookKey(spec)) {
    return { change, result: 'done', id: entry.id, error: null };
  }
  const error = heldBackError(change, { isAlike: false, waitMs: 0 });
  return { change, result: 'skipped', id: entry?.id ?? null, error };
}

interface Because {
  readonly message: string;
  /** `refused`: only a person can settle it. */
  readonly kind: 'failed' | 'refused';
}

/** Null: its webhook is as wanted, and only reading is left, which has to wait for a witness. */
function whyOpen(own: readonly Intent[], hasWebhook: boolean, context: ApplyContext): Because | null {
  const { journal, settling, recovery, onUncertain } = context;
  const { state } = journal;
  const now = context.now().getTime();
  const candidates = [...new Set(own.flatMap(({ candidates: ids = [] }) => ids))];
  const isRipe =
    msUntilRipe({ intents: new Map(own.map((intent) => [intent.intent, intent])) }, settling.settleMs, now) === 0;
  const hasWitness = own.some((intent) => witnessOf(intent, state, settling.settleMs) !== null);
  if (candidates.length > 0) {
    return {
      kind: 'refused',
      message: `webhook ${candidates.join(' or ')} may be the one, but it can't be told apart from somebody else's`,
    };
  }
  if (!state.idsRise)
    return { kind: 'refused', message: 'ids do not rise in this account, so its absence can not be proved' };
  if (hasWebhook && !hasWitness && isRipe) return null;
  if (onUncertain === 'hold') return onHold(own, context);
  if (recovery.failure !== null) return { kind: 'failed', message: `it could not be looked for: ${recovery.failure}` };
  if (!isRipe) return { kind: 'failed', message: 'not found yet, but the server may still act on the POST' };
  const paused = pauseMs(state, settling.settleMs, now);
  if (paused === 0) return { kind: 'failed', message: 'not found where it was looked for so far' };
  const { count } = state.losses;
  const row = count === 1 ? 'an answer was lost' : `answers were lost ${count} times in a row`;
  return { kind: 'failed', message: `not found; ${row}, so the next create waits ${roughDuration(paused)} more` };
}

function onHold(own: readonly Intent[], { journal, settling }: ApplyContext): Because {
  const isAbsent = own.every((intent) => proofOf(intent, journal.state, settling).kind === 'absent');
  const [first] = own;
  const message =
    isAbsent && first !== undefined
      ? `it made nothing: "forget ${first.name}" lets the next run create it`
      : 'it is not sent again automatically (--on-uncertain hold)';
  return { kind: 'refused', message };
}

function uncertain(
  change: Change,
  desired: DesiredWebhook,
  intents: readonly Intent[],
  because: Because,
  { journal }: ApplyContext,
): AppliedChange {
  const { name } = desired;
  const reason = openReason(intents);
  const replaces = change.action === 'replace' ? change.id : null;
  const recover: Change =
    change.action === 'recover' ? change : { action: 'recover', name, desired, intents, replaces, reason };
  const message = `${reason}; ${because.message}`;
  const error = uncertainError(recover, { state: journal.state, because: message, kind: because.kind });
  return { change: recover, result: 'uncertain', id: journal.state.entries.get(name)?.id ?? null, error };
}

/** Warnings about open intents that the results do not mention. */
export function untoldWarnings({
  state,
  manifest,
  changes,
}: {
  readonly state: State;
  readonly manifest: ValidManifest;
  readonly changes: readonly AppliedChange[];
}): Problem[] {
  if (state.intents.size === 0) return [];
  const told = new Set(changes.flatMap(({ change, result }) => (result === 'uncertain' ? [change.name] : [])));
  const wanted = new Set(manifest.entries.map(({ name }) => name));
  return openWarnings(state, wanted).filter(({ name = '' }) => !told.has(name));
}
