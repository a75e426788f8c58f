import type { FailureKind, Problem } from '../errors.js';
import type { AppliedChange } from '../plan/applied.js';
import { CHANGED_IN_ACCOUNT } from '../plan/change.js';
import { duplicateWarnings } from '../recovery/duplicates.js';
import { lossesProblem } from '../recovery/sending.js';
import { ISSUES, keysOf } from './kinds.js';
import type { RunView } from './rows.js';
import { type Issue, type IssueCode, MOST_PROBLEMS_KEPT, safeProblems, type WebhookStatus } from './snapshot.js';
import { numberText } from './words.js';

/** Webhooks that an issue names, and those whose problems it shows: the table has them all. */
const MOST_WEBHOOKS = { named: 10, shown: 3 } as const;
const MOST_WARNINGS_SHOWN = 3;

const TRIED_AGAIN = 'it is tried again automatically, after longer and longer waits of up to 5 minutes';
const WAITS = 'what Copernica refused is tried again when its entry changes or the schedule comes, and not before';

const FILTERS: Partial<Record<IssueCode, WebhookStatus>> = {
  'webhooks-failed': 'failed',
  uncertain: 'uncertain',
  'possibly-duplicated': 'possibly-duplicated',
  orphaned: 'orphaned',
};

/** The gravest first. */
export function inOrder(issues: readonly Issue[]): Issue[] {
  const codes = keysOf(ISSUES);
  return [...issues].sort((a, b) => codes.indexOf(a.code) - codes.indexOf(b.code));
}

/** The file as it is now can't be used. `inForce`: there is an older one to go by. */
export function manifestIssue(problems: readonly Problem[], inForce: boolean): Issue {
  const title = inForce
    ? 'the manifest is broken; the last good one stays in force'
    : 'there is no valid manifest to go by';
  const remedy = 'fix the file; it is reloaded automatically as soon as it changes';
  return issue('manifest-broken', title, { problems, remedy });
}

/** It never began, and nothing but a new start of the program helps. */
export function notBegunIssue(problems: readonly Problem[]): Issue {
  return issue('not-begun', 'this account is not kept until the program is started anew', { problems });
}

/** A run that ended before anything was changed. */
export function failedRunIssue(failure: FailureKind, problems: readonly Problem[]): Issue {
  if (failure === 'refused') return issue('run-refused', 'a guard refused the last run', { problems });
  return issue('run-failed', 'the last run could not be carried out', { problems, remedy: TRIED_AGAIN });
}

/** What a run that came to its end left undone or in doubt. */
export function reportIssues({ changes, state }: RunView): Issue[] {
  const lost = lossesProblem(state);
  const failed = changes.filter(({ result }) => result === 'failed' || result === 'refused');
  const isWaiting = failed.some(({ refusal }) => refusal !== undefined);
  const isRetried = failed.some(({ result, refusal }) => result === 'failed' && refusal === undefined);
  const remedies = [...(isRetried ? [TRIED_AGAIN] : []), ...(isWaiting ? [WAITS] : [])];
  const uncertain = changes.filter(({ result }) => result === 'uncertain');
  const duplicated = duplicateWarnings(state);
  const titles = {
    failed: `${counted(failed.length, 'webhook is', 'webhooks are')} not as the manifest says`,
    uncertain: `${counted(uncertain.length, 'create is', 'creates are')} of unknown outcome`,
    duplicated: `${counted(duplicated.length, 'webhook', 'webhooks')} may exist twice`,
  };
  const settled =
    'a lost webhook is looked for automatically, and created again only when that is safe; what stays here needs you';
  const found = [
    issue('answers-lost', 'answers to creates are being lost', { problems: lost }),
    // What is refused is for a person to settle: its problem says how.
    issue('webhooks-failed', titles.failed, {
      ...aboutChanges(failed),
      ...(remedies.length > 0 ? { remedy: remedies.join('; ') } : {}),
    }),
    issue('uncertain', titles.uncertain, { ...aboutChanges(uncertain), remedy: settled }),
    issue('possibly-duplicated', titles.duplicated, {
      names: duplicated.flatMap(({ name }) => name ?? []),
      problems: duplicated,
    }),
  ];
  return found.filter(({ count }) => count > 0);
}

/** What else a run that came to its end says: errors are what it could not check. Lost answers are an issue already. */
export function warningIssues(problems: readonly Problem[]): Issue[] {
  const errors = problems.filter(({ severity, code }) => severity === 'error' && code !== 'answers-lost');
  const warnings = problems.filter(({ severity }) => severity === 'warning');
  const most = MOST_WARNINGS_SHOWN;
  return [
    issue('unchecked', 'the last run could not check everything', { problems: errors }),
    issue('warnings', counted(warnings.length, 'warning', 'warnings'), { problems: warnings, most }),
  ].filter(({ count }) => count > 0);
}

/** Webhooks that a run found gone or changed in the account, and puts back. */
export function driftIssue(names: readonly string[]): Issue {
  const title = `${counted(names.length, 'webhook was', 'webhooks were')} found gone or ${CHANGED_IN_ACCOUNT}`;
  const remedy = 'they are put back as the manifest says: find out who else changes them';
  return issue('drift', title, { names, remedy });
}

export function orphanIssue(names: readonly string[]): Issue {
  const title = `${counted(names.length, 'webhook is', 'webhooks are')} not in the manifest any more, and kept`;
  const remedy =
    '--prune deletes such webhooks, once the manifest has been the same for ten seconds; "forget NAME" lets go of one';
  return issue('orphaned', title, { names, remedy });
}

export function staleIssue(scheduledRuns: number): Issue {
  const title = `no run has succeeded for more than ${scheduledRuns} scheduled ones`;
  return issue('stale', title, { remedy: 'see what the last runs failed for, below and in the log' });
}

interface IssueParts {
  readonly problems?: readonly Problem[];
  /** Of all webhooks that it is about. */
  readonly names?: readonly string[];
  readonly remedy?: string;
  /** So many problems are shown. */
  readonly most?: number;
}

function issue(code: IssueCode, title: string, { problems = [], names, remedy, most }: IssueParts): Issue {
  const count = names?.length ?? problems.length;
  const shown = safeProblems(problems, most ?? (names === undefined ? MOST_PROBLEMS_KEPT : MOST_WEBHOOKS.shown));
  return {
    code,
    severity: ISSUES[code],
    title,
    count,
    names: names?.slice(0, MOST_WEBHOOKS.named) ?? [],
    problems: shown,
    more: problems.length - shown.length,
    remedy: remedy ?? null,
    filter: FILTERS[code] ?? null,
  };
}

/** The first problem of each error says what exactly, and what to do. */
function aboutChanges(changes: readonly AppliedChange[]): Pick<IssueParts, 'names' | 'problems'> {
  return {
    names: changes.map(({ change }) => change.name),
    problems: changes.flatMap(({ error }) => error?.problems[0] ?? []),
  };
}

/** `1 webhook is`, `1,234 webhooks are`. */
function counted(count: number, one: string, many: string): string {
  return `${numberText(count)} ${count === 1 ? one : many}`;
}
