import type { Problem } from '../errors.js';
import type { AppliedChange } from '../plan/applied.js';
import { CHANGED_IN_ACCOUNT } from '../plan/change.js';
import { duplicateWarnings } from '../recovery/duplicates.js';
import { lossesProblem } from '../recovery/sending.js';
import type { State } from '../state/state.js';
import { maskUrls } from '../text/mask-urls.js';
import { counted } from '../text/words.js';
import { keysOf, type Severity, type WebhookStatus } from './kinds.js';

const TRIED_AGAIN = 'it is tried again automatically, after longer and longer waits of up to 5 minutes';
const WAITS = 'what Copernica refused is tried again when its entry changes or the schedule comes, and not before';

interface IssueKind {
  readonly severity: Severity;
  /** A sentence without its full stop. */
  readonly title: (count: number) => string;
  /** What to do, in addition to what its problems say. */
  readonly remedy?: string;
  /** Shows the affected webhooks in the table. */
  readonly filter?: WebhookStatus;
}

/** Everything that can be wrong or worth knowing, the gravest first. */
export const ISSUES = {
  'not-begun': { severity: 'error', title: () => 'this account is not managed until the program is restarted' },
  'manifest-broken': {
    severity: 'error',
    title: () => 'the manifest is broken; the last good one stays in force',
    remedy: 'fix the file; it is reloaded automatically as soon as it changes',
  },
  'state-away': {
    severity: 'error',
    title: () => 'the database of the state does not answer',
    remedy: 'nothing is sent that can not be recorded; it goes on automatically when the database answers',
  },
  'run-failed': { severity: 'error', title: () => 'the last run could not be carried out', remedy: TRIED_AGAIN },
  'run-refused': { severity: 'error', title: () => 'a guard refused the last run' },
  'manifest-behind': {
    severity: 'note',
    title: () => 'the manifest here was applied before the latest one, which is not undone at once',
  },
  'answers-lost': { severity: 'error', title: () => 'answers to creates are being lost' },
  'webhooks-failed': {
    severity: 'error',
    title: (count) => `${counted(count, 'webhook is', 'webhooks are')} not as the manifest says`,
    filter: 'failed',
  },
  unchecked: { severity: 'error', title: () => 'the last run could not check everything' },
  uncertain: {
    severity: 'warning',
    title: (count) => `${counted(count, 'create is', 'creates are')} of unknown outcome`,
    remedy:
      'a lost webhook is looked for automatically, and created again only when that is safe; what stays here needs you',
    filter: 'uncertain',
  },
  'possibly-duplicated': {
    severity: 'warning',
    title: (count) => `${counted(count, 'webhook')} may exist twice`,
    filter: 'possibly-duplicated',
  },
  stale: {
    severity: 'warning',
    title: () => 'no run has succeeded for more than 3 scheduled ones',
    remedy: 'see why the last runs failed, below and in the log',
  },
  warnings: { severity: 'note', title: (count) => counted(count, 'warning') },
  drift: {
    severity: 'note',
    title: (count) => `${counted(count, 'webhook was', 'webhooks were')} found gone or ${CHANGED_IN_ACCOUNT}`,
    remedy: 'they are put back as the manifest says: find out who else changes them',
  },
  orphaned: {
    severity: 'note',
    title: (count) => `${counted(count, 'webhook is', 'webhooks are')} not in the manifest any more, and kept`,
    remedy:
      '--prune deletes such webhooks, once the manifest has been unchanged for ten seconds; "forget NAME" drops one from the state',
    filter: 'orphaned',
  },
} as const satisfies Record<string, IssueKind>;

export type IssueCode = keyof typeof ISSUES;

/** One thing that is wrong or worth knowing. */
export interface Issue {
  readonly code: IssueCode;
  readonly severity: Severity;
  readonly title: string;
  /** How many webhooks or problems it is about. */
  readonly count: number;
  /** Names of the first webhooks, if it is about webhooks. */
  readonly names: readonly string[];
  /** Details: the first problems of the manifest, of the run or of the webhooks. */
  readonly problems: readonly StatusProblem[];
  /** How many more there are than in `problems`. */
  readonly more: number;
  readonly remedy: string | null;
  readonly filter: WebhookStatus | null;
}

/** A masked problem, as a plain record. */
export type StatusProblem = Pick<Problem, 'code' | 'severity' | 'message'> & {
  readonly [Key in 'name' | 'file' | 'line' | 'column' | 'frame' | 'remedy']: NonNullable<Problem[Key]> | null;
};

/** For one manifest or run: a broken file of 10,000 entries must not make a page of 10,000 frames. */
const MOST_PROBLEMS = 20;
/** How many webhooks an issue names; the table has all of them. */
const MOST_NAMES = 10;
/** How many problems of webhooks and of notes are shown. */
const MOST_EXAMPLES = 3;

/** The first problems, in the form that the status server may show. */
export function safeProblems(problems: readonly Problem[], most = MOST_PROBLEMS): StatusProblem[] {
  return problems.slice(0, most).map(safeProblem);
}

export function safeProblem(problem: Problem): StatusProblem {
  const { code, severity, message, name = null, file = null, line = null, column = null, frame, remedy } = problem;
  const masked = (text: string | undefined) => (text === undefined ? null : maskUrls(text));
  return {
    code,
    severity,
    message: maskUrls(message),
    name,
    file,
    line,
    column,
    frame: masked(frame),
    remedy: masked(remedy),
  };
}

interface About {
  readonly problems?: readonly Problem[];
  /** Names of all affected webhooks. */
  readonly names?: readonly string[];
  readonly title?: string;
  /** Left out: the one of its kind. */
  readonly remedy?: string | null;
}

export function issue(code: IssueCode, { problems = [], names, title, remedy }: About): Issue {
  const kind: IssueKind = ISSUES[code];
  const count = names?.length ?? problems.length;
  const isExample = names !== undefined || kind.severity === 'note';
  const shown = safeProblems(problems, isExample ? MOST_EXAMPLES : MOST_PROBLEMS);
  return {
    code,
    severity: kind.severity,
    title: title ?? kind.title(count),
    count,
    names: names?.slice(0, MOST_NAMES) ?? [],
    problems: shown,
    more: problems.length - shown.length,
    remedy: remedy === undefined ? (kind.remedy ?? null) : remedy,
    filter: kind.filter ?? null,
  };
}

/** The gravest first. */
export function inOrder(issues: readonly Issue[]): Issue[] {
  const codes = keysOf(ISSUES);
  return [...issues].sort((a, b) => codes.indexOf(a.code) - codes.indexOf(b.code));
}

/** Those that are about at least one webhook or problem. */
export function present(issues: readonly Issue[]): Issue[] {
  return issues.filter(({ count }) => count > 0);
}

/** What a completed run left undone or in doubt. */
export function reportIssues(run: { readonly changes: readonly AppliedChange[]; readonly state: State }): Issue[] {
  const { changes, state } = run;
  const failed = changes.filter(({ result }) => result === 'failed' || result === 'refused');
  // What a guard refused is for a person to settle: its problem says how.
  const isWaiting = failed.some(({ refusal }) => refusal !== undefined);
  const isTriedAgain = failed.some(({ result, refusal }) => result === 'failed' && refusal === undefined);
  const remedies = [...(isTriedAgain ? [TRIED_AGAIN] : []), ...(isWaiting ? [WAITS] : [])];
  const duplicated = duplicateWarnings(state);
  return present([
    issue('answers-lost', { problems: lossesProblem(state) }),
    issue('webhooks-failed', { ...aboutChanges(failed), remedy: remedies.join('; ') || null }),
    issue('uncertain', aboutChanges(changes.filter(({ result }) => result === 'uncertain'))),
    issue('possibly-duplicated', { names: duplicated.flatMap(({ name }) => name ?? []), problems: duplicated }),
  ]);
}

/** The first problem of each error has the details and says what to do. */
function aboutChanges(changes: readonly AppliedChange[]): About {
  return {
    names: changes.map(({ change }) => change.name),
    problems: changes.flatMap(({ error }) => error?.problems[0] ?? []),
  };
}

/** Other messages of a completed run: errors are what it could not check. Lost answers already are an issue. */
export function warningIssues(problems: readonly Problem[]): Issue[] {
  const errors = problems.filter(({ severity, code }) => severity === 'error' && code !== 'answers-lost');
  const warnings = problems.filter(({ severity }) => severity === 'warning');
  return present([issue('unchecked', { problems: errors }), issue('warnings', { problems: warnings })]);
}
