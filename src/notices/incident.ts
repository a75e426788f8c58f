import type { AccountStatus } from '../status/account-status.js';
import { driftReason, REASON_CODES, type Reason, type ReasonCode } from '../status/issues.js';

/** Something that is wrong, and since when. Times: milliseconds on a clock that only goes forward. */
interface Standing {
  readonly reason: Reason;
  readonly since: number;
}

/**
 * What one account's notices are decided from, besides its status. An incident begins when something is reported to be
 * wrong, and ends when all is well again.
 */
export interface Incident {
  /** What is wrong, reported or not, the gravest first. */
  readonly standing: readonly Standing[];
  /** What was reported in this incident, as it was reported; empty: there is none. */
  readonly reported: readonly Standing[];
  /** Webhooks whose drift was reported, until a check of the account finds none. */
  readonly drifted: ReadonlySet<string>;
}

export const NO_INCIDENT: Incident = { standing: [], reported: [], drifted: new Set() };

/** Times: as given to `advanceIncident`. */
export interface Notice {
  readonly status: 'problem' | 'well' | 'note';
  /** What is wrong now; of `well`: what was reported to be. The gravest first. */
  readonly reasons: readonly Reason[];
  /** When the first of them began. */
  readonly since: number;
  readonly at: number;
}

/** How long something has to be wrong before it is reported, in milliseconds. */
export interface Holds {
  readonly afterMs: number;
  /** An uncertain create is settled automatically within this time: the hold begins after it. */
  readonly settleMs: number;
}

export interface IncidentStep {
  readonly incident: Incident;
  readonly notices: readonly Notice[];
  /** When something will have been wrong for long enough; null: nothing is waited for. */
  readonly lookAt: number | null;
}

/**
 * What is reported when the account's status has changed, or only time has passed. Changes are reported, not states:
 * however long an outage lasts and however often a run is tried again meanwhile, it has one beginning and one end.
 *
 *     wrong since       reported in this incident  then
 *     ----------------  -------------------------  -------------------------------------------------------
 *     less than a hold  –                          nothing: looked at again when the hold is over
 *     a hold            nothing                    `problem`: an incident begins
 *     a hold            others, not this           `problem` once more, with all that is wrong
 *     a hold            this                       nothing
 *     (no longer)       others that stand          nothing
 *     (all is well)     something                  `well`, when a run with the manifest as it is has come to its end
 *     (all is well)     nothing                    nothing: it came and went unnoticed
 *
 * Drift is an event: reported at once, and again only for other webhooks until a check of the account finds none.
 */
export function advanceIncident(incident: Incident, status: AccountStatus, now: number, holds: Holds): IncidentStep {
  const since = new Map(incident.standing.map((each) => [each.reason.code, each.since]));
  // What is still wrong is so since it began, whatever its message says now.
  const standing = status.issues.map(({ reason }) => ({ reason, since: since.get(reason.code) ?? now }));
  const reportedCodes = new Set(incident.reported.map(({ reason }) => reason.code));
  const lasting = standing.filter(({ reason, since }) => now >= since + holdMs(reason.code, holds));
  const fresh = lasting.filter(({ reason }) => !reportedCodes.has(reason.code));
  const isOver = standing.length === 0 && incident.reported.length > 0 && status.manifestTrial === 'done';
  const reported = isOver ? [] : [...incident.reported, ...fresh];
  const drift = driftStep(incident.drifted, status.drifted, now);
  const notices = [
    ...drift.notices,
    ...(fresh.length > 0 ? [noticeOf('problem', lasting, now)] : []),
    ...(isOver ? [noticeOf('well', incident.reported, now)] : []),
  ];
  return {
    incident: { standing, reported, drifted: drift.drifted },
    notices,
    lookAt: nextLook(standing, reported, holds),
  };
}

function driftStep(reported: ReadonlySet<string>, drifted: readonly string[], now: number) {
  if (drifted.length === 0) return { drifted: new Set<string>(), notices: [] };
  const fresh = drifted.filter((name) => !reported.has(name));
  const notices = fresh.length === 0 ? [] : [noticeOf('note', [{ reason: driftReason(fresh), since: now }], now)];
  return { drifted: new Set([...reported, ...drifted]), notices };
}

function nextLook(standing: readonly Standing[], reported: readonly Standing[], holds: Holds): number | null {
  const reportedCodes = new Set(reported.map(({ reason }) => reason.code));
  const times = standing
    .filter(({ reason }) => !reportedCodes.has(reason.code))
    .map(({ reason, since }) => since + holdMs(reason.code, holds));
  return times.length === 0 ? null : Math.min(...times);
}

function holdMs(code: ReasonCode, { afterMs, settleMs }: Holds): number {
  // Nothing is tried again that could fix it.
  if (code === 'not-begun') return 0;
  return code === 'uncertain' ? settleMs + afterMs : afterMs;
}

function noticeOf(status: Notice['status'], standing: readonly Standing[], at: number): Notice {
  const reasons = standing.map(({ reason }) => reason);
  const rank = ({ code }: Reason) => REASON_CODES.indexOf(code);
  return {
    status,
    reasons: reasons.sort((a, b) => rank(a) - rank(b)),
    since: Math.min(...standing.map(({ since }) => since)),
    at,
  };
}
