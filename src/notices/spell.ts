import type { Problem } from '../errors.js';
import type { RunOutcome } from '../status/board.js';
import {
  driftedNames,
  driftReason,
  manifestReason,
  notBegunReason,
  REASON_CODES,
  type Reason,
  type ReasonCode,
  reportReasons,
  runReason,
} from './reasons.js';

/** Something that is wrong, and since when. Times: milliseconds on a clock that only goes forward. */
export interface Standing {
  readonly reason: Reason;
  readonly since: number;
}

/**
 * What one account's notices are decided from. A spell begins when something is told to be wrong, and ends when all is
 * well again.
 */
export interface NoticesState {
  /** What is wrong as far as is known, told or not, the gravest first; one of each code. */
  readonly standing: readonly Standing[];
  /** What was told in this spell, as it was told; empty: nobody was told of anything. */
  readonly told: readonly Standing[];
  /** Webhooks whose drift was told, until a look at the account finds none. */
  readonly drifted: ReadonlySet<string>;
  /** The manifest was mended, and no run with it has begun yet. */
  readonly awaitsRun: boolean;
}

export const ALL_QUIET: NoticesState = { standing: [], told: [], drifted: new Set(), awaitsRun: false };

export type NoticeEvent =
  | {
      readonly kind: 'manifest-read';
      /** Of the file as it is now; empty: it can be used. */
      readonly problems: readonly Problem[];
      /** There is a manifest to go by, if an older one. */
      readonly inForce: boolean;
    }
  | { readonly kind: 'could-not-begin'; readonly problems: readonly Problem[] }
  | { readonly kind: 'run-began' }
  | { readonly kind: 'run-ended'; readonly outcome: RunOutcome }
  /** Only time has passed. */
  | { readonly kind: 'looked' };

/** Times: as given to `advanceNotices`. */
export interface Notice {
  readonly status: 'problem' | 'well' | 'note';
  /** What is wrong now; of `well`: what was told to be. The gravest first. */
  readonly reasons: readonly Reason[];
  /** When the first of them began. */
  readonly since: number;
  readonly at: number;
}

/** How long something has to be wrong before it is told, in milliseconds. */
export interface Holds {
  readonly afterMs: number;
  /** An uncertain create mends by itself within this time: the hold begins after it. */
  readonly settleMs: number;
}

export interface NoticesStep {
  readonly state: NoticesState;
  readonly notices: readonly Notice[];
  /** When something will have been wrong for long enough; null: nothing is waited for. */
  readonly lookAt: number | null;
}

/**
 * What is told when something happened. Edges are told, not levels: however long an outage lasts and however often a run
 * is tried again meanwhile, it has one beginning and one end.
 *
 *     wrong since       told in this spell    then
 *     ----------------  --------------------  ----------------------------------------------------------
 *     less than a hold  –                     nothing: looked at again when the hold is over
 *     a hold            nothing               `problem`: a spell begins
 *     a hold            others, not this      `problem` once more, with all that is wrong
 *     a hold            this                  nothing
 *     (no longer)       others that stand     nothing
 *     (all is well)     something             `well`, when a run has ended with everything as it should be
 *     (all is well)     nothing               nothing: it came and went unnoticed
 *
 * Drift is an event: told at once, and again only for other webhooks until a look at the account finds none.
 */
export function advanceNotices(state: NoticesState, event: NoticeEvent, now: number, holds: Holds): NoticesStep {
  const { next, drift } = afterEvent(state, event, now);
  const lasting = next.standing.filter(({ reason, since }) => now >= since + holdMs(reason.code, holds));
  const toldCodes = new Set(next.told.map(({ reason }) => reason.code));
  const fresh = lasting.filter(({ reason }) => !toldCodes.has(reason.code));
  const notes = drift.length === 0 ? [] : [notice('note', [{ reason: driftReason(drift), since: now }], now)];
  if (fresh.length > 0) {
    const told = [...next.told, ...fresh];
    return { ...stepOf({ ...next, told }, holds), notices: [...notes, notice('problem', lasting, now)] };
  }
  if (isWell(next, event) && next.told.length > 0) {
    return { ...stepOf({ ...next, told: [] }, holds), notices: [...notes, notice('well', next.told, now)] };
  }
  return { ...stepOf(next, holds), notices: notes };
}

function stepOf(state: NoticesState, holds: Holds): Pick<NoticesStep, 'state' | 'lookAt'> {
  const toldCodes = new Set(state.told.map(({ reason }) => reason.code));
  const times = state.standing
    .filter(({ reason }) => !toldCodes.has(reason.code))
    .map(({ reason, since }) => since + holdMs(reason.code, holds));
  return { state, lookAt: times.length === 0 ? null : Math.min(...times) };
}

function holdMs(code: ReasonCode, { afterMs, settleMs }: Holds): number {
  // Nothing is tried again that could mend it.
  if (code === 'not-begun') return 0;
  return code === 'uncertain' ? settleMs + afterMs : afterMs;
}

/** Only a run can tell, and only one that began with the manifest as it is. */
function isWell({ standing, awaitsRun }: NoticesState, event: NoticeEvent): boolean {
  return event.kind === 'run-ended' && event.outcome.kind === 'report' && standing.length === 0 && !awaitsRun;
}

function notice(status: Notice['status'], standing: readonly Standing[], at: number): Notice {
  const reasons = inOrder(standing).map(({ reason }) => reason);
  return { status, reasons, since: Math.min(...standing.map(({ since }) => since)), at };
}

interface AfterEvent {
  readonly next: NoticesState;
  /** Webhooks whose drift is to be told. */
  readonly drift: readonly string[];
}

function afterEvent(state: NoticesState, event: NoticeEvent, now: number): AfterEvent {
  switch (event.kind) {
    case 'manifest-read': {
      const { problems, inForce } = event;
      const reasons = problems.length === 0 ? [] : [manifestReason(problems, inForce)];
      const mended = reasons.length === 0 && has(state, 'manifest-broken');
      const standing = replaced(state.standing, ['manifest-broken'], reasons, now);
      return { next: { ...state, standing, awaitsRun: state.awaitsRun || mended }, drift: [] };
    }
    case 'could-not-begin': {
      const standing = replaced(state.standing, ['not-begun'], [notBegunReason(event.problems)], now);
      return { next: { ...state, standing }, drift: [] };
    }
    case 'run-began':
      return { next: { ...state, awaitsRun: false }, drift: [] };
    case 'run-ended':
      return afterRun(state, event.outcome, now);
    case 'looked':
      return { next: state, drift: [] };
  }
}

const OF_WHOLE_RUNS: readonly ReasonCode[] = ['run-failed', 'run-refused'];
const OF_REPORTS: readonly ReasonCode[] = [...OF_WHOLE_RUNS, 'webhooks-failed', 'uncertain', 'possibly-duplicated'];

function afterRun(state: NoticesState, outcome: RunOutcome, now: number): AfterEvent {
  if (outcome.kind === 'error') {
    const { failure, problems } = outcome;
    // It could not even begin, which is told of the manifest.
    if (failure === 'input' && has(state, 'manifest-broken')) return { next: state, drift: [] };
    const standing = replaced(state.standing, OF_WHOLE_RUNS, [runReason(failure, problems)], now);
    return { next: { ...state, standing }, drift: [] };
  }
  const { view, refreshed } = outcome;
  const next = { ...state, standing: replaced(state.standing, OF_REPORTS, reportReasons(view), now) };
  if (!refreshed) return { next, drift: [] };
  const names = driftedNames(view.changes);
  const drift = names.filter((name) => !state.drifted.has(name));
  const drifted = names.length === 0 ? new Set<string>() : new Set([...state.drifted, ...names]);
  return { next: { ...next, drifted }, drift };
}

function has({ standing }: NoticesState, code: ReasonCode): boolean {
  return standing.some(({ reason }) => reason.code === code);
}

/** What is still wrong is so since it began, whatever its message says now. */
function replaced(
  standing: readonly Standing[],
  codes: readonly ReasonCode[],
  reasons: readonly Reason[],
  now: number,
): Standing[] {
  const since = new Map(standing.map((each) => [each.reason.code, each.since]));
  const others = standing.filter(({ reason }) => !codes.includes(reason.code));
  return inOrder([...others, ...reasons.map((reason) => ({ reason, since: since.get(reason.code) ?? now }))]);
}

function inOrder(standing: readonly Standing[]): Standing[] {
  return [...standing].sort((a, b) => REASON_CODES.indexOf(a.reason.code) - REASON_CODES.indexOf(b.reason.code));
}
