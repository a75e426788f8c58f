import { CATCH_UP_MS } from '../daemon/catch-up.js';
import { type AccountStatus, issuesOf } from '../status/account-status.js';
import { type Issue, type IssueCode, inOrder, issue } from '../status/issues.js';

/** Something that is wrong, and since when. Times: milliseconds on a clock that only goes forward. */
interface Standing {
  readonly issue: Issue;
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
  readonly drifted: readonly string[];
}

export const NO_INCIDENT: Incident = { standing: [], reported: [], drifted: [] };

export interface Notice {
  readonly status: 'problem' | 'well' | 'note';
  /** What is wrong now; of `well`: what was reported to be. The gravest first. */
  readonly issues: readonly Issue[];
  /** How long ago the first of them began. */
  readonly lastedMs: number;
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
 *
 *     wrong for         reported in this incident  then
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
  const since = new Map(incident.standing.map((each) => [each.issue.code, each.since]));
  // What is still wrong is so since it began, whatever its message says now.
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
  // Nothing is tried again that could fix it.
  if (code === 'not-begun') return 0;
  // It ends by itself before that.
  if (code === 'manifest-behind') return CATCH_UP_MS + afterMs;
  return code === 'uncertain' ? settleMs + afterMs : afterMs;
}

function noticeOf(status: Notice['status'], standing: readonly Standing[], now: number): Notice {
  const issues = inOrder(standing.map((each) => each.issue));
  return { status, issues, lastedMs: now - Math.min(...standing.map(({ since }) => since)) };
}
