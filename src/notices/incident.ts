import { CATCH_UP_MS } from '../daemon/catch-up.js';
import { type AccountStatus, issuesOf } from '../status/account-status.js';
import { type Issue, type IssueCode, inOrder, issue } from '../status/issues.js';

/** Something that is wrong, and since when. Times: a monotonic clock, in milliseconds. */
interface Standing {
  readonly issue: Issue;
  readonly since: number;
}

/**
 * What decides one account's notices, besides its status. An incident begins when a problem is reported, and ends when
 * all is well again.
 */
export interface Incident {
  /** What is wrong, reported or not, the gravest first. */
  readonly standing: readonly Standing[];
  /** What was reported in this incident, as it was reported. Empty: there is no incident. */
  readonly reported: readonly Standing[];
  /** Webhooks whose drift was reported, until a check of the account finds none. */
  readonly drifted: readonly string[];
}

export const NO_INCIDENT: Incident = { standing: [], reported: [], drifted: [] };

export interface Notice {
  readonly status: 'problem' | 'well' | 'note';
  /** What is wrong now; for `well`, what had been reported. The gravest first. */
  readonly issues: readonly Issue[];
  /** How long ago the first of them began. */
  readonly lastedMs: number;
}

/** How long something must be wrong before it is reported, in milliseconds. */
export interface Holds {
  readonly afterMs: number;
  /** An uncertain create is settled automatically within this time, so its hold begins afterwards. */
  readonly settleMs: number;
}

export interface IncidentStep {
  readonly incident: Incident;
  readonly notices: readonly Notice[];
  /** When something will have been wrong for long enough. Null: nothing is waited for. */
  readonly lookAt: number | null;
}

/**
 * Decides what to report when the account's status has changed, or only time has passed. Reports changes, not states:
 *
 *     wrong for         reported in this incident  then
 *     ----------------  -------------------------  -------------------------------------------------------
 *     less than a hold  –                          nothing: checked again when the hold is over
 *     a hold            nothing                    `problem`: an incident begins
 *     a hold            others, not this           `problem` again, with all that is wrong
 *     a hold            this                       nothing
 *     (no longer)       others that stand          nothing
 *     (all is well)     something                  `well`, once a run with the present manifest has come to its end
 *     (all is well)     nothing                    nothing: it came and went unnoticed
 *
 * Drift is an event: reported at once, and again only for other webhooks until a check of the account finds none.
 */
export function advanceIncident(incident: Incident, status: AccountStatus, now: number, holds: Holds): IncidentStep {
  const since = new Map(incident.standing.map((each) => [each.issue.code, each.since]));
  // If it is still wrong, it has been since it began, whatever its message says now.
  const standing = issuesOf(status).map((each) => ({ issue: each, since: since.get(each.code) ?? now }));
  const reportedCodes = incident.reported.map((each) => each.issue.code);
  const dueAt = (each: Standing) => each.since + holdMs(each.issue.code, holds);
  const due = standing.filter((each) => dueAt(each) <= now);
  const fresh = due.filter((each) => !reportedCodes.includes(each.issue.code));
  const waiting = standing.filter((each) => !due.includes(each) && !reportedCodes.includes(each.issue.code));
  const isOver = standing.length === 0 && reportedCodes.length > 0 && status.manifestTrial === 'done';
  const drifted = status.drifted.filter((name) => !incident.drifted.includes(name));
  const drift = { issue: issue('drift', { names: drifted }), since: now };
  return {
    incident: {
      standing,
      reported: isOver ? [] : [...incident.reported, ...fresh],
      drifted: status.drifted.length === 0 ? [] : [...incident.drifted, ...drifted],
    },
    notices: [
      ...(drifted.length > 0 ? [noticeOf('note', [drift], now)] : []),
      ...(fresh.length > 0 ? [noticeOf('problem', due, now)] : []),
      ...(isOver ? [noticeOf('well', incident.reported, now)] : []),
    ],
    lookAt: waiting.length === 0 ? null : Math.min(...waiting.map(dueAt)),
  };
}

function holdMs(code: IssueCode, { afterMs, settleMs }: Holds): number {
  // No retry will fix it.
  if (code === 'not-begun') return 0;
  // It ends by itself within this time.
  if (code === 'manifest-behind') return CATCH_UP_MS + afterMs;
  return code === 'uncertain' ? settleMs + afterMs : afterMs;
}

function noticeOf(status: Notice['status'], standing: readonly Standing[], now: number): Notice {
  const issues = inOrder(standing.map((each) => each.issue));
  return { status, issues, lastedMs: now - Math.min(...standing.map(({ since }) => since)) };
}
